//! `GET /alerts/{id}`

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::clock::vn_time;
use khien_base::{LogSource, Reach, Result};
use khien_db::audit;
use khien_web::texts::Lang;
use khien_web::{Ctx, Pager, Paging, Reply};
use serde_json::Value;

use super::names::Names;
use crate::alerts::marks;
use crate::alerts::model::Model;
use crate::alerts::store;
use crate::alerts::views::{Detail, Happening, Named, RuleRef};
use crate::rules::attack::Attack;

/// Events on one page: each may have hundreds of fields.
const EVENTS: u64 = 10;

/// One alert with its events, what to do, and its history.
pub(in crate::alerts) async fn show(ctx: Ctx) -> Result<Reply> {
    let group = store::get(&ctx.kit.db, ctx.id("id")?).await?;
    ctx.actor()?.over("alerts:read", group.unit)?;
    let paging = Paging { size: EVENTS, ..Paging::of(&ctx) };
    let kept = store::member_count(&ctx.kit.db, group.id).await?;
    let members = store::members(&ctx.kit.db, group.id, paging).await?;
    let reach = ctx.reach("alerts:read");
    let others = store::of_same_host(&ctx.kit.db, &reach, &group, ctx.now - TimeDelta::days(7)).await?;
    let names = Names::of(&ctx, others.iter().chain([&group])).await?;
    let alert = names.row(&ctx, &group);
    let (rule, advice) = rule(&ctx, &names, &group);
    let view = Detail {
        techniques: techniques(&alert.techniques),
        note: group.note.clone(),
        closed_at: group.closed_at,
        system_level: group.system.and_then(|id| names.systems.get(&id)).and_then(|system| system.level),
        rule,
        advice,
        facts: facts(&ctx, &group.detail),
        members: members.iter().map(|m| marks::member(m.event, m.at, &m.record, &m.hits)).collect(),
        pager: Pager::new(&ctx, paging, kept),
        same_host: others.iter().map(|other| names.row(&ctx, other)).collect(),
        history: history(&ctx, &group).await?,
        may_write: ctx.reach("alerts:write").covers(group.unit),
        may_open: ctx.reach("incidents:write").covers(group.unit),
        quiet: quiet(&ctx, &names, &group),
        found: group.detail.get("link").and_then(Value::as_str).unwrap_or_default().to_owned(),
        alert,
    };
    ctx.page(&view)
}

fn techniques(ids: &[String]) -> Vec<Named> {
    let attack = Attack::shipped();
    let named = |id: &String| Named { value: id.clone(), label: attack.technique(id).unwrap_or_default().to_owned() };
    ids.iter().map(named).collect()
}

/// The rule behind the alert, and what to do first.
fn rule(ctx: &Ctx, names: &Names, group: &Model) -> (Option<RuleRef>, String) {
    let raised = || {
        let key = format!("alerts.advice.{}", group.kind);
        ctx.kit.texts.find(ctx.lang, &key).unwrap_or_default().to_owned()
    };
    let Some((loaded, rule)) = names.loaded.as_ref().and_then(|loaded| Some((loaded, loaded.rule(&group.rule)?)))
    else {
        return (None, raised());
    };
    let notes = loaded.notes.get(&rule.id).cloned().unwrap_or_default();
    let vietnamese = ctx.lang == Lang::Vi;
    let first = |vi: String, other: &str| if vietnamese && !vi.is_empty() { vi } else { other.to_owned() };
    let found = RuleRef {
        id: rule.id.clone(),
        falsepositives: notes.falsepositives(rule, vietnamese),
        description: first(notes.description_vi, &rule.description),
        href: crate::rules::page_of(&rule.id),
    };
    (Some(found), first(notes.advice_vi, &notes.advice_en))
}

/// Where a filter is written that quiets the rule with the values of this alert.
fn quiet(ctx: &Ctx, names: &Names, group: &Model) -> String {
    let rule = names.loaded.as_ref().and_then(|loaded| loaded.rule(&group.rule));
    // A correlation has no log source, and is quieted at the rules that it refers to.
    match rule.filter(|rule| rule.logsource != LogSource::default()) {
        Some(rule) if ctx.reach("rules:write") == Reach::All => {
            format!("{}/filter?alert={}", crate::rules::page_of(&rule.id), group.id)
        }
        _ => String::new(),
    }
}

/// What a raised alert knows, as far as it has a name for people (`alerts.fact.<name>`).
fn facts(ctx: &Ctx, detail: &Value) -> Vec<Named> {
    let Value::Object(map) = detail else { return Vec::new() };
    let text = |value: &Value| match value.as_str() {
        Some(text) => text.parse::<DateTime<Utc>>().map_or_else(|_| text.to_owned(), vn_time),
        None => value.to_string(),
    };
    let named = |(name, value): (&String, &Value)| {
        let label = ctx.kit.texts.find(ctx.lang, &format!("alerts.fact.{name}"))?;
        Some(Named { value: text(value), label: label.to_owned() })
    };
    map.iter().filter_map(named).collect()
}

async fn history(ctx: &Ctx, group: &Model) -> Result<Vec<Happening>> {
    let rows = audit::history(ctx.kit.db.read(), group.id, 50).await?;
    let happening = |row: audit::Model| {
        let key = format!("alerts.did.{}", row.action);
        let reason = row.detail.get("reason").and_then(Value::as_str).unwrap_or_default();
        let note = row.detail.get("note").and_then(Value::as_str).unwrap_or_default();
        let reason = if reason.is_empty() { String::new() } else { ctx.say(&format!("alerts.reason.{reason}")) };
        Happening {
            at: row.at,
            who: row.actor_name,
            text: ctx.kit.texts.find(ctx.lang, &key).map_or(row.action, str::to_owned),
            detail: [reason.as_str(), note].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
        }
    };
    Ok(rows.into_iter().map(happening).collect())
}
