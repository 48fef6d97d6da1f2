//! Rules that are shipped hold what their samples say, and the pages of rules.

use std::path::Path;
use std::sync::Arc;

use chrono::DateTime;
use khien_base::event::Hot;
use khien_base::{LogSource, Record, Role};
use khien_detect::Scratch;
use khien_directory::testing::TestApp;
use khien_web::texts::Lang;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Rules, load, loaded};
use crate::{alerts, rules};

mod flow;
mod imports;
mod quieting;
mod trials;

#[derive(Deserialize)]
struct Samples {
    r#match: Vec<Sample>,
    not_match: Vec<Sample>,
}

#[derive(Deserialize)]
struct Sample {
    log: Log,
    fields: Map<String, Value>,
}

#[derive(Deserialize)]
struct Log {
    product: Option<String>,
    service: Option<String>,
    category: Option<String>,
}

impl Sample {
    fn record(&self) -> Record {
        let log = LogSource {
            product: self.log.product.clone(),
            service: self.log.service.clone(),
            category: self.log.category.clone(),
        };
        let raw = Value::Object(self.fields.clone()).to_string();
        Record { time: None, log, hot: Hot::default(), fields: self.fields.clone().into(), raw, key: None }
    }
}

/// A rule says in both languages what it means and what to do.
fn noted(loaded: &loaded::Loaded, rule: &khien_detect::Rule) {
    let name = &rule.source_name;
    let notes = loaded.notes.get(&rule.id).unwrap_or_else(|| panic!("{name} has no x_khien"));
    for text in [&notes.title_vi, &notes.description_vi, &notes.advice_vi, &notes.advice_en] {
        assert!(!text.is_empty(), "{name}");
    }
    assert_eq!(notes.falsepositives_vi.len(), rule.falsepositives.len(), "{name}: each in both languages");
}

/// The sequences of correlations are played by the test `content` of the crate that matches them.
#[test]
fn every_rule_that_is_shipped_fires_on_its_samples_and_on_no_near_miss() {
    let loaded = load(&[], DateTime::default());
    assert!(loaded.faults.is_empty(), "{}", loaded.faults[0]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/rules");
    let mut tried = 0;
    for rule in loaded.ruleset.heads() {
        noted(&loaded, rule);
        tried += 1;
    }
    for rule in loaded.ruleset.rules() {
        let name = rule.source_name.strip_prefix(loaded::OWN).unwrap();
        let file = folder.join(name.replace(".yml", ".samples.yaml"));
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let samples: Samples = serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!samples.r#match.is_empty() && !samples.not_match.is_empty(), "{name}");
        let fires = |sample: &Sample| {
            let record = sample.record();
            let plain = loaded.ruleset.matches(&record);
            assert_eq!(plain, loaded.engine.matches(&record, &mut Scratch::default()), "{name}: fast and plain differ");
            plain.iter().any(|found| found.rule.id == rule.id)
        };
        for (n, sample) in samples.r#match.iter().enumerate() {
            assert!(fires(sample), "{name}: sample {n} of `match`");
        }
        for (n, sample) in samples.not_match.iter().enumerate() {
            assert!(!fires(sample), "{name}: sample {n} of `not_match`");
        }
    }
    let files = std::fs::read_dir(&folder).unwrap().filter_map(Result::ok);
    let rules = files.filter(|file| file.path().extension().is_some_and(|kind| kind == "yml")).count();
    assert_eq!((tried, rules > 40), (rules, true));
}

const GOOD: &str = "title: A rule of the province\nid: 00000000-0000-4000-8000-000000000001\nstatus: stable\n\
    logsource:\n    product: linux\ndetection:\n    sel:\n        message|contains: xin chào\n    condition: sel\n\
    level: low\ntags:\n    - attack.t1059.004\n";

pub(super) fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("khien_rules_{}_{name}", std::process::id()));
    std::fs::remove_dir_all(&folder).ok();
    std::fs::create_dir_all(folder.join("deep/er")).unwrap();
    folder
}

#[test]
fn folders_are_read_to_the_bottom_and_one_bad_file_stops_nobody() {
    let folder = folder("read");
    std::fs::write(folder.join("deep/er/good.yml"), GOOD).unwrap();
    std::fs::write(folder.join("bad.yaml"), "title: [").unwrap();
    std::fs::write(folder.join("large.yml"), vec![b'#'; 1024 * 1024 + 1]).unwrap();
    std::fs::write(folder.join("notes.txt"), "no rule").unwrap();
    std::fs::write(folder.join("good.samples.yaml"), "match: []").unwrap();
    let own = load(&[], DateTime::default()).ruleset.rules().len();
    let found = load(&[folder.clone(), folder.join("gone")], DateTime::default());
    assert_eq!(found.ruleset.rules().len(), own + 1);
    let rule = found.rule("00000000-0000-4000-8000-000000000001").unwrap();
    assert_eq!(rule.source_name, "deep/er/good.yml");
    let mut codes: Vec<(&str, &str)> =
        found.faults.iter().map(|fault| (fault.code, fault.source.rsplit('/').next().unwrap())).collect();
    codes.sort_unstable();
    assert_eq!(codes, [("detect.too-large", "large.yml"), ("detect.yaml", "bad.yaml"), ("rules.unreadable", "gone")]);
    std::fs::remove_dir_all(&folder).unwrap();
}

async fn centre(folders: Vec<std::path::PathBuf>) -> TestApp {
    TestApp::plugged(vec![alerts::MODULE, rules::MODULE], |kit| {
        kit.plug(Arc::new(Rules::new(load(&folders, kit.now()))));
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn rules_are_listed_narrowed_and_shown() {
    let app = centre(vec![]).await;
    let (_, mut point) = app.sign_in(Role::FocalPoint, "so-y-te").await.unwrap();
    let page = point.get("/rules?q=tai+khoan+root").await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("Tạo tài khoản có quyền root"), "{}", page.text());
    let list = point.get("/api/v1/rules?technique=T1136&size=200").await.json();
    let rows = list["rows"].as_array().unwrap();
    assert!(rows.len() >= 4 && rows.iter().all(|row| row["techniques"].to_string().contains("T1136.001")), "{list}");
    assert_eq!(list["coverage"].as_array().unwrap().len(), 15);
    let windows = point.get("/api/v1/rules?level=critical&logsource=windows+%2F+security").await.json();
    assert!(windows["rows"].as_array().unwrap().iter().all(|row| row["logsource"] == "windows / security"));
    let href = rows[0]["href"].as_str().unwrap().to_owned();
    let rule = point.get(&href).await.text();
    assert!(rule.contains("logsource:") && rule.contains("Local Account"), "{rule}");
    assert_eq!(point.get("/rules/rule/none").await.status, 404);
}

#[tokio::test]
async fn an_event_is_tried_against_the_rules_and_stored_nowhere() {
    let app = centre(vec![]).await;
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    let event = "{\n  \"program\": \"useradd\",\n  \"message\": \"new user: name=x, UID=0, GID=0\"\n}";
    let fields = [("event", event), ("product", "linux"), ("service", "auth")];
    let page = officer.post("/rules/try", &fields).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("Tạo tài khoản có quyền root"), "{}", page.text());
    assert!(page.text().contains("<mark>new user:</mark>"), "{}", page.text());
    let quiet = officer.post("/api/v1/rules/try", &[("event", "{\"a\": 1}")]).await.json();
    assert_eq!((quiet["fired"].as_array().unwrap().len(), quiet["done"].as_bool()), (0, Some(true)));
    let line = "<86>Oct  1 09:00:00 mail-01 useradd[77]: new user: name=x, UID=0, GID=0, home=/root, shell=/bin/sh";
    let said = officer.post("/api/v1/rules/try", &[("event", line)]).await.json();
    assert!(!said["fired"].as_array().unwrap().is_empty(), "{said}");
    for (wrong, says) in [("{\"a\": ", "dòng 1"), ("  ", "Chưa có sự kiện")] {
        let answer = officer.post("/rules/try", &[("event", wrong)]).await;
        assert_eq!(answer.status, 422);
        assert!(answer.text().contains(says), "{}", answer.text());
    }
    let deep = "{\"a\":".repeat(5000);
    assert_eq!(officer.post("/rules/try", &[("event", &deep)]).await.status, 422);
    assert!(officer.get("/api/v1/alerts?state=all").await.json()["rows"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn folders_are_loaded_again_by_who_reaches_the_whole_centre() {
    let folder = folder("reload");
    std::fs::write(folder.join("bad.yml"), "title: Rule\nlogsource: {}\n").unwrap();
    let app = centre(vec![folder.clone()]).await;
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    let faults = officer.get("/rules/faults").await.text();
    assert!(faults.contains("bad.yml") && faults.contains("detect.logsource-missing"), "{faults}");
    assert!(faults.contains("Luật không nói dùng cho loại nhật ký nào"), "{faults}");
    let (_, mut point) = app.sign_in(Role::Officer, "so-y-te").await.unwrap();
    assert_eq!(point.post("/rules/reload", &[]).await.status, 403);
    assert!(!point.get("/rules/faults").await.text().contains(&folder.display().to_string()));
    std::fs::write(folder.join("bad.yml"), GOOD).unwrap();
    let done = officer.post("/rules/reload", &[]).await;
    assert_eq!((done.status, done.location()), (303, "/rules"));
    assert!(officer.get("/rules?q=province").await.text().contains("A rule of the province"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn every_fault_of_a_rule_file_has_a_sentence_in_both_languages() {
    let app = centre(vec![]).await;
    for code in khien_detect::CODES.iter().chain(&["rules.unreadable", "rules.too-many"]) {
        for lang in Lang::ALL {
            assert!(app.kit.texts.find(lang, &format!("fault.{code}")).is_some(), "{code}");
        }
    }
}

/// Lists as lines of cells with tabs between them.
struct Lines;

impl khien_base::ports::Sheets for Lines {
    fn csv(&self, sheet: &khien_base::ports::Sheet) -> khien_base::Result<Vec<u8>> {
        let lines = std::iter::once(&sheet.columns).chain(&sheet.rows).map(|cells| cells.join("\t"));
        Ok(lines.collect::<Vec<_>>().join("\n").into_bytes())
    }

    fn xlsx(&self, sheet: &khien_base::ports::Sheet) -> khien_base::Result<Vec<u8>> {
        self.csv(sheet)
    }
}

#[tokio::test]
async fn the_list_is_narrowed_by_each_part_sorted_and_taken_away() {
    let app = TestApp::plugged(vec![alerts::MODULE, rules::MODULE], |kit| {
        kit.sheets = Some(Arc::new(Lines));
        kit.plug(Arc::new(Rules::new(load(&[], kit.now()))));
    })
    .await
    .unwrap();
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    let all = officer.get("/api/v1/rules?size=200").await.json();
    let rows = all["rows"].as_array().unwrap();
    for (part, value) in [("level", "high"), ("status", "test"), ("kind", "correlation"), ("source", "khien")] {
        let narrowed = officer.get(&format!("/api/v1/rules?size=200&{part}={value}")).await.json();
        let field = if part == "source" { "own" } else { part };
        let of = |row: &&Value| row[field] == value || row[field] == true;
        let (found, wanted) = (narrowed["rows"].as_array().unwrap().len(), rows.iter().filter(of).count());
        assert!(found == wanted && found > 0, "{part}={value}: {found} of {wanted}");
    }
    let linux = officer.get("/api/v1/rules?size=200&product=linux").await.json();
    let of_linux = |row: &Value| row["logsource"].as_str().unwrap().starts_with("linux");
    assert!(linux["rows"].as_array().unwrap().iter().all(of_linux) && linux["pager"]["total"].as_u64() > Some(3));
    let sorted = officer.get("/api/v1/rules?size=200&sort=-title").await.json();
    let titles: Vec<String> = sorted["rows"].as_array().unwrap().iter().map(|row| row["title"].to_string()).collect();
    let mut wanted = titles.clone();
    wanted.sort_by_cached_key(|title| std::cmp::Reverse(khien_base::key::key(title)));
    assert_eq!(titles, wanted);
    let file = officer.get("/rules?format=csv&kind=correlation").await;
    assert!(file.headers["content-disposition"].contains("luat-phat-hien.csv"));
    let text = file.text();
    let correlations = rows.iter().filter(|row| row["kind"] == "correlation").count();
    assert_eq!(text.lines().count(), correlations + 1, "{text}");
    assert!(text.contains("Luật tương quan"));
    let matrix = officer.get("/api/v1/rules/coverage").await.json();
    let persistence = matrix["tactics"].as_array().unwrap().iter().find(|one| one["name"] == "persistence").unwrap();
    let cell = persistence["cells"].as_array().unwrap().iter().find(|cell| cell["id"] == "T1136.001").unwrap();
    let listed = officer.get("/api/v1/rules?size=200&tactic=persistence&technique=T1136.001").await.json();
    assert_eq!(cell["rules"].as_u64(), listed["pager"]["total"].as_u64());
    // A correlation shows what it refers to, and such a rule shows the correlation.
    let correlation = rows.iter().find(|row| row["kind"] == "correlation").unwrap();
    let page = officer.get(&format!("/api/v1{}", correlation["href"].as_str().unwrap())).await.json();
    let base = page["refers"][0]["value"].as_str().unwrap().to_owned();
    let base = officer.get(&format!("/api/v1{base}")).await.json();
    assert!(base["used_by"].as_array().unwrap().iter().any(|one| one["value"] == correlation["href"]), "{base}");
}

#[tokio::test]
async fn every_page_of_rules_shows_every_sample_in_both_languages() {
    let centre = crate::sources::tests::Centre::new().await;
    khien_web::testing::check_cards(&centre.app.kit).await.unwrap();
    assert!(khien_web::testing::render_samples(&centre.app.kit).unwrap() > 100);
}
