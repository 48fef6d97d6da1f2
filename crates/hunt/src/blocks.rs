//! A log file as blocks that threads can work on: chunks of an event log, or whole lines.

use std::fs::File;
use std::io::{BufReader, Cursor, Read};

use chrono::DateTime;
use khien_base::Fault;
use khien_normalise::{
    Documents, EVTX_CHUNK, EVTX_HEADER, Format, HEAD, LONGEST_LINE, decode_line, evtx_header, sniff,
};

use crate::sources::Source;
use crate::{archive, limits};

/// A piece of a file.
#[derive(Debug)]
pub(crate) struct Block {
    /// Position of the file.
    pub(crate) file: u32,
    pub(crate) content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    /// Chunks of an event log, and the number of the first.
    Chunks(u64, Vec<Vec<u8>>),
    /// Whole lines, and the number of the first, from 1.
    Lines(u64, Vec<u8>, Format),
    /// Objects in JSON with their numbers from 1.
    Objects(Vec<(u64, Vec<u8>)>),
}

/// A file that is being read.
pub(crate) struct Opened {
    file: u32,
    reader: Box<dyn Read + Send>,
    format: Format,
    /// Chunks or lines read so far.
    read: u64,
    /// Chunks that the header speaks of.
    said: u64,
    /// The begin of a line whose end was not read yet.
    rest: Vec<u8>,
    /// JSON in lists or over many lines.
    documents: Option<Documents>,
    /// Faults met on the way.
    faults: Vec<Fault>,
    done: bool,
}

/// What a file turned out to be.
pub(crate) enum Opening {
    Log(Box<Opened>),
    /// No log: a picture, a program.
    Other,
}

impl Opened {
    /// Opens a file and tells its format.
    ///
    /// Faults: `hunt.unreadable`, `hunt.archive-nested`, those of archives, `logs.not-evtx`, `logs.evtx-truncated`.
    pub(crate) fn open(file: u32, source: &Source, wanted: Format) -> Result<Opening, Fault> {
        let fault = |error: std::io::Error| archive::fault(&error);
        let mut raw: Box<dyn Read + Send> = match &source.packed {
            Some(packed) => archive::open(&source.path, packed).map_err(fault)?,
            None => Box::new(File::open(&source.path).map_err(fault)?),
        };
        let mut head = head(&mut raw).map_err(fault)?;
        let mut reader: Box<dyn Read + Send> = raw;
        if archive::starts_gzip(&head) {
            if source.packed.is_some() {
                return Err(Fault::invalid("hunt.archive-nested"));
            }
            reader = archive::gunzip(Cursor::new(head).chain(reader), source.bytes);
            head = self::head(&mut reader).map_err(fault)?;
            if archive::starts_gzip(&head) {
                return Err(Fault::invalid("hunt.archive-nested"));
            }
        }
        if archive::starts_zip(&head) {
            return Err(Fault::invalid("hunt.archive-nested"));
        }
        let many = matches!(wanted, Format::Auto | Format::Ndjson) && Documents::starts(&head);
        let format = match wanted {
            Format::Auto if many => Format::Ndjson,
            Format::Auto => sniff(&head),
            wanted => wanted,
        };
        if !source.named && wanted == Format::Auto && !is_log(&head, format) {
            return Ok(Opening::Other);
        }
        let mut opened = Self {
            file,
            reader,
            format,
            read: 0,
            said: 0,
            rest: Vec::new(),
            documents: many.then(Documents::default),
            faults: Vec::new(),
            done: false,
        };
        if format == Format::Evtx {
            // HEAD is the header's length; a file that has less of it is cut short.
            opened.said = evtx_header(head.get(..EVTX_HEADER.min(head.len())).unwrap_or_default())?;
        } else {
            opened.reader = Box::new(Cursor::new(head).chain(BufReader::with_capacity(1 << 16, opened.reader)));
        }
        Ok(Opening::Log(Box::new(opened)))
    }

    /// The next block; none at the end.
    pub(crate) fn next(&mut self) -> Option<Block> {
        if self.done {
            return None;
        }
        let content = match (self.format, self.documents.is_some()) {
            (Format::Evtx, _) => self.chunks(),
            (_, true) => self.objects(),
            (_, false) => self.lines(),
        }?;
        Some(Block { file: self.file, content })
    }

    /// Position of the file.
    pub(crate) fn file(&self) -> u32 {
        self.file
    }

    /// Faults met since they were last asked for.
    pub(crate) fn faults(&mut self) -> Vec<Fault> {
        std::mem::take(&mut self.faults)
    }

    fn chunks(&mut self) -> Option<Content> {
        let first = self.read;
        let mut chunks = Vec::new();
        while chunks.len() < limits::CHUNKS && !self.done {
            let mut chunk = Vec::with_capacity(EVTX_CHUNK);
            if let Err(error) = self.reader.by_ref().take(EVTX_CHUNK as u64).read_to_end(&mut chunk) {
                self.faults.push(archive::fault(&error));
                self.done = true;
            }
            let whole = chunk.len() == EVTX_CHUNK;
            if !chunk.is_empty() {
                // Filled up with zeros, a chunk that breaks off gives the records before the break.
                let bytes = EVTX_HEADER as u64 + self.read * EVTX_CHUNK as u64 + chunk.len() as u64;
                if !whole {
                    self.faults.push(truncated(bytes));
                    chunk.resize(EVTX_CHUNK, 0);
                }
                self.read += 1;
                chunks.push(chunk);
            } else if self.read < self.said && self.faults.is_empty() {
                self.faults.push(truncated(EVTX_HEADER as u64 + self.read * EVTX_CHUNK as u64));
            }
            self.done |= !whole;
        }
        (!chunks.is_empty()).then_some(Content::Chunks(first, chunks))
    }

    fn lines(&mut self) -> Option<Content> {
        let mut bytes = std::mem::take(&mut self.rest);
        loop {
            let wanted = (limits::BLOCK.saturating_sub(bytes.len())) as u64;
            match self.reader.by_ref().take(wanted).read_to_end(&mut bytes) {
                Ok(read) => self.done |= (read as u64) < wanted,
                Err(error) => {
                    self.faults.push(archive::fault(&error));
                    self.done = true;
                }
            }
            if self.done {
                break;
            }
            if let Some(at) = memchr::memrchr(b'\n', &bytes) {
                self.rest = bytes.split_off(at + 1);
                break;
            }
            // No line of a log is as long as this: its bytes are passed over.
            self.read += 1;
            let fault = Fault::invalid("logs.line-too-long").with("line", self.read).with("limit", LONGEST_LINE);
            self.faults.push(fault);
            bytes.clear();
            if !self.skip_line(&mut bytes) {
                self.done = true;
                break;
            }
        }
        let first = self.read + 1;
        self.read += memchr::memchr_iter(b'\n', &bytes).count() as u64 + u64::from(!bytes.ends_with(b"\n"));
        (!bytes.is_empty()).then_some(Content::Lines(first, bytes, self.format))
    }

    fn objects(&mut self) -> Option<Content> {
        let mut objects = Vec::new();
        let documents = self.documents.as_mut()?;
        self.done = !documents.read(&mut self.reader, limits::BLOCK, &mut objects, &mut self.faults, archive::fault);
        (!objects.is_empty() || !self.done).then_some(Content::Objects(objects))
    }

    /// Reads to the end of the line and leaves what stands behind it in `bytes`; false at the end of the file.
    fn skip_line(&mut self, bytes: &mut Vec<u8>) -> bool {
        let mut buffer = vec![0; 1 << 16];
        loop {
            match self.reader.read(&mut buffer) {
                Ok(0) => return false,
                Ok(read) => {
                    let part = buffer.get(..read).unwrap_or_default();
                    if let Some(at) = memchr::memchr(b'\n', part) {
                        bytes.extend_from_slice(part.get(at + 1..).unwrap_or_default());
                        return true;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.faults.push(archive::fault(&error));
                    return false;
                }
            }
        }
    }
}

/// Lines of which one has to say when it happened, or to come from a known program.
const LOOKED_AT: usize = 30;

/// Whether a file that nobody named is a log: folders also hold programs, pictures and licences.
fn is_log(head: &[u8], format: Format) -> bool {
    if format == Format::Evtx {
        return true;
    }
    let lines = head.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).take(LOOKED_AT);
    // A time of day, or a name with its value: texts that people wrote have neither, and need not be read.
    let likely = |line: &[u8]| {
        let clock = |part: &[u8]| matches!(part, [a, b, b':', c, d] if [a, b, c, d].iter().all(|c| c.is_ascii_digit()));
        line.contains(&b'=') || line.windows(5).any(clock)
    };
    let told = |line: &[u8]| {
        let record = decode_line(line, format, DateTime::UNIX_EPOCH, 1);
        record
            .is_ok_and(|record| record.time.is_some() || record.log.service.is_some() || record.log.category.is_some())
    };
    // The last line may break off; JSON that is no log has no time either, but rules may be meant for it.
    !head.contains(&0) && (format == Format::Ndjson || lines.into_iter().filter(|line| likely(line)).any(told))
}

fn head(reader: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    reader.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn truncated(bytes: u64) -> Fault {
    Fault::invalid("logs.evtx-truncated").with("bytes", bytes)
}
