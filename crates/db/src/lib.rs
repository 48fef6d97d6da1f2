//! Records at rest: SQLite or PostgreSQL through SeaORM, migrations, the audit log, jobs, test databases.
//!
//! Reads go through [`Db::read`]. Every change goes through a [`Tx`], and a transaction ends only with
//! [`Tx::commit`], which asks for the audit entry of the change: nothing that changed is unlogged. What a
//! machine writes on its own (alerts, last-seen times) ends with [`Tx::commit_machine`].

pub mod audit;
pub mod jobs;
pub mod migrations;
pub mod store;
pub mod testing;

#[cfg(test)]
mod tests;

pub use audit::Entry;
pub use store::{Db, Tx, fault, page, within};
