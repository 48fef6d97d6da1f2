//! The fields of an event by the source's own names: how a file keeps them and how a query reads them.

mod functions;

pub(crate) use functions::{field, full_fields, shaped};
pub(crate) use khien_base::event::shape::{full, shape};
