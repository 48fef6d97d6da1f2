//! Incidents: from the first alert or call to the closing report, against the clocks of the law.
//!
//! Words: *T0* — the moment of detection, to the minute, from which the clocks run; *clock* — a duty to tell somebody
//! within a time, made by a regime of `content/regimes`; *level* M1–M4 and *flags* decide which clocks are owed;
//! *task* — what one unit has to do; *timeline* — who did what when, never changed, only added to.
//! Invariants: no legal number is in code; a clock keeps the rule that it was made of; what was sent stays as it was
//! sent; a number `SC-<year>-<serial>` is given once; every step and every correction is in timeline and audit log.
//! Who sees what: the centre all; a unit its own incidents and those whose response it leads; a unit with a task in
//! another's incident that task and nothing else.
//! It never stores state secrets, and never tells a unit of a neighbour's incident.

mod http;
mod jobs;
mod letterhead;
pub mod model;
pub mod overview;
pub mod regime;
pub mod report;
pub mod rules;
pub mod store;
mod timeline;
pub mod verbs;
pub mod views;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use khien_base::measure::{Figure, Unit};
use khien_base::permit::Permission;
use khien_base::{Permit, Reach, Result, Role};
use khien_web::{Group, Job, Kit, Measure, Module, Nav, Page, Route, samples};

/// The card.
pub const MODULE: Module = Module {
    name: "incidents",
    nav: &[Nav {
        group: Group::Respond,
        path: "/incidents",
        text: "incidents.title",
        icon: "bell-ringing",
        permission: READ,
    }],
    permissions: &[
        Permission {
            name: READ,
            roles: &[Role::Administrator, Role::Officer, Role::FocalPoint, Role::Leader, Role::Auditor],
        },
        Permission { name: WRITE, roles: &[Role::Officer, Role::FocalPoint] },
        Permission { name: TASK, roles: &[Role::Officer, Role::FocalPoint] },
    ],
    routes,
    pages: &[
        Page {
            name: "incidents/list.html",
            source: include_str!("pages/list.html"),
            samples: Some(samples::<views::List>),
        },
        Page {
            name: "incidents/sheet.html",
            source: include_str!("pages/sheet.html"),
            samples: Some(samples::<views::Sheet>),
        },
        Page {
            name: "incidents/record.html",
            source: include_str!("pages/record.html"),
            samples: Some(samples::<views::Record>),
        },
        Page { name: "incidents/parts.html", source: include_str!("pages/parts.html"), samples: None },
        Page {
            name: "incidents/report.html",
            source: include_str!("pages/report.html"),
            samples: Some(samples::<views::Report>),
        },
    ],
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: &[Job { kind: verbs::REMIND, every_seconds: None, run: jobs::remind }],
    measures: &[Measure {
        id: "incidents.on-time",
        unit: Unit::Percent,
        compute: on_time,
        rows: "/incidents?sort=-detected",
    }],
};

/// Sees incidents.
const READ: &str = "incidents:read";
/// Opens and changes incidents.
const WRITE: &str = "incidents:write";
/// Answers for the own unit's tasks.
const TASK: &str = "incidents:task";

fn routes() -> Vec<Route> {
    let (read, write) = (Permit::Needs(READ), Permit::Needs(WRITE));
    vec![
        Route::get("/incidents", read, http::list::show).gives::<views::List>(),
        Route::get("/incidents/new", write, http::sheet::show_new).gives::<views::Sheet>(),
        Route::post("/incidents", write, http::sheet::open).takes::<http::sheet::Typed>(),
        Route::get("/incidents/{id}", read, http::record::show).gives::<views::Record>(),
        Route::get("/incidents/{id}/edit", write, http::sheet::show_edit).gives::<views::Sheet>(),
        Route::post("/incidents/{id}", write, http::sheet::change).takes::<http::sheet::Typed>(),
        Route::post("/incidents/{id}/state", write, http::work::step).takes::<http::work::StepForm>(),
        Route::post("/incidents/{id}/note", write, http::work::note).takes::<http::work::NoteForm>(),
        Route::post("/incidents/{id}/alerts", write, http::work::join).takes::<http::work::AlertsForm>(),
        Route::post("/incidents/{id}/clocks/{clock}/sent", write, http::work::sent).takes::<http::work::SentForm>(),
        Route::post("/incidents/{id}/clocks/{clock}/unsent", write, http::work::unsent).takes::<http::work::NoteForm>(),
        Route::post("/incidents/{id}/tasks", write, http::work::give).takes::<http::work::TaskForm>(),
        Route::post("/incidents/{id}/tasks/{task}", Permit::Needs(TASK), http::work::task)
            .takes::<http::work::TaskStepForm>(),
        Route::get("/incidents/{id}/reports/{form}", read, http::reports::show).gives::<views::Report>(),
        Route::post("/incidents/{id}/reports/{form}", write, http::reports::make).takes::<http::reports::Typed>(),
    ]
}

/// Of all notices and reports whose time is over or that were sent, those sent in time.
fn on_time<'a>(kit: &'a Kit, reach: &'a Reach, now: DateTime<Utc>) -> BoxFuture<'a, Result<Figure>> {
    Box::pin(async move {
        let (in_time, all) = store::kept_clocks(&kit.db, reach, now).await?;
        Ok(Figure::share(in_time, all))
    })
}
