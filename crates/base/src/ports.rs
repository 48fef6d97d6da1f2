//! What the domain needs of the heavy leaves, said as traits; `app` plugs the implementations in.

use chrono::{DateTime, NaiveDate, Utc};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::filter::Name;
use crate::{Event, Filter, Id, Reach, Result};

/// A search of stored events. All conditions must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Whose events may be found; applied by the store itself, always.
    pub reach: Reach,
    /// Not before this moment.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub to: Option<DateTime<Utc>>,
    /// What must hold of an event.
    pub filter: Filter,
    /// Only events of this log source.
    pub source: Option<Id>,
    /// Only events of this information system.
    pub system: Option<Id>,
    /// How many rows to pass over, newest first.
    pub offset: usize,
    /// How many rows to give, at most 1,000.
    pub limit: usize,
}

impl Search {
    /// Everything within a reach, without rows: the start of any other search (`Search { from, ..Search::within(reach) }`).
    pub fn within(reach: Reach) -> Self {
        Self { reach, from: None, to: None, filter: Filter::default(), source: None, system: None, offset: 0, limit: 0 }
    }
}

/// The values of a column or field that come most often among the events of a search.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Values {
    /// Values and in how many events they are, most often first; the first value counts where a field holds a list.
    pub rows: Vec<(String, u64)>,
    /// Events that have any value.
    pub having: u64,
    /// Events in all.
    pub total: u64,
}

/// A file of events that is being written.
pub trait EventFile: Send {
    /// Adds events. Blocking work: call it off the async threads.
    fn write(&mut self, events: Vec<Event>) -> Result<()>;
    /// Completes the file.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// A page of found events, newest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Found {
    /// The events.
    pub events: Vec<Event>,
    /// How many there are in all.
    pub total: u64,
}

/// Rows that an SQL statement gave.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Rows {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// One object per row.
    pub rows: Vec<Map<String, Value>>,
    /// Whether the limit cut rows off.
    pub truncated: bool,
}

/// Number of events in one slice of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bucket {
    /// Start of the slice.
    pub at: DateTime<Utc>,
    /// Events in it.
    pub count: u64,
}

/// What the store holds, for the page of its health.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Holdings {
    /// Events in all.
    pub events: u64,
    /// Bytes of data files.
    pub bytes: u64,
    /// Data files.
    pub files: u64,
    /// The oldest day that is held.
    pub oldest: Option<NaiveDate>,
    /// Events that are kept and found, and not yet in the table.
    pub waiting: u64,
    /// Bytes of the local disk that they take.
    pub waiting_bytes: u64,
    /// Free bytes of the local disk.
    pub free_bytes: u64,
    /// Whether events are being refused for want of room.
    pub full: bool,
}

/// Events of one system on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The day of the events' time, UTC.
    pub day: NaiveDate,
    /// The unit that owned the system when the events came.
    pub unit: Id,
    /// The information system.
    pub system: Id,
    /// Events.
    pub events: u64,
    /// The part of the day's files that they take, by their number.
    pub bytes: u64,
}

/// How the files of a day stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayFiles {
    /// The day, UTC.
    pub day: NaiveDate,
    /// Data files.
    pub files: u64,
    /// Files that wait to be merged with others.
    pub small: u64,
    /// Bytes of them all.
    pub bytes: u64,
    /// Events.
    pub events: u64,
}

/// Events that stay whatever their age: those of a system in a span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The information system; none holds all systems.
    pub system: Option<Id>,
    /// From this moment on; none is the beginning.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment; none is the end.
    pub to: Option<DateTime<Utc>>,
}

/// Events at rest.
pub trait EventStore: Send + Sync {
    /// Stores a batch; when it returns, the batch survives a crash of the process.
    fn append(&self, batch: Vec<Event>) -> BoxFuture<'_, Result<()>>;
    /// Finds events.
    fn search(&self, query: Search) -> BoxFuture<'_, Result<Found>>;
    /// The newest events of a search, at most `rows` (100,000), in pages of at most 1,000, newest first: what a file
    /// takes away. The conditions are looked at once, whatever the number of pages, and one page is in memory at a
    /// time. Offset and limit of the search do not count.
    fn newest(&self, query: Search, rows: usize) -> BoxStream<'_, Result<Vec<Event>>>;
    /// All events of a search in batches, the newer days first but in no order within: what a hunt or a large file reads.
    /// No limit of time holds, a few batches are in memory at once, and a stream that is dropped ends the work. Offset
    /// and limit of the search do not count.
    fn each(&self, query: Search) -> BoxStream<'_, Result<Vec<Event>>>;
    /// The values of a column or field that come most often, at most `most` (1,000).
    fn values(&self, query: Search, of: Name, most: usize) -> BoxFuture<'_, Result<Values>>;
    /// A Parquet file with the columns of the table, written to `to`.
    fn parquet(&self, to: std::fs::File) -> Result<Box<dyn EventFile>>;
    /// Identities of the events of a source that were received since a moment, newest first, at most `most` (200,000).
    fn received(&self, source: Id, since: DateTime<Utc>, most: usize) -> BoxFuture<'_, Result<Vec<Id>>>;
    /// One event by its identity and time, if it is within reach.
    fn event(&self, id: Id, reach: Reach) -> BoxFuture<'_, Result<Option<Event>>>;
    /// Counts events in at most `slices` equal slices of the search's time span.
    fn histogram(&self, query: Search, slices: usize) -> BoxFuture<'_, Result<Vec<Bucket>>>;
    /// Runs one read-only SQL statement over the table `events`, limited to `reach` and to `limit` rows.
    fn sql(&self, statement: String, reach: Reach, limit: usize) -> BoxFuture<'_, Result<Rows>>;
    /// What is held.
    fn holdings(&self) -> BoxFuture<'_, Result<Holdings>>;
    /// How the files of each day stand, oldest first.
    fn days(&self) -> BoxFuture<'_, Result<Vec<DayFiles>>>;
    /// Events by day and system, oldest day first.
    fn shares(&self) -> BoxFuture<'_, Result<Vec<Share>>>;
    /// Deletes the events of a day that are of these systems and not held; says how many of each system are gone. All
    /// of them or none: a crash in between deletes nothing.
    fn forget(&self, day: NaiveDate, systems: Vec<Id>, holds: Vec<Held>) -> BoxFuture<'_, Result<Vec<(Id, u64)>>>;
    /// How many events of each of these systems [`EventStore::forget`] would delete.
    fn forgettable(&self, day: NaiveDate, systems: Vec<Id>, holds: Vec<Held>) -> BoxFuture<'_, Result<Vec<(Id, u64)>>>;
    /// Merges small files and removes the ones no longer named, in the background of everything else.
    fn tidy(&self) -> BoxFuture<'_, Result<()>>;
}

/// A kind of printed page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Office Open XML, to be edited and signed.
    Docx,
    /// To be read and printed.
    Pdf,
}

/// An administrative document in the form of NĐ 30/2020/NĐ-CP, Phụ lục I: what it says, not how it looks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Document {
    /// The superior body ("ỦY BAN NHÂN DÂN TỈNH BẮC NINH"); empty when there is none.
    pub superior: String,
    /// The issuing body ("CÔNG AN TỈNH").
    pub issuer: String,
    /// Number and symbol without the word "Số" ("05/BC-CAT"); the number may be left blank for the clerk.
    pub number: String,
    /// Place ("Bắc Ninh").
    pub place: String,
    /// Day of the document.
    pub date: Option<NaiveDate>,
    /// Kind in capitals ("BÁO CÁO").
    pub kind: String,
    /// Trích yếu under the kind ("Ban đầu về sự cố an ninh mạng").
    pub subject: String,
    /// To whom ("Kính gửi: …"); empty when the kind has none.
    pub to: Vec<String>,
    /// Căn cứ, each without its closing sign.
    pub bases: Vec<String>,
    /// The body, top to bottom.
    pub body: Vec<Block>,
    /// Nơi nhận, each without sign; "Lưu: VT" is written by the caller.
    pub recipients: Vec<String>,
    /// Authority line over the signature ("KT. GIÁM ĐỐC"); may be empty.
    pub authority: String,
    /// Post of the signer ("PHÓ GIÁM ĐỐC").
    pub post: String,
    /// Name of the signer; empty is left blank.
    pub signer: String,
    /// Appendixes, each starting on its own page.
    pub appendixes: Vec<Appendix>,
}

/// A part of a document's body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "block")]
pub enum Block {
    /// A heading: level 1 is "I. …" in capitals and bold, level 2 "1. …" in bold, level 3 "a) …".
    Heading {
        /// 1 to 3.
        level: u8,
        /// With its number.
        text: String,
    },
    /// A paragraph.
    Paragraph {
        /// Plain text.
        text: String,
    },
    /// "label: value", the value may be blank dots for handwriting.
    Field {
        /// What it is.
        label: String,
        /// What it says; empty prints a dotted line.
        value: String,
    },
    /// A table with a heading row that repeats on each page.
    Table {
        /// Headings.
        columns: Vec<Column>,
        /// Cells, as many as columns; a row with one cell spans the table as a group heading.
        rows: Vec<Vec<String>>,
    },
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Heading.
    pub title: String,
    /// Relative width; all together make the page.
    pub width: u16,
    /// Whether cells are numbers, set to the right.
    pub number: bool,
}

/// "Phụ lục": its own page, title in capitals.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Appendix {
    /// Title under "PHỤ LỤC".
    pub title: String,
    /// "(Kèm theo …)".
    pub attached_to: String,
    /// Its body.
    pub body: Vec<Block>,
}

/// Makes files out of documents.
pub trait Printer: Send + Sync {
    /// The file of a document. Blocking work of up to a second: call it off the async threads.
    fn print(&self, document: &Document, format: Format) -> Result<Vec<u8>>;
}

/// A list to be taken away: plain text in rows and columns.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sheet {
    /// What the list is; the worksheet's name.
    pub title: String,
    /// Headings.
    pub columns: Vec<String>,
    /// Cells, as many as columns.
    pub rows: Vec<Vec<String>>,
}

/// Makes files out of lists. What is in a cell is never run as a formula.
pub trait Sheets: Send + Sync {
    /// CSV in UTF-8 with a byte order mark.
    fn csv(&self, sheet: &Sheet) -> Result<Vec<u8>>;
    /// An XLSX workbook with one worksheet.
    fn xlsx(&self, sheet: &Sheet) -> Result<Vec<u8>>;
}

/// What other modules may know of an information system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SystemCard {
    /// Identity.
    pub id: Id,
    /// Name.
    pub name: String,
    /// The unit that owns it (chủ quản): whose record it is.
    pub unit: Id,
    /// The unit that runs it (đơn vị vận hành).
    pub operator: Id,
    /// Security level 1–5, once proposed.
    pub level: Option<u8>,
    /// Whether the level was approved, and by which decision.
    pub approval: Option<String>,
}

/// The register of information systems, as other modules see it.
pub trait Systems: Send + Sync {
    /// Systems of these identities; unknown ones are left out.
    fn some(&self, ids: Vec<Id>) -> BoxFuture<'_, Result<Vec<SystemCard>>>;
    /// Systems of the units within reach, by name, at most 1,000.
    fn within(&self, reach: Reach) -> BoxFuture<'_, Result<Vec<SystemCard>>>;
}

/// Central monitoring, as other modules see it.
pub trait Watch: Send + Sync {
    /// Systems that at least one live log source reports on at this moment.
    fn connected(&self, now: DateTime<Utc>) -> BoxFuture<'_, Result<std::collections::HashSet<Id>>>;
}

/// Whose records come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whose {
    /// The log source.
    pub source: Id,
    /// Its information system.
    pub system: Id,
    /// The unit that owns the system.
    pub unit: Id,
}

/// The way of log records into the centre.
pub trait Intake: Send + Sync {
    /// Stamps, matches and stores a batch. When it returns, the events survive a crash and their alerts are recorded.
    /// Waits while too much is under way; the caller passes the wait on to its own client.
    fn take(&self, whose: Whose, records: Vec<crate::Record>) -> BoxFuture<'_, Result<usize>>;
    /// Keys of what a source brought in the last hour, whichever process took it, oldest first, at most `most` (200,000).
    /// Records without a key have one here too, which no other record will have.
    fn keys(&self, source: Id, most: usize) -> BoxFuture<'_, Result<Vec<u64>>>;
}
