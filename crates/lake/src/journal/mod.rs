//! The journal: what was acknowledged and is not yet in files of columns.
//!
//! One folder, one name (made at the first opening), segments of frames. The name stands in the table's commits
//! beside the last sequence that they hold, so that what a crash leaves in both is taken once.

mod event;
pub(crate) mod frame;
mod segment;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use khien_base::{Fault, Id, Result};

pub(crate) use event::Fields;
pub(crate) use segment::Opened;
use segment::Segments;

use crate::part::sync_folder;
use crate::rows::Row;

/// The journal of one folder.
#[derive(Debug)]
pub(crate) struct Journal {
    folder: PathBuf,
    segments: Mutex<Segments>,
}

fn disk(e: std::io::Error) -> Fault {
    Fault::unavailable("lake.disk", e)
}

/// The name of a folder's journal; `fresh` becomes it when there is none.
pub(crate) fn name(folder: &Path, fresh: Id) -> Result<Id> {
    fs::create_dir_all(folder).map_err(disk)?;
    let place = folder.join("name");
    if let Ok(text) = fs::read_to_string(&place) {
        return text.trim().parse().map_err(|e| Fault::unavailable("lake.journal", format!("name: {e}")));
    }
    let draft = folder.join("name.new");
    fs::write(&draft, fresh.to_string())
        .and_then(|()| fs::File::open(&draft)?.sync_all())
        .and_then(|()| fs::rename(&draft, &place))
        .and_then(|()| sync_folder(folder))
        .map_err(disk)?;
    Ok(fresh)
}

/// Events as the bytes of a frame's body.
pub(crate) fn encode(rows: &[Row]) -> Vec<u8> {
    let mut body = Vec::with_capacity(rows.iter().map(Row::weight).sum());
    for row in rows {
        event::write(&mut body, &row.event, row.full(), row.shape());
    }
    body
}

impl Journal {
    /// Opens the journal and hands on the rows of each frame after `done`, in order.
    pub(crate) fn open(
        folder: &Path,
        aside: &Path,
        done: u64,
        each: &mut dyn FnMut(u64, Vec<Row>) -> Result<()>,
    ) -> Result<(Self, Opened)> {
        let mut read = |sequence, rows, body: &[u8]| {
            let rows = event::read(body, rows)
                .ok_or_else(|| Fault::unavailable("lake.journal", format!("frame {sequence} cannot be read")))?;
            each(sequence, rows.into_iter().map(|(event, fields)| Row::restored(event, fields)).collect())
        };
        let (segments, opened) = Segments::open(folder, aside, done, &mut read)?;
        Ok((Self { folder: folder.to_owned(), segments: Mutex::new(segments) }, opened))
    }

    fn segments(&self) -> MutexGuard<'_, Segments> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a frame durably and gives its sequence. Blocks on the disk.
    pub(crate) fn write(&self, rows: usize, body: &[u8]) -> Result<u64> {
        let mut segments = self.segments();
        let sequence = segments.number();
        let frame = frame::write(sequence, rows, body)?;
        segments.write(sequence, &frame)?;
        Ok(sequence)
    }

    /// Lets go of all frames up to this one.
    pub(crate) fn retire(&self, done: u64) {
        self.segments().retire(done);
    }

    /// Bytes on the disk.
    pub(crate) fn bytes(&self) -> u64 {
        self.segments().bytes()
    }

    /// Bytes that are free where the journal lies.
    pub(crate) fn free(&self) -> Result<u64> {
        let place = rustix::fs::statvfs(&self.folder).map_err(|e| disk(e.into()))?;
        Ok(place.f_bavail.saturating_mul(place.f_frsize))
    }
}
