//! The table in a bucket of a real S3 server: `proof/s3/run.sh` says where its program is.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chrono::TimeDelta;
use khien_base::ports::{EventStore, Search};
use khien_base::{Clock, Reach};
use object_store::ObjectStoreExt;

use super::{Maker, all, commit, noon, quick, unit};
use crate::{Lake, S3, Settings};

/// A server that ends with the test.
struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn start(program: &str, port: u16) -> Child {
    Command::new(program)
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// An HTTP request in the plainest words: makes the bucket, and tells when the server answers.
fn answers(port: u16) -> bool {
    use std::io::{Read, Write};
    let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", port)) else { return false };
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let request = "PUT /khien HTTP/1.1\r\nHost: s3.amazonaws.com\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let mut text = String::new();
    stream.write_all(request.as_bytes()).is_ok() && stream.read_to_string(&mut text).is_ok() && text.contains(" 200 ")
}

#[expect(clippy::disallowed_methods, reason = "the proof says where its server is")]
fn server() -> Option<Server> {
    let Ok(program) = std::env::var("KHIEN_MOTO") else {
        println!("skipped: KHIEN_MOTO is not set; run proof/s3/run.sh");
        return None;
    };
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = Server { child: start(&program, port), port };
    for _ in 0..300 {
        if answers(port) {
            return Some(server);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the S3 server does not answer");
}

fn settings(port: u16) -> Settings {
    let s3 = S3 {
        url: "s3://khien/kho/su-kien".into(),
        endpoint: Some(format!("http://127.0.0.1:{port}")),
        region: None,
        access_key_id: "khien".into(),
        secret_access_key: "khien".into(),
    };
    Settings { s3: Some(s3), ..quick() }
}

async fn open(dir: &Path, port: u16, clock: Clock) -> Lake {
    Lake::open_with(dir, clock, settings(port)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an S3 server: proof/s3/run.sh"]
async fn bucket_holds_the_table_and_the_journal_what_it_cannot_take() {
    let Some(mut server) = server() else { return };
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::fixed(noon());
    let lake = open(dir.path(), server.port, clock.clone()).await;
    let mut maker = Maker::new(1);
    for _ in 0..8 {
        commit(&lake, maker.events(unit(1), 20)).await;
    }
    lake.append(maker.events(unit(2), 5)).await.unwrap();
    assert_eq!(lake.search(all(Reach::All)).await.unwrap().total, 165);
    assert_eq!(lake.search(all(Reach::Units([unit(2)].into()))).await.unwrap().total, 5);
    assert_eq!(std::fs::read_dir(dir.path().join("events")).unwrap().count(), 0, "nothing of the table lies here");
    // Merging, and the files that it replaces.
    lake.tidy().await.unwrap();
    assert_eq!(lake.log.parts().len(), 1);
    clock.advance(TimeDelta::days(3_650 * 2));
    lake.tidy().await.unwrap();
    assert_eq!(lake.search(all(Reach::All)).await.unwrap().total, 165);
    lake.close().await.unwrap();

    // Another engine's reading of the same bucket: the log is a Delta log.
    let lake = open(dir.path(), server.port, clock.clone()).await;
    let found = lake.search(Search { limit: 3, ..all(Reach::All) }).await.unwrap();
    assert_eq!((found.total, found.events.len()), (165, 3));
    assert_eq!(lake.log.parts().iter().map(|part| part.rows).sum::<u64>(), 165);

    // The store goes away: events are taken in and found. It comes back empty-handed of nothing.
    lake.append(maker.events(unit(1), 7)).await.unwrap();
    let next = format!("_delta_log/{:020}.json", lake.log.version() + 1);
    let files = lake.log.files().unwrap();
    files.put(&object_store::path::Path::from(next.as_str()), "{}\n".into()).await.unwrap();
    // Somebody outside has taken the number: ours is the next one.
    lake.flush().await.unwrap();
    assert_eq!(lake.search(all(Reach::All)).await.unwrap().total, 172);
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    lake.append(maker.events(unit(3), 4)).await.unwrap();
    assert_eq!(lake.flush().await.unwrap_err().code, "lake.store");
    assert_eq!(lake.holdings().await.unwrap().events, 176);
    assert_eq!(lake.holdings().await.unwrap().waiting, 4);
    // Without the store only the tail can be read; the table's part is a fault, not a wrong number.
    assert!(lake.search(all(Reach::All)).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an S3 server: proof/s3/run.sh"]
async fn bucket_that_is_wrong_is_told() {
    let dir = tempfile::tempdir().unwrap();
    for url in ["khien", "http://khien/x", "s3://"] {
        let mut wrong = settings(1);
        wrong.s3.as_mut().unwrap().url = url.into();
        let fault = Lake::open_with(dir.path(), Clock::fixed(noon()), wrong).await.unwrap_err();
        assert_eq!(fault.code, "lake.url", "{url}");
    }
    let fault = Lake::open_with(dir.path(), Clock::fixed(noon()), settings(1)).await.unwrap_err();
    assert_eq!(fault.code, "lake.store");
}
