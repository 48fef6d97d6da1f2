//! Incidents as users meet them.
