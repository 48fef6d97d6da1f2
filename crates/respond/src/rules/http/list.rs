//! The list of rules, what is wrong with their files, and reading the folders again.

use khien_base::ports::Sheet;
use khien_base::{Fault, Result};
use khien_web::list::{FILE_ROWS, base, file, wants_file};
use khien_web::{Ctx, Pager, Paging, Reply};
use serde::Deserialize;
use serde_json::json;

use super::{known, reaches_all, vietnamese, whole_centre};
use crate::alerts::rules as levels;
use crate::alerts::views::{Named, Sorted};
use crate::rules::catalog::{self, Entry, Wanted, entries, facet, logsource};
use crate::rules::loaded::{self, Loaded, Origin};
use crate::rules::store::versions;
use crate::rules::views::{FaultRow, Faults, Filters, List, Row};
use crate::rules::{apply, coverage, jobs, model, page_of};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::rules) struct Asked {
    q: String,
    level: String,
    status: String,
    logsource: String,
    product: String,
    tactic: String,
    technique: String,
    source: String,
    kind: String,
    state: String,
    hits: String,
    sort: String,
}

impl Asked {
    pub(in crate::rules) fn wanted(self) -> Wanted {
        let Self { q, level, status, logsource, product, tactic, technique, source, kind, state, hits, sort: _ } = self;
        Wanted { words: q, level, status, logsource, product, tactic, technique, source, kind, state, hits }
    }
}

/// `GET /rules`
pub(in crate::rules) async fn list(ctx: Ctx) -> Result<Reply> {
    let asked: Asked = ctx.query()?;
    let sort = asked.sort.clone();
    let wanted = asked.wanted();
    let loaded = loaded::of(&ctx.kit)?.current();
    let known = known(&ctx).await?;
    let all = entries(&loaded, &known, vietnamese(&ctx));
    let mut found: Vec<Entry<'_>> = all.iter().filter(|entry| wanted.takes(entry)).cloned().collect();
    catalog::sort(&mut found, &sort);
    if wants_file(&ctx) {
        return sheet(&ctx, &found);
    }
    let paging = Paging::of(&ctx);
    let (offset, size) = bounds(paging);
    let heads: Vec<_> = loaded.ruleset.heads().collect();
    let waiting = versions::counts(&ctx.kit.db).await?.get("review").copied().unwrap_or(0);
    ctx.page(&List {
        rows: found.iter().skip(offset).take(size).map(|entry| row(&ctx, entry)).collect(),
        pager: Pager::new(&ctx, paging, found.len() as u64),
        sort: sorted(&ctx, &sort),
        products: named(facet(&all, |entry| entry.log.product.iter().cloned().collect())),
        logsources: named(facet(&all, |entry| vec![logsource(entry.log)])),
        sources: sources(&ctx, &all),
        noisy: all.iter().filter(|entry| entry.figures.is_noisy()).map(|entry| row(&ctx, entry)).collect(),
        coverage: coverage::by_tactic(&heads, &known.figures, vietnamese(&ctx)),
        total: all.iter().filter(|entry| entry.on).count(),
        own: all.iter().filter(|entry| entry.origin == Origin::Shipped).count(),
        off: all.iter().filter(|entry| !entry.on).count(),
        fired: all.iter().filter(|entry| entry.figures.week > 0).count(),
        faults: loaded.faults.len(),
        waiting,
        loaded_at: loaded.loaded_at,
        may_write: reaches_all(&ctx, "rules:write"),
        may_review: reaches_all(&ctx, "rules:review"),
        may_import: reaches_all(&ctx, "rules:import"),
        query: ctx.uri.query().unwrap_or_default().to_owned(),
        filter: filters(wanted),
    })
}

fn bounds(paging: Paging) -> (usize, usize) {
    (usize::try_from(paging.offset()).unwrap_or(usize::MAX), usize::try_from(paging.size).unwrap_or(25))
}

fn filters(wanted: Wanted) -> Filters {
    let any = wanted.any();
    let rare = [&wanted.status, &wanted.product, &wanted.logsource, &wanted.kind, &wanted.hits, &wanted.technique];
    let more = rare.iter().any(|part| !part.is_empty());
    let Wanted { words, level, status, logsource, product, tactic, technique, source, kind, state, hits } = wanted;
    Filters { q: words, level, status, logsource, product, tactic, technique, source, kind, state, hits, any, more }
}

fn sorted(ctx: &Ctx, asked: &str) -> Sorted {
    let column = asked.trim_start_matches('-');
    Sorted {
        key: if column.is_empty() { "level".to_owned() } else { column.to_owned() },
        desc: asked.starts_with('-'),
        base: base(ctx, &["sort", "page", "format"]),
    }
}

fn named(values: Vec<(String, usize)>) -> Vec<Named> {
    let mut named: Vec<Named> =
        values.into_iter().map(|(value, n)| Named { label: format!("{value} ({n})"), value }).collect();
    named.sort_by(|a, b| a.value.cmp(&b.value));
    named
}

fn sources(ctx: &Ctx, all: &[Entry<'_>]) -> Vec<Named> {
    let found = facet(all, |entry| vec![entry.origin.word().to_owned()]);
    found.into_iter().map(|(value, n)| Named { label: format!("{} ({n})", source(ctx, &value)), value }).collect()
}

/// An origin for people.
pub(super) fn source(ctx: &Ctx, word: &str) -> String {
    let key = format!("rules.source.{word}");
    ctx.kit.texts.find(ctx.lang, &key).map_or_else(|| word.to_owned(), str::to_owned)
}

/// One line for people.
pub(super) fn row(ctx: &Ctx, entry: &Entry<'_>) -> Row {
    Row {
        id: entry.id.to_owned(),
        // A filter of a file has no page of its own: the rules that it quiets show it.
        href: if entry.kind == model::FILTER && matches!(entry.origin, Origin::Shipped | Origin::Folder) {
            String::new()
        } else {
            page_of(entry.id)
        },
        kind: entry.kind,
        title: entry.title.to_owned(),
        level: if entry.level == 0 { "" } else { levels::level_name(entry.level) },
        status: entry.status.clone(),
        logsource: logsource(entry.log),
        techniques: entry.tags.map(|tags| tags.techniques.clone()).unwrap_or_default(),
        hits: entry.figures.week,
        month: entry.figures.month,
        alerts: entry.figures.alerts,
        closed: entry.figures.closed,
        wrong: entry.figures.wrong,
        noisy: entry.figures.is_noisy(),
        micros: entry.nanos.map(micros),
        own: entry.origin == Origin::Shipped,
        source: source(ctx, entry.origin.word()),
        on: entry.on,
    }
}

/// Nanoseconds as microseconds with one decimal.
#[expect(clippy::cast_precision_loss, reason = "a time of a rule is far below 2^52 nanoseconds")]
pub(super) fn micros(nanos: i64) -> f64 {
    (nanos as f64 / 100.0).round() / 10.0
}

fn sheet(ctx: &Ctx, found: &[Entry<'_>]) -> Result<Reply> {
    let columns = ["level", "name", "kind", "status", "logsource", "technique", "source", "state", "hits", "month"];
    let rows = found.iter().take(usize::try_from(FILE_ROWS).unwrap_or(usize::MAX)).map(|entry| {
        let row = row(ctx, entry);
        let say = |prefix: &str, word: &str| {
            if word.is_empty() { String::new() } else { ctx.say(&format!("{prefix}.{word}")) }
        };
        vec![
            say("alerts.level", row.level),
            row.title,
            say("rules.kind", row.kind),
            say("rules.status", &row.status),
            row.logsource,
            row.techniques.join(" "),
            row.source,
            say("rules.state", if row.on { "on" } else { "off" }),
            row.hits.to_string(),
            row.month.to_string(),
            row.micros.map(|micros| micros.to_string()).unwrap_or_default(),
            row.id,
        ]
    });
    let label = |column: &str| match column {
        "level" => ctx.say("alerts.level"),
        column => ctx.say(&format!("rules.{column}")),
    };
    let sheet = Sheet {
        title: ctx.say("rules.title"),
        columns: columns.into_iter().chain(["cost", "id"]).map(label).collect(),
        rows: rows.collect(),
    };
    file(ctx, "luat-phat-hien", &sheet)
}

/// `GET /rules/faults`
pub(in crate::rules) async fn faults(ctx: Ctx) -> Result<Reply> {
    let loaded = loaded::of(&ctx.kit)?.current();
    let paging = Paging::of(&ctx);
    let (offset, size) = bounds(paging);
    let shown = loaded.faults.iter().skip(offset).take(size).map(|fault| fault_row(&ctx, fault));
    // Names of folders on the server are for who looks after it.
    let may_write = reaches_all(&ctx, "rules:write");
    ctx.page(&Faults {
        rows: shown.collect(),
        pager: Pager::new(&ctx, paging, loaded.faults.len() as u64),
        loaded_at: loaded.loaded_at,
        folders: if may_write { folders(&loaded) } else { Vec::new() },
        may_write,
    })
}

pub(super) fn folders(loaded: &Loaded) -> Vec<String> {
    loaded.folders.iter().map(|path| path.display().to_string()).collect()
}

pub(super) fn fault_row(ctx: &Ctx, fault: &khien_detect::RuleFault) -> FaultRow {
    FaultRow {
        source: fault.source.clone(),
        line: fault.line,
        column: fault.column,
        path: fault.path.clone(),
        code: fault.code.to_owned(),
        sentence: ctx.kit.texts.fault(ctx.lang, &Fault::from(fault.clone())),
        what: fault.what.clone(),
        mend: fault.mend.clone(),
    }
}

/// `POST /rules/reload`: reads the folders again.
pub(in crate::rules) async fn reload(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:write")?;
    let rules = loaded::of(&ctx.kit)?;
    let before = rules.current().ruleset.rules().len();
    let fresh = apply::rebuild(&ctx.kit).await?;
    let detail = json!({"rules": [before, fresh.ruleset.rules().len()], "faults": fresh.faults.len()});
    let tx = ctx.kit.db.begin().await?;
    tx.commit(ctx.entry("rules.reload", "rules", ctx.kit.id(), None, detail)?).await?;
    Ok(Reply::to(if fresh.faults.is_empty() { "/rules" } else { "/rules/faults" }))
}

/// `POST /rules/measure`: asks for the costs of all rules to be measured on stored events.
pub(in crate::rules) async fn measure(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:write")?;
    let id = ctx.kit.id();
    let tx = ctx.kit.db.begin().await?;
    // One job a minute, however often it is asked for.
    let key = format!("{}:{}", jobs::COSTS, ctx.now.timestamp() / 60);
    khien_db::jobs::enqueue(tx.conn(), id, jobs::COSTS, &key, json!({}), ctx.now).await?;
    tx.commit(ctx.entry("rules.measure", "rules", id, None, json!({}))?).await?;
    Ok(Reply::to("/rules?sort=-cost"))
}
