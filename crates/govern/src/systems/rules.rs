//! What a system's record may say, and who may approve its level.

use chrono::NaiveDate;
use khien_base::{Fault, Id, Result};

use super::model::{LEVEL_STATES, Model, STATES, System};

/// The regime under which levels are proposed since 19/8/2026 (NĐ 331/2026/NĐ-CP).
pub const REGIME: &str = "nd331-2026";

/// Checks a record and puts it in order: trimmed, without doubles.
pub fn check(mut system: System) -> Result<System> {
    system.name = system.name.trim().to_owned();
    if system.name.is_empty() || system.name.chars().count() > 300 {
        return Err(Fault::invalid("systems.name").on("name"));
    }
    if system.level.is_some_and(|level| !(1..=5).contains(&level)) {
        return Err(Fault::invalid("systems.level").on("level"));
    }
    if !STATES.contains(&system.state.as_str()) {
        return Err(Fault::invalid("systems.state").on("state"));
    }
    if system.level_state == "approved" || !LEVEL_STATES.contains(&system.level_state.as_str()) {
        return Err(Fault::invalid("systems.level-state").on("level_state"));
    }
    if system.level_state != "none" && system.level.is_none() {
        return Err(Fault::invalid("systems.level-missing").on("level"));
    }
    for address in &system.addresses {
        if address.parse::<std::net::IpAddr>().is_err() {
            return Err(Fault::invalid("systems.address").with("address", address).on("addresses"));
        }
    }
    system.network = system.network.trim().to_owned();
    if !system.network.is_empty() && !is_network(&system.network) {
        return Err(Fault::invalid("systems.network").with("network", &system.network).on("network"));
    }
    system.addresses.sort();
    system.addresses.dedup();
    system.domains.sort();
    system.domains.dedup();
    Ok(system)
}

fn is_network(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    match (address.parse::<std::net::IpAddr>(), bits.parse::<u8>()) {
        (Ok(std::net::IpAddr::V4(_)), Ok(bits)) => bits <= 32,
        (Ok(std::net::IpAddr::V6(_)), Ok(bits)) => bits <= 128,
        _ => false,
    }
}

/// Whether the approval of a level may be recorded now, by this person: not by who proposed it, with number and day of
/// the decision, and the day not in the future.
pub fn approve(
    system: &Model,
    proposed_by: Option<Id>,
    actor: Id,
    decision: &str,
    day: NaiveDate,
    today: NaiveDate,
) -> Result<()> {
    if system.level.is_none() || system.level_state == "none" {
        return Err(Fault::conflict("systems.nothing-to-approve"));
    }
    if proposed_by == Some(actor) {
        return Err(Fault::forbidden("systems.second-person"));
    }
    if decision.trim().is_empty() {
        return Err(Fault::invalid("systems.decision").on("decision"));
    }
    if day > today {
        return Err(Fault::invalid("systems.decision-day").on("decided_on"));
    }
    Ok(())
}

/// The level after an edit: changing the level of an approved system sends it back to draft, since the decision was on
/// another level.
pub fn level_state(before: &Model, level: Option<i16>, wanted: &str) -> String {
    if before.level_state == "approved" && before.level == level { "approved".to_owned() } else { wanted.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system() -> System {
        System {
            name: " Cổng dịch vụ công ".into(),
            level: Some(3),
            level_state: "draft".into(),
            state: "running".into(),
            addresses: vec!["10.24.10.11".into(), "10.24.10.10".into(), "10.24.10.11".into()],
            network: "10.24.10.0/24".into(),
            ..System::default()
        }
    }

    #[test]
    fn a_good_record_is_put_in_order() {
        let good = check(system()).unwrap();
        assert_eq!(good.name, "Cổng dịch vụ công");
        assert_eq!(good.addresses, ["10.24.10.10", "10.24.10.11"]);
    }

    #[test]
    fn bad_records_say_which_field() {
        let field = |system| check(system).unwrap_err().field.unwrap().into_owned();
        assert_eq!(field(System { name: "  ".into(), ..system() }), "name");
        assert_eq!(field(System { level: Some(6), ..system() }), "level");
        assert_eq!(field(System { level: None, ..system() }), "level");
        assert_eq!(field(System { level_state: "approved".into(), ..system() }), "level_state");
        assert_eq!(field(System { addresses: vec!["10.24.10.300".into()], ..system() }), "addresses");
        assert_eq!(field(System { network: "10.24.10.0/33".into(), ..system() }), "network");
    }
}
