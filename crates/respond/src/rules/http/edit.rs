//! Writing rules of our own: the page, the check while one types, saving a draft.

use khien_base::{Fault, Id, Result};
use khien_detect::Ruleset;
use khien_web::{Ctx, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::attempt::{Attempt, read};
use super::list::fault_row;
use super::switch::subject;
use super::whole_centre;
use crate::rules::flow::{self, State};
use crate::rules::model::{self, Model};
use crate::rules::store::versions;
use crate::rules::views::{Checked, Edit, FaultRow};
use crate::rules::{loaded, written};

/// What a new rule starts with.
const START: &str = "title: \nstatus: experimental\ndescription: \nauthor: \nlogsource:\n    product: windows\n    \
    service: security\ndetection:\n    selection:\n        EventID: 4625\n    condition: selection\n\
    falsepositives:\n    - \nlevel: medium\ntags:\n    - attack.credential-access\n";

/// A rule as it is written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::rules) struct Written {
    /// The draft that is changed; empty for a new one.
    version: String,
    /// The document.
    yaml: String,
    /// An event to try it on.
    event: String,
    /// `product` of the event, where it does not tell.
    product: String,
    /// `category` of the event.
    category: String,
    /// `service` of the event.
    service: String,
}

/// `GET /rules/new`, `?revise=` a version, `?like=` a rule in force.
pub(in crate::rules) async fn new_page(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:write")?;
    let mut yaml = START.to_owned();
    if let Some(id) = ctx.query_value("revise") {
        let id: Id = id.parse().map_err(|_| Fault::not_found("rules.no-version"))?;
        yaml = own(versions::get(&ctx.kit.db, id).await?)?.yaml;
    } else if let Some(id) = ctx.query_value("like") {
        let loaded = loaded::of(&ctx.kit)?.current();
        let rule = loaded.rule(&id).ok_or_else(|| Fault::not_found("rules.not-found"))?;
        // Another rule: it gets an identity of its own when it is saved.
        let lines: Vec<&str> = rule.yaml.lines().filter(|line| !line.starts_with("id:")).collect();
        yaml = lines.join("\n");
    }
    ctx.page(&Edit { fresh: yaml == START, yaml, ..Edit::default() })
}

fn own(version: Model) -> Result<Model> {
    if version.origin == model::OWN { Ok(version) } else { Err(Fault::conflict("rules.not-own")) }
}

/// `GET /rules/versions/{id}/edit`
pub(in crate::rules) async fn edit_page(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:write")?;
    let version = versions::get(&ctx.kit.db, ctx.id("id")?).await?;
    flow::edit(state(&version)?, version.author, ctx.actor()?.id)?;
    ctx.page(&Edit { version: version.id.to_string(), rule: version.rule, yaml: version.yaml, fresh: false })
}

pub(super) fn state(version: &Model) -> Result<State> {
    State::from_name(&version.state).ok_or_else(|| Fault::internal(format!("state {}", version.state)))
}

/// `POST /rules/check`: what is wrong with a document, and whether it fires on an event.
pub(in crate::rules) async fn check(mut ctx: Ctx) -> Result<Reply> {
    let form: Written = ctx.form().await?;
    let document = match written::one(&form.yaml, ctx.kit.id()) {
        Ok(document) => document,
        Err(fault) => {
            let sentence = ctx.kit.texts.fault(ctx.lang, &fault);
            let row = FaultRow { line: 1, column: 1, code: fault.code.into_owned(), sentence, ..FaultRow::default() };
            return ctx.page(&Checked { faults: vec![row], ..Checked::default() });
        }
    };
    let mut checked = Checked {
        kind: document.kind,
        faults: document.faults.iter().map(|fault| fault_row(&ctx, fault)).collect(),
        ..Checked::default()
    };
    if !form.event.trim().is_empty() && checked.faults.is_empty() && document.kind == model::RULE {
        let Written { event, product, category, service, .. } = form;
        match read(&ctx, &Attempt { event, product, category, service }) {
            Err(fault) => checked.event_fault = ctx.kit.texts.fault(ctx.lang, &fault),
            Ok(record) => {
                let (set, _) = Ruleset::load(std::iter::once((String::new(), document.yaml)));
                checked.tried = true;
                checked.meant = set.rules_for(&record.log).next().is_some();
                checked.fired = !set.matches(&record).is_empty();
                checked.logsource = crate::rules::catalog::logsource(&record.log);
            }
        }
    }
    ctx.page(&checked)
}

/// `POST /rules/versions`: keeps a draft. It may still have faults; none may be left when it is handed in.
pub(in crate::rules) async fn save(mut ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:write")?;
    let form: Written = ctx.form().await?;
    let document = written::one(&form.yaml, ctx.kit.id())?;
    if document.id.is_empty() {
        return Err(Fault::invalid("rules.unreadable-text").on("yaml"));
    }
    if form.version.is_empty() {
        let id = keep_new(&ctx, document, "rules.draft").await?;
        return Ok(Reply::to(format!("/rules/versions/{id}")));
    }
    let id: Id = form.version.parse().map_err(|_| Fault::not_found("rules.no-version"))?;
    let before = versions::get(&ctx.kit.db, id).await?;
    flow::edit(state(&before)?, before.author, ctx.actor()?.id)?;
    if document.id != before.rule {
        return Err(Fault::invalid("rules.id-changed").on("yaml").with("id", &before.rule));
    }
    let mut after = before.clone();
    written::fill(&mut after, document);
    let detail = json!({"version": after.number, "sha256": [before.sha256, after.sha256], "title": after.title});
    let tx = ctx.kit.db.begin().await?;
    versions::update(tx.conn(), &before, |row| {
        use sea_orm::ActiveValue::Set;
        row.yaml = Set(after.yaml);
        row.sha256 = Set(after.sha256);
        row.kind = Set(after.kind);
        row.title = Set(after.title);
        row.level = Set(after.level);
        row.maturity = Set(after.maturity);
        row.product = Set(after.product);
        row.category = Set(after.category);
        row.service = Set(after.service);
        row.written_at = Set(ctx.now);
    })
    .await?;
    tx.commit(ctx.entry("rules.draft", "rule", subject(&before.rule), None, detail)?).await?;
    Ok(Reply::to(format!("/rules/versions/{id}")))
}

/// A new draft of a document by who asks.
pub(super) async fn keep_new(
    ctx: &Ctx,
    document: crate::rules::document::Document,
    action: &'static str,
) -> Result<Id> {
    let loaded = loaded::of(&ctx.kit)?.current();
    let (actor, id) = (ctx.actor()?, ctx.kit.id());
    let tx = ctx.kit.db.begin().await?;
    versions::lock(tx.conn()).await?;
    let newest = versions::newest(tx.conn(), &document.id).await?;
    written::identity(&document.id, &loaded, newest.as_ref())?;
    let mut row = blank(id, newest.map_or(1, |newest| newest.number + 1), ctx.now);
    (row.author, row.author_name) = (Some(actor.id), actor.name.clone());
    written::fill(&mut row, document);
    let rule = row.rule.clone();
    let detail = json!({"version": row.number, "sha256": row.sha256, "title": row.title, "kind": row.kind});
    versions::insert(tx.conn(), row).await?;
    tx.commit(ctx.entry(action, "rule", subject(&rule), None, detail)?).await?;
    Ok(id)
}

/// A version that says nothing yet.
pub(super) fn blank(id: Id, number: i32, now: chrono::DateTime<chrono::Utc>) -> Model {
    Model {
        id,
        rule: String::new(),
        number,
        kind: model::RULE.to_owned(),
        origin: model::OWN.to_owned(),
        path: String::new(),
        state: State::Draft.name().to_owned(),
        title: String::new(),
        level: 0,
        maturity: 0,
        product: String::new(),
        category: String::new(),
        service: String::new(),
        yaml: String::new(),
        sha256: String::new(),
        author: None,
        author_name: String::new(),
        written_at: now,
        submitted_at: None,
        reviewer: None,
        reviewer_name: String::new(),
        reviewed_at: None,
        note: String::new(),
        import: None,
    }
}
