//! Real files that grow, are renamed, truncated and copied while they are followed.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use khien_base::Id;
use tokio::task::JoinHandle;

use super::*;
use crate::tests::Kept;

struct Following {
    folder: tempfile::TempDir,
    kept: Arc<Kept>,
    unreadable: Arc<Mutex<Vec<String>>>,
    pattern: &'static str,
    running: Option<(CancellationToken, JoinHandle<Result<()>>)>,
}

impl Following {
    fn new(pattern: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("log")).unwrap();
        Self { folder, kept: Arc::default(), unreadable: Arc::default(), pattern, running: None }
    }

    fn start(&mut self) {
        let heard = Arc::clone(&self.unreadable);
        let files = Files {
            watches: vec![Watch {
                path: self.folder.path().join("log").join(self.pattern),
                source: "web".into(),
                format: Format::Auto,
            }],
            places: self.folder.path().join("collect/files.json"),
            named: Arc::new(|name| {
                let whose = Whose { source: Id::from_u128(1), system: Id::nil(), unit: Id::nil() };
                Box::pin(async move { (name == "web").then_some(whose) })
            }),
            unreadable: Arc::new(move |_, fault, _| heard.lock().unwrap().push(fault.to_string())),
            intake: Arc::clone(&self.kept) as _,
            clock: Clock::System,
        };
        let shutdown = CancellationToken::new();
        self.running = Some((shutdown.clone(), tokio::spawn(files.follow(shutdown))));
    }

    /// Ends it as a crash would: at whatever it does just now.
    async fn crash(&mut self) {
        let (_, task) = self.running.take().unwrap();
        task.abort();
        task.await.ok();
    }

    async fn stop(&mut self) {
        let (shutdown, task) = self.running.take().unwrap();
        shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(5), task).await.unwrap().unwrap().unwrap();
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join("log").join(name)
    }

    fn append(&self, name: &str, text: &str) {
        append(&self.at(name), text);
    }

    fn messages(&self) -> Vec<String> {
        let records = self.kept.records.lock().unwrap();
        records.iter().map(|(_, record)| record.raw.trim().to_owned()).collect()
    }

    async fn until(&self, count: usize) {
        for _ in 0..1000 {
            if self.messages().len() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{count} lines were waited for, {} came", self.messages().len());
    }
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn lines(from: usize, to: usize) -> String {
    (from..to).map(|n| format!("line {n} of a log that is followed\n")).collect()
}

/// The numbers of lines that came.
fn numbers(messages: &[String]) -> Vec<usize> {
    messages.iter().filter_map(|text| text.split(' ').nth(1)?.parse().ok()).collect()
}

#[tokio::test]
async fn a_file_is_read_as_it_grows_and_the_last_line_waits_for_its_end() {
    let mut following = Following::new("*.log");
    following.append("a.log", "one\r\ntwo\nthr");
    following.append("b.log.gz", "packed\n");
    following.append("c.txt", "of another kind\n");
    following.start();
    following.until(2).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(following.messages(), ["one", "two"]);
    following.append("a.log", "ee\n");
    following.until(3).await;
    assert_eq!(following.messages(), ["one", "two", "three"]);
    following.stop().await;
    following.append("a.log", "four\n");
    following.start();
    following.until(4).await;
    assert_eq!(following.messages()[3], "four", "nothing again, nothing left out");
    following.stop().await;
}

#[tokio::test]
async fn rotation_by_rename_loses_nothing_whether_followed_or_not() {
    let mut following = Following::new("app.log");
    following.start();
    following.append("app.log", &lines(0, 100));
    following.until(100).await;
    // While it is followed: the writer still has the old file for a moment.
    following.append("app.log", &lines(100, 150));
    std::fs::rename(following.at("app.log"), following.at("app.log.1")).unwrap();
    append(&following.at("app.log.1"), &lines(150, 200));
    append(&following.at("app.log.1"), "line 200 without its end");
    following.append("app.log", &lines(201, 300));
    following.until(300).await;
    // While nobody follows it.
    following.stop().await;
    following.append("app.log", &lines(300, 320));
    std::fs::rename(following.at("app.log"), following.at("app.log-20261001")).unwrap();
    following.append("app.log", &lines(320, 400));
    following.start();
    following.until(400).await;
    let mut came = numbers(&following.messages());
    came.sort_unstable();
    assert_eq!(came, (0..400).collect::<Vec<_>>());
    following.stop().await;
}

#[tokio::test]
async fn rotation_by_copy_and_truncation_loses_and_doubles_nothing() {
    let mut following = Following::new("");
    following.start();
    following.append("app.log", &lines(0, 100));
    following.until(100).await;
    // Written after the last look and before the copy: it is found in the copy.
    following.append("app.log", &lines(100, 110));
    std::fs::copy(following.at("app.log"), following.at("app.log.1")).unwrap();
    std::fs::write(following.at("app.log"), "").unwrap();
    following.append("app.log", &lines(110, 130));
    following.until(130).await;
    // Longer than before when it is looked at again: told apart by how it begins.
    std::fs::write(following.at("app.log"), lines(130, 400)).unwrap();
    following.until(400).await;
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let mut came = numbers(&following.messages());
    came.sort_unstable();
    assert_eq!(came, (0..400).collect::<Vec<_>>());
    following.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_in_the_middle_doubles_one_batch_at_most_and_loses_nothing() {
    let mut following = Following::new("*.log");
    let path = following.at("app.log");
    let writing = tokio::task::spawn_blocking(move || {
        for n in 0..400 {
            append(&path, &lines(n * 100, n * 100 + 100));
            if n % 50 == 49 {
                // Rotated while it is written, followed or not.
                std::fs::rename(&path, path.with_file_name(format!("app.log.{n}.log"))).unwrap();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let mut crashes = 0;
    while !writing.is_finished() {
        following.start();
        tokio::time::sleep(Duration::from_millis(150 + 37 * crashes % 200)).await;
        following.crash().await;
        crashes += 1;
    }
    writing.await.unwrap();
    following.start();
    for _ in 0..1000 {
        let came: std::collections::HashSet<usize> = numbers(&following.messages()).into_iter().collect();
        if came.len() == 40_000 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    following.stop().await;
    let mut came = numbers(&following.messages());
    let all = came.len();
    came.sort_unstable();
    came.dedup();
    assert_eq!(came, (0..40_000).collect::<Vec<_>>(), "nothing is lost");
    let most = usize::try_from(crashes).unwrap() * 5_000;
    println!("{crashes} crashes, {} lines came twice", all - 40_000);
    assert!(all - 40_000 <= most);
}

#[tokio::test]
async fn a_stack_trace_is_one_event_and_a_header_serves_after_a_restart() {
    let mut following = Following::new("*.log");
    following.start();
    following.append("app.log", "2026-10-01 09:00:00 SEVERE failed\n\tat a.B.c(B.java:1)\n");
    tokio::time::sleep(Duration::from_millis(1200)).await;
    following.append("app.log", "Caused by: java.io.IOException: x\n2026-10-01 09:00:01 INFO next\n");
    following.until(2).await;
    assert_eq!(following.messages()[0].lines().count(), 3, "{:?}", following.messages());
    let head = "#Fields: date time c-ip cs-method cs-uri-stem sc-status\r\n";
    following.append("iis.log", &format!("{head}2026-10-01 01:00:00 198.51.100.9 GET /a 200\r\n"));
    following.until(3).await;
    following.stop().await;
    following.append("iis.log", "2026-10-01 01:00:01 198.51.100.8 GET /b 404\r\n");
    following.start();
    following.until(4).await;
    following.stop().await;
    let records = following.kept.records.lock().unwrap();
    let (_, last) = records.last().unwrap();
    assert_eq!(last.fields["cs-uri-stem"], "/b", "{last:?}");
    assert_eq!(last.hot.src_ip.as_deref(), Some("198.51.100.8"));
}

#[tokio::test]
async fn a_busy_intake_is_waited_for_and_an_endless_line_is_told() {
    let mut following = Following::new("*.log");
    following.kept.closed.store(true, Ordering::SeqCst);
    following.append("app.log", &lines(0, 10));
    following.start();
    tokio::time::sleep(Duration::from_millis(300)).await;
    following.crash().await;
    following.kept.closed.store(false, Ordering::SeqCst);
    following.append("app.log", &"x".repeat((3 << 20) + 5));
    following.append("app.log", "\nline 10 of a log\n");
    following.start();
    following.until(11).await;
    following.stop().await;
    assert_eq!(numbers(&following.messages()), (0..11).collect::<Vec<_>>());
    let told = following.unreadable.lock().unwrap();
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("logs.line-too-long"), "{told:?}");
}

#[tokio::test]
async fn places_that_cannot_be_read_stop_the_reading() {
    let mut following = Following::new("*.log");
    std::fs::create_dir(following.folder.path().join("collect")).unwrap();
    std::fs::write(following.folder.path().join("collect/files.json"), "{torn").unwrap();
    following.start();
    let (_, task) = following.running.take().unwrap();
    let fault = task.await.unwrap().unwrap_err();
    assert_eq!(fault.code, "collect.places");
}
