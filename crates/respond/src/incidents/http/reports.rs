//! Making notices and reports.

use khien_base::clock::day_in_vietnam;
use khien_base::ports::Format;
use khien_base::{Fault, Id, Reach, Result};
use khien_directory::people::store as people;
use khien_directory::units::store as unit_store;
use khien_web::texts::Lang;
use khien_web::{Ctx, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::letterhead::{Letterhead, letterhead};
use super::super::model::Model;
use super::super::regime::{Form, Regime};
use super::super::report::{self, Author, Clerk, Source, Values};
use super::super::views::{Choice, Report, ReportField, ReportSection};
use super::super::{rules, store, timeline};
use super::{act, alert_line, lost, pick, tell, to_read, to_write, tree};

/// Lines of the timeline that a report carries.
const LINES: u64 = 60;

/// What the clerk adds to a report.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Typed {
    /// Kind of the form: `72h`, `preliminary`, `update`, `closing`.
    kind: String,
    /// `docx` or `pdf`.
    format: String,
    /// To whom.
    to: String,
    /// Number and symbol.
    number: String,
    /// Day of the document, ISO.
    date: String,
    /// Authority line ("KT. GIÁM ĐỐC").
    authority: String,
    /// Post of the signer.
    post: String,
    /// Name of the signer.
    signer: String,
    /// Nơi nhận, one a line; empty takes the form's own.
    recipients: String,
    /// Fields that the record says nothing about, in the order of `value`.
    field: Vec<String>,
    /// What they say.
    value: Vec<String>,
}

/// The name of a form in the reader's language.
pub(super) fn name(lang: Lang, form: &Form, kind: &str) -> String {
    let template = pick(lang, &form.document.subject_vi, &form.document.subject_en);
    let kind = form.kinds.iter().find(|one| one.id == kind);
    let said = kind.map(|kind| pick(lang, &kind.vi, &kind.en)).unwrap_or_default();
    // On the page the incident is known: its system is not named again.
    let short = template.replace(" đối với {system.name}", "").replace(" at {system.name}", "");
    short.replace("{form.kind}", said)
}

/// Everything that a report of an incident is made of.
struct Desk {
    form: &'static Form,
    kind: String,
    author: Author,
    values: Values,
    typed: Values,
    to: String,
}

/// `GET /incidents/{id}/reports/{form}?kind=72h`
pub(crate) async fn show(ctx: Ctx) -> Result<Reply> {
    let incident = to_read(&ctx).await?;
    let desk = desk(&ctx, &incident, &ctx.query_value("kind").unwrap_or_default()).await?;
    let sections = report::fill(desk.form, &desk.kind, &desk.values, &desk.typed);
    let missing =
        report::missing(&sections).map(|field| pick(ctx.lang, &field.label_vi, &field.label_en).to_owned()).collect();
    let typed = |key: &str| desk.typed.get(key).cloned().unwrap_or_default();
    let form = desk.form;
    let certainty = serde_json::to_value(form.certainty).ok();
    let clerk = Clerk { to: desk.to.clone(), ..Clerk::default() };
    let document = report::document(form, &desk.kind, &desk.values, &sections, &desk.author, clerk);
    let view = Report {
        id: incident.id,
        number: incident.number.clone(),
        form: form.id.clone(),
        kinds: form.kinds.iter().map(|kind| Choice::new(&kind.id, pick(ctx.lang, &kind.vi, &kind.en))).collect(),
        name: name(ctx.lang, form, &desk.kind),
        basis: form.official.clone().unwrap_or_else(|| form.basis.line()),
        pending: pick(
            ctx.lang,
            form.pending_vi.as_deref().unwrap_or_default(),
            form.pending_en.as_deref().unwrap_or_default(),
        )
        .to_owned(),
        certainty: certainty.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default(),
        missing,
        to: desk.to.clone(),
        document_number: report::symbol(form, &desk.author.short),
        authority: typed("sign.authority"),
        post: typed("sign.post"),
        signer: typed("sign.signer"),
        recipients: document.recipients.join("\n"),
        date: day_in_vietnam(ctx.now).to_string(),
        sections: sections.into_iter().map(|section| section_view(ctx.lang, section)).collect(),
        kind: desk.kind,
    };
    ctx.page(&view)
}

fn section_view(lang: Lang, section: report::Filled) -> ReportSection {
    let fields = section.fields.into_iter().map(|field| ReportField {
        label: pick(lang, &field.label_vi, &field.label_en).to_owned(),
        key: field.key,
        value: field.value,
        typed: field.typed,
        long: field.long,
        required: field.required,
    });
    ReportSection { title: pick(lang, &section.title_vi, &section.title_en).to_owned(), fields: fields.collect() }
}

/// `POST /incidents/{id}/reports/{form}`: the file. What was typed is kept for the next report; the file is noted in
/// the timeline with its SHA-256.
pub(crate) async fn make(mut ctx: Ctx) -> Result<Reply> {
    let form: Typed = ctx.form().await?;
    let incident = to_write(&ctx).await?;
    let mut desk = desk(&ctx, &incident, &form.kind).await?;
    let (format, mime) = match form.format.as_str() {
        "" | "docx" => (Format::Docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        "pdf" => (Format::Pdf, "application/pdf"),
        _ => return Err(Fault::invalid("incidents.no-such-choice").on("format")),
    };
    let date = match form.date.trim() {
        "" => None,
        day => Some(day.parse().map_err(|_| Fault::invalid("incidents.time").on("date"))?),
    };
    take_typed(&mut desk, &form)?;
    let sections = report::fill(desk.form, &desk.kind, &desk.values, &desk.typed);
    let clerk = Clerk {
        number: form.number.trim().to_owned(),
        date,
        authority: form.authority.trim().to_owned(),
        post: form.post.trim().to_owned(),
        signer: form.signer.trim().to_owned(),
        to: if form.to.trim().is_empty() { desk.to.clone() } else { form.to.trim().to_owned() },
        recipients: form.recipients.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect(),
    };
    let document = report::document(desk.form, &desk.kind, &desk.values, &sections, &desk.author, clerk);
    let missing = report::missing(&sections).count();
    let printer = std::sync::Arc::clone(ctx.kit.printer()?);
    let bytes =
        tokio::task::spawn_blocking(move || printer.print(&document, format)).await.map_err(Fault::internal)??;
    let suffix = if desk.kind.is_empty() { String::new() } else { format!("-{}", desk.kind) };
    let extension = if format == Format::Pdf { "pdf" } else { "docx" };
    let file = format!("{}-{}{suffix}.{extension}", incident.number, desk.form.id);
    keep(&ctx, incident.id, &desk, &file, &bytes, missing).await?;
    Ok(Reply::File { name: file, mime, bytes })
}

/// Notes the file, and keeps what was typed.
async fn keep(ctx: &Ctx, id: Id, desk: &Desk, file: &str, bytes: &[u8], missing: usize) -> Result<()> {
    let sha256 = hex::encode(Sha256::digest(bytes));
    let tx = ctx.kit.db.begin().await?;
    let mut incident = store::get(tx.conn(), id).await?;
    incident.typed = json!(desk.typed);
    store::save(tx.conn(), &incident).await?;
    let args = json!({"form": desk.form.id, "file": file, "sha256": sha256, "missing": missing.to_string()});
    let line = store::Line { kind: "report", args, ..store::Line::default() };
    store::log(tx.conn(), &act(ctx)?, id, line).await?;
    let detail = json!({"form": desk.form.id, "kind": desk.kind, "file": file, "sha256": sha256});
    tx.commit(ctx.entry("incidents.report", "incident", id, Some(incident.unit), detail)?).await?;
    tell(ctx, incident.unit);
    Ok(())
}

/// Takes what was typed, for fields of this form and the signature only.
fn take_typed(desk: &mut Desk, form: &Typed) -> Result<()> {
    if form.field.len() != form.value.len() {
        return Err(Fault::invalid("incidents.report-fields"));
    }
    let known: Vec<String> = report::fill(desk.form, &desk.kind, &desk.values, &desk.typed)
        .into_iter()
        .flat_map(|section| section.fields)
        .filter(|field| field.typed)
        .map(|field| field.key)
        .collect();
    for (key, value) in form.field.iter().zip(&form.value) {
        if !known.contains(key) {
            return Err(Fault::invalid("incidents.report-fields"));
        }
        rules::text("value", value, rules::TEXT)?;
        desk.typed.insert(key.clone(), khien_base::key::nfc(value.trim()));
    }
    let signature = [("sign.authority", &form.authority), ("sign.post", &form.post), ("sign.signer", &form.signer)];
    for (key, value) in signature {
        rules::text("signer", value, rules::TITLE)?;
        desk.typed.insert(key.to_owned(), value.trim().to_owned());
    }
    rules::text("number", &form.number, rules::TITLE)?;
    rules::text("to", &form.to, rules::TITLE)?;
    rules::text("recipients", &form.recipients, rules::TEXT)
}

async fn desk(ctx: &Ctx, incident: &Model, kind: &str) -> Result<Desk> {
    let regime = Regime::get()?;
    let form = regime.form(ctx.param("form")?).ok_or_else(lost)?;
    let kind = match (form.kinds.first(), form.kinds.iter().find(|one| one.id == kind)) {
        (None, _) => String::new(),
        (Some(_), Some(asked)) => asked.id.clone(),
        (Some(first), None) => first.id.clone(),
    };
    let read = ctx.kit.db.read();
    let tree = tree(ctx).await?;
    let clocks = store::clocks(read, incident.id).await?;
    let tasks = store::tasks(read, incident.id).await?;
    let named = |task: super::super::model::task::Model| {
        let unit = tree.name(task.unit).to_owned();
        (task, unit)
    };
    let tasks: Vec<_> = tasks.into_iter().map(named).collect();
    let mut entries = store::entries(read, incident.id, LINES).await?;
    entries.reverse();
    let told: Vec<_> = entries.iter().filter(|entry| told(&entry.kind)).map(|entry| tell_line(ctx, entry)).collect();
    let alerts = crate::alerts::store::of_incident(&ctx.kit.db, incident.id).await?;
    let alerts: Vec<String> = alerts.iter().map(|alert| alert_line(&ctx.kit, Lang::Vi, alert)).collect();
    let system = match incident.system {
        Some(id) => ctx.kit.systems()?.some(vec![id]).await?.into_iter().next(),
        None => None,
    };
    let owner = system.as_ref().map_or(incident.unit, |card| card.unit);
    let operator = system.as_ref().map_or(incident.unit, |card| card.operator);
    let author = author(ctx, incident.unit).await?;
    let source = Source {
        incident,
        clocks: &clocks,
        tasks: &tasks,
        timeline: &told,
        alerts: &alerts,
        author: &author,
        system: system.as_ref(),
        owner: tree.name(owner).to_owned(),
        operator: tree.name(operator).to_owned(),
        now: ctx.now,
    };
    let values = report::values(regime, &source);
    let typed = serde_json::from_value(incident.typed.clone()).unwrap_or_default();
    let to = addressee(regime, form, &kind, &clocks)?;
    Ok(Desk { form, kind, author, values, typed, to })
}

/// What a report tells of the timeline: what people did and machines saw, not the reminders.
fn told(kind: &str) -> bool {
    !matches!(kind, "reminder" | "overdue" | "clock_started" | "clock_moved" | "clock_dropped" | "written" | "report")
}

fn tell_line(ctx: &Ctx, entry: &super::super::model::entry::Model) -> (chrono::DateTime<chrono::Utc>, String) {
    let sentence = timeline::sentence(&ctx.kit, Lang::Vi, entry);
    let parts: Vec<&str> =
        [sentence.as_str(), entry.note.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
    (entry.at, parts.join(": "))
}

/// Who a form goes to: the addressee of the clock that it serves, of this incident first.
fn addressee(regime: &Regime, form: &Form, kind: &str, clocks: &[super::super::model::clock::Model]) -> Result<String> {
    let mut rules = Vec::new();
    for row in clocks {
        rules.push(row.rule()?);
    }
    let serves = |rule: &super::super::regime::ClockRule| rule.form.as_deref() == Some(form.id.as_str());
    let same_kind = |rule: &super::super::regime::ClockRule| rule.form_kind.as_deref().is_none_or(|one| one == kind);
    let own =
        rules.iter().find(|rule| serves(rule) && same_kind(rule)).or_else(|| rules.iter().find(|rule| serves(rule)));
    let any = own.or_else(|| regime.clocks.iter().find(|rule| serves(rule)));
    Ok(any.map(|rule| rule.to.vi.clone()).unwrap_or_default())
}

async fn author(ctx: &Ctx, unit: Id) -> Result<Author> {
    let tree = tree(ctx).await?;
    let record = unit_store::get(&ctx.kit.db, unit).await?;
    let Letterhead { superior, issuer, place } = letterhead(&tree, unit);
    let (contact, reach) = contact(ctx, unit).await?;
    Ok(Author { unit: record.name, short: record.short, issuer, superior, place, contact, reach })
}

/// The unit's focal point: name and post, telephone and e-mail.
async fn contact(ctx: &Ctx, unit: Id) -> Result<(String, String)> {
    let points = store::focal_points(&ctx.kit.db, unit, day_in_vietnam(ctx.now)).await?;
    let of_unit = people::of_units(&ctx.kit.db, &Reach::Units([unit].into())).await?;
    let Some(person) = of_unit.into_iter().find(|person| points.contains(&person.id)) else {
        return Ok((String::new(), String::new()));
    };
    let joined = |parts: [&str; 2]| parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    Ok((joined([&person.name, &person.post]), joined([&person.phone, &person.email])))
}
