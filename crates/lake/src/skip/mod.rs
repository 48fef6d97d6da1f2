//! Where in a file a value can be: a table of bits for each column that people look values up in.
//!
//! A file that stays has its rows in blocks of [`BLOCK`]. A column's table has one row of bits for each *place* that a
//! value's hash can name, and in it one bit for each block: set where some value of the block names the place. Whoever
//! looks for a value reads the rows of its places, a few bytes each, and the bits that are set in all of them are the
//! blocks that may hold it (signature files, bit-sliced: Faloutsos and Christodoulakis, ACM TOIS 1984; BitFunnel,
//! SIGIR 2017). So a search for an address over a month reads neither all its rows nor all of its filters.
//!
//! | column | a block's places |
//! |---|---|
//! | `host`, `user`, `hash`, `domain` | [`TURNS`] of each value |
//! | `src_ip`, `dst_ip` | the same, and those of the first three bytes of IPv4 with their dots |
//! | `raw` | one of each three characters that follow each other |
//!
//! Letters count without case and all that are not ASCII count as one ([`marks::folded`]), so that the tables answer
//! comparisons with and without case.
//!
//! **Stored** between the last row group and the footer, where readers of Parquet that do not know of it pass it
//! over; the footer's key [`KEY`] tells the layout as JSON ([`Skip`]). What is stored of hashes never changes: another
//! way to hash needs another key.

mod ask;
mod build;
mod marks;
mod read;

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::part::Part;
use crate::stage::file_name;

pub(crate) use ask::Question;
pub(crate) use build::Builder;
pub(crate) use read::{Chosen, FOOTER, narrowed};

/// The key of the footer under which the layout stands.
pub(crate) const KEY: &str = "khien.skip.1";
/// Rows of a block: as many as a page of a file has at most.
const BLOCK: usize = 4_096;
/// Places that a hash can name before a table is folded; a power of two.
const PLACES: usize = 1 << 16;
/// Places that each value names.
const TURNS: usize = 3;

/// The tables of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Skip {
    /// The name of the file. Programs that write a file out of another may copy what its footer says.
    file: String,
    /// Rows of a block.
    block: u64,
    /// Rows of the file.
    rows: u64,
    tables: Vec<Table>,
}

/// What a file tells of its tables, once it was asked. Files are the same whether they were asked or not.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked(OnceLock<Option<Skip>>);

impl From<Option<Skip>> for Asked {
    fn from(skip: Option<Skip>) -> Self {
        Self(skip.into())
    }
}

impl PartialEq for Asked {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Asked {}

/// One column's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Table {
    column: String,
    /// Rows of bits: the remainder of a place by this number, a power of two, is its row.
    places: u64,
    /// Where it starts in the file.
    at: u64,
}

impl Skip {
    fn blocks(&self) -> u64 {
        self.rows.div_ceil(self.block)
    }

    /// Bytes of one row of bits.
    fn width(&self) -> u64 {
        self.blocks().div_ceil(8)
    }

    /// The layout as it stands in a file's footer; `None` where it is not of this file or makes no sense.
    fn told(text: &str, part: &Part) -> Option<Self> {
        let skip: Self = serde_json::from_str(text).ok()?;
        let of_it = skip.block > 0 && skip.rows == part.rows && skip.file == file_name(part);
        let within = |table: &Table| {
            let end = table.places.checked_mul(skip.width()).and_then(|bytes| bytes.checked_add(table.at));
            table.places.is_power_of_two() && end.is_some_and(|end| end <= part.size)
        };
        (of_it && skip.tables.iter().all(within)).then_some(skip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_footer_says_of_another_file_is_not_believed() {
        let day = [(crate::columns::DAY.to_owned(), Some("2026-06-10".to_owned()))].into();
        let part = Part::named("day=2026-06-10/a.parquet".into(), 5_000, &day, Some(r#"{"numRecords":9000}"#)).unwrap();
        let table = Table { column: "host".into(), places: 64, at: 4 };
        let skip = Skip { file: "a.parquet".into(), block: 4_096, rows: 9_000, tables: vec![table.clone()] };
        let told = |skip: &Skip| Skip::told(&serde_json::to_string(skip).unwrap(), &part).is_some();
        assert!(told(&skip));
        assert!(!told(&Skip { file: "b.parquet".into(), ..skip.clone() }));
        assert!(!told(&Skip { rows: 9_001, ..skip.clone() }));
        assert!(!told(&Skip { block: 0, ..skip.clone() }));
        for wrong in [Table { places: 63, ..table.clone() }, Table { places: 1 << 63, ..table.clone() }] {
            assert!(!told(&Skip { tables: vec![wrong], ..skip.clone() }));
        }
        for at in [4_937, u64::MAX] {
            assert!(!told(&Skip { tables: vec![Table { at, ..table.clone() }], ..skip.clone() }));
        }
        assert_eq!(Skip::told("{}", &part), None);
    }
}
