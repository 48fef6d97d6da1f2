//! What a plan says, in types.
//!
//! Everything keeps its [`Origin`], so that a reviewer sees each value beside the sentence it came from.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Where in the document something was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Index of the paragraph or table row in [`Reading::blocks`].
    pub block: usize,
    /// The sentence itself, as written.
    pub sentence: String,
    /// The headings above it, outermost first ("II. MỤC TIÊU", "2. Mục tiêu đến năm 2030", "c)").
    pub headings: Vec<String>,
}

/// How a target's value compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparator {
    /// "ít nhất", "tối thiểu", "từ … trở lên"
    AtLeast,
    /// "trên", "hơn"
    MoreThan,
    /// "tối đa", "không quá"
    AtMost,
    /// "dưới"
    LessThan,
    /// "100 %", "đạt 90 %", a bare number
    Equal,
    /// "50 - 100"
    Between,
    /// No number: "tăng tỷ lệ", "phần lớn"; a person must set one.
    Qualitative,
}

/// When something is due. Days are in Vietnam; ranges include both ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Due {
    /// "Thường xuyên"
    Standing,
    /// "Hằng năm", "định kỳ 6 tháng", "hằng quý", "hằng tháng"
    Recurring {
        /// How often.
        every: Every,
    },
    /// "2026 - 2027", "giai đoạn 2026 - 2030": work goes on from … to ….
    Window {
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
    },
    /// "Quý I/2026", "trong tháng 4/2026", "năm 2026", "đến năm 2030", "trước ngày 20/5/2026": done by this day at
    /// the latest. "trước năm 2028" and "trước ngày X" mean the day before; "đến năm 2030" means 31/12/2030.
    By {
        /// Last day on which it is in time.
        date: NaiveDate,
    },
    /// "năm 2026 và duy trì các năm tiếp theo": reached by a day, then held each year.
    ReachThenMaintain {
        /// Last day for reaching it.
        date: NaiveDate,
    },
}

/// A period that comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// "hằng tháng"
    Month,
    /// "hằng quý"
    Quarter,
    /// "6 tháng"
    HalfYear,
    /// "hằng năm"
    Year,
}

/// A number that the plan wants to reach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Where it was read.
    pub origin: Origin,
    /// What is measured, the sentence without its number ("chuyên gia an ninh mạng chuyên sâu").
    pub measure: String,
    /// How the value compares.
    pub comparator: Comparator,
    /// No value when qualitative, two when between, one otherwise.
    pub values: Vec<f64>,
    /// "%", "chuyên gia", "cuộc", "lần"…; empty when qualitative.
    pub unit: String,
    /// Per what period the value counts ("02 cuộc … mỗi năm"), when it does.
    pub per: Option<Every>,
    /// When it must be reached.
    pub due: Option<Due>,
    /// Who answers for it, when the document says so.
    pub lead: Vec<Agency>,
}

/// A named agency, or a named group of agencies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agency {
    /// As written ("Các cơ quan, đơn vị liên quan").
    pub name: String,
    /// Whether the name means a group, not one agency ("các sở, ban, ngành").
    pub collective: bool,
}

/// A piece of work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Where it was read.
    pub origin: Origin,
    /// The section that it stands under ("II. Tổ chức lực lượng an ninh mạng").
    pub group: String,
    /// Its number or letter as written ("1", "a", "-"); empty when it has none.
    pub number: String,
    /// What is to be done, as written, without the agencies and the time.
    pub text: String,
    /// "chủ trì"; several are joint leads.
    pub lead: Vec<Agency>,
    /// "phối hợp"
    pub coordinate: Vec<Agency>,
    /// When.
    pub due: Option<Due>,
    /// The time as written ("Quý IV/2026"), empty when the document gives none.
    pub due_text: String,
}

/// A duty to report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obligation {
    /// Where it was read.
    pub origin: Origin,
    /// What is reported ("kết quả thực hiện").
    pub subject: String,
    /// Who reports.
    pub from: Vec<Agency>,
    /// To whom; through whom stands in `via`.
    pub to: Vec<Agency>,
    /// "qua Công an tỉnh"
    pub via: Vec<Agency>,
    /// How often; `None` for on demand ("đột xuất") and for events ("trong vòng 24 giờ").
    pub every: Option<Every>,
    /// The days of each year before which it is owed, as written ("trước ngày 10/6" is day 10, month 6).
    pub due: Vec<DayOfYear>,
    /// Whether it is also owed on demand ("đột xuất", "khi có yêu cầu").
    pub on_demand: bool,
    /// Hours from an event ("chậm nhất 24 giờ kể từ khi phát hiện sự cố").
    pub within_hours: Option<u32>,
}

/// A day that comes each year, as documents write deadlines of reports ("trước ngày 10/6").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayOfYear {
    /// 1–31.
    pub day: u32,
    /// 1–12.
    pub month: u32,
}

/// Something a reviewer should look at; never a reason to refuse the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "warning")]
pub enum Warning {
    /// A deadline before the document's own date.
    DueBeforeIssue {
        /// Where.
        origin: Origin,
        /// The deadline.
        due: NaiveDate,
        /// The document's date (the first day of the month when it gives only the month).
        issued: NaiveDate,
    },
    /// Two places give different numbers for the same thing.
    Contradiction {
        /// One place.
        first: Origin,
        /// The other.
        second: Origin,
        /// What they both speak of ("cuộc diễn tập").
        subject: String,
        /// The number in the first.
        first_value: String,
        /// The number in the second.
        second_value: String,
    },
    /// A task without any agency to lead it.
    NoLead {
        /// Where.
        origin: Origin,
    },
    /// A target without a number.
    NoNumber {
        /// Where.
        origin: Origin,
    },
    /// The document does not give its number or day (drafts leave them blank).
    Undated,
}

/// What kind of document it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// "355/KH-UBND" as written; empty parts stay ("/KH-UBND").
    pub number: String,
    /// "Kế hoạch", "Chương trình hành động"…
    pub kind: String,
    /// The trích yếu.
    pub title: String,
    /// Who issued it, when the document names them.
    pub issuer: String,
    /// "Bắc Ninh"
    pub place: String,
    /// The day, when it is whole.
    pub issued: Option<NaiveDate>,
    /// The year and month, when at least they are given ("ngày tháng 5 năm 2026" gives 2026, 5).
    pub issued_month: Option<(i32, u32)>,
    /// Who signed.
    pub signer: String,
}

/// A paragraph or a table row of the document, as shown to the reviewer on the left of the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Its text; cells of a row are parted by tabs.
    pub text: String,
    /// Whether it is a table row.
    pub row: bool,
    /// Depth of its heading: 0 for none, 1 for "I.", 2 for "1.", 3 for "a)".
    pub level: u8,
}

/// A document, read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Number, day, title.
    pub heading: Heading,
    /// The whole text, block by block.
    pub blocks: Vec<Block>,
    /// Targets, in the order of the document.
    pub targets: Vec<Target>,
    /// Tasks, in the order of the document.
    pub tasks: Vec<Task>,
    /// Reporting duties.
    pub obligations: Vec<Obligation>,
    /// What to look at.
    pub warnings: Vec<Warning>,
}
