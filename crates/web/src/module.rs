//! The card of a module: everything that the rest of the program knows of it.

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use khien_base::measure::Figure;
use khien_base::permit::Permission;
use khien_base::{Permit, Reach, Result};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use crate::ctx::Ctx;
use crate::kit::Kit;
use crate::reply::Reply;

/// What a module is made of.
#[derive(Debug)]
pub struct Module {
    /// Its name, also the prefix of its permissions, texts and pages.
    pub name: &'static str,
    /// Entries of the navigation.
    pub nav: &'static [Nav],
    /// Permissions, and which roles hold them.
    pub permissions: &'static [Permission],
    /// Routes, each with its permit.
    pub routes: fn() -> Vec<Route>,
    /// Templates with samples of what they show.
    pub pages: &'static [Page],
    /// `texts/vi.json`
    pub texts_vi: &'static str,
    /// `texts/en.json`
    pub texts_en: &'static str,
    /// Background work.
    pub jobs: &'static [Job],
    /// Figures that targets, reports and dashboards read.
    pub measures: &'static [Measure],
}

/// Groups of the navigation, by the user's job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Tổng quan
    Overview,
    /// Giám sát
    Watch,
    /// Ứng cứu
    Respond,
    /// Hệ thống
    Systems,
    /// Kế hoạch
    Plans,
    /// Con người
    People,
    /// Quản trị
    Admin,
}

impl Group {
    /// All groups, in the order in which they are shown.
    pub const ALL: [Self; 7] =
        [Self::Overview, Self::Watch, Self::Respond, Self::Systems, Self::Plans, Self::People, Self::Admin];

    /// The text key of its name, which is also the name of its icon.
    pub fn text(self) -> &'static str {
        match self {
            Self::Overview => "nav.overview",
            Self::Watch => "nav.watch",
            Self::Respond => "nav.respond",
            Self::Systems => "nav.systems",
            Self::Plans => "nav.plans",
            Self::People => "nav.people",
            Self::Admin => "nav.admin",
        }
    }
}

/// An entry of the navigation; shown to who holds its permission.
#[derive(Debug, Clone, Copy)]
pub struct Nav {
    /// Under which heading.
    pub group: Group,
    /// Where it leads.
    pub path: &'static str,
    /// Text key of its label.
    pub text: &'static str,
    /// Icon of the sprite.
    pub icon: &'static str,
    /// The permission that shows it.
    pub permission: &'static str,
}

/// A handler with its types worn off, so that the router stays small.
pub type Handler = Box<dyn Fn(Ctx) -> BoxFuture<'static, Result<Reply>> + Send + Sync>;

/// A schema of the API document.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One route.
pub struct Route {
    /// `GET`, `POST`
    pub method: &'static str,
    /// `/plans/{id}`
    pub path: &'static str,
    /// Who may.
    pub permit: Permit,
    /// What it does.
    pub handler: Handler,
    /// What the body must look like.
    pub takes: Option<SchemaOf>,
    /// What the JSON answer looks like.
    pub gives: Option<SchemaOf>,
    /// Bytes that a body may have.
    pub limit: usize,
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {:?}", self.method, self.path, self.permit)
    }
}

/// Bytes that a form may have, unless the route says otherwise.
pub const FORM_LIMIT: usize = 1 << 20;

impl Route {
    fn new<F, R>(method: &'static str, path: &'static str, permit: Permit, handler: F) -> Self
    where
        F: Fn(Ctx) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Reply>> + Send + 'static,
    {
        let handler: Handler = Box::new(move |ctx| Box::pin(handler(ctx)));
        Self { method, path, permit, handler, takes: None, gives: None, limit: FORM_LIMIT }
    }

    /// A page, list or file.
    pub fn get<F, R>(path: &'static str, permit: Permit, handler: F) -> Self
    where
        F: Fn(Ctx) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Reply>> + Send + 'static,
    {
        Self::new("GET", path, permit, handler)
    }

    /// A change.
    pub fn post<F, R>(path: &'static str, permit: Permit, handler: F) -> Self
    where
        F: Fn(Ctx) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Reply>> + Send + 'static,
    {
        Self::new("POST", path, permit, handler)
    }

    /// Says the body's shape, for the API document.
    #[must_use]
    pub fn takes<T: JsonSchema>(mut self) -> Self {
        self.takes = Some(SchemaGenerator::subschema_for::<T>);
        self
    }

    /// Says the answer's shape, for the API document.
    #[must_use]
    pub fn gives<T: JsonSchema>(mut self) -> Self {
        self.gives = Some(SchemaGenerator::subschema_for::<T>);
        self
    }

    /// Allows a larger body.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }
}

/// What a template shows: one struct per page or fragment.
pub trait View: Serialize + JsonSchema {
    /// The template: `plans/list.html`.
    const PAGE: &'static str;
    /// Examples that each template is rendered with in the tests: empty, full, odd.
    fn samples() -> Vec<Self>
    where
        Self: Sized;
}

/// The samples of a view as the template sees them.
pub fn samples<V: View>() -> Vec<Value> {
    V::samples().iter().map(|view| serde_json::to_value(view).unwrap_or(Value::Null)).collect()
}

/// A template of a module.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// `plans/list.html`
    pub name: &'static str,
    /// Its text.
    pub source: &'static str,
    /// Samples of its view; none for a file of macros.
    pub samples: Option<fn() -> Vec<Value>>,
}

/// What a job does with its payload.
pub type Work = for<'a> fn(&'a Kit, &'a Value) -> BoxFuture<'a, Result<()>>;

/// Background work that a module does.
#[derive(Clone, Copy)]
pub struct Job {
    /// `incidents.remind`
    pub kind: &'static str,
    /// Runs by itself every so many seconds; otherwise only when asked for.
    pub every_seconds: Option<u32>,
    /// What it does. Idempotent.
    pub run: Work,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.kind)
    }
}

/// How a measure is computed for a scope of units at a moment. Counts rows in the database, one query or two.
pub type Compute = for<'a> fn(&'a Kit, &'a Reach, DateTime<Utc>) -> BoxFuture<'a, Result<Figure>>;

/// A figure that is computed from rows: targets are bound to it, and it opens the rows behind it.
#[derive(Clone, Copy)]
pub struct Measure {
    /// `systems.connected`; its name is the text `measure.<id>`, its definition the text `measure.<id>.help`.
    pub id: &'static str,
    /// In what it is given.
    pub unit: khien_base::measure::Unit,
    /// How it is computed.
    pub compute: Compute,
    /// The list that shows the rows behind it (a path with query).
    pub rows: &'static str,
}

impl std::fmt::Debug for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.id)
    }
}
