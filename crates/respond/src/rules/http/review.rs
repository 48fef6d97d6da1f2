//! The way of a version: handed in, approved or rejected by a second person, taken back; versions beside each other.

use khien_base::{Fault, Id, Result};
use khien_db::Entry;
use khien_web::{Ctx, Pager, Paging, Reply};
use schemars::JsonSchema;
use sea_orm::ActiveValue::Set;
use serde::Deserialize;
use serde_json::{Value, json};

use super::edit::{keep_new, state};
use super::list::{fault_row, source};
use super::show::version_logsource;
use super::switch::subject;
use super::{reaches_all, whole_centre};
use crate::alerts::rules as levels;
use crate::rules::flow::{self, State};
use crate::rules::model::{self, Model};
use crate::rules::store::versions;
use crate::rules::views::{Compared, Version, VersionRow, Versions};
use crate::rules::{apply, diff, document, page_of, written};

/// A remark on a decision.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::rules) struct Noted {
    /// In words.
    note: String,
}

/// One version for people.
pub(super) fn version_row(ctx: &Ctx, version: &Model) -> VersionRow {
    VersionRow {
        id: version.id,
        rule: version.rule.clone(),
        number: version.number,
        kind: version.kind.clone(),
        title: version.title.clone(),
        state: version.state.clone(),
        level: if version.level == 0 { "" } else { levels::level_name(version.level) },
        logsource: version_logsource(version),
        source: source(ctx, &version.origin),
        author: version.author_name.clone(),
        written_at: version.written_at,
        reviewer: version.reviewer_name.clone(),
        reviewed_at: version.reviewed_at,
        note: version.note.clone(),
    }
}

/// `GET /rules/versions`: what people wrote, by state.
pub(in crate::rules) async fn versions(ctx: Ctx) -> Result<Reply> {
    let asked = ctx.query_value("state").unwrap_or_default();
    let state = State::from_name(&asked);
    let paging = Paging::of(&ctx);
    let (rows, total) = versions::written(&ctx.kit.db, state, paging).await?;
    let counts = versions::counts(&ctx.kit.db).await?;
    let count = |state: State| (state.name(), counts.get(state.name()).copied().unwrap_or(0));
    ctx.page(&Versions {
        rows: rows.iter().map(|row| version_row(&ctx, row)).collect(),
        pager: Pager::new(&ctx, paging, total),
        counts: State::ALL.into_iter().map(count).collect(),
        state: state.map(State::name).unwrap_or_default(),
        may_write: reaches_all(&ctx, "rules:write"),
    })
}

/// `GET /rules/versions/{id}`
pub(in crate::rules) async fn version(ctx: Ctx) -> Result<Reply> {
    let version = versions::get(&ctx.kit.db, ctx.id("id")?).await?;
    let state = state(&version)?;
    let in_force = versions::in_force(ctx.kit.db.read(), &version.rule).await?;
    let before = in_force.as_ref().filter(|other| other.id != version.id);
    let faults = document::read("", &version.yaml).into_iter().flat_map(|document| document.faults);
    let faults: Vec<_> = faults.map(|fault| fault_row(&ctx, &fault)).collect();
    let actor = ctx.actor()?.id;
    let mine = version.author == Some(actor);
    let (writes, reviews) = (reaches_all(&ctx, "rules:write"), reaches_all(&ctx, "rules:review"));
    let own = version.origin == model::OWN;
    let others = versions::of_rule(&ctx.kit.db, &version.rule).await?;
    ctx.page(&Version {
        lines: before.map(|before| diff::lines(&before.yaml, &version.yaml)).unwrap_or_default(),
        before: before.map(|before| before.number),
        may_edit: writes && own && mine && state == State::Draft,
        may_submit: writes && own && mine && state == State::Draft && faults.is_empty(),
        may_withdraw: writes && own && mine && state == State::Review,
        may_decide: reviews && !mine && state == State::Review,
        own_words: mine && state == State::Review,
        may_retire: reviews && state == State::Approved,
        may_revise: writes && own && matches!(state, State::Approved | State::Rejected | State::Retired),
        page: page_of(&version.rule),
        others: others.iter().map(|other| version_row(&ctx, other)).collect(),
        yaml: version.yaml.clone(),
        version: version_row(&ctx, &version),
        submitted_at: version.submitted_at,
        faults,
    })
}

/// `GET /rules/compare?a=…&b=…`: two versions of a rule, line by line.
pub(in crate::rules) async fn compare(ctx: Ctx) -> Result<Reply> {
    let id = |name: &str| -> Result<Id> {
        let given = ctx.query_value(name).unwrap_or_default();
        given.parse().map_err(|_| Fault::not_found("rules.no-version"))
    };
    let (a, b) = (versions::get(&ctx.kit.db, id("a")?).await?, versions::get(&ctx.kit.db, id("b")?).await?);
    if a.rule != b.rule {
        return Err(Fault::not_found("rules.no-version"));
    }
    let (a, b) = if a.number <= b.number { (a, b) } else { (b, a) };
    let lines = diff::lines(&a.yaml, &b.yaml);
    ctx.page(&Compared { before: version_row(&ctx, &a), after: version_row(&ctx, &b), lines, page: page_of(&a.rule) })
}

/// The version in the path, if it is one of the centre's own.
async fn own(ctx: &Ctx) -> Result<Model> {
    let version = versions::get(&ctx.kit.db, ctx.id("id")?).await?;
    if version.origin == model::OWN { Ok(version) } else { Err(Fault::conflict("rules.not-own")) }
}

fn entry(ctx: &Ctx, action: &'static str, version: &Model, more: Value) -> Result<Entry> {
    let detail = json!({"version": version.number, "title": version.title, "sha256": version.sha256, "more": more});
    ctx.entry(action, "rule", subject(&version.rule), None, detail)
}

fn there(ctx: &Ctx, version: &Model) -> Reply {
    ctx.kit.bus.tell(khien_web::Live { topic: "rules", permission: "rules:read", unit: None });
    Reply::to(format!("/rules/versions/{}", version.id))
}

/// A text without any fault: only such a one is handed in or put in force.
fn sound(version: &Model, id: Id) -> Result<()> {
    let document = written::one(&version.yaml, id)?;
    match document.faults.into_iter().next() {
        None => Ok(()),
        Some(fault) => Err(Fault::invalid("rules.faulty").on("yaml").with("line", fault.line).with("what", fault.code)),
    }
}

/// `POST /rules/versions/{id}/submit`
pub(in crate::rules) async fn submit(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:write")?;
    let version = own(&ctx).await?;
    let after = flow::submit(state(&version)?, version.author, ctx.actor()?.id)?;
    sound(&version, ctx.kit.id())?;
    let tx = ctx.kit.db.begin().await?;
    versions::update(tx.conn(), &version, |row| {
        row.state = Set(after.name().to_owned());
        row.submitted_at = Set(Some(ctx.now));
    })
    .await?;
    tx.commit(entry(&ctx, "rules.submit", &version, Value::Null)?).await?;
    Ok(there(&ctx, &version))
}

/// `POST /rules/versions/{id}/withdraw`
pub(in crate::rules) async fn withdraw(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:write")?;
    let version = own(&ctx).await?;
    let after = flow::withdraw(state(&version)?, version.author, ctx.actor()?.id)?;
    let tx = ctx.kit.db.begin().await?;
    versions::update(tx.conn(), &version, |row| row.state = Set(after.name().to_owned())).await?;
    tx.commit(entry(&ctx, "rules.withdraw", &version, Value::Null)?).await?;
    Ok(there(&ctx, &version))
}

/// `POST /rules/versions/{id}/approve`: a second person puts it in force.
pub(in crate::rules) async fn approve(mut ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:review")?;
    let form: Noted = ctx.form().await?;
    let version = own(&ctx).await?;
    let after = flow::approve(state(&version)?, version.author, ctx.actor()?.id)?;
    sound(&version, ctx.kit.id())?;
    let tx = ctx.kit.db.begin().await?;
    versions::lock(tx.conn()).await?;
    let before = versions::in_force(tx.conn(), &version.rule).await?;
    if before.as_ref().is_some_and(|before| before.origin != model::OWN) {
        return Err(Fault::conflict("rules.id-taken").with("id", &version.rule));
    }
    versions::retire(tx.conn(), &before.iter().map(|before| before.id).collect::<Vec<_>>()).await?;
    decide(&ctx, tx.conn(), &version, after, &form.note).await?;
    let more = json!({"note": noted(&form.note), "author": version.author, "replaces": before.map(|b| b.number)});
    tx.commit(entry(&ctx, "rules.approve", &version, more)?).await?;
    apply::after_change(&ctx.kit).await;
    Ok(there(&ctx, &version))
}

/// `POST /rules/versions/{id}/reject`: a second person says no, and why.
pub(in crate::rules) async fn reject(mut ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:review")?;
    let form: Noted = ctx.form().await?;
    let version = own(&ctx).await?;
    let after = flow::reject(state(&version)?, version.author, ctx.actor()?.id, &form.note)?;
    let tx = ctx.kit.db.begin().await?;
    decide(&ctx, tx.conn(), &version, after, &form.note).await?;
    let more = json!({"note": noted(&form.note), "author": version.author});
    tx.commit(entry(&ctx, "rules.reject", &version, more)?).await?;
    Ok(there(&ctx, &version))
}

/// `POST /rules/versions/{id}/retire`: out of force, with a reason. Rules of imports too.
pub(in crate::rules) async fn retire(mut ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:review")?;
    let form: Noted = ctx.form().await?;
    let version = versions::get(&ctx.kit.db, ctx.id("id")?).await?;
    let after = flow::retire(state(&version)?, &form.note)?;
    let tx = ctx.kit.db.begin().await?;
    decide(&ctx, tx.conn(), &version, after, &form.note).await?;
    tx.commit(entry(&ctx, "rules.retire", &version, json!({"note": noted(&form.note)}))?).await?;
    apply::after_change(&ctx.kit).await;
    Ok(there(&ctx, &version))
}

async fn decide(
    ctx: &Ctx,
    conn: &impl sea_orm::ConnectionTrait,
    version: &Model,
    after: State,
    note: &str,
) -> Result<()> {
    let (actor, now) = (ctx.actor()?, ctx.now);
    versions::update(conn, version, |row| {
        row.state = Set(after.name().to_owned());
        row.reviewer = Set(Some(actor.id));
        row.reviewer_name = Set(actor.name.clone());
        row.reviewed_at = Set(Some(now));
        row.note = Set(noted(note));
    })
    .await
}

fn noted(note: &str) -> String {
    note.trim().chars().take(2000).collect()
}

/// `POST /rules/versions/{id}/discard`: its author gives a draft up.
pub(in crate::rules) async fn discard(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:write")?;
    let version = own(&ctx).await?;
    flow::edit(state(&version)?, version.author, ctx.actor()?.id)?;
    let tx = ctx.kit.db.begin().await?;
    versions::remove(tx.conn(), version.id).await?;
    tx.commit(entry(&ctx, "rules.discard", &version, Value::Null)?).await?;
    Ok(Reply::to("/rules/versions"))
}

/// `POST /rules/versions/{id}/restore`: an older version becomes a new draft, which passes through review again.
pub(in crate::rules) async fn restore(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:write")?;
    let version = own(&ctx).await?;
    if matches!(state(&version)?, State::Draft | State::Review) {
        return Err(Fault::conflict("rules.still-open"));
    }
    let document = written::one(&version.yaml, ctx.kit.id())?;
    let id = keep_new(&ctx, document, "rules.restore").await?;
    Ok(Reply::to(format!("/rules/versions/{id}")))
}
