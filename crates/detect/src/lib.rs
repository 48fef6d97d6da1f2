//! Matches records against Sigma rules (Sigma specification 2.1: detection rules, filters, correlations).
//!
//! A [`Ruleset`] is loaded from rule files; whatever is wrong with one of them is told as [`RuleFault`]s, with
//! place and remedy, and never stops the others. [`Ruleset::matches`] gives the rules that fire on a record and
//! the values that made them fire; a [`Correlator`] is told of them and says which correlations match.
//!
//! Pure: no input or output, no clock, no randomness. Rule files and records are untrusted; [`limits`] says how
//! large they may be. A rule sees only records of its log source ([`logsource::covers`]).

mod condition;
mod correlate;
mod detection;
mod expression;
mod fast;
mod fault;
mod filter;
mod item;
pub mod limits;
pub mod logsource;
mod matcher;
mod modifier;
mod number;
mod rule;
mod ruleset;
mod sheet;
mod subject;
mod text;
mod yaml;

pub use correlate::{Bounds, Correlated, Correlation, Correlator, Kind, Replay, Seen, Size};
pub use fast::{Engine, Scratch};
pub use fault::{CODES, RuleFault};
pub use filter::Filter;
pub use item::Placeholders;
pub use matcher::Hit;
pub use rule::{Level, Rule, Status, Tags};
pub use ruleset::{Match, Ruleset};
pub use sheet::is_rule_file;

#[cfg(test)]
mod tests;
