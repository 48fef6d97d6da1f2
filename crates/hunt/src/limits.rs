//! How much is read. Logs and archives come from machines that somebody broke into.

/// Files of one run, those inside archives counted.
pub const FILES: usize = 200_000;
/// Folders within each other.
pub const DEPTH: usize = 64;
/// Entries of one ZIP archive.
pub const ENTRIES: usize = 50_000;
/// Bytes that a packed file may unpack to (64 GiB).
pub const UNPACKED: u64 = 64 << 30;
/// Bytes that may come out of a packed file whatever its size (256 MiB); beyond them [`RATIO`] counts. Tests, which unpack
/// without optimisation, have less.
pub const FREE: u64 = if cfg!(test) { 16 << 20 } else { 256 << 20 };
/// How many times its size a packed file may become. Event logs, half of them zeros, become 20 times.
pub const RATIO: u64 = 200;
/// Bytes of a rule file inside an archive, and of all of them together.
pub const RULES: u64 = 256 << 20;
/// Rule files of one run.
pub const RULE_FILES: usize = 50_000;
/// Bytes of lines that one thread works on at a time (2 MiB); more than the longest line.
pub const BLOCK: usize = 2 << 20;
/// Chunks of an event log that one thread works on at a time.
pub const CHUNKS: usize = 16;
/// Bytes that a thread may decode ahead while the rules are still being loaded (64 MiB).
pub const AHEAD: usize = 64 << 20;
/// Bytes of the timeline in memory (256 MiB); the rest waits on the disk.
pub const TIMELINE: usize = 256 << 20;
/// Bytes of events for correlations in memory (128 MiB); the rest waits on the disk.
pub const TRACES: usize = 128 << 20;
/// Characters of a value that the timeline keeps.
pub const VALUE: usize = 2_000;
/// Values that made a rule fire, for each match in the timeline.
pub const MARKS: usize = 12;
/// Faults that are told of one file; the others are counted.
pub const TOLD: usize = 20;
/// Faults that are told at all.
pub const TOLD_IN_ALL: usize = 2_000;
/// Hosts that are counted one by one.
pub const HOSTS: usize = 10_000;
/// Matches in the table of an HTML report.
pub const HTML_ROWS: u64 = 5_000;
