//! Plans: from the document as it was issued to what each unit owes, and how far it is.
//!
//! Words: *plan* — a document with targets, tasks and duties to report; *agency* — a name in a plan, which means
//! units, a group or somebody outside; *assignment* — a task owed by one unit, for one period where it comes again;
//! *duty* — a report that comes again, *owed* by units on days; *figure* — the value of a target on a day.
//! Invariants: what was read keeps the sentence that it came from, and the file that it came in; only drafts are
//! edited; who hands a plan in never approves it; tasks are owed from the approval on, collective names by the units
//! of that day; only the lead says that a task is done, and another person accepts it; figures come from measures,
//! nobody types them.
//! It never changes a plan in force, and shows a unit's reports to no neighbour who has no part in the task.

pub mod figures;
pub mod hints;
mod http;
pub mod import;
pub mod jobs;
pub mod mapping;
mod measures;
pub mod model;
pub mod overview;
pub mod owe;
pub mod progress;
pub mod rules;
pub mod store;
pub mod take_in;
#[cfg(test)]
mod tests;
pub mod views;

use khien_base::{Permission, Permit, Role};
use khien_web::{Group, Module, Nav, Page, Route, samples};

const READ: Permit = Permit::Needs("plans:read");
const WRITE: Permit = Permit::Needs("plans:write");
const APPROVE: Permit = Permit::Needs("plans:approve");
const REPORT: Permit = Permit::Needs("plans:report");

/// Audit actions of this module: each has its words in the texts, under `plans.did.`.
pub(crate) const DID: [&str; 22] = [
    "plans.take-in",
    "plans.drop",
    "plans.edit-heading",
    "plans.add-target",
    "plans.edit-target",
    "plans.add-task",
    "plans.edit-task",
    "plans.add-duty",
    "plans.edit-duty",
    "plans.remove-item",
    "plans.map-agency",
    "plans.map-agencies",
    "plans.submit",
    "plans.approve",
    "plans.return",
    "plans.archive",
    "plans.reference",
    "plans.import",
    "plans.report",
    "plans.accept",
    "plans.send-back",
    "plans.sent",
];

/// The card.
pub const MODULE: Module = Module {
    name: "plans",
    nav: &[
        Nav {
            group: Group::Plans,
            path: "/plans",
            text: "plans.title",
            icon: "target-arrow",
            permission: "plans:read",
        },
        Nav { group: Group::Plans, path: "/tasks", text: "plans.board", icon: "list-check", permission: "plans:read" },
        Nav {
            group: Group::Plans,
            path: "/obligations",
            text: "plans.obligations",
            icon: "calendar-due",
            permission: "plans:read",
        },
    ],
    permissions: &[
        Permission { name: "plans:read", roles: &Role::ALL },
        Permission { name: "plans:write", roles: &[Role::Officer] },
        Permission { name: "plans:approve", roles: &[Role::Officer] },
        Permission { name: "plans:report", roles: &[Role::Officer, Role::FocalPoint] },
    ],
    routes,
    pages: &[
        Page { name: "plans/parts.html", source: include_str!("pages/parts.html"), samples: None },
        Page {
            name: "plans/list.html",
            source: include_str!("pages/list.html"),
            samples: Some(samples::<views::List>),
        },
        Page { name: "plans/new.html", source: include_str!("pages/new.html"), samples: Some(samples::<views::New>) },
        Page {
            name: "plans/plan.html",
            source: include_str!("pages/plan.html"),
            samples: Some(samples::<views::Show>),
        },
        Page {
            name: "plans/review.html",
            source: include_str!("pages/review.html"),
            samples: Some(samples::<views::Review>),
        },
        Page {
            name: "plans/board.html",
            source: include_str!("pages/board.html"),
            samples: Some(samples::<views::Board>),
        },
        Page {
            name: "plans/task.html",
            source: include_str!("pages/task.html"),
            samples: Some(samples::<views::TaskPage>),
        },
        Page {
            name: "plans/targets.html",
            source: include_str!("pages/targets.html"),
            samples: Some(samples::<views::Targets>),
        },
        Page {
            name: "plans/obligations.html",
            source: include_str!("pages/obligations.html"),
            samples: Some(samples::<views::Obligations>),
        },
    ],
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: &[jobs::RECORD_FIGURES, jobs::OPEN_PERIODS],
    measures: &[measures::TASKS_IN_TIME, measures::TASKS_LATE],
};

fn routes() -> Vec<Route> {
    use http::{agencies, board, edit, flow, list, obligations, plan, review, targets, task};
    // A form around the largest file that is read.
    let largest = khien_planread::MAX_BYTES + (1 << 20);
    vec![
        Route::get("/plans", READ, list::list).gives::<views::List>(),
        Route::get("/plans/new", WRITE, list::new).gives::<views::New>(),
        Route::post("/plans", WRITE, list::upload).limit(largest),
        Route::get("/plans/{id}", READ, plan::show).gives::<views::Show>(),
        Route::get("/plans/{id}/file", READ, list::download),
        Route::get("/plans/{id}/review", WRITE, review::show).gives::<views::Review>(),
        Route::get("/plans/{id}/targets", READ, targets::show).gives::<views::Targets>(),
        Route::post("/plans/{id}/drop", WRITE, list::drop_draft),
        Route::post("/plans/{id}/heading", WRITE, edit::heading).takes::<edit::HeadingForm>(),
        Route::post("/plans/{id}/targets", WRITE, edit::target).takes::<edit::TargetForm>(),
        Route::post("/plans/{id}/tasks", WRITE, edit::task).takes::<edit::TaskForm>(),
        Route::post("/plans/{id}/duties", WRITE, edit::duty).takes::<edit::DutyForm>(),
        Route::post("/plans/{id}/remove", WRITE, edit::remove).takes::<edit::Removed>(),
        Route::post("/plans/{id}/agencies", WRITE, agencies::agency).takes::<agencies::AgencyForm>(),
        Route::post("/plans/{id}/agencies/confirm", WRITE, agencies::confirm_all),
        Route::post("/plans/{id}/submit", WRITE, flow::submit),
        Route::post("/plans/{id}/reference", WRITE, flow::reference),
        Route::post("/plans/{id}/approve", APPROVE, flow::approve),
        Route::post("/plans/{id}/return", APPROVE, flow::give_back).takes::<flow::Reason>(),
        Route::post("/plans/{id}/archive", APPROVE, flow::archive).takes::<flow::Reason>(),
        Route::get("/tasks", READ, board::board).gives::<views::Board>(),
        Route::get("/tasks/{id}", READ, task::show).gives::<views::TaskPage>(),
        Route::post("/tasks/{id}/progress", REPORT, task::report).takes::<task::ReportForm>(),
        Route::post("/tasks/{id}/accept", WRITE, task::accept).takes::<task::JudgeForm>(),
        Route::post("/tasks/{id}/return", WRITE, task::give_back).takes::<task::JudgeForm>(),
        Route::get("/obligations", READ, obligations::list).gives::<views::Obligations>(),
        Route::post("/obligations/{id}/sent", REPORT, obligations::sent).takes::<obligations::SentForm>(),
    ]
}
