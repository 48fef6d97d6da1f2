//! The reader as others call it: real plans against their truth, invented plans, files that are no plans.

mod invented;
mod truth;
