//! The page of one rule.

use khien_base::{Fault, Result};
use khien_detect::{Filter, Rule};
use khien_web::router::percent;
use khien_web::{Ctx, Reply};

use super::list::{row, source};
use super::review::version_row;
use super::{known, reaches_all, vietnamese};
use crate::alerts::views::Named;
use crate::rules::attack::Attack;
use crate::rules::catalog::{logsource, of_rule};
use crate::rules::loaded::{self, Loaded, Origin};
use crate::rules::model::Model;
use crate::rules::page_of;
use crate::rules::store::{switches, versions};
use crate::rules::views::{Detail, Quieter, SwitchRow};

/// `GET /rules/rule/{id}`
pub(in crate::rules) async fn show(ctx: Ctx) -> Result<Reply> {
    let loaded = loaded::of(&ctx.kit)?.current();
    let id = ctx.param("id")?;
    let kept = versions::of_rule(&ctx.kit.db, id).await?;
    let Some(rule) = loaded.rule(id) else {
        // A rule that was never in force, a correlation or a filter: its newest version says what it is.
        let newest = kept.first().ok_or_else(|| Fault::not_found("rules.not-found"))?;
        return Ok(Reply::to(format!("/rules/versions/{}", newest.id)));
    };
    let vi = vietnamese(&ctx);
    let notes = loaded.notes.get(&rule.id).cloned().unwrap_or_default();
    let first = |text: String, other: &str| if vi && !text.is_empty() { text } else { other.to_owned() };
    let falsepositives = notes.falsepositives(rule, vi);
    let entry = of_rule(&loaded, rule, loaded.is_on(&rule.id), &known(&ctx).await?, vi);
    let setting = switches::of_rule(&ctx.kit.db, &rule.id).await?;
    let (tactics, techniques) = attack(rule, vi);
    ctx.page(&Detail {
        rule: row(&ctx, &entry),
        description: first(notes.description_vi, &rule.description),
        advice: first(notes.advice_vi, &notes.advice_en),
        incident_group: notes.incident_group,
        author: rule.author.clone(),
        source_name: rule.source_name.trim_start_matches('@').to_owned(),
        tactics,
        techniques,
        references: rule.references.clone(),
        falsepositives,
        yaml: rule.yaml.clone(),
        setting: setting.map(|row| SwitchRow { on: row.enabled, reason: row.reason, who: row.by_name, at: row.at }),
        filters: quieters(&ctx, &loaded, rule).await?,
        refers: refers(&loaded, &rule.id, vi),
        used_by: used_by(&loaded, &rule.id, vi),
        versions: kept.iter().map(|version| version_row(&ctx, version)).collect(),
        is_own: entry.origin == Origin::Own,
        address: percent(&rule.id).replace('/', "%2F"),
        may_write: reaches_all(&ctx, "rules:write"),
        may_trial: ctx.actor()?.may("events:read"),
    })
}

/// The rules that a correlation refers to.
fn refers(loaded: &Loaded, id: &str, vi: bool) -> Vec<Named> {
    let found = loaded.ruleset.correlations().iter().find(|correlation| correlation.rule.id == id);
    let rules = found.into_iter().flat_map(|correlation| &correlation.refers);
    rules.filter_map(|id| loaded.rule(id)).map(|rule| linked(loaded, rule, vi)).collect()
}

/// The correlations that refer to a rule: they stop with it.
fn used_by(loaded: &Loaded, id: &str, vi: bool) -> Vec<Named> {
    let all = loaded.ruleset.correlations().iter();
    let using = all.filter(|correlation| correlation.refers.iter().any(|other| other == id));
    using.map(|correlation| linked(loaded, &correlation.rule, vi)).collect()
}

fn linked(loaded: &Loaded, rule: &Rule, vi: bool) -> Named {
    Named { value: page_of(&rule.id), label: loaded.title(rule, vi).to_owned() }
}

fn attack(rule: &Rule, vi: bool) -> (Vec<Named>, Vec<Named>) {
    let attack = Attack::shipped();
    let tactic = |name: &String| {
        let found = attack.tactic(name);
        let label = found.map_or(name.as_str(), |tactic| if vi { &tactic.name_vi } else { &tactic.name });
        Named { value: name.clone(), label: label.to_owned() }
    };
    let technique =
        |id: &String| Named { value: id.clone(), label: attack.technique(id).unwrap_or_default().to_owned() };
    (rule.tags.tactics.iter().map(tactic).collect(), rule.tags.techniques.iter().map(technique).collect())
}

/// Filters that quiet the rule: those in force, and those on their way.
async fn quieters(ctx: &Ctx, loaded: &Loaded, rule: &Rule) -> Result<Vec<Quieter>> {
    let kept = versions::filters(&ctx.kit.db).await?;
    let within = |filter: &Filter| {
        let part = |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        let (wanted, found) = (&filter.logsource, &rule.logsource);
        part(&wanted.product, &found.product)
            && part(&wanted.category, &found.category)
            && part(&wanted.service, &found.service)
    };
    let means = |filter: &&Filter| {
        let named = filter.rules.is_empty() || filter.rules.iter().any(|name| *name == rule.id || *name == rule.name);
        named && within(filter)
    };
    let in_force = loaded.ruleset.filters().iter().filter(means).map(|filter| Quieter {
        title: filter.title.clone(),
        description: filter.description.clone(),
        state: "approved".to_owned(),
        source: source(ctx, Origin::of(&filter.source_name).word()),
        href: kept
            .iter()
            .find(|version| version.rule == filter.id)
            .map(|version| format!("/rules/versions/{}", version.id))
            .unwrap_or_default(),
        all: filter.rules.is_empty(),
    });
    let on_the_way =
        kept.iter().filter(|version| version.state != "approved" && names(&version.yaml, &[&rule.id, &rule.name]));
    let on_the_way = on_the_way.map(|version| Quieter {
        title: version.title.clone(),
        description: String::new(),
        state: version.state.clone(),
        source: source(ctx, &version.origin),
        href: format!("/rules/versions/{}", version.id),
        all: false,
    });
    Ok(in_force.chain(on_the_way).collect())
}

/// Whether the text of a filter names one of these rules, one a line or after `rules:`.
pub(super) fn names(yaml: &str, rules: &[&str]) -> bool {
    let bare = |line: &str| {
        let word = line.trim().trim_start_matches("rules:").trim().trim_start_matches("- ").trim();
        word.trim_matches(['\'', '"']).to_owned()
    };
    yaml.lines().map(bare).any(|word| !word.is_empty() && rules.contains(&word.as_str()))
}

/// "windows / security" of a version.
pub(super) fn version_logsource(version: &Model) -> String {
    let part = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    logsource(&khien_base::LogSource {
        product: part(&version.product),
        category: part(&version.category),
        service: part(&version.service),
    })
}
