//! People, their posts and the roles that they hold.

pub mod model;
pub mod store;
