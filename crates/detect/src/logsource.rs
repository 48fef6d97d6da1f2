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

/// Product, a service of rules, and the services of records that it covers besides its own.
const SERVICES: [(&str, &str, &[&str]); 4] = [
    ("linux", "auth", &AUTH),
    // The unified audit log holds what every part of Microsoft 365 writes, alerts too.
    ("m365", "audit", &["exchange", "threat_management", "threat_detection"]),
    // Alerts of Defender for Cloud Apps: the public rules write the same ones below both names.
    ("m365", "threat_detection", &["threat_management"]),
    // What routers and switches send is all syslog.
    ("cisco", "syslog", &["aaa", "bgp", "ldp", "asa"]),
];

/// Whether a rule of log source `rule` is to be matched against a record of log source `record`.
pub fn covers(rule: &LogSource, record: &LogSource) -> bool {
    let product = record.product.as_deref().unwrap_or_default();
    part(rule.product.as_deref(), record.product.as_deref(), |_, _| false)
        && part(rule.category.as_deref(), record.category.as_deref(), wider_category)
        && part(rule.service.as_deref(), record.service.as_deref(), |rule, record| wider_service(product, rule, record))
}

/// Whether a category of rules covers others besides its own.
pub fn is_wide(category: &str) -> bool {
    CATEGORIES.iter().any(|(wide, _)| *wide == category)
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

/// Besides the table: Linux' `syslog` is all that comes through syslog, which the audit daemon does not.
fn wider_service(product: &str, rule: &str, record: &str) -> bool {
    if product.eq_ignore_ascii_case("linux") && rule == "syslog" {
        return !record.eq_ignore_ascii_case("auditd") && !record.eq_ignore_ascii_case("sysmon");
    }
    SERVICES.iter().any(|(of, wide, narrow)| {
        product.eq_ignore_ascii_case(of) && rule == *wide && narrow.iter().any(|n| record.eq_ignore_ascii_case(n))
    })
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
        assert!(covers(&source("m365", "", "audit"), &source("m365", "", "exchange")));
        assert!(!covers(&source("m365", "", "exchange"), &source("m365", "", "audit")));
        assert!(covers(&source("cisco", "", "syslog"), &source("cisco", "", "aaa")));
        assert!(!covers(&source("cisco", "", "syslog"), &source("cisco", "", "duo")));
        assert!(!covers(&source("linux", "", "syslog"), &source("linux", "process_creation", "sysmon")));
    }
}
