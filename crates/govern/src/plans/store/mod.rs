//! Every query of plans.

pub mod agencies;
pub mod duties;
pub mod figures;
pub mod items;
pub mod plans;
pub mod work;
