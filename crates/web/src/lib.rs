//! The web kit: sessions, permits, layout, forms, tables, languages, faults as pages, the JSON API.
