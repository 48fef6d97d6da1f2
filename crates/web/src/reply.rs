//! What a handler answers; [`crate::dispatch`] makes the response of it.

use axum::body::Body;
use khien_base::{Fault, Result};
use serde_json::Value;
use tokio::io::AsyncReadExt;

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
    /// A file to keep that is read as it goes out.
    Download {
        /// Name for saving.
        name: String,
        /// `text/csv`
        mime: &'static str,
        /// Bytes.
        length: u64,
        /// The file.
        body: Body,
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

/// Bytes of a piece of a file that goes out.
const PIECE: usize = 64 * 1024;

impl Reply {
    /// A file of the disk, read piece by piece while it goes out.
    pub async fn download(file: tokio::fs::File, name: String, mime: &'static str) -> Result<Self> {
        let length = file.metadata().await.map_err(Fault::internal)?.len();
        let pieces = futures::stream::try_unfold(file, async |mut file| {
            let mut piece = vec![0; PIECE];
            let read = file.read(&mut piece).await?;
            piece.truncate(read);
            Ok::<_, std::io::Error>((read > 0).then_some((piece, file)))
        });
        Ok(Self::Download { name, mime, length, body: Body::from_stream(pieces) })
    }

    /// Leads to another page.
    pub fn to(path: impl Into<String>) -> Self {
        Self::Redirect(path.into())
    }
}
