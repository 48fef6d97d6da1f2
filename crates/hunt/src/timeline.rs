//! Matches, and events for correlations, sorted by time in bounded memory: what has no room is sorted in parts into a file without a name, which the
//! system takes away with the process, and the parts are merged while they are read.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use khien_base::{Fault, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What is sorted by: time in microseconds, file, place in it, rule.
pub(crate) type Key = (i64, u32, u64, u32);

/// Something with a place in time.
pub(crate) trait Timed: Serialize + DeserializeOwned {
    /// What it is sorted by; no two have the same.
    fn key(&self) -> Key;
    /// About how many bytes it takes.
    fn weight(&self) -> usize;
}

/// Things that are still being gathered.
#[derive(Debug)]
pub(crate) struct Timeline<T> {
    rows: Vec<T>,
    weight: usize,
    most: usize,
    folder: PathBuf,
    parts: Vec<File>,
}

impl<T: Timed> Timeline<T> {
    /// A timeline that keeps `most` bytes in memory and the rest in `folder`.
    pub(crate) fn new(most: usize, folder: PathBuf) -> Self {
        Self { rows: Vec::new(), weight: 0, most, folder, parts: Vec::new() }
    }

    /// Takes things in, in any order. Fault: `hunt.unwritable` (`file`, `what`).
    pub(crate) fn add(&mut self, rows: Vec<T>) -> Result<()> {
        self.weight += rows.iter().map(T::weight).sum::<usize>();
        self.rows.extend(rows);
        if self.weight > self.most { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> Result<()> {
        let fault = |error: std::io::Error| {
            Fault::invalid("hunt.unwritable").with("file", self.folder.display()).with("what", error)
        };
        self.rows.sort_unstable_by_key(T::key);
        let mut writer = BufWriter::new(tempfile::tempfile_in(&self.folder).map_err(fault)?);
        for row in self.rows.drain(..) {
            let bytes = serde_json::to_vec(&row).map_err(Fault::internal)?;
            let length = u32::try_from(bytes.len()).map_err(Fault::internal)?;
            writer.write_all(&length.to_le_bytes()).and_then(|()| writer.write_all(&bytes)).map_err(fault)?;
        }
        let mut file = writer.into_inner().map_err(|error| fault(error.into_error()))?;
        file.seek(SeekFrom::Start(0)).map_err(fault)?;
        self.parts.push(file);
        self.weight = 0;
        Ok(())
    }

    /// All of them in order.
    pub(crate) fn sorted(mut self) -> Result<Sorted<T>> {
        self.rows.sort_unstable_by_key(T::key);
        let mut parts = vec![Part::Memory(std::mem::take(&mut self.rows).into_iter())];
        parts.extend(self.parts.into_iter().map(|file| Part::Disk(BufReader::with_capacity(1 << 18, file))));
        let mut sorted = Sorted { parts, heads: BinaryHeap::new() };
        for at in 0..sorted.parts.len() {
            sorted.refill(at)?;
        }
        Ok(sorted)
    }
}

#[derive(Debug)]
enum Part<T> {
    Memory(std::vec::IntoIter<T>),
    Disk(BufReader<File>),
}

/// Things in the order of time.
#[derive(Debug)]
pub(crate) struct Sorted<T> {
    parts: Vec<Part<T>>,
    heads: BinaryHeap<Reverse<Head<T>>>,
}

#[derive(Debug)]
struct Head<T> {
    row: T,
    part: usize,
}

impl<T: Timed> PartialEq for Head<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T: Timed> Eq for Head<T> {}

impl<T: Timed> PartialOrd for Head<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Timed> Ord for Head<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.row.key().cmp(&other.row.key()).then(self.part.cmp(&other.part))
    }
}

impl<T: Timed> Sorted<T> {
    fn refill(&mut self, part: usize) -> Result<()> {
        let row = match self.parts.get_mut(part) {
            Some(Part::Memory(rows)) => rows.next(),
            Some(Part::Disk(file)) => read(file)?,
            None => None,
        };
        if let Some(row) = row {
            self.heads.push(Reverse(Head { row, part }));
        }
        Ok(())
    }

    /// The next one.
    pub(crate) fn next(&mut self) -> Result<Option<T>> {
        // Mostly there is nothing on the disk, and nothing to merge.
        if let ([Part::Memory(rows)], true) = (self.parts.as_mut_slice(), self.heads.is_empty()) {
            return Ok(rows.next());
        }
        let Some(Reverse(Head { row, part })) = self.heads.pop() else { return Ok(None) };
        self.refill(part)?;
        Ok(Some(row))
    }
}

fn read<T: Timed>(file: &mut BufReader<File>) -> Result<Option<T>> {
    let mut length = [0; 4];
    match file.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(Fault::internal(error)),
    }
    let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
    file.read_exact(&mut bytes).map_err(Fault::internal)?;
    serde_json::from_slice(&bytes).map(Some).map_err(Fault::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::found::Found;

    fn rows(most: usize) -> Vec<Found> {
        let folder = tempfile::tempdir().unwrap();
        let mut timeline = Timeline::new(most, folder.path().to_owned());
        for n in 0..1_000_u32 {
            // 619 and 1,000 have no common factor: every number comes once, in no order.
            let time = i64::from(n * 619 % 1_000);
            let row = Found { time: (time != 500).then_some(time), file: n, ..Found::default() };
            timeline.add(vec![row]).unwrap();
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "files in the folder have no name");
        let parts = timeline.parts.len();
        assert_eq!(parts > 3, most < usize::MAX, "{parts}");
        let mut sorted = timeline.sorted().unwrap();
        std::iter::from_fn(move || sorted.next().unwrap()).collect()
    }

    #[test]
    fn a_timeline_on_the_disk_is_the_one_in_memory() {
        let whole = rows(usize::MAX);
        assert_eq!(whole.len(), 1_000);
        assert!(whole.is_sorted_by_key(Timed::key));
        assert_eq!(whole.last().unwrap().time, None, "without a time: last");
        assert_eq!(rows(50_000), whole);
    }
}
