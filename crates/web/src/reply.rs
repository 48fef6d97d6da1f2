//! What a handler answers; [`crate::dispatch`] makes the response of it.

use axum::body::Body;
use serde_json::Value;

/// An answer.
#[derive(Debug)]
pub enum Reply {
    /// A view: its template as HTML, or the view itself as JSON.
    Page {
        /// The template.
        page: &'static str,
        /// What it shows.
        view: Value,
    },
    /// Done; look there.
    Redirect(String),
    /// A file to keep.
    File {
        /// Name for saving.
        name: String,
        /// `application/pdf`
        mime: &'static str,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A JSON value with a status, for machines.
    Json {
        /// HTTP status.
        status: u16,
        /// The value.
        value: Value,
    },
    /// A stream of server-sent events.
    Events(Body),
    /// Sets or clears the session's cookie, then leads on.
    Session {
        /// The token; none signs out.
        token: Option<String>,
        /// Seconds that it lasts.
        seconds: i64,
        /// Where to go.
        to: String,
    },
    /// Keeps a preference in a cookie, then leads on.
    Preference {
        /// `khien_lang`
        name: &'static str,
        /// The value: letters and digits only.
        value: String,
        /// Where to go.
        to: String,
    },
}

impl Reply {
    /// Leads to another page.
    pub fn to(path: impl Into<String>) -> Self {
        Self::Redirect(path.into())
    }
}
