//! Units: provinces, communes, departments, enterprises, in dated trees.

pub mod catalogue;
pub mod model;
pub mod store;
