//! The files of the journal: numbered segments of frames, written by one, read at opening.
//!
//! A segment is named after the first sequence in it. It is only ever added to; a write or sync that failed is cut
//! off again, and where even that fails the segment is left as it is and a new one begun. A segment goes when all
//! of it is durable elsewhere.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use khien_base::{Fault, Result};

use super::frame::{self, Found};
use crate::part::sync_folder;

/// A segment that has reached this size is followed by another, in bytes.
const FULL: u64 = 16 * 1024 * 1024;

/// The segment that is added to.
#[derive(Debug)]
struct Active {
    file: File,
    path: PathBuf,
    length: u64,
    last: u64,
}

/// A segment that is added to no more.
#[derive(Debug)]
struct Closed {
    path: PathBuf,
    length: u64,
    last: u64,
}

/// All segments of a folder.
#[derive(Debug)]
pub(crate) struct Segments {
    folder: PathBuf,
    active: Option<Active>,
    closed: VecDeque<Closed>,
    next: u64,
}

/// Who is handed a frame: its sequence, rows and body.
pub(crate) type Take<'a> = dyn FnMut(u64, usize, &[u8]) -> Result<()> + 'a;

/// What was found at opening.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Opened {
    /// Frames that were handed on.
    pub(crate) frames: u64,
    /// Bytes of an unfinished frame at the end, which nobody was answered for.
    pub(crate) torn: u64,
    /// Bytes that should have been frames and were set aside.
    pub(crate) damaged: u64,
}

fn disk(e: std::io::Error) -> Fault {
    Fault::unavailable("lake.disk", e)
}

/// A frame that is whole and that this version cannot read: it stays where it is, and the lake is not opened.
fn unknown(sequence: u64) -> Fault {
    Fault::unavailable("lake.journal", format!("frame {sequence} has a form that this version does not know"))
}

impl Segments {
    /// Opens a folder and hands on each whole frame after `done` as sequence, rows and body, in order. Damage is
    /// copied to `aside` and left out.
    pub(crate) fn open(folder: &Path, aside: &Path, done: u64, each: &mut Take<'_>) -> Result<(Self, Opened)> {
        let mut paths: Vec<PathBuf> = fs::read_dir(folder)
            .map_err(disk)?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|it| it == "log"))
            .collect();
        paths.sort();
        let mut all = Self { folder: folder.to_owned(), active: None, closed: VecDeque::new(), next: done + 1 };
        let mut opened = Opened::default();
        let count = paths.len();
        for (n, path) in paths.into_iter().enumerate() {
            let bytes = fs::read(&path).map_err(disk)?;
            let (mut last, mut length) = (0, bytes.len());
            for found in frame::scan(&bytes, 0) {
                match found {
                    Found::Whole(frame) if frame.sequence >= all.next => {
                        let body = frame::body(&bytes, &frame).ok_or_else(|| unknown(frame.sequence))?;
                        each(frame.sequence, frame.rows, &body)?;
                        opened.frames += 1;
                        all.next = frame.sequence + 1;
                        last = frame.sequence;
                    }
                    Found::Whole(frame) => last = last.max(frame.sequence),
                    // A crash in the middle of a write leaves the last frame of all unfinished.
                    Found::Bad(bad) if n + 1 == count && bad.end == bytes.len() => {
                        let torn = bytes.get(bad.clone()).unwrap_or_default();
                        if frame::complete(torn) {
                            opened.damaged += set_aside(aside, &path, torn)?;
                        }
                        opened.torn += u64::try_from(bad.len()).unwrap_or(0);
                        cut(&path, bad.start)?;
                        length = bad.start;
                    }
                    Found::Bad(bad) => {
                        opened.damaged += set_aside(aside, &path, bytes.get(bad).unwrap_or_default())?;
                    }
                }
            }
            all.closed.push_back(Closed { path, length: u64::try_from(length).unwrap_or(0), last });
        }
        all.retire(done);
        Ok((all, opened))
    }

    /// The next frame's sequence, which is given out once.
    pub(crate) fn number(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        number
    }

    /// Bytes of all segments.
    pub(crate) fn bytes(&self) -> u64 {
        self.closed.iter().map(|it| it.length).sum::<u64>() + self.active.as_ref().map_or(0, |it| it.length)
    }

    /// Adds a frame. When it returns well, the frame survives a loss of power.
    pub(crate) fn write(&mut self, sequence: u64, frame: &[u8]) -> Result<()> {
        if self.active.as_ref().is_some_and(|it| it.length >= FULL) {
            self.close();
        }
        if self.active.is_none() {
            self.begin(sequence)?;
        }
        let Some(active) = &mut self.active else { return Err(Fault::internal("no segment")) };
        let written = active.file.write_all(frame).and_then(|()| active.file.sync_data());
        if let Err(e) = written {
            // Nobody is answered for this frame, so it should not come back; where it cannot be cut off, it may.
            let back = active.file.set_len(active.length).and_then(|()| active.file.sync_data());
            if back.is_err() {
                active.last = sequence;
                self.close();
            }
            return Err(Fault::unavailable("lake.full", e));
        }
        active.length += u64::try_from(frame.len()).unwrap_or(0);
        active.last = sequence;
        Ok(())
    }

    fn begin(&mut self, sequence: u64) -> Result<()> {
        let path = self.folder.join(format!("{sequence:020}.log"));
        let full = |e| Fault::unavailable("lake.full", e);
        let file = OpenOptions::new().append(true).create_new(true).open(&path).map_err(full)?;
        if let Err(e) = sync_folder(&self.folder) {
            let _ = fs::remove_file(&path);
            return Err(full(e));
        }
        self.active = Some(Active { file, path, length: 0, last: 0 });
        Ok(())
    }

    fn close(&mut self) {
        if let Some(Active { path, length, last, .. }) = self.active.take() {
            self.closed.push_back(Closed { path, length, last });
        }
    }

    /// Removes what holds nothing after `done`. What cannot be removed now is removed at the next opening.
    pub(crate) fn retire(&mut self, done: u64) {
        if self.active.as_ref().is_some_and(|it| it.last <= done) {
            self.close();
        }
        while self.closed.front().is_some_and(|it| it.last <= done) {
            if let Some(gone) = self.closed.pop_front()
                && let Err(e) = fs::remove_file(&gone.path)
            {
                tracing::warn!(file = %gone.path.display(), %e, "a segment of the journal could not be removed");
            }
        }
    }
}

/// Cuts the unfinished end of a segment off.
fn cut(path: &Path, length: usize) -> Result<()> {
    let file = OpenOptions::new().write(true).open(path).map_err(disk)?;
    file.set_len(u64::try_from(length).map_err(Fault::internal)?).and_then(|()| file.sync_all()).map_err(disk)
}

/// Keeps damaged bytes for people to look at, and says so.
fn set_aside(aside: &Path, segment: &Path, bytes: &[u8]) -> Result<u64> {
    let name = segment.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let place = (0..).map(|n| aside.join(format!("{name}.{n}"))).find(|place| !place.exists());
    let place = place.unwrap_or_else(|| aside.join(&name));
    fs::write(&place, bytes).map_err(disk)?;
    tracing::error!(
        segment = %segment.display(), bytes = bytes.len(), kept = %place.display(),
        "a part of the journal is damaged and was set aside: events that were acknowledged may be in it"
    );
    Ok(u64::try_from(bytes.len()).unwrap_or(0))
}
