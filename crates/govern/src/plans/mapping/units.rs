//! The units of a day with all their names.

use std::collections::{HashMap, HashSet};

use khien_base::Id;
use khien_directory::units::model::COMMUNES;

use super::groups::Groups;

/// A unit with its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Identity.
    pub id: Id,
    /// The unit above it.
    pub parent: Option<Id>,
    /// `department`, `phuong`…
    pub kind: String,
    /// Official code, template key, or `CODE/key`; empty for none.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Search keys of its name, its short form and its other names.
    pub keys: Vec<String>,
}

impl Body {
    /// Its key in the template that it was made from.
    pub fn template_key(&self) -> &str {
        self.code.rsplit('/').next().unwrap_or_default()
    }

    fn commune(&self) -> bool {
        COMMUNES.contains(&self.kind.as_str())
    }
}

/// All units of a day.
#[derive(Debug, Clone, Default)]
pub struct Bodies {
    all: HashMap<Id, Body>,
    children: HashMap<Id, Vec<Id>>,
}

/// Words that a likeness must share, of all words of both names: below it, nobody is proposed.
const ALIKE: f64 = 0.74;

impl Bodies {
    /// These units.
    pub fn of(bodies: Vec<Body>) -> Self {
        let mut out = Self::default();
        for body in bodies {
            if let Some(parent) = body.parent {
                out.children.entry(parent).or_default().push(body.id);
            }
            out.all.insert(body.id, body);
        }
        out
    }

    /// One unit.
    pub fn get(&self, id: Id) -> Option<&Body> {
        self.all.get(&id)
    }

    /// Whether a unit is a commune.
    pub fn is_commune(&self, id: Id) -> bool {
        self.get(id).is_some_and(Body::commune)
    }

    /// Communes anywhere under a unit.
    pub fn communes(&self, top: Id) -> Vec<Id> {
        self.under(top).into_iter().filter(|body| body.commune()).map(|body| body.id).collect()
    }

    /// Bodies of a province or commune itself: everything under it that is not a commune or of a commune.
    pub fn own_bodies(&self, top: Id) -> Vec<&Body> {
        self.walk(top, |body| !body.commune())
    }

    /// Everything under a unit.
    fn under(&self, top: Id) -> Vec<&Body> {
        self.walk(top, |_| true)
    }

    fn walk(&self, top: Id, enter: impl Fn(&Body) -> bool) -> Vec<&Body> {
        let (mut out, mut seen, mut next) = (Vec::new(), HashSet::from([top]), vec![top]);
        while let Some(id) = next.pop() {
            for child in self.children.get(&id).map_or(&[][..], Vec::as_slice).iter().rev() {
                let Some(body) = self.all.get(child).filter(|body| enter(body)) else { continue };
                if seen.insert(*child) {
                    out.push(body);
                    next.push(*child);
                }
            }
        }
        out
    }

    /// Whether a body stands somewhere under the body of a template key.
    pub fn stands_under(&self, body: &Body, key: &str) -> bool {
        let mut at = body.parent;
        for _ in 0..32 {
            let Some(upper) = at.and_then(|id| self.get(id)) else { return false };
            if upper.template_key() == key {
                return true;
            }
            at = upper.parent;
        }
        false
    }

    /// Search keys of the bare names of a unit and of those above it ("bac ninh"), with and without their kind.
    pub fn places(&self, issuer: Id) -> Vec<String> {
        let mut out = Vec::new();
        let mut at = Some(issuer);
        for _ in 0..32 {
            let Some(body) = at.and_then(|id| self.get(id)) else { break };
            let key = khien_base::key::key(&body.name);
            let bare =
                ["tinh ", "thanh pho ", "xa ", "phuong ", "dac khu "].iter().find_map(|kind| key.strip_prefix(kind));
            if let Some(bare) = bare {
                out.push(format!(" {bare}"));
            }
            at = body.parent;
        }
        out
    }

    /// The unit that a shortened key names: of the issuer's own bodies first, then the issuer itself, then anything
    /// under it, then the bodies of the units above it.
    pub fn named(&self, form: &str, issuer: Id, groups: &Groups) -> Option<Id> {
        self.circles(issuer).into_iter().find_map(|circle| {
            circle.into_iter().find(|body| body.keys.iter().any(|key| groups.shorten(key) == form)).map(|body| body.id)
        })
    }

    /// The unit whose name shares most words with a key, if that is enough.
    pub fn alike(&self, form: &str, issuer: Id, groups: &Groups) -> Option<Id> {
        let words: HashSet<&str> = form.split(' ').collect();
        let mut best: Option<(f64, Id)> = None;
        for body in self.circles(issuer).into_iter().flatten() {
            for key in &body.keys {
                let key = groups.shorten(key);
                let score = likeness(&words, &key.split(' ').collect());
                if score >= ALIKE && best.is_none_or(|(most, _)| score > most) {
                    best = Some((score, body.id));
                }
            }
        }
        best.map(|(_, id)| id)
    }

    fn circles(&self, issuer: Id) -> Vec<Vec<&Body>> {
        let mut out = vec![self.own_bodies(issuer), self.get(issuer).into_iter().collect(), self.under(issuer)];
        let mut at = self.get(issuer).and_then(|body| body.parent);
        for _ in 0..32 {
            let Some(upper) = at.and_then(|id| self.get(id)) else { break };
            out.push(self.own_bodies(upper.id));
            out.push(vec![upper]);
            at = upper.parent;
        }
        out
    }
}

/// Words in common, of the words of both (Dice).
#[expect(clippy::cast_precision_loss, reason = "a name has few words")]
fn likeness(a: &HashSet<&str>, b: &HashSet<&str>) -> f64 {
    let both = a.intersection(b).count();
    if both < 2 { 0.0 } else { 2.0 * both as f64 / (a.len() + b.len()) as f64 }
}
