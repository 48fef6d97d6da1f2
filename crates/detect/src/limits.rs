//! How large a rule may be. A rule file is written by anybody; none of these may make the program slow.

/// Bytes of one source.
pub const FILE_BYTES: usize = 1024 * 1024;
/// Documents of one source.
pub const DOCUMENTS: usize = 1000;
/// Lists and maps within each other.
pub const DEPTH: usize = 24;
/// Nodes of one document, aliases counted as often as they are used.
pub const NODES: usize = 100_000;
/// Search identifiers of one rule.
pub const SELECTIONS: usize = 256;
/// Values of one rule, after placeholders and encodings have multiplied them.
pub const VALUES: usize = 20_000;
/// Bytes of one condition.
pub const CONDITION_BYTES: usize = 8 * 1024;
/// Brackets and `not` within each other in a condition.
pub const CONDITION_DEPTH: usize = 32;
/// Bytes of one regular expression.
pub const REGEX_BYTES: usize = 4 * 1024;
/// Bytes of a compiled regular expression: `\w{1,64}` over all of Unicode, as SigmaHQ writes it, takes 3 MiB.
pub const REGEX_PROGRAM_BYTES: usize = 8 * 1024 * 1024;
/// Bytes of the cache of its automaton.
pub const REGEX_CACHE_BYTES: usize = 2 * 1024 * 1024;
/// As how many values a regular expression counts: a rule may have a hundred of them.
pub const REGEX_WEIGHT: usize = VALUES / 100;
/// Hits that one match tells of.
pub const HITS: usize = 200;
/// Rules that one correlation refers to.
pub const CORRELATED_RULES: usize = 64;
/// Fields that one correlation groups by, or counts values of.
pub const CORRELATED_FIELDS: usize = 16;
/// The largest number of events or values that a correlation may wait for: so many are kept of a group.
pub const CORRELATED_EVENTS: u64 = 100_000;
/// The longest timespan of a correlation, in seconds: ten years.
pub const TIMESPAN_SECONDS: u64 = 10 * 366 * 86_400;
/// Events that a result of a correlation names.
pub const CORRELATED_NAMED: usize = 100;
/// Correlations that one event may pass on its way through chains.
pub const CORRELATED_STEPS: usize = 10_000;
