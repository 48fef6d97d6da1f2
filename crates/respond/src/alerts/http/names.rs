//! Alerts with the names that people know their units, systems and rules by.

use std::collections::HashMap;
use std::sync::Arc;

use khien_base::ports::SystemCard;
use khien_base::{Id, Result};
use khien_directory::{Tree, gate};
use khien_web::texts::Lang;
use khien_web::{Ctx, Kit};

use crate::alerts::model::{self, Model};
use crate::alerts::rules;
use crate::alerts::views::{Named, Row};
use crate::rules::{Loaded, Rules};

/// Names for the alerts of one page.
pub(super) struct Names {
    pub(super) tree: Arc<Tree>,
    pub(super) systems: HashMap<Id, SystemCard>,
    pub(super) loaded: Option<Arc<Loaded>>,
}

impl Names {
    /// Names for these alerts; a centre without a register of systems or without rules shows what it has.
    pub(super) async fn of(ctx: &Ctx, groups: impl Iterator<Item = &Model>) -> Result<Self> {
        let mut ids: Vec<Id> = groups.filter_map(|group| group.system).collect();
        ids.sort_unstable();
        ids.dedup();
        let systems = match ctx.kit.systems() {
            Ok(systems) if !ids.is_empty() => systems.some(ids).await?,
            _ => Vec::new(),
        };
        Ok(Self {
            tree: gate::of(&ctx.kit)?.tree(ctx.now).await?,
            systems: systems.into_iter().map(|system| (system.id, system)).collect(),
            loaded: loaded(ctx),
        })
    }

    /// An alert as lists show it.
    pub(super) fn row(&self, ctx: &Ctx, group: &Model) -> Row {
        let system = group.system.map(|id| Named {
            value: id.to_string(),
            label: self.systems.get(&id).map_or_else(|| "–".to_owned(), |system| system.name.clone()),
        });
        Row {
            id: group.id,
            kind: group.kind.clone(),
            rule: group.rule.clone(),
            title: titled(&ctx.kit, ctx.lang, self.loaded.as_deref(), group),
            level: rules::level_name(group.level),
            state: group.state.clone(),
            reason: group.reason.clone().unwrap_or_default(),
            host: group.host.clone(),
            unit: self.tree.name(group.unit).to_owned(),
            system,
            hits: group.hits,
            techniques: serde_json::from_value(group.techniques.clone()).unwrap_or_default(),
            incident: group.incident,
            first_at: group.first_at,
            last_at: group.last_at,
        }
    }
}

/// The title of an alert in a language, as its rule has it now; as it was recorded where the rule is gone.
pub fn title(kit: &Kit, lang: Lang, group: &Model) -> String {
    let loaded = kit.part::<Rules>().ok().map(|rules| rules.current());
    titled(kit, lang, loaded.as_deref(), group)
}

fn titled(kit: &Kit, lang: Lang, loaded: Option<&Loaded>, group: &Model) -> String {
    if group.kind != model::SIGMA {
        let key = format!("alerts.raised.{}", group.kind);
        return match kit.texts.find(lang, &key) {
            Some(_) => kit.texts.say(lang, &key, [("host", group.host.as_str())]),
            None => group.title.clone(),
        };
    }
    let rule = loaded.and_then(|loaded| Some((loaded, loaded.rule(&group.rule)?)));
    rule.map_or_else(|| group.title.clone(), |(loaded, rule)| loaded.title(rule, lang == Lang::Vi).to_owned())
}

/// The rules in force, where there are any.
pub(super) fn loaded(ctx: &Ctx) -> Option<Arc<Loaded>> {
    ctx.kit.part::<Rules>().ok().map(|rules| rules.current())
}
