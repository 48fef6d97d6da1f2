//! Log files and folders of this machine, followed as they grow.
//!
//! What was read of each file is written down after the intake has it: a crash leads to the last batch of a file being
//! read again, never to a gap. Files are known by their number in the file system and their first bytes, so that a
//! renamed file is read to its end under its new name and a new file of the old name from its start. A file that got
//! shorter, or begins differently, is read from its start: `copytruncate` of logrotate works, and what is written
//! between its copy and its truncation is lost by it, not here. The last line waits for its line feed until the file is
//! rotated away. Lines that belong to the one before (stack traces) are put to it. Compressed files are passed over.
//!
//! Files are looked at once a second. While the intake has no room nothing is read.

mod places;
mod tail;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use khien_base::ports::{Intake, Whose};
use khien_base::{Clock, Fault, Record, Result};
use khien_normalise::Format;
use tokio_util::sync::CancellationToken;

use crate::Unreadable;
use crate::queue::worth_another_try;
use places::Places;
use tail::{Found, Tail};

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Pieces of one file before the next file has its turn.
const PIECES: usize = 8;

/// Files that are followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// A file, a folder, or a pattern with `*` and `?` in its last part.
    pub path: PathBuf,
    /// Name or identity of the source that they belong to.
    pub source: String,
    /// How their lines read; [`Format::Auto`] tells it of each line.
    pub format: Format,
}

/// Finds an active source by its name or identity. Asked once a second: it answers from memory.
pub type Named = Arc<dyn Fn(String) -> BoxFuture<'static, Option<Whose>> + Send + Sync>;

/// What following works with.
#[derive(Clone)]
pub struct Files {
    /// What is followed.
    pub watches: Vec<Watch>,
    /// The file that keeps what was read.
    pub places: PathBuf,
    /// Finds sources.
    pub named: Named,
    /// Hears of lines that could not be read.
    pub unreadable: Unreadable,
    /// The way in.
    pub intake: Arc<dyn Intake>,
    /// The present.
    pub clock: Clock,
}

impl Files {
    /// Follows the files until `shutdown`.
    ///
    /// Faults: `collect.places` (`file`, `what`) when what was read cannot be known: rather than read everything again,
    /// nothing is read.
    pub async fn follow(self, shutdown: CancellationToken) -> Result<()> {
        let file = self.places.clone();
        let mut places = blocking(move || Places::open(file)).await??;
        let mut tails: Vec<Vec<Tail>> = self.watches.iter().map(|_| Vec::new()).collect();
        let mut missing: Vec<bool> = self.watches.iter().map(|_| false).collect();
        while !shutdown.is_cancelled() {
            let mut more = false;
            for ((watch, tails), missing) in self.watches.iter().zip(&mut tails).zip(&mut missing) {
                let Some(whose) = (self.named)(watch.source.clone()).await else {
                    if !std::mem::replace(missing, true) {
                        tracing::warn!(source = %watch.source, path = %watch.path.display(),
                            "files are not read: there is no active source of this name");
                    }
                    continue;
                };
                *missing = false;
                (*tails, places) = look(watch.clone(), std::mem::take(tails), places).await?;
                let turn = Turn { files: &self, watch, whose, shutdown: &shutdown };
                for place in 0..tails.len() {
                    if shutdown.is_cancelled() {
                        return Ok(());
                    }
                    let tail = tails.remove(place);
                    let (tail, kept, rest) = turn.read(tail, places).await?;
                    places = kept;
                    more |= rest;
                    tails.insert(place, tail);
                }
                tails.retain(|tail| !tail.done());
            }
            if !more {
                tokio::select! { () = shutdown.cancelled() => {} , () = tokio::time::sleep(LOOK) => {} }
            }
        }
        Ok(())
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Fault::internal)
}

/// Finds new files, and which ones were rotated away.
async fn look(watch: Watch, mut tails: Vec<Tail>, mut places: Places) -> Result<(Vec<Tail>, Places)> {
    blocking(move || {
        let Found { files, more } = tail::found(&watch.path);
        if more {
            tracing::warn!(path = %watch.path.display(), limit = tail::FILES, "more files match than are followed");
        }
        for tail in &mut tails {
            tail.look(&files);
        }
        let mut fresh = false;
        let known: Vec<_> = tails.iter().map(Tail::id).collect();
        for file in files.iter().filter(|file| !known.contains(&file.id)) {
            // A file that was rotated away while nobody followed it comes before the one that took its name.
            let left = tail::left_behind(file, &places, &known);
            for file in left.iter().chain([file]) {
                if let Some(tail) = Tail::open(file, &places) {
                    places.note(tail.place());
                    tails.push(tail);
                    fresh = true;
                }
            }
        }
        if fresh {
            places.settle();
        }
        (tails, places)
    })
    .await
}

struct Turn<'a> {
    files: &'a Files,
    watch: &'a Watch,
    whose: Whose,
    shutdown: &'a CancellationToken,
}

impl Turn<'_> {
    /// Reads some pieces of a file; whether there is more.
    async fn read(&self, mut tail: Tail, mut places: Places) -> Result<(Tail, Places, bool)> {
        for _ in 0..PIECES {
            let (format, now, whose) = (self.watch.format, self.files.clock.now(), self.whose);
            let unreadable = Arc::clone(&self.files.unreadable);
            let (back, kept, piece, records) = blocking(move || {
                let mut piece = tail.next();
                if let Some(ended) = tail.ended() {
                    places.end(ended);
                }
                let mut told = |fault: &Fault, line: &[u8]| unreadable(whose, fault, line);
                let records = piece.as_mut().map(|piece| tail.decode(piece, format, now, &mut told));
                (tail, places, piece, records.unwrap_or_default())
            })
            .await?;
            (tail, places) = (back, kept);
            let Some(piece) = piece else { return Ok((tail, places, false)) };
            if !records.is_empty() && !self.hand_on(records).await {
                // The end came before the intake did: it is read again the next time.
                return Ok((tail, places, false));
            }
            (tail, places) = blocking(move || {
                tail.took(&piece);
                places.keep(tail.place());
                (tail, places)
            })
            .await?;
        }
        Ok((tail, places, true))
    }

    /// Hands records to the intake until it has them; false when the end came first.
    async fn hand_on(&self, records: Vec<Record>) -> bool {
        let mut wait = Duration::from_millis(200);
        loop {
            match self.files.intake.take(self.whose, records.clone()).await {
                Ok(_) => return true,
                Err(fault) if !worth_another_try(&fault) => {
                    tracing::error!(%fault, source = %self.whose.source, count = records.len(), "lines of a file were lost");
                    return true;
                }
                Err(fault) => tracing::warn!(%fault, source = %self.whose.source, "a file waits for the intake"),
            }
            tokio::select! {
                () = self.shutdown.cancelled() => return false,
                () = tokio::time::sleep(wait) => wait = (wait * 2).min(Duration::from_secs(10)),
            }
        }
    }
}
