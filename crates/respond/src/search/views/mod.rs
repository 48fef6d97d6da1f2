//! Pages of the search.

mod list;
mod one;

pub use list::{Cell, Counted, Events, Heading, Row, Values};
pub use one::{Field, OneEvent, Pivot, Seen, SeenAlert, Sql, SqlColumn, UnderWay};
