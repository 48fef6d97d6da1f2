//! Rules of others: uploaded or read from a folder, looked at, put in force.

use std::collections::BTreeMap;

use khien_base::{Fault, Id, Result};
use khien_web::{Ctx, Pager, Paging, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::edit::blank;
use super::list::folders;
use super::whole_centre;
use crate::alerts::rules as levels;
use crate::alerts::views::Named;
use crate::rules::archive::{self, File};
use crate::rules::flow::State;
use crate::rules::model::{Model, import, item};
use crate::rules::store::{imports, versions};
use crate::rules::take_in::{self, Choices, Found, OUTCOMES};
use crate::rules::views::{FaultRow, Import, ImportRow, Imports, ItemDiff, ItemRow, Tab, Tally};
use crate::rules::{apply, diff, document, loaded, page_of};

/// `GET /rules/import`
pub(in crate::rules) async fn import_list(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:import")?;
    let paging = Paging::of(&ctx);
    let (rows, total) = imports::list(&ctx.kit.db, paging).await?;
    let loaded = loaded::of(&ctx.kit)?.current();
    ctx.page(&Imports {
        rows: rows.iter().map(import_row).collect(),
        pager: Pager::new(&ctx, paging, total),
        names: imports::names(&ctx.kit.db).await?,
        folders: folders(&loaded)
            .into_iter()
            .enumerate()
            .map(|(n, path)| Named { value: n.to_string(), label: path })
            .collect(),
        max_bytes: archive::UPLOAD,
    })
}

fn import_row(import: &import::Model) -> ImportRow {
    let count = |name: &str| import.counts.get(name).and_then(Value::as_i64).unwrap_or(0);
    ImportRow {
        id: import.id,
        name: import.name.clone(),
        file: import.file.clone(),
        sha256: import.sha256.clone(),
        state: import.state.clone(),
        new: count("new"),
        changed: count("changed"),
        gone: count("gone"),
        faulty: count("faulty"),
        unchanged: count("unchanged"),
        own: count("own"),
        who: import.by_name.clone(),
        at: import.at,
        applied_at: import.applied_at,
    }
}

/// `POST /rules/import`: reads an archive and keeps what it would change; nothing is in force yet.
pub(in crate::rules) async fn upload(mut ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:import")?;
    let (uploads, fields) = ctx.uploads().await?;
    let name = take_in::name(fields.get("name").map_or("", String::as_str))?;
    let label = uploads.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let size = uploads.iter().map(|(_, bytes)| i64::try_from(bytes.len()).unwrap_or(0)).sum();
    let work = move || {
        let (mut hash, mut files) = (Sha256::new(), Vec::new());
        for (name, bytes) in &uploads {
            hash.update(bytes);
            files.extend(archive::files(name, bytes)?);
        }
        Ok::<_, Fault>((files, hex::encode(hash.finalize())))
    };
    let (files, sha256) = tokio::task::spawn_blocking(work).await.map_err(Fault::internal)??;
    preview(&ctx, name, label, (files, sha256, size)).await
}

/// A folder of the configuration, by its place in the list.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::rules) struct FromFolder {
    /// Place, from 0.
    folder: usize,
    /// The name under which its rules are to be known.
    name: String,
}

/// `POST /rules/import/folder`
pub(in crate::rules) async fn import_folder(mut ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:import")?;
    let form: FromFolder = ctx.form().await?;
    let name = take_in::name(&form.name)?;
    let folder = loaded::of(&ctx.kit)?.current().folders.get(form.folder).cloned();
    let folder = folder.ok_or_else(|| Fault::invalid("rules.choice").on("folder").with("given", form.folder))?;
    let label = folder.display().to_string();
    let work = move || {
        let (files, faults) = loaded::files_of(&folder);
        let mut hash = Sha256::new();
        for (name, text) in &files {
            hash.update((name.len() as u64).to_be_bytes());
            hash.update(name.as_bytes());
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        (files, faults, hex::encode(hash.finalize()))
    };
    let (files, faults, sha256) = tokio::task::spawn_blocking(work).await.map_err(Fault::internal)?;
    if let (true, Some(fault)) = (files.is_empty(), faults.into_iter().next()) {
        return Err(Fault::from(fault).on("folder"));
    }
    let size = files.iter().map(|(_, text)| i64::try_from(text.len()).unwrap_or(0)).sum();
    preview(&ctx, name, label, (files, sha256, size)).await
}

/// Compares what was read with what is in force, and keeps the outcome for the page that asks.
async fn preview(ctx: &Ctx, name: String, file: String, read: (Vec<File>, String, i64)) -> Result<Reply> {
    let (files, sha256, bytes) = read;
    let in_force = versions::all_in_force(ctx.kit.db.read()).await?;
    let named = name.clone();
    let work = move || take_in::compare(&files, &named, &in_force);
    let found = tokio::task::spawn_blocking(work).await.map_err(Fault::internal)?;
    if found.iter().all(|found| found.outcome == "gone") {
        return Err(Fault::invalid("rules.archive-empty").on("file"));
    }
    let (id, actor) = (ctx.kit.id(), ctx.actor()?);
    let counts = imports::counted(found.iter().map(|found| found.outcome.to_owned()));
    let import = import::Model {
        id,
        name,
        file: file.chars().take(300).collect(),
        sha256,
        bytes,
        state: import::PREVIEW.to_owned(),
        counts: json!(counts),
        choices: json!(Choices::default()),
        by: Some(actor.id),
        by_name: actor.name.clone(),
        at: ctx.now,
        applied_at: None,
    };
    let items = (1..).zip(found).map(|(position, found)| kept(ctx.kit.id(), id, position, found)).collect();
    let detail = json!({"name": import.name, "file": import.file, "sha256": import.sha256, "counts": counts});
    let tx = ctx.kit.db.begin().await?;
    imports::insert(tx.conn(), import, items).await?;
    tx.commit(ctx.entry("rules.import-read", "rule_import", id, None, detail)?).await?;
    Ok(Reply::to(format!("/rules/import/{id}")))
}

fn kept(id: Id, import: Id, position: i32, found: Found) -> item::Model {
    let Found { document, sha256, outcome } = found;
    item::Model {
        id,
        import,
        position,
        rule: document.id.chars().take(250).collect(),
        path: document.path,
        kind: document.kind.to_owned(),
        outcome: outcome.to_owned(),
        title: document.title,
        level: document.level,
        maturity: document.maturity,
        product: document.log.product.unwrap_or_default(),
        category: document.log.category.unwrap_or_default(),
        service: document.log.service.unwrap_or_default(),
        yaml: if matches!(outcome, "unchanged" | "gone") { String::new() } else { document.yaml },
        sha256,
        faults: json!(document.faults),
    }
}

fn choices(ctx: &Ctx) -> Result<Choices> {
    let choices: Choices = ctx.query()?;
    choices.check()?;
    Ok(choices)
}

/// `GET /rules/import/{id}`: what would change, under the choices behind the `?`.
pub(in crate::rules) async fn import_page(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:import")?;
    let import = imports::get(&ctx.kit.db, ctx.id("id")?).await?;
    let choices = choices(&ctx)?;
    let tally = imports::tally(&ctx.kit.db, import.id).await?;
    let tab = ctx.query_value("tab").unwrap_or_default();
    let counted = |outcome: &str| -> i64 {
        let free = !matches!(outcome, "new" | "changed" | "unchanged");
        let fits = |(of, level, maturity, product, _): &&(String, i32, i32, String, i64)| {
            of == outcome && (free || choices.take(*level, *maturity, product))
        };
        tally.iter().filter(fits).map(|(.., n)| n).sum()
    };
    let first = OUTCOMES.into_iter().find(|outcome| counted(outcome) > 0).unwrap_or("new");
    let tab = OUTCOMES.into_iter().find(|outcome| *outcome == tab).unwrap_or(first);
    let base = khien_web::list::base(&ctx, &["tab", "page", "format"]);
    let tabs = OUTCOMES.into_iter().map(|outcome| Tab {
        outcome,
        count: counted(outcome),
        href: format!("{base}tab={outcome}"),
        active: outcome == tab,
    });
    let paging = Paging::of(&ctx);
    let (rows, total) = imports::items(&ctx.kit.db, import.id, tab, &choices, paging).await?;
    let left_out = tally.iter().filter(|(of, level, maturity, product, _)| {
        matches!(of.as_str(), "new" | "changed" | "unchanged") && !choices.take(*level, *maturity, product)
    });
    ctx.page(&Import {
        left_out: left_out.map(|(.., n)| n).sum(),
        to_take: counted("new") + counted("changed"),
        tabs: tabs.collect(),
        tab,
        rows: rows.iter().map(|item| item_row(&ctx, item)).collect(),
        pager: Pager::new(&ctx, paging, total),
        levels: tallied(&tally, |(_, level, ..)| levels::level_name(*level).to_owned()),
        statuses: tallied(&tally, |(_, _, maturity, ..)| document::maturity_name(*maturity).to_owned()),
        products: tallied(&tally, |(_, _, _, product, _)| product.clone())
            .into_iter()
            .map(|tally| Named { label: format!("{} ({})", tally.name, tally.count), value: tally.name })
            .filter(|named| !named.value.is_empty())
            .collect(),
        import: import_row(&import),
        choices,
    })
}

/// How many documents of the archive have each value of a part.
fn tallied<'t, T>(tally: &'t [(String, i32, i32, String, i64)], part: T) -> Vec<Tally>
where
    T: Fn(&'t (String, i32, i32, String, i64)) -> String,
{
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for row in tally.iter().filter(|(outcome, ..)| !matches!(outcome.as_str(), "gone" | "faulty")) {
        *counts.entry(part(row)).or_default() += row.4;
    }
    counts.into_iter().map(|(name, count)| Tally { name, count }).collect()
}

fn item_row(ctx: &Ctx, item: &item::Model) -> ItemRow {
    let faults: Vec<Value> = item.faults.as_array().cloned().unwrap_or_default();
    ItemRow {
        id: item.id,
        rule: item.rule.clone(),
        href: page_of(&item.rule),
        path: item.path.clone(),
        title: item.title.clone(),
        kind: item.kind.clone(),
        level: if item.level == 0 { "" } else { levels::level_name(item.level) },
        status: document::maturity_name(item.maturity),
        product: item.product.clone(),
        faults: faults.iter().map(|fault| told(ctx, fault)).collect(),
    }
}

/// A fault as it was kept.
fn told(ctx: &Ctx, kept: &Value) -> FaultRow {
    let text = |name: &str| kept.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |name: &str| kept.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
    let mut fault = Fault::invalid(text("code"));
    for pair in kept.get("args").and_then(Value::as_array).into_iter().flatten() {
        if let Some([Value::String(name), Value::String(value)]) = pair.as_array().map(Vec::as_slice) {
            fault = fault.with(name.clone(), value);
        }
    }
    FaultRow {
        source: text("source"),
        line: number("line"),
        column: number("column"),
        path: text("path"),
        sentence: ctx.kit.texts.fault(ctx.lang, &fault),
        code: text("code"),
        what: text("what"),
        mend: text("mend"),
    }
}

/// `GET /rules/import/{id}/items/{item}`: what changes in one document.
pub(in crate::rules) async fn import_item(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:import")?;
    let item = imports::item(&ctx.kit.db, ctx.id("id")?, ctx.id("item")?).await?;
    let before = versions::in_force(ctx.kit.db.read(), &item.rule).await?;
    let yaml = |version: Option<Model>| version.map(|version| version.yaml).unwrap_or_default();
    ctx.page(&ItemDiff { lines: diff::lines(&yaml(before), &item.yaml), title: item.title })
}

/// What was chosen, as the form sends it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::rules) struct Confirmed {
    /// Least status.
    status: String,
    /// Least level.
    level: String,
    /// Products.
    product: Vec<String>,
    /// `true` to take rules out of force that are gone or not chosen.
    retire: String,
}

/// `POST /rules/import/{id}/confirm`: puts what is chosen in force, in one transaction.
pub(in crate::rules) async fn confirm(mut ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:import")?;
    let form: Confirmed = ctx.form().await?;
    let choices = Choices {
        status: form.status,
        level: form.level,
        product: form.product.into_iter().filter(|product| !product.is_empty()).collect(),
        retire: form.retire == "true",
    };
    choices.check()?;
    let import = imports::get(&ctx.kit.db, ctx.id("id")?).await?;
    let tx = ctx.kit.db.begin().await?;
    versions::lock(tx.conn()).await?;
    let items = imports::all_items(tx.conn(), import.id).await?;
    let in_force = versions::all_in_force(tx.conn()).await?;
    let numbers = versions::numbers(tx.conn()).await?;
    let taken = Taken::of(&ctx, &import, items, &choices, &in_force, &numbers)?;
    let counts = json!({
        "new": taken.fresh, "changed": taken.changed, "unchanged": taken.unchanged,
        "gone": taken.gone, "faulty": taken.faulty, "own": taken.own,
    });
    imports::decide(tx.conn(), import.id, import::APPLIED, Some((counts.clone(), json!(choices))), ctx.now).await?;
    versions::retire(tx.conn(), &taken.retired).await?;
    versions::insert_all(tx.conn(), taken.rows).await?;
    let detail = json!({
        "name": import.name, "file": import.file, "sha256": import.sha256, "counts": counts, "choices": choices,
    });
    tx.commit(ctx.entry("rules.import", "rule_import", import.id, None, detail)?).await?;
    apply::after_change(&ctx.kit).await;
    Ok(Reply::to(format!("/rules/import/{}", import.id)))
}

/// What a confirmed import changes.
#[derive(Default)]
struct Taken {
    rows: Vec<Model>,
    retired: Vec<Id>,
    fresh: i64,
    changed: i64,
    unchanged: i64,
    gone: i64,
    faulty: i64,
    own: i64,
}

impl Taken {
    /// Decided against what is in force now: somebody may have approved a rule since the preview.
    fn of(
        ctx: &Ctx,
        import: &import::Model,
        items: Vec<item::Model>,
        choices: &Choices,
        in_force: &std::collections::HashMap<String, versions::Brief>,
        numbers: &std::collections::HashMap<String, i32>,
    ) -> Result<Self> {
        let actor = ctx.actor()?;
        let mut taken = Self::default();
        let mut stay: std::collections::HashSet<String> = std::collections::HashSet::new();
        for item in items {
            if item.outcome == "faulty" {
                taken.faulty += 1;
                // A rule that is faulty now stays as it was: nothing better is known.
                stay.insert(item.rule);
                continue;
            }
            if item.outcome == "gone" || !choices.take(item.level, item.maturity, &item.product) {
                continue;
            }
            stay.insert(item.rule.clone());
            let before = in_force.get(&item.rule);
            match before {
                Some(brief) if brief.origin == crate::rules::model::OWN => {
                    taken.own += 1;
                    continue;
                }
                Some(brief) if brief.origin == import.name && brief.sha256 == item.sha256 => {
                    taken.unchanged += 1;
                    continue;
                }
                // The preview kept no text of what was as it is; it is out of force since.
                None if item.yaml.is_empty() => return Err(Fault::conflict("rules.changed-meanwhile")),
                Some(brief) => {
                    taken.changed += 1;
                    taken.retired.push(brief.id);
                }
                None => taken.fresh += 1,
            }
            if item.yaml.is_empty() {
                return Err(Fault::conflict("rules.changed-meanwhile"));
            }
            let number = numbers.get(&item.rule).copied().unwrap_or(0) + 1;
            let row = version(ctx.kit.id(), number, import, item, ctx.now);
            taken.rows.push(Model {
                author: Some(actor.id),
                author_name: actor.name.clone(),
                reviewer: Some(actor.id),
                reviewer_name: actor.name.clone(),
                ..row
            });
        }
        let gone = in_force.values().filter(|brief| brief.origin == import.name && !stay.contains(&brief.rule));
        if choices.retire {
            let gone: Vec<Id> = gone.map(|brief| brief.id).collect();
            taken.gone = i64::try_from(gone.len()).unwrap_or(0);
            taken.retired.extend(gone);
        }
        Ok(taken)
    }
}

fn version(
    id: Id,
    number: i32,
    import: &import::Model,
    item: item::Model,
    now: chrono::DateTime<chrono::Utc>,
) -> Model {
    Model {
        rule: item.rule,
        kind: item.kind,
        origin: import.name.clone(),
        path: item.path,
        state: State::Approved.name().to_owned(),
        title: item.title,
        level: item.level,
        maturity: item.maturity,
        product: item.product,
        category: item.category,
        service: item.service,
        yaml: item.yaml,
        sha256: item.sha256,
        reviewed_at: Some(now),
        import: Some(import.id),
        ..blank(id, number, now)
    }
}

/// `POST /rules/import/{id}/cancel`
pub(in crate::rules) async fn cancel(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:import")?;
    let import = imports::get(&ctx.kit.db, ctx.id("id")?).await?;
    let tx = ctx.kit.db.begin().await?;
    imports::decide(tx.conn(), import.id, import::CANCELLED, None, ctx.now).await?;
    let detail = json!({"name": import.name, "file": import.file});
    tx.commit(ctx.entry("rules.import-cancel", "rule_import", import.id, None, detail)?).await?;
    Ok(Reply::to("/rules/import"))
}
