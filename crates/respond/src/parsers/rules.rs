//! What may be in force: pure decisions.

use chrono::{DateTime, Utc};
use khien_base::{Fault, Result};
use khien_normalise::Sheet;

use super::model::Model;

/// Longest note on a change, in characters.
pub const NOTE: usize = 500;

/// The name of a file of parsers, when the text may be put in force: it reads, has samples, and each of them comes out as
/// it says.
///
/// Faults (on `yaml`): those of [`Sheet::read`], `parsers.without-samples`, `parsers.sample-differs` (`line`, `what`,
/// `wanted`, `got`) for the first sample that comes out otherwise, `parsers.sample-unread` (`line`).
pub fn sound(yaml: &str, now: DateTime<Utc>) -> Result<String> {
    let sheet = Sheet::read(yaml).map_err(|fault| fault.on("yaml"))?;
    let name = sheet.names().next().unwrap_or_default().trim().to_owned();
    if name.is_empty() || name.chars().count() > 64 {
        return Err(Fault::invalid("parsers.name").on("yaml"));
    }
    if sheet.samples() == 0 {
        return Err(Fault::invalid("parsers.without-samples").on("yaml"));
    }
    for told in sheet.tell(now) {
        let line: String = told.line.chars().take(120).collect();
        if told.record.is_none() {
            return Err(Fault::invalid("parsers.sample-unread").on("yaml").with("line", line));
        }
        if let Some(other) = told.differences.into_iter().next() {
            return Err(Fault::invalid("parsers.sample-differs")
                .on("yaml")
                .with("line", line)
                .with("what", other.what)
                .with("wanted", other.wanted)
                .with("got", if other.got.is_empty() { "–".to_owned() } else { other.got }));
        }
    }
    Ok(name)
}

/// A file after its text was changed. Fault: `parsers.unchanged`.
pub fn rewritten(before: &Model, name: String, yaml: String, who: &str, now: DateTime<Utc>) -> Result<Model> {
    if before.yaml == yaml {
        return Err(Fault::invalid("parsers.unchanged").on("yaml"));
    }
    let number = before.number.saturating_add(1);
    Ok(Model { name, yaml, number, changed_at: now, changed_by: who.to_owned(), ..before.clone() })
}

/// A file after it was switched. Fault: `parsers.changed` where it stands that way already.
pub fn switched(before: &Model, on: bool, who: &str, now: DateTime<Utc>) -> Result<Model> {
    if before.enabled == on {
        return Err(Fault::conflict("parsers.changed"));
    }
    Ok(Model { enabled: on, changed_at: now, changed_by: who.to_owned(), ..before.clone() })
}

#[cfg(test)]
pub(super) const GOOD: &str = "- name: cua-kho\n  programs: [cuakho]\n  log: {product: cuakho, service: ra-vao}\n  patterns:\n    - name: quet-the\n      regex: '^QUET the=(?<the>\\d+) cua=(?<cua>\\S+) tu (?<ip>\\S+)$'\n      hot: {class: 3002, severity: 2, columns: {user: the, src_ip: ip}}\n  samples:\n    - line: '<13>Jun 10 08:00:00 kho1 cuakho: QUET the=77 cua=B2 tu 10.0.0.9'\n      pattern: quet-the\n      fields: {the: '77', cua: B2}\n      hot: {user: '77', src_ip: 10.0.0.9}\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn told(yaml: &str) -> String {
        sound(yaml, DateTime::UNIX_EPOCH).map_or_else(|fault| fault.to_string(), |name| format!("ok {name}"))
    }

    #[test]
    fn only_what_reads_and_holds_its_samples_may_be_in_force() {
        assert_eq!(told(GOOD), "ok cua-kho");
        assert!(
            told(&GOOD.replace("cua: B2", "cua: B3")).starts_with("parsers.sample-differs line=<13>Jun 10"),
            "{}",
            told(&GOOD.replace("cua: B2", "cua: B3"))
        );
        assert!(told(&GOOD.replace("cua: B2", "cua: B3")).contains("what=field cua wanted=B3 got=B2"));
        let bare = GOOD.split("  samples:").next().unwrap();
        assert_eq!(told(bare), "parsers.without-samples");
        for (from, to, wanted) in [
            ("(?<the>", "(?<the", "parsers.yaml line=6"),
            ("user: the", "nguoi: the", "parsers.yaml line=7"),
            ("class: 3002", "class: 77", "parsers.yaml line=7"),
            ("severity: 2", "severity: 9", "parsers.yaml line=7"),
            ("  programs: [cuakho]\n", "", "parsers.asked-for-nothing name=cua-kho"),
            ("name: quet-the", "tên: quet-the", "parsers.yaml line=5"),
        ] {
            let said = told(&GOOD.replacen(from, to, 1));
            assert!(said.starts_with(wanted), "{from}: {said}");
        }
    }

    #[test]
    fn a_text_that_stays_makes_no_version() {
        let before = Model {
            id: khien_base::Id::nil(),
            name: "a".into(),
            enabled: true,
            number: 1,
            yaml: "x".into(),
            changed_at: DateTime::UNIX_EPOCH,
            changed_by: String::new(),
        };
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(rewritten(&before, "a".into(), "x".into(), "b", now).unwrap_err().code, "parsers.unchanged");
        assert_eq!(rewritten(&before, "a".into(), "y".into(), "b", now).unwrap().number, 2);
        assert!(!switched(&before, false, "b", now).unwrap().enabled);
        assert_eq!(switched(&before, true, "b", now).unwrap_err().code, "parsers.changed");
    }
}
