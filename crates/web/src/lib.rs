//! The web kit: what every page, form and API answer is made with.
//!
//! A module hands in its [`Module`] card; [`router`] makes routes out of the cards. All requests pass
//! [`dispatch`]: request number, language, session, permit, rate limit, CSRF, handler, answer — in this order,
//! on one page. A handler is an `async fn(Ctx) -> Result<Reply>`; HTML and JSON come from the same function.
//!
//! What this crate never does: know a domain word, run SQL.

pub mod actor;
pub mod assets;
pub mod ctx;
pub mod dispatch;
pub mod guard;
pub mod kit;
pub mod list;
pub mod live;
pub mod module;
pub mod openapi;
pub mod pages;
pub mod reply;
pub mod router;
pub mod testing;
pub mod texts;

pub use actor::{Actor, Gate, Owed};
pub use ctx::Ctx;
pub use kit::{Kit, Settings};
pub use list::{Pager, Paging};
pub use live::Live;
pub use module::{Group, Job, Measure, Module, Nav, Page, Route, View, samples};
pub use reply::Reply;
