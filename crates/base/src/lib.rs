//! The words of Khiên: what every other crate speaks in.
//!
//! `base` knows nobody. It holds types, traits (ports) and small pure rules that more than one crate
//! needs; it performs no input or output, and reads no clock but the one given to it.

pub mod clock;
pub mod event;
pub mod fault;
pub mod filter;
pub mod ids;
pub mod key;
pub mod measure;
pub mod permit;
pub mod pool;
pub mod ports;
pub mod reach;

pub use clock::Clock;
pub use event::{Event, LogSource, Record};
pub use fault::{Fault, Kind, Result};
pub use filter::Filter;
pub use ids::{Id, Ids};
pub use permit::{Permission, Permit, Role};
pub use reach::Reach;
