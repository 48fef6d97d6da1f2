//! Taking a document in: what Khiên read becomes rows for a reviewer, with proposals for agencies and measures.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use khien_base::clock::day_in_vietnam;
use khien_base::key::{key, nfc};
use khien_base::{Fault, Id, Ids, Result};
use khien_planread::model::{Agency, Comparator, Obligation, Origin, Reading, Target, Task};
use khien_web::Kit;
use sea_orm::ConnectionTrait;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::hints::Hints;
use super::mapping::{self, Bodies, Groups, Meaning};
use super::model::agency::{self, party};
use super::model::{COORDINATE, DueColumns, FROM, LEAD, State, TO, VIA, duty, every_name, plan, target, task};
use super::store::{agencies, items, plans};

/// Who does something: a person, or the program itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Who {
    /// The person.
    pub id: Option<Id>,
    /// The name, as it is now.
    pub name: String,
}

/// A document as it comes in.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Whose plan it is.
    pub unit: Id,
    /// Which plan it carries out.
    pub parent: Option<Id>,
    /// The file's name.
    pub file_name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Who takes it in.
    pub author: Who,
}

/// A document as rows.
#[derive(Debug)]
pub struct Rows {
    /// The plan.
    pub plan: plan::Model,
    bytes: Vec<u8>,
    targets: Vec<target::Model>,
    tasks: Vec<task::Model>,
    duties: Vec<duty::Model>,
    named: Vec<agency::Model>,
    parties: Vec<party::Model>,
}

impl Rows {
    /// How much was read: `(targets, tasks, duties)`.
    pub fn counts(&self) -> (usize, usize, usize) {
        (self.targets.len(), self.tasks.len(), self.duties.len())
    }
}

/// Reads a document (off the async threads: a long one takes a while) and makes rows of it.
///
/// Faults: those of [`khien_planread::read`].
pub async fn read(kit: &Kit, now: DateTime<Utc>, incoming: Incoming) -> Result<Rows> {
    let (bytes, name) = (incoming.bytes.clone(), incoming.file_name.clone());
    let reading = tokio::task::spawn_blocking(move || khien_planread::read(&bytes, &name)).await;
    let reading = reading.map_err(Fault::internal)??;
    let tree = khien_directory::gate::of(kit)?.tree(kit.now()).await?;
    let bodies = agencies::bodies(&kit.db, &tree, day_in_vietnam(now)).await?;
    rows(kit, now, incoming, reading, &bodies)
}

/// Keeps the rows of a document.
pub async fn keep<C: ConnectionTrait>(conn: &C, rows: Rows) -> Result<()> {
    plans::keep_file(conn, &rows.plan.file_sha256, rows.bytes).await?;
    plans::insert(conn, rows.plan).await?;
    items::insert_all::<_, target::Entity>(conn, rows.targets).await?;
    items::insert_all::<_, task::Entity>(conn, rows.tasks).await?;
    items::insert_all::<_, duty::Entity>(conn, rows.duties).await?;
    items::insert_all::<_, agency::Entity>(conn, rows.named).await?;
    items::insert_all::<_, party::Entity>(conn, rows.parties).await
}

fn rows(kit: &Kit, now: DateTime<Utc>, incoming: Incoming, reading: Reading, bodies: &Bodies) -> Result<Rows> {
    let ids = &kit.ids;
    let plan = heading(ids.next(now), now, &incoming, &reading)?;
    let mut names = Names::new(ids, now, plan.id, plan.unit, bodies)?;
    let (mut targets, mut tasks, mut duties) = (Vec::new(), Vec::new(), Vec::new());
    for (position, read) in reading.targets.into_iter().enumerate() {
        let id = ids.next(now);
        names.place(id, LEAD, &read.lead);
        targets.push(target_row(kit, id, plan.id, count(position), read)?);
    }
    for (position, read) in reading.tasks.into_iter().enumerate() {
        let id = ids.next(now);
        names.place(id, LEAD, &read.lead);
        names.place(id, COORDINATE, &read.coordinate);
        tasks.push(task_row(id, plan.id, count(position), read));
    }
    for (position, read) in reading.obligations.into_iter().enumerate() {
        let id = ids.next(now);
        names.place(id, FROM, &read.from);
        names.place(id, TO, &read.to);
        names.place(id, VIA, &read.via);
        duties.push(duty_row(id, plan.id, count(position), read)?);
    }
    let (named, parties) = names.done();
    Ok(Rows { plan, bytes: incoming.bytes, targets, tasks, duties, named, parties })
}

fn heading(id: Id, now: DateTime<Utc>, incoming: &Incoming, reading: &Reading) -> Result<plan::Model> {
    let read = &reading.heading;
    let title = if read.title.is_empty() { nfc(&incoming.file_name) } else { read.title.clone() };
    Ok(plan::Model {
        id,
        unit: incoming.unit,
        parent: incoming.parent,
        state: State::Draft.name().to_owned(),
        search_key: key(&format!("{title} {}", read.number)),
        title,
        number: read.number.clone(),
        kind: read.kind.clone(),
        issuer: read.issuer.clone(),
        signer: read.signer.clone(),
        place: read.place.clone(),
        issued: read.issued,
        file_name: nfc(&incoming.file_name),
        file_sha256: hex::encode(Sha256::digest(&incoming.bytes)),
        file_size: i64::try_from(incoming.bytes.len()).unwrap_or(i64::MAX),
        blocks: serde_json::to_value(&reading.blocks).map_err(Fault::internal)?,
        warnings: serde_json::to_value(&reading.warnings).map_err(Fault::internal)?,
        author: incoming.author.id,
        author_name: incoming.author.name.clone(),
        submitted_at: None,
        approver: None,
        approver_name: String::new(),
        live_from: None,
        note: String::new(),
        created_at: now,
        updated_at: now,
    })
}

fn count(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// The name of a comparator as it is stored.
pub fn comparator_name(comparator: Comparator) -> &'static str {
    match comparator {
        Comparator::AtLeast => "at_least",
        Comparator::MoreThan => "more_than",
        Comparator::AtMost => "at_most",
        Comparator::LessThan => "less_than",
        Comparator::Equal => "equal",
        Comparator::Between => "between",
        Comparator::Qualitative => "qualitative",
    }
}

fn target_row(kit: &Kit, id: Id, plan: Id, position: i32, read: Target) -> Result<target::Model> {
    let due = DueColumns::of(read.due.as_ref());
    let has = |id: &str| kit.measures().any(|measure| measure.id == id);
    let binding = Hints::shipped()?.propose(&read.origin.sentence, &read.unit, has);
    let (block, sentence, headings) = origin(read.origin);
    Ok(target::Model {
        id,
        plan,
        position,
        version: 1,
        measure: read.measure,
        comparator: comparator_name(read.comparator).to_owned(),
        low: read.values.first().copied(),
        high: read.values.get(1).copied(),
        unit: read.unit,
        per: read.per.map(|every| every_name(every).to_owned()),
        due_kind: due.kind,
        due_from: due.from,
        due_to: due.to,
        due_every: due.every,
        binding: binding.map(str::to_owned),
        binding_confirmed: false,
        block,
        sentence,
        headings,
    })
}

fn task_row(id: Id, plan: Id, position: i32, read: Task) -> task::Model {
    let due = DueColumns::of(read.due.as_ref());
    let (block, sentence, headings) = origin(read.origin);
    task::Model {
        id,
        plan,
        position,
        version: 1,
        group_name: read.group,
        number: read.number,
        search_key: key(&read.text),
        text: read.text,
        due_kind: due.kind,
        due_from: due.from,
        due_to: due.to,
        due_every: due.every,
        due_text: read.due_text,
        block,
        sentence,
        headings,
    }
}

fn duty_row(id: Id, plan: Id, position: i32, read: Obligation) -> Result<duty::Model> {
    let (block, sentence, headings) = origin(read.origin);
    Ok(duty::Model {
        id,
        plan,
        position,
        version: 1,
        subject: read.subject,
        every: read.every.map(|every| every_name(every).to_owned()),
        days: serde_json::to_value(&read.due).map_err(Fault::internal)?,
        on_demand: read.on_demand,
        within_hours: read.within_hours.map(i64::from),
        block,
        sentence,
        headings,
    })
}

fn origin(origin: Origin) -> (i32, String, serde_json::Value) {
    (count(origin.block), origin.sentence, json!(origin.headings))
}

/// The agencies of a plan as they are met, each once, each with a proposal of what it means.
pub struct Names<'a> {
    ids: &'a Ids,
    now: DateTime<Utc>,
    plan: Id,
    issuer: Id,
    bodies: &'a Bodies,
    groups: &'static Groups,
    known: HashMap<String, Id>,
    new: Vec<agency::Model>,
    parties: Vec<party::Model>,
}

impl<'a> Names<'a> {
    /// No names yet.
    pub fn new(ids: &'a Ids, now: DateTime<Utc>, plan: Id, issuer: Id, bodies: &'a Bodies) -> Result<Self> {
        let groups = Groups::shipped()?;
        let (known, new, parties) = (HashMap::new(), Vec::new(), Vec::new());
        Ok(Self { ids, now, plan, issuer, bodies, groups, known, new, parties })
    }

    /// These names are known already.
    #[must_use]
    pub fn knowing(mut self, agencies: &[agency::Model]) -> Self {
        self.known.extend(agencies.iter().map(|agency| (agency.search_key.clone(), agency.id)));
        self
    }

    /// The names in one role of a target, task or duty.
    pub fn place(&mut self, subject: Id, role: &str, agencies: &[Agency]) {
        for (position, named) in agencies.iter().enumerate() {
            let search_key = key(&named.name);
            if search_key.is_empty() {
                continue;
            }
            let agency = match self.known.get(&search_key) {
                Some(id) => *id,
                None => self.meet(named, search_key),
            };
            let id = self.ids.next(self.now);
            let (plan, role, position) = (self.plan, role.to_owned(), count(position));
            self.parties.push(party::Model { id, plan, subject, role, position, agency });
        }
    }

    fn meet(&mut self, named: &Agency, search_key: String) -> Id {
        let id = self.ids.next(self.now);
        let meaning = mapping::propose(&named.name, self.issuer, self.bodies, self.groups);
        let (units, group_key) = match &meaning {
            Meaning::Units { units, .. } => (json!(units), None),
            Meaning::Group(key) | Meaning::Outside(key) => (json!([]), Some(key.clone())),
            Meaning::Unknown => (json!([]), None),
        };
        self.known.insert(search_key.clone(), id);
        self.new.push(agency::Model {
            id,
            plan: self.plan,
            name: named.name.clone(),
            search_key,
            collective: named.collective,
            means: meaning.name().to_owned(),
            group_key,
            units,
            // An exact name needs no second look; a likeness does.
            confirmed: matches!(meaning, Meaning::Units { sure: true, .. } | Meaning::Outside(_)),
            version: 1,
        });
        id
    }

    /// Agencies that were new, and where all were named.
    pub fn done(self) -> (Vec<agency::Model>, Vec<party::Model>) {
        (self.new, self.parties)
    }
}
