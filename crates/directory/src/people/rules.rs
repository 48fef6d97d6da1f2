//! Who may do what to whom, decided from the records, the rights and the day.

use chrono::NaiveDate;
use khien_base::clock::vn_date;
use khien_base::{Fault, Id, Reach, Result, Role};

use super::model::{Model, held};
use crate::forms;
use crate::tree::Tree;

/// Characters of a name or post.
const NAME: usize = 200;
/// Characters of an e-mail address (RFC 5321, 4.5.3.1) and of a telephone number.
const EMAIL: usize = 254;
const PHONE: usize = 30;
/// Characters of a user name.
const USERNAME: std::ops::RangeInclusive<usize> = 3..=64;
/// Characters of the words for a document.
const DOCUMENT: usize = 300;

/// What a form says of a person, untrusted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Draft<'a> {
    /// Full name.
    pub name: &'a str,
    /// Post.
    pub post: &'a str,
    /// E-mail.
    pub email: &'a str,
    /// Telephone.
    pub phone: &'a str,
    /// Name for signing in.
    pub username: &'a str,
}

/// A person as it may be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// Full name.
    pub name: String,
    /// Post.
    pub post: String,
    /// E-mail.
    pub email: String,
    /// Telephone.
    pub phone: String,
    /// Name for signing in, in lower case.
    pub username: Option<String>,
}

/// The person that a form describes.
pub fn person(draft: Draft<'_>) -> Result<Sound> {
    let name = line(draft.name, "name", NAME)?;
    if name.is_empty() {
        return Err(Fault::invalid("people.no-name").on("name"));
    }
    let email = line(draft.email, "email", EMAIL)?;
    let mailbox = |text: &str| {
        let (local, domain) = text.split_once('@')?;
        (!local.is_empty() && domain.contains('.') && !text.contains(char::is_whitespace) && !domain.contains('@'))
            .then_some(())
    };
    if !email.is_empty() && mailbox(&email).is_none() {
        return Err(Fault::invalid("people.email").on("email"));
    }
    let phone = line(draft.phone, "phone", PHONE)?;
    if !phone.chars().all(|c| c.is_ascii_digit() || " +().-".contains(c)) {
        return Err(Fault::invalid("people.phone").on("phone"));
    }
    let username = draft.username.trim().to_lowercase();
    let spelled = username.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if !(username.is_empty() || spelled && USERNAME.contains(&username.len())) {
        return Err(Fault::invalid("people.username").on("username"));
    }
    Ok(Sound {
        name,
        post: line(draft.post, "post", NAME)?,
        email,
        phone,
        username: (!username.is_empty()).then_some(username),
    })
}

fn line(text: &str, field: &'static str, max: usize) -> Result<String> {
    forms::line(text, field, max, "people.long")
}

/// Refuses what nobody does to the own account from the list of people.
pub fn not_oneself(actor: Id, person: Id) -> Result<()> {
    if actor == person { Err(Fault::forbidden("people.own-account")) } else { Ok(()) }
}

/// Whether a role at a unit reaches no farther than the own rights.
pub fn within_own(tree: &Tree, unit: Id, own: &Reach) -> bool {
    match (tree.reach(unit), own) {
        (_, Reach::All) => true,
        (Reach::All, Reach::Units(_)) => false,
        (Reach::Units(units), own) => units.into_iter().all(|unit| own.covers(unit)),
    }
}

/// Whether a role still counts on a day, or begins to later.
fn lasts(role: &held::Model, day: NaiveDate) -> bool {
    role.valid_to.is_none_or(|last| last >= day)
}

/// Whether an account may be changed: who could take over an account that reaches farther would have its rights.
pub fn not_above(tree: &Tree, roles: &[held::Model], today: NaiveDate, own: &Reach) -> Result<()> {
    if roles.iter().filter(|role| lasts(role, today)).all(|role| within_own(tree, role.unit, own)) {
        Ok(())
    } else {
        Err(Fault::forbidden("people.above-you"))
    }
}

/// A role that a form asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Which.
    pub role: Role,
    /// Where.
    pub unit: Id,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: Option<NaiveDate>,
    /// By which decision.
    pub document: String,
}

/// Whether a role may be given: within the own rights, its days in order, by a document, and not held already.
pub fn may_give(asked: &Asked, tree: &Tree, own: &Reach, roles: &[held::Model], today: NaiveDate) -> Result<()> {
    if tree.get(asked.unit).is_none() || !own.covers(asked.unit) || !within_own(tree, asked.unit, own) {
        return Err(Fault::forbidden("people.beyond-reach").on("unit"));
    }
    if asked.to.is_some_and(|last| last < asked.from || last < today) {
        return Err(Fault::invalid("people.role-dates").on("to"));
    }
    if asked.document.is_empty() {
        return Err(Fault::invalid("people.no-document").on("document"));
    }
    if asked.document.chars().count() > DOCUMENT {
        return Err(Fault::invalid("people.long").with("max", DOCUMENT).on("document"));
    }
    let meets = |held: &&held::Model| {
        held.role == asked.role.name()
            && held.unit == asked.unit
            && lasts(held, asked.from)
            && asked.to.is_none_or(|last| last >= held.valid_from)
    };
    match roles.iter().find(meets) {
        Some(held) => Err(Fault::conflict("people.role-held").with("day", vn_date(held.valid_from))),
        None => Ok(()),
    }
}

/// Whether a role may end on a day: not in the past, not after an end that is set. The day before today, or before its
/// first day, takes it away at once.
pub fn may_end(role: &held::Model, last: NaiveDate, today: NaiveDate) -> Result<()> {
    let yesterday = today.pred_opt().unwrap_or(today);
    let before = role.valid_from.pred_opt().unwrap_or(role.valid_from);
    if role.valid_to.is_some_and(|end| end < today) {
        return Err(Fault::conflict("people.role-over"));
    }
    if last < yesterday.max(before) || role.valid_to.is_some_and(|end| last > end) {
        return Err(Fault::invalid("people.end-date").with("day", vn_date(yesterday.max(before))).on("last"));
    }
    Ok(())
}

/// Whether the role is the administration of the centre, today or later.
pub fn administers(role: &held::Model, root: Option<Id>, today: NaiveDate) -> bool {
    role.role == Role::Administrator.name() && root == Some(role.unit) && lasts(role, today)
}

/// Whether somebody administers the centre after a change: `others` are the roles of active users that are left, at
/// the centre and without a last day.
pub fn someone_stays(others: &[held::Model]) -> Result<()> {
    if others.is_empty() { Err(Fault::conflict("people.last-administrator")) } else { Ok(()) }
}

/// What an edit form carries, so that two people who edit at once are told apart.
pub fn version(person: &Model) -> String {
    let seen = serde_json::json!([
        person.name,
        person.post,
        person.unit,
        person.email,
        person.phone,
        person.username,
        person.active
    ]);
    forms::version(&seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Node;

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn id(n: u128) -> Id {
        Id::from_u128(n)
    }

    /// 1 the centre; 2 under it, 3 under 2; 4 beside 2.
    fn tree() -> Tree {
        let node = |n, parent: Option<u128>| Node {
            id: id(n),
            code: None,
            kind: "department".into(),
            name: String::new(),
            parent: parent.map(id),
        };
        Tree::of([node(1, None), node(2, Some(1)), node(3, Some(2)), node(4, Some(1))], Some(id(1)))
    }

    fn role(unit: u128, from: &str, to: Option<&str>) -> held::Model {
        held::Model {
            id: id(90),
            person: id(80),
            role: "administrator".into(),
            unit: id(unit),
            valid_from: on(from),
            valid_to: to.map(on),
            document: String::new(),
            granted_by: None,
        }
    }

    #[test]
    fn a_form_becomes_a_person_or_says_what_is_wrong() {
        let draft =
            Draft {
                name: " Trần  Thị Bình", username: "Binh.TT", email: "binh@bacninh.gov.vn", ..Draft::default()
            };
        let sound = person(draft).unwrap();
        assert_eq!((sound.name.as_str(), sound.username.as_deref()), ("Trần Thị Bình", Some("binh.tt")));
        let wrong = |draft: Draft<'_>| person(draft).unwrap_err().code;
        assert_eq!(wrong(Draft { name: "", ..draft }), "people.no-name");
        assert_eq!(wrong(Draft { username: "bình", ..draft }), "people.username");
        assert_eq!(wrong(Draft { username: "ab", ..draft }), "people.username");
        assert_eq!(wrong(Draft { email: "binh@bacninh", ..draft }), "people.email");
        assert_eq!(wrong(Draft { phone: "không có", ..draft }), "people.phone");
        assert_eq!(wrong(Draft { post: &"x".repeat(201), ..draft }), "people.long");
        assert_eq!(person(Draft { username: " ", ..draft }).unwrap().username, None);
    }

    #[test]
    fn nobody_gives_more_than_is_held() {
        let (tree, own) = (tree(), tree().reach(id(2)));
        let asked = |unit| Asked {
            role: Role::FocalPoint,
            unit: id(unit),
            from: on("2026-10-01"),
            to: None,
            document: "QĐ 12/QĐ-CAT".into(),
        };
        let give = |asked: &Asked| may_give(asked, &tree, &own, &[], on("2026-10-01"));
        assert_eq!(give(&asked(1)).unwrap_err().code, "people.beyond-reach");
        assert_eq!(give(&asked(4)).unwrap_err().code, "people.beyond-reach");
        assert_eq!(give(&asked(9)).unwrap_err().code, "people.beyond-reach");
        give(&asked(2)).unwrap();
        give(&asked(3)).unwrap();
        may_give(&asked(1), &tree, &Reach::All, &[], on("2026-10-01")).unwrap();
        // Rights over some units, even all of those that exist today, are less than the centre's.
        let all_today = Reach::Units([1, 2, 3, 4].map(id).into());
        assert!(!within_own(&tree, id(1), &all_today));
    }

    #[test]
    fn a_role_has_days_in_order_a_document_and_no_twin() {
        let asked = Asked {
            role: Role::Administrator,
            unit: id(2),
            from: on("2026-10-01"),
            to: Some(on("2026-12-31")),
            document: "QĐ 12".into(),
        };
        let give =
            |asked: Asked, roles: &[held::Model]| may_give(&asked, &tree(), &Reach::All, roles, on("2026-10-01"));
        let early = Asked { to: Some(on("2026-09-30")), ..asked.clone() };
        assert_eq!(give(early, &[]).unwrap_err().code, "people.role-dates");
        assert_eq!(
            give(Asked { document: String::new(), ..asked.clone() }, &[]).unwrap_err().code,
            "people.no-document"
        );
        let twin = role(2, "2026-12-31", None);
        assert_eq!(give(asked.clone(), &[twin]).unwrap_err().code, "people.role-held");
        give(asked, &[role(2, "2026-01-01", Some("2026-09-30")), role(2, "2027-01-01", None)]).unwrap();
    }

    #[test]
    fn an_account_that_reaches_farther_is_left_alone() {
        let own = tree().reach(id(2));
        let today = on("2026-10-01");
        assert_eq!(
            not_above(&tree(), &[role(1, "2026-01-01", None)], today, &own).unwrap_err().code,
            "people.above-you"
        );
        // A role to come counts, one that is over does not.
        assert!(not_above(&tree(), &[role(1, "2027-01-01", None)], today, &own).is_err());
        not_above(&tree(), &[role(1, "2026-01-01", Some("2026-09-30")), role(3, "2026-01-01", None)], today, &own)
            .unwrap();
    }

    #[test]
    fn a_role_ends_today_or_at_once_never_in_the_past() {
        let today = on("2026-10-10");
        let end = |role: &held::Model, last| may_end(role, on(last), today);
        let open = role(2, "2026-01-01", None);
        end(&open, "2026-10-10").unwrap();
        end(&open, "2026-10-09").unwrap();
        assert_eq!(end(&open, "2026-10-08").unwrap_err().code, "people.end-date");
        assert_eq!(end(&role(2, "2026-01-01", Some("2026-10-12")), "2026-10-13").unwrap_err().code, "people.end-date");
        assert_eq!(end(&role(2, "2026-01-01", Some("2026-10-09")), "2026-10-10").unwrap_err().code, "people.role-over");
    }

    #[test]
    fn the_last_administrator_is_known() {
        let today = on("2026-10-01");
        assert!(administers(&role(1, "2026-01-01", None), Some(id(1)), today));
        assert!(!administers(&role(2, "2026-01-01", None), Some(id(1)), today));
        assert!(!administers(&role(1, "2026-01-01", Some("2026-09-30")), Some(id(1)), today));
        assert_eq!(someone_stays(&[]).unwrap_err().code, "people.last-administrator");
        assert_eq!(not_oneself(id(1), id(1)).unwrap_err().code, "people.own-account");
    }
}
