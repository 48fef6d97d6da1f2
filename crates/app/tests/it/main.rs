//! The whole program: how it is put together, that it loses nothing, what it prints.

mod architecture;
mod centre;
mod crash;
mod report;
mod store;
