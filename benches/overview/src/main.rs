//! The leader's page of a large province: 250 units, 300 systems, 2,000 tasks, 10,000 alerts.
//!
//! The demonstration centre is made in a folder of its own and grown to those numbers through the stores; then a
//! leader reads the page, alone and eight at a time. What is timed is all that the server does for a request: session,
//! rights, queries, template. The network is not in it. No product of the kind has such a page, so there is no peer;
//! the bar is 100 ms.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on stops")]
#![expect(clippy::print_stdout, reason = "figures are what a bench is for")]

mod grow;

use std::time::{Duration, Instant};

use khien::config::Config;
use khien::{demo, wiring};
use khien_base::{Clock, Reach};
use khien_web::testing::Browser;

/// Requests of each round.
const REQUESTS: usize = 100;
/// Readers at once in the second round.
const READERS: usize = 8;
/// What the page may cost, in milliseconds.
const BAR: f64 = 100.0;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    demo::make(folder.path()).await.unwrap();
    let centre = wiring::open(folder.path(), &Config::default(), Clock::System).await.unwrap();
    let counts = grow::grow(&centre.kit).await.unwrap();
    println!("{counts}");
    let router = khien_web::router::router(&centre.kit);
    for username in ["hien.tq", "vinh.dt"] {
        let browser = Browser::signed_in(router.clone(), &grow::session(&centre.kit, username).await.unwrap());
        let page = browser.clone().get("/").await;
        assert_eq!(page.status, 200, "{}", page.text());
        let alone = round(&browser, 1).await;
        let crowd = round(&browser, READERS).await;
        println!("{username}: page of {} KiB", page.bytes.len() / 1024);
        report("one reader", alone);
        report("eight readers at once", crowd);
    }
    let alerts = khien_respond::alerts::overview::open_counts(&centre.kit, &Reach::All).await.unwrap();
    println!("alerts not closed: {}", alerts.iter().map(|count| count.new).sum::<i64>());
}

/// Times of a round of requests, sorted.
async fn round(browser: &Browser, readers: usize) -> Vec<Duration> {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..readers {
        let mut browser = browser.clone();
        tasks.spawn(async move {
            let mut times = Vec::new();
            for _ in 0..REQUESTS / readers {
                let start = Instant::now();
                assert_eq!(browser.get("/").await.status, 200);
                times.push(start.elapsed());
            }
            times
        });
    }
    let mut times: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    times.sort_unstable();
    times
}

fn report(what: &str, times: Vec<Duration>) {
    let at = |share: f64| {
        let place = ((times.len() - 1) as f64 * share).round() as usize;
        times.get(place).copied().unwrap_or_default().as_secs_f64() * 1000.0
    };
    println!(
        "  {what:<22} median {:>6.1} ms   p95 {:>6.1} ms   slowest {:>6.1} ms   {:.2} of the bar of {BAR} ms",
        at(0.5),
        at(0.95),
        at(1.0),
        at(0.5) / BAR,
    );
}
