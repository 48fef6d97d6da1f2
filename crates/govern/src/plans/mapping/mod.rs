//! Which units a plan's names mean. Pure: names and units in, a proposal out; a person confirms it.

pub mod groups;
pub mod units;

use khien_base::Id;
use khien_base::key::key;

pub use groups::{Group, Groups};
pub use units::{Bodies, Body};

/// What a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// These units.
    Units {
        /// Which.
        units: Vec<Id>,
        /// Whether the name is exactly theirs; a likeness wants a look.
        sure: bool,
    },
    /// A group, by its key; it becomes units on a day.
    Group(String),
    /// A body above or beside the place: it gets no task here.
    Outside(String),
    /// Nobody known.
    Unknown,
}

impl Meaning {
    /// The name that is stored.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Units { .. } => "units",
            Self::Group(_) => "group",
            Self::Outside(_) => "outside",
            Self::Unknown => "unknown",
        }
    }
}

/// Words before the body itself: who heads it, or that it is meant as a whole.
const HEADS: [&str; 9] =
    ["thu truong ", "giam doc ", "chu tich ", "truong ", "lanh dao ", "nguoi dung dau ", "de nghi ", "giao ", "cac "];

/// Proposes what a name of a plan of `issuer` means: bodies outside, groups, then units by their names, then several
/// units joined by "và" or commas, then the unit whose name is most alike.
pub fn propose(name: &str, issuer: Id, bodies: &Bodies, groups: &Groups) -> Meaning {
    let full = groups.shorten(&key(name));
    if full.is_empty() {
        return Meaning::Unknown;
    }
    let places = bodies.places(issuer);
    let forms = forms(&full, &places);
    if let Some(outside) = forms.iter().find_map(|form| groups.outside(form)) {
        return Meaning::Outside(outside.to_owned());
    }
    let commune = bodies.is_commune(issuer);
    if let Some(group) = forms.iter().find_map(|form| groups.group_of(form, commune)) {
        return Meaning::Group(group.key.clone());
    }
    if let Some(unit) = forms.iter().find_map(|form| bodies.named(form, issuer, groups)) {
        return Meaning::Units { units: vec![unit], sure: true };
    }
    if let Some(units) = several(name, issuer, bodies, groups) {
        return Meaning::Units { units, sure: true };
    }
    match bodies.alike(&full, issuer, groups) {
        Some(unit) => Meaning::Units { units: vec![unit], sure: false },
        None => Meaning::Unknown,
    }
}

/// The name itself, and the name without the place's own name and without words before the body.
fn forms(full: &str, places: &[String]) -> Vec<String> {
    let mut out = vec![full.to_owned()];
    let mut push = |form: String| {
        if !form.is_empty() && !out.contains(&form) {
            out.push(form);
        }
    };
    let mut bare = full.to_owned();
    for place in places {
        if let Some(rest) = bare.strip_suffix(place.as_str()) {
            bare = rest.trim_end().to_owned();
        }
    }
    push(bare.clone());
    for head in HEADS {
        if let Some(rest) = bare.strip_prefix(head) {
            push(rest.to_owned());
        }
    }
    out
}

/// "Công an tỉnh, Sở Giáo dục và Đào tạo, Sở Tài chính và Sở Nội vụ": all parts must be units of their own. A part is
/// tried whole before it is taken apart at "và", which stands in names too.
fn several(name: &str, issuer: Id, bodies: &Bodies, groups: &Groups) -> Option<Vec<Id>> {
    let places = bodies.places(issuer);
    let named = |part: &str| {
        let forms = forms(&groups.shorten(&key(part)), &places);
        forms.iter().find_map(|form| bodies.named(form, issuer, groups))
    };
    let mut out: Vec<Id> = Vec::new();
    for part in name.split([',', ';', '/']).map(str::trim).filter(|part| !part.is_empty()).take(MOST_PARTS) {
        let found = match named(part) {
            Some(unit) => vec![unit],
            None => part.split(" và ").take(MOST_PARTS).map(named).collect::<Option<Vec<_>>>()?,
        };
        for unit in found {
            if !out.contains(&unit) {
                out.push(unit);
            }
        }
    }
    (!out.is_empty()).then_some(out)
}

/// Parts that one name is taken apart into.
const MOST_PARTS: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans::mapping::units::Body;

    fn body(id: u128, parent: Option<u128>, kind: &str, code: &str, name: &str) -> Body {
        Body {
            id: Id::from_u128(id),
            parent: parent.map(Id::from_u128),
            kind: kind.into(),
            code: code.into(),
            name: name.into(),
            keys: vec![key(name)],
        }
    }

    fn province() -> Bodies {
        Bodies::of(vec![
            body(1, None, "tinh", "24", "Tỉnh Bắc Ninh"),
            body(2, Some(1), "committee", "ubnd", "UBND tỉnh"),
            body(3, Some(2), "department", "so-gddt", "Sở Giáo dục và Đào tạo"),
            body(4, Some(2), "department", "so-tai-chinh", "Sở Tài chính"),
            body(5, Some(1), "police", "cong-an", "Công an tỉnh"),
            body(6, Some(1), "phuong", "09253", "Phường Nhân Hòa"),
            body(7, Some(6), "police", "cong-an", "Công an phường"),
            body(8, Some(6), "committee", "ubnd", "UBND phường"),
            body(9, Some(1), "xa", "09999", "Xã Yên Phong"),
            body(10, Some(1), "enterprise", "vnpt", "VNPT Bắc Ninh"),
        ])
    }

    fn means(name: &str, issuer: u128) -> Meaning {
        propose(name, Id::from_u128(issuer), &province(), Groups::shipped().unwrap())
    }

    fn unit(id: u128) -> Meaning {
        Meaning::Units { units: vec![Id::from_u128(id)], sure: true }
    }

    #[test]
    fn names_of_units_are_found_whatever_stands_around_them() {
        assert_eq!(means("Sở Giáo dục và Đào tạo", 1), unit(3));
        assert_eq!(means("Công an tỉnh Bắc Ninh", 1), unit(5));
        assert_eq!(means("Ủy ban nhân dân tỉnh", 1), unit(2));
        assert_eq!(means("Giám đốc Sở Tài chính", 1), unit(4));
        assert_eq!(means("phường Nhân Hoà", 1), unit(6));
    }

    #[test]
    fn a_ward_means_its_own_bodies_before_those_of_the_province() {
        assert_eq!(means("Công an phường", 6), unit(7));
        assert_eq!(means("Công an tỉnh", 6), unit(5));
        assert_eq!(means("UBND phường Nhân Hòa", 6), unit(8));
    }

    #[test]
    fn several_units_groups_and_bodies_outside() {
        let two = vec![Id::from_u128(5), Id::from_u128(3)];
        assert_eq!(means("Công an tỉnh, Sở Giáo dục và Đào tạo", 1), Meaning::Units { units: two.clone(), sure: true });
        assert_eq!(
            means("Công an tỉnh; Sở Tài chính", 1),
            Meaning::Units { units: vec![two[0], Id::from_u128(4)], sure: true }
        );
        assert_eq!(means("Các sở, ban, ngành", 1), Meaning::Group("departments".into()));
        assert_eq!(means("UBND các xã, phường", 1), Meaning::Group("communes".into()));
        assert_eq!(means("Bộ Công an", 1), Meaning::Outside("bo-cong-an".into()));
        assert_eq!(means("Câu lạc bộ cờ tướng", 1), Meaning::Unknown);
    }

    #[test]
    fn groups_become_units_on_a_day() {
        let (bodies, groups) = (province(), Groups::shipped().unwrap());
        let expand = |key: &str, issuer: u128| {
            let mut ids: Vec<u128> =
                groups.expand(key, Id::from_u128(issuer), &bodies).iter().map(|id| id.as_u128()).collect();
            ids.sort_unstable();
            ids
        };
        assert_eq!(expand("departments", 1), [3, 4, 5]);
        assert_eq!(
            expand("communes", 1),
            [8, 9],
            "the committee of a commune, or the commune itself where it has no bodies"
        );
        assert_eq!(expand("telecom", 1), [10]);
        assert_eq!(expand("ward-bodies", 6), [7]);
        assert!(expand("no-such-group", 1).is_empty());
    }
}
