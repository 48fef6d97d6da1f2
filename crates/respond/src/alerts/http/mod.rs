//! Routes of alerts.

mod change;
mod detail;
mod list;
mod names;

pub(super) use change::{Bulk, Picked, close, seen};
pub(super) use detail::show;
pub(super) use list::list;
pub use names::title;
