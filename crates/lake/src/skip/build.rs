//! The tables of a file that is being written.

use datafusion::arrow::array::RecordBatch;

use super::{BLOCK, PLACES, Skip, Table, marks};
use crate::columns::{BLOOMED, RAW, texts};

/// How full a table may be before it is given more places, in percent of its bits.
const FULL: usize = 33;
/// How full it may be with all places; a fuller one says too little to be stored.
const USELESS: usize = 75;
/// Places of the smallest table.
const FEWEST: usize = 64;
/// Places that one word of bits has.
const WORD: usize = 64;

/// What is marked of a column's texts.
#[derive(Debug, Clone, Copy)]
enum Marked {
    Values,
    Addresses,
    Threes,
}

/// What a block may hold: one bit for each place.
type Bits = [u64; PLACES / WORD];

#[derive(Debug)]
struct Column {
    name: &'static str,
    marked: Marked,
    blocks: Vec<Box<Bits>>,
}

/// Gathers what each block may hold: 8 KiB for each block and column.
#[derive(Debug)]
pub(crate) struct Builder {
    rows: usize,
    columns: Vec<Column>,
}

fn set(bits: &mut Bits, place: u16) {
    if let Some(word) = bits.get_mut(usize::from(place) / WORD) {
        *word |= 1 << (usize::from(place) % WORD);
    }
}

impl Builder {
    pub(crate) fn new() -> Self {
        let values = BLOOMED.into_iter().map(|name| {
            let address = ["src_ip", "dst_ip"].contains(&name);
            (name, if address { Marked::Addresses } else { Marked::Values })
        });
        let columns = values.chain([(RAW, Marked::Threes)]);
        let columns = columns.map(|(name, marked)| Column { name, marked, blocks: Vec::new() }).collect();
        Self { rows: 0, columns }
    }

    /// Marks the next rows.
    pub(crate) fn push(&mut self, batch: &RecordBatch) {
        let rows = self.rows..self.rows + batch.num_rows();
        for column in &mut self.columns {
            column.blocks.resize_with(rows.end.div_ceil(BLOCK), || Box::new([0; PLACES / WORD]));
            let Some(texts) = batch.column_by_name(column.name).and_then(texts) else { continue };
            let mut before = None;
            for (row, text) in rows.clone().zip(texts) {
                // What a machine tells in one moment is often of one host, one user, one address.
                if let Some(given) = text.filter(|_| before != Some((row / BLOCK, text)))
                    && let Some(bits) = column.blocks.get_mut(row / BLOCK)
                {
                    column.marked.mark(bits, given);
                }
                before = Some((row / BLOCK, text));
            }
        }
        self.rows = rows.end;
    }

    /// The tables as they are to be stored from this byte of the named file on, and what the footer says of them.
    pub(crate) fn finish(self, file: &str, at: u64) -> (Skip, Vec<u8>) {
        let mut bytes = Vec::new();
        let mut tables = Vec::new();
        for column in &self.columns {
            let Some(places) = column.places() else { continue };
            let start = at + bytes.len() as u64;
            column.store(places, &mut bytes);
            tables.push(Table { column: column.name.to_owned(), places: places as u64, at: start });
        }
        (Skip { file: file.to_owned(), block: BLOCK as u64, rows: self.rows as u64, tables }, bytes)
    }
}

impl Marked {
    fn mark(self, bits: &mut Bits, text: &str) {
        let network = matches!(self, Self::Addresses).then(|| marks::network(text)).flatten();
        match self {
            Self::Threes => marks::threes(text).for_each(|place| set(bits, place)),
            Self::Values | Self::Addresses => {
                for place in std::iter::once(text).chain(network).flat_map(marks::value) {
                    set(bits, place);
                }
            }
        }
    }
}

/// The words of a block folded to so many places: bits whose places leave the same remainder are one.
fn folded(bits: &Bits, places: usize) -> Vec<u64> {
    let mut words = vec![0; places / WORD];
    for part in bits.chunks(places / WORD) {
        for (word, more) in words.iter_mut().zip(part) {
            *word |= more;
        }
    }
    words
}

impl Column {
    /// How full a table of so many places would be, in percent.
    fn full(&self, places: usize) -> usize {
        let ones = |bits: &Bits| folded(bits, places).iter().map(|word| word.count_ones() as usize).sum::<usize>();
        self.blocks.iter().map(|bits| ones(bits)).sum::<usize>() * 100 / (places * self.blocks.len()).max(1)
    }

    /// The fewest places that leave the table empty enough; `None` where none do.
    fn places(&self) -> Option<usize> {
        let mut places = PLACES;
        if self.full(places) > USELESS {
            return None;
        }
        while places > FEWEST && self.full(places / 2) <= FULL {
            places /= 2;
        }
        Some(places)
    }

    /// Appends the table: for each place the bits of all blocks.
    fn store(&self, places: usize, bytes: &mut Vec<u8>) {
        let (start, width) = (bytes.len(), self.blocks.len().div_ceil(8));
        bytes.resize(start + places * width, 0);
        for (block, bits) in self.blocks.iter().enumerate() {
            for (at, mut word) in folded(bits, places).into_iter().enumerate() {
                while word != 0 {
                    let place = at * WORD + word.trailing_zeros() as usize;
                    if let Some(byte) = bytes.get_mut(start + place * width + block / 8) {
                        *byte |= 1 << (block % 8);
                    }
                    word &= word - 1;
                }
            }
        }
    }
}
