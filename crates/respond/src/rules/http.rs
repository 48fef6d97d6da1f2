//! Routes of rules.

use std::collections::{BTreeSet, HashMap};

use chrono::TimeDelta;
use khien_base::key::key;
use khien_base::{Fault, LogSource, Reach, Record, Result};
use khien_detect::Rule;
use khien_normalise::{Format, decode_line};
use khien_web::texts::Lang;
use khien_web::{Ctx, Pager, Paging, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::attack::Attack;
use super::loaded::{self, Loaded, OWN};
use super::views::{Detail, FaultRow, Faults, Filters, Fired, List, Row, Tried};
use super::{coverage, page_of};
use crate::alerts::views::Named;
use crate::alerts::{marks, rules as levels, store};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    level: String,
    status: String,
    logsource: String,
    tactic: String,
    technique: String,
}

/// `GET /rules`
pub(super) async fn list(ctx: Ctx) -> Result<Reply> {
    let asked: Asked = ctx.query()?;
    let loaded = loaded::of(&ctx.kit)?.current();
    let hits = hits(&ctx).await?;
    let rules = loaded.ruleset.rules();
    let mut found: Vec<Row> = rules
        .iter()
        .filter(|rule| matches(&loaded, rule, &asked))
        .map(|rule| row(&ctx, &loaded, rule, &hits))
        .collect();
    found.sort_by_cached_key(|row| (-levels::weight_of(row.level).unwrap_or(0), -row.hits, key(&row.title)));
    let paging = Paging::of(&ctx);
    let pager = Pager::new(&ctx, paging, found.len() as u64);
    let (offset, size) =
        (usize::try_from(paging.offset()).unwrap_or(usize::MAX), usize::try_from(paging.size).unwrap_or(25));
    let logsources: BTreeSet<String> = rules.iter().map(|rule| logsource(&rule.logsource)).collect();
    let given = [&asked.q, &asked.level, &asked.status, &asked.logsource, &asked.tactic, &asked.technique];
    let any = given.iter().any(|part| !part.is_empty());
    ctx.page(&List {
        rows: found.into_iter().skip(offset).take(size).collect(),
        pager,
        logsources: logsources.into_iter().map(|name| Named { value: name.clone(), label: name }).collect(),
        coverage: coverage::by_tactic(rules, &hits, ctx.lang == Lang::Vi),
        total: rules.len(),
        own: rules.iter().filter(|rule| own(rule)).count(),
        fired: rules.iter().filter(|rule| hits.contains_key(&rule.id)).count(),
        faults: loaded.faults.len(),
        loaded_at: loaded.loaded_at,
        may_write: may_reload(&ctx),
        filter: Filters {
            q: asked.q,
            level: asked.level,
            status: asked.status,
            logsource: asked.logsource,
            tactic: asked.tactic,
            technique: asked.technique,
            any,
        },
    })
}

/// Events by rule in the last 7 days, within the reader's reach.
async fn hits(ctx: &Ctx) -> Result<HashMap<String, i64>> {
    store::rule_hits(&ctx.kit.db, &ctx.reach("alerts:read"), ctx.now - TimeDelta::days(7)).await
}

fn own(rule: &Rule) -> bool {
    rule.source_name.starts_with(OWN)
}

/// The whole centre is matched against the same rules: who reloads them must reach all of it.
fn may_reload(ctx: &Ctx) -> bool {
    ctx.reach("rules:write") == Reach::All
}

fn matches(loaded: &Loaded, rule: &Rule, asked: &Asked) -> bool {
    let is = |wanted: &str, found: &str| wanted.is_empty() || wanted.eq_ignore_ascii_case(found);
    let words = key(&asked.q);
    let found = || {
        let vi = loaded.notes.get(&rule.id).map_or("", |notes| notes.title_vi.as_str());
        let file = &rule.source_name;
        let said = key(&format!("{} {vi} {} {} {file}", rule.title, rule.id, rule.tags.all.join(" ")));
        words.split(' ').all(|word| said.contains(word))
    };
    // T1059 also means its sub-techniques.
    let technique = |tag: &String| {
        tag.eq_ignore_ascii_case(&asked.technique)
            || tag.strip_prefix(asked.technique.as_str()).is_some_and(|rest| rest.starts_with('.'))
    };
    is(&asked.level, levels::level_name(levels::weight(rule.level)))
        && is(&asked.status, &status(rule))
        && is(&asked.logsource, &logsource(&rule.logsource))
        && (asked.tactic.is_empty() || rule.tags.tactics.iter().any(|tactic| is(&asked.tactic, tactic)))
        && (asked.technique.is_empty() || rule.tags.techniques.iter().any(technique))
        && (words.is_empty() || found())
}

fn status(rule: &Rule) -> String {
    rule.status.and_then(|status| json!(status).as_str().map(str::to_owned)).unwrap_or_default()
}

fn logsource(log: &LogSource) -> String {
    let parts = [&log.product, &log.category, &log.service].into_iter().flatten();
    parts.map(String::as_str).collect::<Vec<_>>().join(" / ")
}

fn row(ctx: &Ctx, loaded: &Loaded, rule: &Rule, hits: &HashMap<String, i64>) -> Row {
    Row {
        id: rule.id.clone(),
        href: page_of(&rule.id),
        title: loaded.title(rule, ctx.lang == Lang::Vi).to_owned(),
        level: levels::level_name(levels::weight(rule.level)),
        status: status(rule),
        logsource: logsource(&rule.logsource),
        techniques: rule.tags.techniques.clone(),
        hits: hits.get(&rule.id).copied().unwrap_or(0),
        own: own(rule),
    }
}

/// `GET /rules/rule/{id}`
pub(super) async fn show(ctx: Ctx) -> Result<Reply> {
    let loaded = loaded::of(&ctx.kit)?.current();
    let rule = loaded.rule(ctx.param("id")?).ok_or_else(|| Fault::not_found("rules.not-found"))?;
    let notes = loaded.notes.get(&rule.id).cloned().unwrap_or_default();
    let vietnamese = ctx.lang == Lang::Vi;
    let first = |vi: String, other: &str| if vietnamese && !vi.is_empty() { vi } else { other.to_owned() };
    let falsepositives = notes.falsepositives(rule, vietnamese);
    let attack = Attack::shipped();
    let tactic = |name: &String| {
        let found = attack.tactic(name);
        let label = found.map_or(name.as_str(), |tactic| if vietnamese { &tactic.name_vi } else { &tactic.name });
        Named { value: name.clone(), label: label.to_owned() }
    };
    let technique =
        |id: &String| Named { value: id.clone(), label: attack.technique(id).unwrap_or_default().to_owned() };
    let hits = hits(&ctx).await?;
    ctx.page(&Detail {
        rule: row(&ctx, &loaded, rule, &hits),
        description: first(notes.description_vi, &rule.description),
        advice: first(notes.advice_vi, &notes.advice_en),
        incident_group: notes.incident_group,
        author: rule.author.clone(),
        source_name: rule.source_name.clone(),
        tactics: rule.tags.tactics.iter().map(tactic).collect(),
        techniques: rule.tags.techniques.iter().map(technique).collect(),
        references: rule.references.clone(),
        falsepositives,
        yaml: rule.yaml.clone(),
    })
}

/// `GET /rules/faults`
pub(super) async fn faults(ctx: Ctx) -> Result<Reply> {
    let loaded = loaded::of(&ctx.kit)?.current();
    let paging = Paging::of(&ctx);
    let (offset, size) =
        (usize::try_from(paging.offset()).unwrap_or(usize::MAX), usize::try_from(paging.size).unwrap_or(25));
    let shown = loaded.faults.iter().skip(offset).take(size).map(|fault| FaultRow {
        source: fault.source.clone(),
        line: fault.line,
        column: fault.column,
        path: fault.path.clone(),
        code: fault.code,
        sentence: ctx.kit.texts.fault(ctx.lang, &Fault::from(fault.clone())),
        what: fault.what.clone(),
        mend: fault.mend.clone(),
    });
    // Names of folders on the server are for who looks after it.
    let folders = if may_reload(&ctx) {
        loaded.folders.iter().map(|path| path.display().to_string()).collect()
    } else {
        Vec::new()
    };
    ctx.page(&Faults {
        rows: shown.collect(),
        pager: Pager::new(&ctx, paging, loaded.faults.len() as u64),
        loaded_at: loaded.loaded_at,
        folders,
        may_write: may_reload(&ctx),
    })
}

/// `POST /rules/reload`: reads the folders again.
pub(super) async fn reload(ctx: Ctx) -> Result<Reply> {
    if !may_reload(&ctx) {
        return Err(Fault::forbidden("rules.whole-centre"));
    }
    let rules = loaded::of(&ctx.kit)?;
    let (folders, now) = (rules.current().folders.clone(), ctx.now);
    let fresh = tokio::task::spawn_blocking(move || loaded::load(&folders, now)).await.map_err(Fault::internal)?;
    let before = rules.current().ruleset.rules().len();
    let detail = json!({"rules": [before, fresh.ruleset.rules().len()], "faults": fresh.faults.len()});
    let tx = ctx.kit.db.begin().await?;
    tx.commit(ctx.entry("rules.reload", "rules", ctx.kit.id(), None, detail)?).await?;
    let faulty = !fresh.faults.is_empty();
    rules.replace(fresh);
    Ok(Reply::to(if faulty { "/rules/faults" } else { "/rules" }))
}

/// An event to try the rules on.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Attempt {
    /// A JSON object, or a line of a log.
    event: String,
    /// The log source's product, where the event does not tell.
    product: String,
    /// Its category.
    category: String,
    /// Its service.
    service: String,
}

/// `GET /rules/try`
pub(super) async fn show_try(ctx: Ctx) -> Result<Reply> {
    ctx.page(&Tried::default())
}

/// `POST /rules/try`: which rules fire on an event.
pub(super) async fn attempt(mut ctx: Ctx) -> Result<Reply> {
    let form: Attempt = ctx.form().await?;
    let record = read(&ctx, &form)?;
    let loaded = loaded::of(&ctx.kit)?.current();
    let found = loaded.ruleset.matches(&record);
    let none = HashMap::new();
    let hits: Vec<_> = found.iter().flat_map(|found| &found.hits).collect();
    let shown = marks::member(ctx.kit.id(), record.time.unwrap_or(ctx.now), &json!(record), &json!(hits));
    ctx.page(&Tried {
        done: true,
        logsource: logsource(&record.log),
        considered: loaded.ruleset.rules_for(&record.log).count(),
        fired: found.iter().map(|found| Fired { rule: row(&ctx, &loaded, found.rule, &none) }).collect(),
        read: shown,
        event: form.event,
        product: form.product,
        category: form.category,
        service: form.service,
    })
}

/// The event as the intake would read it. JSON may stand on several lines, as people copy it.
fn read(ctx: &Ctx, form: &Attempt) -> Result<Record> {
    let text = form.event.trim();
    if text.is_empty() {
        return Err(Fault::invalid("rules.event-empty").on("event"));
    }
    let mut record = if text.starts_with('{') {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            Fault::invalid("rules.event-json").on("event").with("line", error.line()).with("column", error.column())
        })?;
        decode_line(value.to_string().as_bytes(), Format::Ndjson, ctx.now, 1)
    } else {
        let line = text.lines().next().unwrap_or_default();
        decode_line(line.as_bytes(), Format::Auto, ctx.now, 1)
    }
    .map_err(|fault| fault.on("event"))?;
    let given = |text: &str| Some(text.trim().to_lowercase()).filter(|text| !text.is_empty());
    let by_hand =
        LogSource { product: given(&form.product), service: given(&form.service), category: given(&form.category) };
    if by_hand != LogSource::default() {
        record.log = by_hand;
    }
    Ok(record)
}
