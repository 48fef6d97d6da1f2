//! Decisions, pure: time, people and rows come as parameters.

pub mod due;
pub mod flow;
pub mod goal;
pub mod report;
pub mod trajectory;
