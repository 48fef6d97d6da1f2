//! The administrative units of Vietnam and the usual bodies of a province or commune, from `content/`.

use chrono::NaiveDate;
use khien_base::{Fault, Result};
use serde::Deserialize;

use super::model::NewUnit;

const UNITS: &str = include_str!("../../../../content/units/units.tsv");
const PROVINCE: &str = include_str!("../../../../content/templates/departments.yaml");
const COMMUNE: &str = include_str!("../../../../content/templates/commune.yaml");

/// An administrative unit as it is on some days.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Official code.
    pub code: String,
    /// Code of the province; empty for a province.
    pub parent: String,
    /// `tinh`, `thanh_pho`, `xa`, `phuong`, `dac_khu`
    pub kind: String,
    /// "Phường"
    pub prefix: String,
    /// "Nhân Hòa"
    pub bare: String,
    /// Name in English.
    pub name_en: String,
    /// Latitude and longitude.
    pub at: Option<(f64, f64)>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
}

impl Place {
    /// "Phường Nhân Hòa"
    pub fn name(&self) -> String {
        format!("{} {}", self.prefix, self.bare)
    }

    /// The unit to be made of it.
    pub fn unit(&self) -> NewUnit {
        NewUnit {
            code: Some(self.code.clone()),
            kind: self.kind.clone(),
            name: self.name(),
            name_en: self.name_en.clone(),
            short: self.bare.clone(),
            aliases: vec![format!("UBND {}", self.name().to_lowercase()), self.bare.clone()],
            place: self.at,
            valid_from: self.valid_from,
        }
    }
}

/// The 34 provinces as they are on a day, in the order of their codes.
pub fn provinces(day: NaiveDate) -> Result<Vec<Place>> {
    read(|place| place.parent.is_empty() && on(place, day))
}

/// The communes of a province as they are on a day.
pub fn communes(province: &str, day: NaiveDate) -> Result<Vec<Place>> {
    read(|place| place.parent == province && on(place, day))
}

/// One unit by its code, as it is on a day.
pub fn place(code: &str, day: NaiveDate) -> Result<Option<Place>> {
    Ok(read(|place| place.code == code && on(place, day))?.pop())
}

fn on(place: &Place, day: NaiveDate) -> bool {
    place.valid_from <= day && place.valid_to.is_none_or(|last| day <= last)
}

fn read(keep: impl Fn(&Place) -> bool) -> Result<Vec<Place>> {
    let mut out = Vec::new();
    for (n, line) in UNITS.lines().enumerate().skip(1) {
        let broken = || Fault::internal(format!("content/units/units.tsv line {}", n + 1));
        let mut cells = line.split('\t');
        let mut cell = || cells.next().ok_or_else(broken);
        let (code, parent, kind, prefix, bare, name_en) = (cell()?, cell()?, cell()?, cell()?, cell()?, cell()?);
        let (lat, lon, _area, from, to) = (cell()?, cell()?, cell()?, cell()?, cell()?);
        let place = Place {
            code: code.to_owned(),
            parent: parent.to_owned(),
            kind: kind.to_owned(),
            prefix: prefix.to_owned(),
            bare: bare.to_owned(),
            name_en: name_en.to_owned(),
            at: lat.parse().ok().zip(lon.parse().ok()),
            valid_from: from.parse().map_err(|_| broken())?,
            valid_to: if to.is_empty() { None } else { Some(to.parse().map_err(|_| broken())?) },
        };
        if keep(&place) {
            out.push(place);
        }
    }
    Ok(out)
}

#[derive(Deserialize)]
struct Template {
    valid_from: NaiveDate,
    units: Vec<Body>,
}

#[derive(Deserialize)]
struct Body {
    key: String,
    name: String,
    name_city: Option<String>,
    name_ward: Option<String>,
    name_zone: Option<String>,
    name_en: String,
    short: String,
    kind: String,
    parent: Option<String>,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    many: bool,
    #[serde(default)]
    aliases: Vec<String>,
}

/// A body to be made, and the key of the body that it stands under (none for straight under the province or commune).
pub type Under = (NewUnit, Option<String>);

/// The usual bodies of a province or commune. Bodies that exist only in some places, or many times, are left out; the
/// administrator adds them.
pub fn bodies(of: &Place) -> Result<Vec<Under>> {
    made(of, |body| !body.optional && !body.many)
}

/// The bodies with those that exist only in some places.
pub fn all_bodies(of: &Place) -> Result<Vec<Under>> {
    made(of, |body| !body.many)
}

fn made(of: &Place, keep: impl Fn(&Body) -> bool) -> Result<Vec<Under>> {
    let source = if of.parent.is_empty() { PROVINCE } else { COMMUNE };
    let template: Template =
        serde_yaml_ng::from_str(source).map_err(|error| Fault::internal(format!("content/templates: {error}")))?;
    let named = |body: &Body| {
        let special = match of.kind.as_str() {
            "thanh_pho" => &body.name_city,
            "phuong" => &body.name_ward,
            "dac_khu" => &body.name_zone,
            _ => &None,
        };
        special.clone().unwrap_or_else(|| body.name.clone())
    };
    let placed = |text: &str| text.replace("{unit}", &of.bare);
    // "Bac Ninh Province" → "Bac Ninh"
    let bare_en = of.name_en.rsplit_once(' ').map_or(of.name_en.as_str(), |(bare, _)| bare);
    Ok(template
        .units
        .iter()
        .filter(|body| keep(body))
        .map(|body| {
            let unit = NewUnit {
                code: Some(body.key.clone()),
                kind: body.kind.clone(),
                name: placed(&named(body)),
                name_en: body.name_en.replace("{unit}", bare_en),
                short: body.short.clone(),
                aliases: body.aliases.iter().map(|alias| placed(alias)).collect(),
                place: None,
                valid_from: template.valid_from,
            };
            (unit, body.parent.clone())
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn there_are_34_provinces_and_3321_communes() {
        let today = day("2026-11-22");
        let provinces = provinces(today).unwrap();
        assert_eq!(provinces.len(), 34);
        assert_eq!(provinces.iter().filter(|place| place.kind == "thanh_pho").count(), 7);
        let communes: usize = provinces.iter().map(|p| communes(&p.code, today).unwrap().len()).sum();
        assert_eq!(communes, 3321);
        assert_eq!(super::communes("24", today).unwrap().len(), 99);
    }

    #[test]
    fn dong_nai_was_a_province_until_april_2026() {
        assert_eq!(place("75", day("2026-04-29")).unwrap().unwrap().kind, "tinh");
        assert_eq!(place("75", day("2026-04-30")).unwrap().unwrap().kind, "thanh_pho");
        assert_eq!(place("26368", day("2026-04-29")).unwrap().unwrap().prefix, "Xã");
        assert_eq!(place("26368", day("2026-05-01")).unwrap().unwrap().name(), "Phường Long Thành");
    }

    #[test]
    fn a_city_has_its_own_names_of_bodies() {
        let city = place("46", day("2026-11-22")).unwrap().unwrap();
        let names: Vec<String> = bodies(&city).unwrap().into_iter().map(|(unit, _)| unit.name).collect();
        assert!(names.iter().any(|name| name == "Công an thành phố"), "{names:?}");
        let ward = place("09253", day("2026-11-22")).unwrap().unwrap();
        let names: Vec<String> = bodies(&ward).unwrap().into_iter().map(|(unit, _)| unit.name).collect();
        assert!(names.iter().any(|name| name == "Công an phường"), "{names:?}");
    }

    #[test]
    fn bodies_that_bear_the_name_of_the_province_are_told_it() {
        let province = place("24", day("2026-11-22")).unwrap().unwrap();
        let made: Vec<NewUnit> = all_bodies(&province).unwrap().into_iter().map(|(unit, _)| unit).collect();
        let power = made.iter().find(|unit| unit.code.as_deref() == Some("dien-luc")).unwrap();
        assert_eq!(
            (power.name.as_str(), power.name_en.as_str()),
            ("Công ty Điện lực Bắc Ninh", "Bac Ninh Power Company")
        );
        for unit in &made {
            let words = format!("{} {} {} {:?}", unit.name, unit.name_en, unit.short, unit.aliases);
            assert!(!words.contains('{'), "{words}");
        }
    }
}
