//! One request, as a handler sees it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Query};
use axum::http::{HeaderMap, Request, Uri, header};
use chrono::{DateTime, Utc};
use khien_base::{Fault, Id, Reach, Result};
use khien_db::Entry;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::actor::Actor;
use crate::kit::Kit;
use crate::module::View;
use crate::reply::Reply;
use crate::texts::Lang;

/// In which form the answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// A page.
    Html,
    /// The struct behind the page.
    Json,
}

/// One request.
#[derive(Debug)]
pub struct Ctx {
    /// What the program offers.
    pub kit: Arc<Kit>,
    /// When the request came.
    pub now: DateTime<Utc>,
    /// The language of the answer.
    pub lang: Lang,
    /// The form of the answer.
    pub wants: Wants,
    /// The number of the request, in the log and on fault pages.
    pub request: String,
    /// The address asked for.
    pub uri: Uri,
    /// Who asks from where.
    pub peer: IpAddr,
    /// The request's headers.
    pub headers: HeaderMap,
    pub(crate) actor: Option<Actor>,
    pub(crate) params: HashMap<String, String>,
    /// Behind a lock only because a body may not be shared between threads, and handlers share the rest.
    pub(crate) body: Mutex<Body>,
    pub(crate) read: Option<Bytes>,
    pub(crate) limit: usize,
}

/// A file that a form carried, with the form's other fields.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The file's own name, without folders.
    pub name: String,
    /// Its bytes.
    pub bytes: Bytes,
    /// The other fields.
    pub fields: HashMap<String, String>,
}

impl Ctx {
    /// Who is signed in.
    pub fn actor(&self) -> Result<&Actor> {
        self.actor.as_ref().ok_or_else(|| Fault::new(khien_base::Kind::Unauthenticated, "web.sign-in-first"))
    }

    /// How far a permission of the actor reaches.
    pub fn reach(&self, permission: &str) -> Reach {
        self.actor.as_ref().map_or_else(Reach::nothing, |actor| actor.reach(permission))
    }

    /// A `{name}` of the path.
    pub fn param(&self, name: &str) -> Result<&str> {
        self.params.get(name).map(String::as_str).ok_or_else(|| Fault::not_found("web.not-found"))
    }

    /// An identity in the path; a malformed one is simply not found.
    pub fn id(&self, name: &str) -> Result<Id> {
        self.param(name)?.parse().map_err(|_| Fault::not_found("web.not-found"))
    }

    /// What stands behind the `?`.
    pub fn query<Q: DeserializeOwned>(&self) -> Result<Q> {
        let query = self.uri.query().unwrap_or_default();
        serde_html_form::from_str(query).map_err(|error| Fault::invalid("web.query").with("what", error))
    }

    /// The bytes of the body, at most as many as the route allows.
    pub async fn bytes(&mut self) -> Result<Bytes> {
        if let Some(read) = &self.read {
            return Ok(read.clone());
        }
        let body = self.stream();
        let read = read_body(body, self.limit).await?;
        self.read = Some(read.clone());
        Ok(read)
    }

    /// The body as a stream, for what may be large.
    pub fn stream(&mut self) -> Body {
        match self.body.get_mut() {
            Ok(body) => std::mem::take(body),
            Err(poisoned) => std::mem::take(poisoned.into_inner()),
        }
    }

    /// The form or the JSON object that was sent.
    pub async fn form<F: DeserializeOwned>(&mut self) -> Result<F> {
        let json = content_type(&self.headers).starts_with("application/json");
        let bytes = self.bytes().await?;
        if json {
            serde_json::from_slice(&bytes).map_err(|error| Fault::invalid("web.json").with("what", error))
        } else {
            serde_html_form::from_bytes(&bytes).map_err(|error| Fault::invalid("web.form").with("what", error))
        }
    }

    /// The first file of a multipart form and the fields around it.
    pub async fn upload(&mut self) -> Result<Upload> {
        let (files, fields) = self.uploads().await?;
        let first = files.into_iter().next().ok_or_else(|| Fault::invalid("web.no-file").on("file"))?;
        Ok(Upload { name: first.0, bytes: first.1, fields })
    }

    /// All files of a multipart form, names without folders and bytes, and the fields around them; at least one file.
    pub async fn uploads(&mut self) -> Result<(Vec<(String, Bytes)>, HashMap<String, String>)> {
        let bytes = self.bytes().await?;
        let mut request = Request::new(Body::from(bytes));
        if let Some(kind) = self.headers.get(header::CONTENT_TYPE) {
            request.headers_mut().insert(header::CONTENT_TYPE, kind.clone());
        }
        // The body was read within the route's own limit; without this the extractor stops at its usual 2 MB.
        DefaultBodyLimit::disable().apply(&mut request);
        let broken = |error: &dyn std::fmt::Display| Fault::invalid("web.upload").with("what", error);
        let mut form = Multipart::from_request(request, &()).await.map_err(|error| broken(&error))?;
        let (mut files, mut fields) = (Vec::new(), HashMap::new());
        while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
            if let Some(name) = field.file_name() {
                let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
                let bytes = field.bytes().await.map_err(|error| broken(&error))?;
                // A field in which no file was chosen comes without name or bytes.
                if !name.is_empty() && !bytes.is_empty() {
                    files.push((name, bytes));
                }
            } else {
                let name = field.name().unwrap_or_default().to_owned();
                let value = field.text().await.map_err(|error| broken(&error))?;
                fields.insert(name, value);
            }
        }
        if files.is_empty() {
            return Err(Fault::invalid("web.no-file").on("file"));
        }
        Ok((files, fields))
    }

    /// Whether only a part of the page is asked for (an htmx request that is not a whole-page swap).
    pub fn fragment(&self) -> bool {
        self.headers.contains_key("hx-request") && !self.headers.contains_key("hx-boosted")
    }

    /// A bearer token, if the request carries one.
    pub fn bearer(&self) -> Option<&str> {
        bearer(&self.headers)
    }

    /// A page of this view.
    pub fn page<V: View>(&self, view: &V) -> Result<Reply> {
        Ok(Reply::Page { page: V::PAGE, view: serde_json::to_value(view).map_err(Fault::internal)? })
    }

    /// The sentence of a text key in the language of the request.
    pub fn say(&self, key: &str) -> String {
        self.kit.texts.say(self.lang, key, [])
    }

    /// The audit entry of what the actor does in this request.
    pub fn entry(
        &self,
        action: &'static str,
        subject_kind: &'static str,
        subject: Id,
        unit: Option<Id>,
        detail: Value,
    ) -> Result<Entry> {
        Ok(self.actor()?.entry(self.now, &self.request, action, subject_kind, subject, unit, detail))
    }

    /// A query parameter by name, where a struct would be too much.
    pub fn query_value(&self, name: &str) -> Option<String> {
        let Query(mut all) = Query::<HashMap<String, String>>::try_from_uri(&self.uri).ok()?;
        all.remove(name)
    }
}

pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

pub(crate) fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default()
}

pub(crate) async fn read_body(body: Body, limit: usize) -> Result<Bytes> {
    axum::body::to_bytes(body, limit).await.map_err(|_| Fault::invalid("web.too-large").with("limit", limit / 1024))
}
