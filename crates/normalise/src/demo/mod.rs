//! Logs for a demonstration: what a quiet day looks like, and stories of attacks, as the lines that real machines
//! would send. They are received, read and matched like any others; nothing downstream knows that they are made up.
//!
//! The same seed gives the same lines. Addresses outside are from the ranges kept for documentation (RFC 5737),
//! addresses inside from 10/8, names from `example.*` (RFC 2606). Nothing here works as an attack.

mod line;
mod quiet;
mod story;

use chrono::{DateTime, Utc};

pub use story::{Story, story};

/// A line and the moment when the machine would have sent it. Its format is told by [`crate::Format::Auto`].
pub type Line = (DateTime<Utc>, String);

/// `n` harmless lines of a machine between two moments, in order of time: sign-ins, jobs, page views, look-ups of
/// names, programs of an office. `user` is the account of the person who works there.
pub fn benign(seed: u64, host: &str, user: &str, from: DateTime<Utc>, to: DateTime<Utc>, n: usize) -> Vec<Line> {
    let mut chance = Chance::new(seed);
    let span = u64::try_from((to - from).num_milliseconds()).unwrap_or(0).max(1);
    let mut moments: Vec<u64> = (0..n).map(|_| chance.below(span)).collect();
    moments.sort_unstable();
    let at = |millis: u64| from + chrono::TimeDelta::milliseconds(i64::try_from(millis).unwrap_or(0));
    moments.into_iter().map(|millis| (at(millis), quiet::line(&mut chance, host, user, at(millis)))).collect()
}

/// Numbers that look random and repeat with their seed (SplitMix64, Steele, Lea, Flood 2014).
struct Chance(u64);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(seed ^ 0x4b68_6965_6e00_0001)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`; 0 when the limit is 0.
    fn below(&mut self, limit: u64) -> u64 {
        self.next().checked_rem(limit).unwrap_or(0)
    }

    /// One of these; the default when there are none.
    fn one<T: Copy + Default>(&mut self, of: &[T]) -> T {
        let at = usize::try_from(self.below(of.len() as u64)).unwrap_or(0);
        of.get(at).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, decode_line};

    fn moment(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// Every line must be read at its own moment, by a parser that knows it, with documentation addresses only.
    fn check(lines: &[Line]) -> Vec<khien_base::Record> {
        let mut read = Vec::new();
        for (at, line) in lines {
            let record = decode_line(line.as_bytes(), Format::Auto, *at, 1).unwrap_or_else(|f| panic!("{f}: {line}"));
            assert_eq!(record.time.map(|t| t.timestamp()), Some(at.timestamp()), "{line}");
            assert!(
                record.hot.host.is_some() && record.log.product.is_some() || record.log.category.is_some(),
                "{line}"
            );
            for ip in [&record.hot.src_ip, &record.hot.dst_ip].into_iter().flatten() {
                let known = ["10.", "192.0.2.", "198.51.100.", "203.0.113.", "127."].iter().any(|p| ip.starts_with(p));
                assert!(known, "{ip}: {line}");
            }
            read.push(record);
        }
        read
    }

    #[test]
    fn a_quiet_day_is_read_whole_in_order_and_repeats_with_its_seed() {
        let (from, to) = (moment("2026-06-01T00:00:00Z"), moment("2026-06-02T00:00:00Z"));
        let lines = benign(7, "may-12", "lan", from, to, 500);
        assert_eq!(lines.len(), 500);
        assert!(lines.is_sorted_by_key(|l| l.0) && lines.iter().all(|l| l.0 >= from && l.0 < to));
        assert_eq!(lines, benign(7, "may-12", "lan", from, to, 500));
        assert_ne!(lines, benign(8, "may-12", "lan", from, to, 500));
        let kinds: std::collections::HashSet<_> = check(&lines).into_iter().map(|r| r.log).collect();
        assert!(kinds.len() >= 8, "{kinds:?}");
    }

    #[test]
    fn each_story_is_read_and_tells_what_happened() {
        let at = moment("2026-06-01T02:00:00Z");
        for kind in Story::ALL {
            let lines = story(3, kind, "may-12", "lan", at);
            assert!(lines.len() >= 6 && lines.is_sorted_by_key(|l| l.0), "{kind:?}");
            assert_eq!(lines, story(3, kind, "may-12", "lan", at));
            let records = check(&lines);
            let count = |holds: &dyn Fn(&khien_base::Record) -> bool| records.iter().filter(|r| holds(r)).count();
            match kind {
                Story::SshGuessing => {
                    let from: std::collections::HashSet<_> =
                        records.iter().filter_map(|r| r.hot.src_ip.clone()).collect();
                    assert_eq!(from.len(), 1);
                    assert!(count(&|r| r.fields.get("action").is_some_and(|a| a == "failed")) >= 30);
                    assert_eq!(count(&|r| r.fields.get("action").is_some_and(|a| a == "accepted")), 1);
                }
                Story::OfficeMachine => {
                    assert_eq!(count(&|r| r.log.category.as_deref() == Some("process_access")), 1);
                    assert_eq!(count(&|r| r.hot.event_code.as_deref() == Some("1102")), 1);
                    assert!(count(&|r| r.hot.process.as_deref().is_some_and(|p| p.ends_with("\\certutil.exe"))) >= 1);
                }
                Story::WebScan => assert!(count(&|r| r.log.category.as_deref() == Some("webserver")) >= 30),
                Story::DnsBeacon => assert!(count(&|r| r.log.category.as_deref() == Some("dns")) >= 30),
            }
        }
    }
}
