//! Log sources, alerts, incidents, search.
