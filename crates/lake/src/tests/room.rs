//! A disk that is really full: nothing that was acknowledged is lost, and the lake goes on once there is room.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use khien_base::ports::EventStore;
use khien_base::{Clock, Id, Reach};

use super::crash::held;
use super::{Maker, all, noon, quick, unit};
use crate::{Lake, Settings};

/// A small file system in memory, gone with the test.
struct Disk(PathBuf);

impl Disk {
    fn new(folder: &Path) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "none"]).arg(folder).output();
        if mounted.is_ok_and(|it| it.status.success()) {
            return Some(Self(folder.to_owned()));
        }
        println!("skipped: a disk of 6 MiB needs the right to mount one");
        None
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg("--lazy").arg(&self.0).output().ok();
    }
}

/// How many of these the lake does not find.
async fn lacks(lake: &Lake, ids: &[Id]) -> usize {
    let (seen, rows) = held(lake).await;
    assert_eq!(seen.len(), rows);
    ids.iter().filter(|id| !seen.contains(id)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::new(folder.path()) else { return };
    // No room is kept free, so that the disk itself says no.
    let settings = Settings { keep_free: 0, ..quick() };
    let lake = Lake::open_with(&disk.0.join("lake"), Clock::fixed(noon()), settings.clone()).await.unwrap();
    let mut maker = Maker::new(1);
    let filler = disk.0.join("filler");
    fs::write(&filler, vec![7; 3 * 1024 * 1024]).unwrap();
    let noise = |n: u64| {
        // Text that does not compress.
        let mut state = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            format!("{state:016x}")
        };
        (0..60).map(|_| next()).collect::<String>()
    };
    let (mut kept, mut n) = (Vec::new(), 0);
    let fault = loop {
        n += 1;
        assert!(n < 20_000, "never full");
        let events: Vec<_> = (0..20).map(|m| maker.event(unit(1), &noise(n * 100 + m))).collect();
        let ids: Vec<Id> = events.iter().map(|event| event.id).collect();
        match lake.append(events).await {
            Ok(()) => kept.extend(ids),
            Err(fault) => break fault,
        }
    };
    assert_eq!(fault.code, "lake.full", "{fault}");
    assert!(kept.len() > 100);
    assert_eq!(lake.holdings().await.unwrap().events, u64::try_from(kept.len()).unwrap());
    // Neither can the tail become files now; that too is told, and changes nothing.
    assert!(lake.flush().await.is_err());
    assert_eq!(lacks(&lake, &kept).await, 0);
    drop(lake.close().await);

    let lake = Lake::open_with(&disk.0.join("lake"), Clock::fixed(noon()), settings).await.unwrap();
    assert_eq!(lake.search(all(Reach::All)).await.unwrap().total, u64::try_from(kept.len()).unwrap());
    fs::remove_file(&filler).unwrap();
    let events = maker.events(unit(1), 5);
    kept.extend(events.iter().map(|event| event.id));
    lake.append(events).await.unwrap();
    lake.flush().await.unwrap();
    assert_eq!(lacks(&lake, &kept).await, 0);
    assert_eq!(lake.log.parts().iter().map(|part| part.rows).sum::<u64>(), u64::try_from(kept.len()).unwrap());
    lake.close().await.unwrap();
}
