//! Notices and reports: what the record says under the keys of `incident-forms.yaml`, and the document of it.
//! Pure: everything that a report needs is handed in.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use khien_base::clock::{day_in_vietnam, vn_date, vn_time};
use khien_base::ports::{Block, Document, SystemCard};

use super::model::{Model, TaskState, clock, task};
use super::regime::{Form, Regime, named};

/// Blank dots where a sentence needs a value that is not there.
const BLANK: &str = "……………";

/// Whose report it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Author {
    /// Name of the unit.
    pub unit: String,
    /// Its short form, for the number.
    pub short: String,
    /// Its name at the head of the document, with the name of its province or commune.
    pub issuer: String,
    /// The unit above it; empty where none is written.
    pub superior: String,
    /// Place of writing ("Bắc Ninh").
    pub place: String,
    /// Name and post of the focal point.
    pub contact: String,
    /// Telephone and e-mail of the focal point.
    pub reach: String,
}

/// Everything that a report may tell.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    /// The incident.
    pub incident: &'a Model,
    /// Its clocks.
    pub clocks: &'a [clock::Model],
    /// Its tasks, with the names of their units.
    pub tasks: &'a [(task::Model, String)],
    /// Its timeline in Vietnamese, oldest first.
    pub timeline: &'a [(DateTime<Utc>, String)],
    /// Titles of its alerts.
    pub alerts: &'a [String],
    /// Whose report it is.
    pub author: &'a Author,
    /// The system, if it is registered.
    pub system: Option<&'a SystemCard>,
    /// Name of the system's owner.
    pub owner: String,
    /// Name of the system's operator.
    pub operator: String,
    /// When it is written.
    pub now: DateTime<Utc>,
}

/// Values by key; a key that the record says nothing about is not in it.
pub type Values = BTreeMap<String, String>;

/// What the record says.
pub fn values(regime: &Regime, source: &Source<'_>) -> Values {
    let mut values = Values::new();
    let mut put = |key: &str, value: String| {
        if !value.trim().is_empty() {
            values.insert(key.to_owned(), value);
        }
    };
    put("now", vn_time(source.now));
    put("unit.name", source.author.unit.clone());
    put("contact.name_post", source.author.contact.clone());
    put("contact.phone_email", source.author.reach.clone());
    put("owner.name", source.owner.clone());
    put("operator.name", source.operator.clone());
    put("owner.name_operator", joined(&[&source.owner, &source.operator]));
    if let Some(system) = source.system {
        put("system.name", system.name.clone());
        let level = level_of(system);
        put("system.level", level.clone());
        put("system.name_level", joined(&[&system.name, &level]));
        put("system.decision", system.approval.clone().unwrap_or_default());
    }
    of_incident(regime, source, &mut put);
    of_work(source, &mut put);
    values
}

fn joined(parts: &[&str]) -> String {
    let mut kept: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    kept.dedup();
    kept.join("; ")
}

fn level_of(system: &SystemCard) -> String {
    match (system.level, &system.approval) {
        (Some(level), Some(_)) => format!("Cấp độ {level}"),
        (Some(level), None) => format!("Cấp độ {level} (đề xuất)"),
        (None, _) => "chưa xác định".to_owned(),
    }
}

fn of_incident(regime: &Regime, source: &Source<'_>, put: &mut impl FnMut(&str, String)) {
    let incident = source.incident;
    let time = |at: Option<DateTime<Utc>>| at.map(vn_time).unwrap_or_default();
    put("incident.code", incident.number.clone());
    put("incident.detected_at", vn_time(incident.detected_at));
    put("incident.violation_detected_at", time(incident.violation_at));
    put("incident.occurred_at", time(incident.occurred_at));
    put("incident.closed_at", time(incident.closed_at));
    if let Some(group) = named(&regime.classes.groups, &incident.category) {
        put("incident.group", format!("{} – {}", group.id, group.name_vi));
    }
    if let Some(level) = regime.level(&incident.level) {
        put("incident.level", format!("{} – {}", level.id, level.name_vi));
    }
    let flags: Vec<&str> = incident
        .flag_names()
        .iter()
        .filter_map(|flag| named(&regime.classes.flags, flag))
        .map(|flag| flag.name_vi.as_str())
        .collect();
    put("incident.flags", flags.join("; "));
    let source_of = if source.alerts.is_empty() { incident.reported_by.clone() } else { alerts_line(source) };
    put("incident.source", source_of);
    put("incident.indicators", source.alerts.join("\n"));
    let told = [incident.description.as_str(), incident.assessment.as_str()];
    put("incident.description", told.join("\n").trim().to_owned());
    put("incident.scope", incident.scope.clone());
    put("incident.impact", incident.impact.clone());
    put("incident.personal_data", incident.personal_data.clone());
    put("incident.cause", incident.cause.clone());
    put("incident.measures", incident.measures.clone());
    put("incident.help_requested", incident.help.clone());
    put("incident.lessons", incident.lessons.clone());
}

fn alerts_line(source: &Source<'_>) -> String {
    let reported = &source.incident.reported_by;
    let by_machine = format!("Cảnh báo của hệ thống giám sát: {}", source.alerts.join("; "));
    if reported.is_empty() { by_machine } else { format!("{reported}; {by_machine}") }
}

fn of_work(source: &Source<'_>, put: &mut impl FnMut(&str, String)) {
    let lines = |wanted: &dyn Fn(TaskState) -> bool| -> String {
        let tasks = source.tasks.iter().filter(|(task, _)| TaskState::from_name(&task.state).is_some_and(wanted));
        let line = |(task, unit): &(task::Model, String)| {
            let when = match (task.done_at, task.due_at) {
                (Some(done), _) => format!(" (xong {})", vn_time(done)),
                (None, Some(due)) => format!(" (hạn {})", vn_time(due)),
                (None, None) => String::new(),
            };
            let note = if task.note.is_empty() { String::new() } else { format!(": {}", task.note) };
            format!("{unit}: {}{when}{note}", task.title)
        };
        tasks.map(line).collect::<Vec<_>>().join("\n")
    };
    put("incident.tasks_done", lines(&|state| state == TaskState::Done));
    put("incident.tasks_open", lines(&TaskState::is_open));
    let told: Vec<String> =
        source.timeline.iter().map(|(at, sentence)| format!("{}: {sentence}", vn_time(*at))).collect();
    put("incident.timeline", told.join("\n"));
    for row in source.clocks {
        if let Some(due) = row.due_at {
            put(&format!("clock.{}.due_at", row.rule_id), vn_time(due));
        }
    }
    // The first thing that was sent is the notice that a report follows.
    let first = source.clocks.iter().filter_map(|row| row.sent_at).min();
    put("incident.notified_on", first.map(|at| vn_date(day_in_vietnam(at))).unwrap_or_default());
}

/// A section of a form with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// Its place in the form.
    pub index: usize,
    /// Heading in Vietnamese.
    pub title_vi: String,
    /// Heading in English.
    pub title_en: String,
    /// Its fields.
    pub fields: Vec<FilledField>,
}

/// A field with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilledField {
    /// Under which name a typed value is kept.
    pub key: String,
    /// Label in Vietnamese.
    pub label_vi: String,
    /// Label in English.
    pub label_en: String,
    /// What it says; empty prints a dotted line.
    pub value: String,
    /// Whether the value was typed into the report and does not come from the record.
    pub typed: bool,
    /// Whether it is a long text.
    pub long: bool,
    /// Whether the form is not complete without it.
    pub required: bool,
}

/// The fields of a kind of a form, filled from the record, else from what was typed.
pub fn fill(form: &Form, kind: &str, values: &Values, typed: &Values) -> Vec<Filled> {
    let sections = form.sections.iter().map(|section| {
        let fields = section.fields.iter().filter(|field| field.stands_in(kind)).map(|field| {
            let key = field.from.first().cloned().unwrap_or_else(|| format!("{}/{}", form.id, field.id));
            let known = field.from.iter().find_map(|key| values.get(key));
            let by_hand = typed.get(&key).filter(|_| known.is_none());
            FilledField {
                value: known.or(by_hand).cloned().unwrap_or_default(),
                typed: known.is_none(),
                key,
                label_vi: field.label_vi.clone(),
                label_en: field.label_en.clone(),
                long: matches!(field.kind.as_str(), "long" | "files"),
                required: field.required,
            }
        });
        (section, fields.collect::<Vec<_>>())
    });
    let full = sections.filter(|(_, fields)| !fields.is_empty()).enumerate();
    full.map(|(index, (section, fields))| Filled {
        index,
        title_vi: section.title_vi.clone(),
        title_en: section.title_en.clone(),
        fields,
    })
    .collect()
}

/// Required fields that say nothing yet.
pub fn missing(sections: &[Filled]) -> impl Iterator<Item = &FilledField> {
    sections.iter().flat_map(|section| &section.fields).filter(|field| field.required && field.value.is_empty())
}

/// What the clerk adds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clerk {
    /// Number and symbol.
    pub number: String,
    /// Day of the document.
    pub date: Option<NaiveDate>,
    /// Authority line ("KT. GIÁM ĐỐC").
    pub authority: String,
    /// Post of the signer.
    pub post: String,
    /// Name of the signer.
    pub signer: String,
    /// To whom.
    pub to: String,
    /// Nơi nhận; empty takes the form's own.
    pub recipients: Vec<String>,
}

/// The document of a filled form.
pub fn document(
    form: &Form,
    kind: &str,
    values: &Values,
    sections: &[Filled],
    author: &Author,
    clerk: Clerk,
) -> Document {
    let mut known = values.clone();
    known.insert("addressee.name".into(), clerk.to.clone());
    if let Some(kind) = form.kinds.iter().find(|one| one.id == kind) {
        known.insert("form.kind".into(), kind.vi.clone());
    }
    let say = |template: &str| placed(template, &known);
    let frame = &form.document;
    let mut body: Vec<Block> = Vec::new();
    let paragraph = |text: String| Block::Paragraph { text };
    body.extend(frame.opening_vi.as_deref().map(|text| paragraph(say(text))));
    for section in sections {
        body.push(Block::Heading { level: 2, text: format!("{}. {}", section.index + 1, section.title_vi) });
        for field in &section.fields {
            body.extend(blocks(field));
        }
    }
    body.extend(form.pending_vi.as_deref().map(|note| paragraph(format!("Ghi chú: {note}."))));
    body.extend(frame.closing_vi.as_deref().map(|text| paragraph(say(text))));
    let recipients = if clerk.recipients.is_empty() {
        frame.recipients_vi.iter().map(|line| say(line)).collect()
    } else {
        clerk.recipients
    };
    Document {
        superior: author.superior.to_uppercase(),
        issuer: author.issuer.to_uppercase(),
        number: clerk.number,
        place: author.place.clone(),
        date: clerk.date,
        kind: frame.kind.clone(),
        subject: say(&frame.subject_vi),
        to: if clerk.to.is_empty() { Vec::new() } else { vec![clerk.to] },
        bases: Vec::new(),
        body,
        recipients,
        authority: clerk.authority,
        post: clerk.post,
        signer: clerk.signer,
        appendixes: Vec::new(),
    }
}

/// A value of one line stands beside its label; several lines stand under it.
fn blocks(field: &FilledField) -> Vec<Block> {
    let lines: Vec<&str> = field.value.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.len() < 2 {
        return vec![Block::Field { label: field.label_vi.clone(), value: field.value.trim().to_owned() }];
    }
    let label = Block::Paragraph { text: format!("{}:", field.label_vi) };
    let under = lines.into_iter().map(|line| Block::Paragraph { text: format!("- {line}") });
    std::iter::once(label).chain(under).collect()
}

/// A sentence with its `{key}` places filled; a place without a value is left as blank dots.
fn placed(template: &str, values: &Values) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}') {
            Some((key, tail)) => {
                out.push_str(values.get(key).filter(|value| !value.is_empty()).map_or(BLANK, String::as_str));
                rest = tail;
            }
            None => rest = after,
        }
    }
    out.push_str(rest);
    out
}

/// The symbol behind the number: `/TB-SYT` for a notice, `/BC-SYT` for a report (NĐ 30/2020, Phụ lục I, mục II.3).
pub fn symbol(form: &Form, short: &str) -> String {
    let initials = if form.document.kind.starts_with("THÔNG BÁO") { "TB" } else { "BC" };
    if short.is_empty() { format!("/{initials}") } else { format!("/{initials}-{short}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_filled_and_blanks_are_left_for_the_hand() {
        let values = Values::from([("unit.name".to_owned(), "Sở Y tế".to_owned())]);
        assert_eq!(placed("{unit.name} báo cáo {x}.", &values), format!("Sở Y tế báo cáo {BLANK}."));
        assert_eq!(placed("một { hai", &values), "một  hai");
    }

    #[test]
    fn long_values_stand_under_their_label_and_empty_ones_are_dotted() {
        let field = |value: &str| FilledField {
            key: "k".into(),
            label_vi: "Nguyên nhân".into(),
            label_en: "Cause".into(),
            value: value.into(),
            typed: false,
            long: true,
            required: true,
        };
        assert_eq!(blocks(&field("")), [Block::Field { label: "Nguyên nhân".into(), value: String::new() }]);
        assert_eq!(blocks(&field("một\n\nhai")).len(), 3);
    }

    #[test]
    fn kinds_of_a_report_have_their_own_fields() {
        let form = Regime::get().unwrap().form("BM-SC-03").unwrap();
        let has = |kind: &str, key: &str| {
            fill(form, kind, &Values::new(), &Values::new())
                .iter()
                .any(|section| section.fields.iter().any(|field| field.key == key))
        };
        assert!(has("closing", "incident.lessons") && !has("72h", "incident.lessons"));
        assert!(has("72h", "incident.tasks_open") && !has("closing", "incident.tasks_open"));
    }
}
