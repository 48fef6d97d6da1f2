//! The whole program: how it is put together, that it loses nothing, what it prints.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails where it stands")]

mod architecture;
mod centre;
mod crash;
mod detect;
mod overview;
mod report;
mod shippers;
mod store;
