//! Which records a rule is for: its log source against the one that was derived from the record.
//!
//! A part that the rule leaves out may be anything; a part that it gives must be in the record, in any case of
//! letters. Two relations are wider than equality (Sigma taxonomy appendix 2.1 and the log sources that SigmaHQ
//! uses): a category that covers others, and a service whose log file holds what several programs write.

use khien_base::LogSource;

/// A category of rules and the categories of records that it covers besides its own.
const CATEGORIES: [(&str, &[&str]); 2] = [
    // Sysmon 12, 13 and 14 together.
    ("registry_event", &["registry_add", "registry_delete", "registry_set", "registry_rename"]),
    // Sysmon 23 keeps a copy of the deleted file, 26 only reports it.
    ("file_delete", &["file_delete_detected"]),
];

/// Linux services whose lines go to the authentication log (auth.log of Debian, secure of Red Hat).
const AUTH: [&str; 10] = ["sshd", "sudo", "su", "login", "pam", "passwd", "useradd", "usermod", "groupadd", "polkit"];

/// Whether a rule of log source `rule` is to be matched against a record of log source `record`.
pub fn covers(rule: &LogSource, record: &LogSource) -> bool {
    let linux = record.product.as_deref().is_some_and(|p| p.eq_ignore_ascii_case("linux"));
    part(rule.product.as_deref(), record.product.as_deref(), |_, _| false)
        && part(rule.category.as_deref(), record.category.as_deref(), wider_category)
        && part(rule.service.as_deref(), record.service.as_deref(), |rule, record| linux && wider_service(rule, record))
}

fn part(rule: Option<&str>, record: Option<&str>, wider: impl Fn(&str, &str) -> bool) -> bool {
    match (rule, record) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(rule), Some(record)) => rule.eq_ignore_ascii_case(record) || wider(rule, record),
    }
}

fn wider_category(rule: &str, record: &str) -> bool {
    CATEGORIES.iter().any(|(wide, narrow)| rule == *wide && narrow.iter().any(|n| record.eq_ignore_ascii_case(n)))
}

/// `auth` is the authentication log; `syslog` is all that comes through syslog, which the audit daemon does not.
fn wider_service(rule: &str, record: &str) -> bool {
    match rule {
        "auth" => AUTH.iter().any(|n| record.eq_ignore_ascii_case(n)),
        "syslog" => !record.eq_ignore_ascii_case("auditd"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(product: &str, category: &str, service: &str) -> LogSource {
        let part = |t: &str| Some(t.to_owned()).filter(|t| !t.is_empty());
        LogSource { product: part(product), category: part(category), service: part(service) }
    }

    #[test]
    fn what_a_rule_leaves_out_may_be_anything() {
        let record = source("windows", "process_creation", "sysmon");
        assert!(covers(&source("windows", "process_creation", ""), &record));
        assert!(covers(&source("windows", "", ""), &record));
        assert!(covers(&source("", "process_creation", ""), &record));
        assert!(covers(&source("Windows", "", "Sysmon"), &record));
        assert!(!covers(&source("linux", "process_creation", ""), &record));
        assert!(!covers(&source("windows", "", "security"), &record));
        assert!(!covers(&source("windows", "process_creation", ""), &source("windows", "", "sysmon")));
        assert!(!covers(&source("windows", "", ""), &LogSource::default()));
    }

    #[test]
    fn wider_categories_and_services_cover_narrower_ones_and_not_the_other_way() {
        let set = source("windows", "registry_set", "sysmon");
        assert!(covers(&source("windows", "registry_event", ""), &set));
        assert!(!covers(&source("windows", "registry_set", ""), &source("windows", "registry_event", "sysmon")));
        assert!(!covers(&source("windows", "registry_delete", ""), &set));
        assert!(!covers(&source("windows", "file_event", ""), &source("windows", "file_change", "sysmon")));
        assert!(covers(&source("linux", "", "auth"), &source("linux", "", "sshd")));
        assert!(covers(&source("linux", "", "syslog"), &source("linux", "", "sshd")));
        assert!(!covers(&source("linux", "", "syslog"), &source("linux", "", "auditd")));
        assert!(!covers(&source("linux", "", "sshd"), &source("linux", "", "auth")));
        assert!(!covers(&source("windows", "", "auth"), &source("windows", "", "sshd")));
    }
}
