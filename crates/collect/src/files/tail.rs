//! One file that is followed.

use std::fs::{File, Metadata};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use khien_base::{Fault, Record};
use khien_normalise::{Format, LONGEST_LINE, Series};
use sha2::{Digest, Sha256};

use super::places::{FileId, Place, Places, Print};

/// Files of one watch.
pub(super) const FILES: usize = 1_000;
/// Bytes that are read at a time.
const PIECE: usize = 1 << 20;
/// Lines of one piece.
const LINES: usize = 5_000;
/// Bytes of a fingerprint.
const PRINT: u64 = 1_024;
/// How long lines wait for their rest.
const REST: Duration = Duration::from_secs(2);
/// Bytes of the lines at the head of a file that say how the others are read.
const HEADER: u64 = 64 << 10;
/// Bytes that a copy must have in common with the file that it is one of.
const COPIED: u64 = 64;
/// Endings of files that are no logs to read.
const PACKED: [&str; 7] = ["gz", "bz2", "xz", "zst", "zip", "lz4", "Z"];

/// A file that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) path: PathBuf,
    pub(super) id: FileId,
}

/// Files that match, the oldest first, and whether there are more than are followed.
pub(super) struct Found {
    pub(super) files: Vec<Match>,
    pub(super) more: bool,
}

#[cfg(unix)]
fn id(about: &Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt;
    FileId { device: about.dev(), number: about.ino() }
}

/// Elsewhere a file is known by when it was made.
#[cfg(not(unix))]
fn id(about: &Metadata) -> FileId {
    let made = about.created().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    FileId { device: 0, number: made.map_or(0, |at| u64::try_from(at.as_nanos()).unwrap_or(0)) }
}

/// The files of a path: itself, what is in the folder, or what matches the pattern of its last part.
pub(super) fn found(path: &Path) -> Found {
    let (folder, pattern) = if path.is_dir() {
        (path, "*".to_owned())
    } else {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        (path.parent().unwrap_or(Path::new(".")), name)
    };
    let mut files = Vec::new();
    let mut seen = |path: PathBuf| {
        let packed = path.extension().is_some_and(|ending| PACKED.iter().any(|packed| ending == *packed));
        // Links are followed: /var/log of containers is full of them.
        if let Ok(about) = std::fs::metadata(&path)
            && about.is_file()
            && !packed
        {
            let at = about.modified().ok();
            files.push((at, Match { path, id: id(&about) }));
        }
    };
    if pattern.contains(['*', '?']) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if !name.starts_with('.') && matches(pattern.as_bytes(), name.as_bytes()) {
                seen(entry.path());
            }
        }
    } else {
        seen(path.to_owned());
    }
    files.sort_by(|a, b| (a.0, &a.1.path).cmp(&(b.0, &b.1.path)));
    // Two names of one file are one file.
    let mut once: Vec<Match> = Vec::new();
    for (_, file) in files {
        if !once.iter().any(|other| other.id == file.id) {
            once.push(file);
        }
    }
    let more = once.len() > FILES;
    // The newest are what is being written.
    once.drain(..once.len().saturating_sub(FILES));
    Found { files: once, more }
}

/// Whether a name matches a pattern of `*` and `?`.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == b'?' || name.get(n) == Some(c) => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    n = from + 1;
                    star = Some((at, n));
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == b'*')
}

/// Files that had the name of `file` when they were last read, and now have another one beside it
/// (`access.log.1`, `access.log-20261001`).
pub(super) fn left_behind(file: &Match, places: &Places, known: &[FileId]) -> Vec<Match> {
    let old: Vec<FileId> =
        places.named(&file.path).map(|place| place.id).filter(|id| *id != file.id && !known.contains(id)).collect();
    let (Some(folder), Some(name)) = (file.path.parent(), file.path.file_name()) else { return Vec::new() };
    if old.is_empty() {
        return Vec::new();
    }
    let name = name.to_string_lossy();
    let stem = name.rsplit_once('.').map_or(name.as_ref(), |(stem, _)| stem);
    let beside = found(&folder.join(format!("{stem}*"))).files;
    beside.into_iter().filter(|other| old.contains(&other.id)).collect()
}

/// Whole lines of a file, and where it is read on.
#[derive(Default)]
pub(super) struct Piece {
    lines: Vec<Line>,
    /// A line is longer than any may be; it was passed over.
    too_long: bool,
    /// What the lines before hold together with their rest is whole: the file begins anew.
    anew: bool,
    /// Nothing more comes for what these lines hold.
    whole: bool,
    end: u64,
    /// Up to here everything is in records: what waits for its rest is read again after a crash.
    safe: u64,
    /// The rest of a line that is too long still comes.
    skipping: bool,
}

/// A line and where it stands.
struct Line {
    start: u64,
    end: u64,
    text: Vec<u8>,
}

/// A file that is followed. It stays open, so that it is read to its end after it was renamed or removed.
pub(super) struct Tail {
    file: File,
    place: Place,
    /// Its name belongs to another file now, or to none: what it holds is all that it will.
    rotated: bool,
    /// It was read to its end after that.
    done: bool,
    skipping: bool,
    /// What it held before it was truncated.
    ended: Option<Place>,
    /// Where it is read on; the place is behind it while lines wait for their rest.
    at: u64,
    /// What the lines so far say of those to come.
    series: Series,
    /// When the last lines came.
    came: Instant,
}

impl Tail {
    /// Opens a file where it was left, or at its start when it is another one.
    pub(super) fn open(found: &Match, places: &Places) -> Option<Self> {
        let opened = File::open(&found.path).and_then(|file| Ok((file.metadata()?, file)));
        let (about, mut file) = match opened {
            Ok((about, file)) => (about, file),
            Err(error) => {
                tracing::warn!(%error, path = %found.path.display(), "a file cannot be read");
                return None;
            }
        };
        let id = id(&about);
        let mut same = |place: &&Place| print(&mut file, place.print.bytes).as_ref() == Some(&place.print);
        let known = places.of(id).filter(&mut same);
        // A copy that rotation made: what was read of the file itself is not read again, and what was written between
        // the last look and the copy is not lost.
        let copied = |place: &&Place| place.print.bytes >= COPIED && place.offset <= about.len();
        let known = known.or_else(|| places.copied(&found.path).filter(copied).find(&mut same));
        let offset = known.map_or(0, |place| place.offset);
        let place = Place { id, print: Print::default(), path: found.path.clone(), offset, turn: 0 };
        let mut tail = Self {
            file,
            place,
            rotated: false,
            done: false,
            skipping: false,
            ended: None,
            at: offset,
            series: Series::joining(),
            came: Instant::now(),
        };
        tail.fingerprint();
        tail.header();
        Some(tail)
    }

    pub(super) fn id(&self) -> FileId {
        self.place.id
    }

    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }

    /// What it held before it was truncated, once.
    pub(super) fn ended(&mut self) -> Option<Place> {
        self.ended.take()
    }

    pub(super) fn done(&self) -> bool {
        self.done
    }

    /// Takes note of the files that are there now.
    pub(super) fn look(&mut self, files: &[Match]) {
        match files.iter().find(|file| file.id == self.place.id) {
            Some(same) => {
                self.place.path.clone_from(&same.path);
                self.rotated = false;
            }
            None => self.rotated = true,
        }
    }

    /// The next whole lines; none when there are none yet.
    pub(super) fn next(&mut self) -> Option<Piece> {
        let length = self.file.metadata().ok()?.len();
        let mut piece = Piece::default();
        if length < self.at || self.begins_differently() {
            tracing::info!(path = %self.place.path.display(), "a file was truncated; it is read from its start");
            self.ended = Some(self.place.clone());
            self.place.offset = 0;
            self.at = 0;
            self.skipping = false;
            self.place.print = Print::default();
            piece.anew = true;
        }
        self.fingerprint();
        self.file.seek(SeekFrom::Start(self.at)).ok()?;
        let mut bytes = Vec::new();
        (&mut self.file).take(PIECE as u64 + 1).read_to_end(&mut bytes).ok()?;
        (piece.end, piece.safe, piece.skipping) = (self.at, self.place.offset, self.skipping);
        let mut rest = bytes.as_slice();
        while piece.lines.len() < LINES
            && let Some(end) = memchr::memchr(b'\n', rest)
        {
            let (line, tail) = rest.split_at(end);
            rest = tail.get(1..).unwrap_or_default();
            let whole = !std::mem::take(&mut piece.skipping);
            piece.add(line, end as u64 + 1, whole);
        }
        if piece.end == self.at {
            self.unfinished(&mut piece, rest);
        }
        if piece.end > self.at {
            self.came = Instant::now();
        } else if self.series.holds() && (self.rotated || self.came.elapsed() >= REST) {
            piece.whole = true;
        } else if !piece.anew {
            self.done = self.rotated;
            return None;
        }
        Some(piece)
    }

    /// Bytes without a line feed: the rest of a line that still comes, the last line of a file that was rotated away,
    /// or a line that never ends.
    fn unfinished(&mut self, piece: &mut Piece, rest: &[u8]) {
        if piece.skipping || rest.len() > LONGEST_LINE {
            piece.too_long = !piece.skipping;
            piece.skipping = true;
            piece.end += rest.len() as u64;
        } else if self.rotated && !rest.is_empty() {
            piece.add(rest, rest.len() as u64, true);
        }
    }

    /// The records of a piece; lines that wait for their rest come with a later one.
    pub(super) fn decode(
        &mut self,
        piece: &mut Piece,
        format: Format,
        now: DateTime<Utc>,
        unreadable: &mut dyn FnMut(&Fault, &[u8]),
    ) -> Vec<Record> {
        let (mut records, mut told) = (Vec::with_capacity(piece.lines.len()), 0_usize);
        if piece.too_long {
            unreadable(&Fault::invalid("logs.line-too-long").with("line", 1).with("limit", LONGEST_LINE), b"");
        }
        let mut push = |series: &mut Series, line: Option<&Line>, text: &[u8]| {
            let mut take = |read: khien_base::Result<Record>| {
                told += 1;
                match read {
                    Ok(record) => records.push(record),
                    Err(fault) => unreadable(&fault, text),
                }
                ControlFlow::Continue(())
            };
            let before = series.holds();
            let _ = match line {
                Some(line) => series.push(&line.text, format, now, 1, &mut take),
                None => series.finish(now, &mut take),
            };
            let came = std::mem::take(&mut told) > 0;
            // Whether the line that waits now is the one that waited before.
            (series.holds(), before && !came)
        };
        if piece.anew {
            push(&mut self.series, None, b"");
            self.series = Series::joining();
        }
        for line in &piece.lines {
            piece.safe = match push(&mut self.series, Some(line), &line.text) {
                (false, _) => line.end,
                (true, true) => piece.safe,
                (true, false) => line.start,
            };
        }
        if piece.whole {
            push(&mut self.series, None, b"");
        }
        if !self.series.holds() {
            piece.safe = piece.end;
        }
        records
    }

    /// The intake has a piece.
    pub(super) fn took(&mut self, piece: &Piece) {
        self.at = piece.end;
        self.place.offset = piece.safe;
        self.skipping = piece.skipping;
    }

    /// Reads the lines at the head that say how the others are read, for a file that is gone on with.
    fn header(&mut self) {
        if self.at == 0 || self.file.seek(SeekFrom::Start(0)).is_err() {
            return;
        }
        let head = BufReader::new((&mut self.file).take(HEADER)).lines().map_while(Result::ok);
        for line in head.take_while(|line| line.starts_with('#')) {
            let mut nobody = |_| ControlFlow::Continue(());
            let _ = self.series.push(line.as_bytes(), Format::Auto, DateTime::UNIX_EPOCH, 1, &mut nobody);
        }
        let mut nobody = |_| ControlFlow::Continue(());
        let _ = self.series.finish(DateTime::UNIX_EPOCH, &mut nobody);
    }

    /// Takes the fingerprint anew while the file is shorter than a whole one.
    fn fingerprint(&mut self) {
        if self.place.print.bytes < PRINT
            && let Some(print) = print(&mut self.file, PRINT)
        {
            self.place.print = print;
        }
    }

    fn begins_differently(&mut self) -> bool {
        let known = self.place.print.clone();
        known.bytes > 0 && print(&mut self.file, known.bytes) != Some(known)
    }
}

impl Piece {
    /// Adds a line that takes so many bytes of the file.
    fn add(&mut self, line: &[u8], bytes: u64, whole: bool) {
        let start = self.end;
        self.end += bytes;
        if line.len() > LONGEST_LINE {
            self.too_long = true;
        } else if whole {
            self.lines.push(Line { start, end: self.end, text: line.to_vec() });
        }
    }
}

/// The fingerprint of the first bytes, fewer where the file is shorter.
fn print(file: &mut File, bytes: u64) -> Option<Print> {
    file.seek(SeekFrom::Start(0)).ok()?;
    let mut start = Vec::new();
    file.take(bytes).read_to_end(&mut start).ok()?;
    Some(Print { bytes: start.len() as u64, sha256: hex::encode(Sha256::digest(&start)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_names() {
        let yes = [("*.log", "a.log"), ("a?c*", "abc"), ("*", "x"), ("*a*b", "xxaab"), ("a.log", "a.log")];
        let no = [("*.log", "a.log.1"), ("a?c", "ac"), ("a", "ab"), ("", "x"), ("*a*b", "xba")];
        assert!(yes.iter().all(|(pattern, name)| matches(pattern.as_bytes(), name.as_bytes())));
        assert!(!no.iter().any(|(pattern, name)| matches(pattern.as_bytes(), name.as_bytes())));
    }
}
