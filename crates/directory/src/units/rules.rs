//! What may be done to the tree, decided from the records and the day.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use khien_base::{Fault, Id, Result};

use super::model::{KINDS, Model, NewUnit, link};
use crate::forms;

/// Characters of a name.
const NAME: usize = 300;
/// Characters of a code.
const CODE: usize = 40;
/// Other names of one unit.
const ALIASES: usize = 50;

/// What a form says of a unit, untrusted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Draft<'a> {
    /// Full name.
    pub name: &'a str,
    /// Name in English.
    pub name_en: &'a str,
    /// Short form.
    pub short: &'a str,
    /// Kind.
    pub kind: &'a str,
    /// Official code.
    pub code: &'a str,
    /// Other names, one a line.
    pub aliases: &'a str,
}

/// The unit that a form describes.
pub fn unit(draft: Draft<'_>, from: NaiveDate) -> Result<NewUnit> {
    let name = line(draft.name, "name")?;
    if name.is_empty() {
        return Err(Fault::invalid("units.no-name").on("name"));
    }
    if !KINDS.contains(&draft.kind) {
        return Err(Fault::invalid("units.kind").on("kind"));
    }
    let code = draft.code.trim().to_lowercase();
    if code.len() > CODE || !code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(Fault::invalid("units.code").with("max", CODE).on("code"));
    }
    let aliases: Vec<String> = draft.aliases.lines().map(|alias| line(alias, "aliases")).collect::<Result<Vec<_>>>()?;
    let aliases: Vec<String> = aliases.into_iter().filter(|alias| !alias.is_empty()).collect();
    if aliases.len() > ALIASES {
        return Err(Fault::invalid("units.aliases").with("max", ALIASES).on("aliases"));
    }
    Ok(NewUnit {
        code: (!code.is_empty()).then_some(code),
        kind: draft.kind.to_owned(),
        name,
        name_en: line(draft.name_en, "name_en")?,
        short: line(draft.short, "short")?,
        aliases,
        place: None,
        valid_from: from,
    })
}

fn line(text: &str, field: &'static str) -> Result<String> {
    forms::line(text, field, NAME, "units.long")
}

/// Whether a unit can take another under it from a day on: it is there then and no end is set.
pub fn takes(parent: &Model, from: NaiveDate) -> Result<()> {
    if parent.valid_to.is_some() || parent.valid_from > from {
        return Err(Fault::invalid("units.parent-closed").with("name", &parent.name).on("parent"));
    }
    Ok(())
}

/// Whether a unit can be moved under another from a day on. `links` are all places that hold on that day or later.
pub fn may_move(unit: &Model, root: Option<Id>, parent: &Model, from: NaiveDate, links: &[link::Model]) -> Result<()> {
    if root == Some(unit.id) {
        return Err(Fault::invalid("units.root"));
    }
    if unit.valid_to.is_some() {
        return Err(Fault::conflict("units.closed"));
    }
    takes(parent, from)?;
    let place = links.iter().filter(|link| link.child == unit.id).max_by_key(|link| link.valid_from);
    if place.is_some_and(|place| place.parent == parent.id) {
        return Err(Fault::invalid("units.there-already").with("name", &parent.name).on("parent"));
    }
    let begins = place.map_or(unit.valid_from, |place| place.valid_from);
    if from <= begins {
        let begins = khien_base::clock::vn_date(begins);
        return Err(Fault::invalid("units.move-date").with("day", begins).on("from"));
    }
    if circle(links, unit.id, parent.id, from) {
        return Err(Fault::invalid("units.circle").with("name", &parent.name).on("parent"));
    }
    Ok(())
}

/// Whether a unit, put under another from a day on, would stand under itself on that day or on any later one.
pub fn circle(links: &[link::Model], child: Id, parent: Id, from: NaiveDate) -> bool {
    let later = links.iter().map(|link| link.valid_from).filter(|day| *day > from);
    let days: HashSet<NaiveDate> = later.chain([from]).collect();
    days.into_iter().any(|day| {
        let holds = |link: &&link::Model| link.valid_from <= day && link.valid_to.is_none_or(|last| day <= last);
        let above: HashMap<Id, Id> = links.iter().filter(holds).map(|link| (link.child, link.parent)).collect();
        let (mut at, mut seen) = (Some(parent), HashSet::new());
        while let Some(unit) = at {
            if unit == child {
                return true;
            }
            at = if seen.insert(unit) { above.get(&unit).copied() } else { None };
        }
        false
    })
}

/// Whether a unit can end on a day; `children` units under it are open after that day.
pub fn may_close(
    unit: &Model,
    root: Option<Id>,
    last: NaiveDate,
    place: Option<&link::Model>,
    children: u64,
) -> Result<()> {
    if root == Some(unit.id) {
        return Err(Fault::invalid("units.root"));
    }
    if unit.valid_to.is_some() {
        return Err(Fault::conflict("units.closed"));
    }
    let begins = place.map_or(unit.valid_from, |place| place.valid_from).max(unit.valid_from);
    if last < begins {
        return Err(Fault::invalid("units.close-date").with("day", khien_base::clock::vn_date(begins)).on("last"));
    }
    if children > 0 {
        return Err(Fault::conflict("units.has-children").with("count", children));
    }
    Ok(())
}

/// What an edit form carries, so that two people who edit at once are told apart.
pub fn version(unit: &Model) -> String {
    let seen = serde_json::json!([unit.kind, unit.name, unit.name_en, unit.short, unit.aliases, unit.valid_to]);
    forms::version(&seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn id(n: u128) -> Id {
        Id::from_u128(n)
    }

    fn model(n: u128) -> Model {
        Model {
            id: id(n),
            code: None,
            kind: "department".into(),
            name: format!("Đơn vị {n}"),
            name_en: String::new(),
            short: String::new(),
            search_key: String::new(),
            aliases: serde_json::json!([]),
            lat: None,
            lon: None,
            valid_from: on("2025-07-01"),
            valid_to: None,
        }
    }

    fn under(child: u128, parent: u128, from: &str, to: Option<&str>) -> link::Model {
        link::Model {
            id: id(child * 1000 + parent),
            hierarchy: link::ADMINISTRATION.into(),
            parent: id(parent),
            child: id(child),
            valid_from: on(from),
            valid_to: to.map(on),
        }
    }

    #[test]
    fn a_form_becomes_a_unit_or_says_what_is_wrong() {
        let draft =
            Draft { name: "  Công ty   Viễn thông ", kind: "enterprise", aliases: "VNPT\n\n", ..Draft::default() };
        let made = unit(draft, on("2026-10-01")).unwrap();
        assert_eq!((made.name.as_str(), made.aliases.len(), made.code), ("Công ty Viễn thông", 1, None));
        let wrong = |draft: Draft<'_>| unit(draft, on("2026-10-01")).unwrap_err().code;
        assert_eq!(wrong(Draft { name: " ", ..draft }), "units.no-name");
        assert_eq!(wrong(Draft { kind: "bank", ..draft }), "units.kind");
        assert_eq!(wrong(Draft { code: "mã số", ..draft }), "units.code");
        assert_eq!(wrong(Draft { name: &"x".repeat(301), ..draft }), "units.long");
        assert_eq!(wrong(Draft { aliases: &"x\n".repeat(51), ..draft }), "units.aliases");
    }

    #[test]
    fn the_root_a_closed_unit_and_the_own_place_do_not_move() {
        let links = [under(2, 1, "2025-07-01", None)];
        let moved = |unit: &Model, parent: &Model, from| may_move(unit, Some(id(1)), parent, on(from), &links);
        assert_eq!(moved(&model(1), &model(2), "2026-01-01").unwrap_err().code, "units.root");
        let closed = Model { valid_to: Some(on("2026-01-01")), ..model(2) };
        assert_eq!(moved(&closed, &model(3), "2026-01-01").unwrap_err().code, "units.closed");
        assert_eq!(moved(&model(3), &closed, "2026-01-02").unwrap_err().code, "units.parent-closed");
        assert_eq!(moved(&model(2), &model(1), "2026-01-01").unwrap_err().code, "units.there-already");
        assert_eq!(moved(&model(2), &model(3), "2025-07-01").unwrap_err().code, "units.move-date");
        moved(&model(2), &model(3), "2025-07-02").unwrap();
    }

    #[test]
    fn nothing_stands_under_itself_today_or_later() {
        let links = [under(2, 1, "2025-07-01", None), under(3, 2, "2025-07-01", None), under(4, 1, "2025-07-01", None)];
        assert!(circle(&links, id(2), id(3), on("2026-01-01")));
        assert!(circle(&links, id(2), id(2), on("2026-01-01")));
        assert!(!circle(&links, id(3), id(4), on("2026-01-01")));
        // 4 goes under 2 in June; so 2 may not go under 4 in January, though nothing is wrong in January.
        let planned = [under(4, 1, "2025-07-01", Some("2026-05-31")), under(4, 2, "2026-06-01", None)];
        assert!(circle(&planned, id(2), id(4), on("2026-01-01")));
        assert!(!circle(&planned[..1], id(2), id(4), on("2026-01-01")));
    }

    #[test]
    fn a_unit_closes_after_its_children_and_not_before_it_began() {
        let place = under(2, 1, "2026-02-01", None);
        let close = |last, children| may_close(&model(2), Some(id(1)), on(last), Some(&place), children);
        assert_eq!(close("2026-01-31", 0).unwrap_err().code, "units.close-date");
        assert_eq!(close("2026-03-01", 2).unwrap_err().code, "units.has-children");
        close("2026-02-01", 0).unwrap();
        assert_eq!(may_close(&model(1), Some(id(1)), on("2026-03-01"), None, 0).unwrap_err().code, "units.root");
    }

    #[test]
    fn a_changed_name_is_another_version() {
        let renamed = Model { name: "Khác".into(), ..model(2) };
        assert_ne!(version(&model(2)), version(&renamed));
        assert_eq!(version(&model(2)), version(&model(2)));
    }
}
