//! Rules of others: looked at, chosen, put in force.

use khien_base::Role;
use khien_web::testing::Browser;

use super::flow::{in_force, last, shown};
use crate::rules::archive::tests::zip_of;
use crate::rules::{apply, loaded};
use crate::sources::tests::Centre;

fn rule(n: u32, level: &str, status: &str, product: &str, word: &str) -> (String, String) {
    let text = format!(
        "title: Luật số {n}\nid: 00000000-0000-4000-8000-{n:012}\nstatus: {status}\nlevel: {level}\nlogsource:\n    \
         product: {product}\ndetection:\n    sel:\n        message|contains: {word}\n    condition: sel\n"
    );
    (format!("rules/{product}/{n}.yml"), text)
}

fn zipped(files: &[(String, String)]) -> Vec<u8> {
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    zip_of(&files)
}

/// Uploads; gives the page of the preview.
async fn upload(browser: &mut Browser, files: &[(String, String)]) -> String {
    let answer = browser.upload("/rules/import", "sigma.zip", &zipped(files), &[("name", "sigmahq")]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.location().to_owned()
}

async fn counts(browser: &mut Browser, page: &str) -> Vec<(String, i64)> {
    let tabs = shown(browser, page).await["tabs"].clone();
    let one = |tab: &serde_json::Value| (tab["outcome"].as_str().unwrap().to_owned(), tab["count"].as_i64().unwrap());
    tabs.as_array().unwrap().iter().map(one).filter(|(_, n)| *n > 0).collect()
}

fn told(pairs: &[(&str, i64)]) -> Vec<(String, i64)> {
    pairs.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect()
}

#[tokio::test]
async fn an_archive_is_looked_at_before_anything_is_in_force_and_the_next_one_is_compared() {
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    let mut files = vec![
        rule(1, "high", "stable", "windows", "một"),
        rule(2, "low", "test", "windows", "hai"),
        rule(3, "high", "experimental", "linux", "ba"),
        ("rules/x.yml".to_owned(), "title: [".to_owned()),
        ("README.md".to_owned(), "not a rule".to_owned()),
    ];
    let page = upload(&mut officer, &files).await;
    assert_eq!(counts(&mut officer, &page).await, told(&[("new", 3), ("faulty", 1)]));
    assert_eq!(shown(&mut officer, "/rules?source=sigmahq").await["rows"].as_array().unwrap().len(), 0);
    let html = officer.get(&format!("{page}?tab=faulty")).await.text();
    assert!(html.contains("YAML sai") && html.contains("rules&#x2f;x.yml"));
    let narrowed = shown(&mut officer, &format!("{page}?level=medium&status=test")).await;
    assert_eq!((narrowed["to_take"].as_i64(), narrowed["left_out"].as_i64()), (Some(1), Some(2)));
    let confirmed = officer.post(&format!("{page}/confirm"), &[("status", "test")]).await;
    assert_eq!(confirmed.status, 303, "{}", confirmed.text());
    let again = officer.post(&format!("{page}/confirm"), &[("status", "test")]).await;
    assert_eq!(again.status, 409, "an import is decided once");
    let rows = shown(&mut officer, "/rules?source=sigmahq&sort=title").await["rows"].clone();
    let titles: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Luật số 1", "Luật số 2"]);
    let logged = last(&centre).await;
    assert_eq!((logged.action.as_str(), logged.detail["counts"]["new"].as_i64()), ("rules.import", Some(2)));
    // The release after: one changed, one gone, one new, one as it was before and not chosen then.
    files[0].1 = files[0].1.replace("một", "mốt");
    files.remove(1);
    files.push(rule(4, "critical", "test", "linux", "bốn"));
    let page = upload(&mut officer, &files).await;
    assert_eq!(counts(&mut officer, &page).await, told(&[("new", 2), ("changed", 1), ("gone", 1), ("faulty", 1)]));
    let changed =
        shown(&mut officer, &format!("{page}?tab=changed")).await["rows"][0]["id"].as_str().unwrap().to_owned();
    let diff = shown(&mut officer, &format!("{page}/items/{changed}")).await;
    assert!(diff["lines"].to_string().contains("mốt") && diff["lines"].to_string().contains("removed"), "{diff}");
    let fields = [("status", "test"), ("product", "windows"), ("retire", "true")];
    assert_eq!(officer.post(&format!("{page}/confirm"), &fields).await.status, 303);
    let rows = shown(&mut officer, "/rules?source=sigmahq").await["rows"].clone();
    assert_eq!((rows.as_array().unwrap().len(), rows[0]["title"].as_str()), (1, Some("Luật số 1")), "{rows}");
    let rule = shown(&mut officer, "/rules/rule/00000000-0000-4000-8000-000000000001").await;
    assert!(rule["yaml"].as_str().unwrap().contains("mốt"));
    assert_eq!(rule["versions"].as_array().unwrap().len(), 2);
    assert_eq!(rule["versions"][1]["state"], "retired");
    // The same archive once more changes nothing.
    let page = upload(&mut officer, &files[..1]).await;
    assert_eq!(counts(&mut officer, &page).await, told(&[("unchanged", 1)]));
    assert_eq!(officer.post(&format!("{page}/cancel"), &[]).await.status, 303);
    assert_eq!(officer.post(&format!("{page}/confirm"), &[]).await.status, 409);
}

#[tokio::test]
async fn a_rule_of_our_own_is_never_replaced_and_what_was_imported_is_there_after_a_start() {
    let centre = Centre::new().await;
    let (mut officer, mut second) = (centre.officer().await, centre.officer().await);
    let own = rule(7, "low", "test", "linux", "riêng");
    in_force(&mut officer, &mut second, &own.1).await;
    let files = [rule(7, "critical", "test", "linux", "chung"), rule(8, "low", "test", "linux", "tám")];
    let page = upload(&mut officer, &files).await;
    assert_eq!(counts(&mut officer, &page).await, told(&[("new", 1), ("own", 1)]));
    assert_eq!(officer.post(&format!("{page}/confirm"), &[("retire", "true")]).await.status, 303);
    let row = shown(&mut officer, "/rules?source=own").await["rows"][0].clone();
    assert_eq!((row["level"].as_str(), row["title"].as_str()), (Some("low"), Some("Luật số 7")));
    // As at a start: everything is read from the database.
    loaded::of(&centre.app.kit).unwrap().replace(loaded::load(&[], centre.app.kit.now()));
    assert_eq!(shown(&mut officer, "/rules?source=sigmahq").await["rows"].as_array().unwrap().len(), 0);
    apply::rebuild(&centre.app.kit).await.unwrap();
    let rows = shown(&mut officer, "/rules?source=sigmahq").await["rows"].clone();
    assert_eq!(rows[0]["title"], "Luật số 8");
    // Its page retires it too, and its text is not changed here.
    let version = shown(&mut officer, "/rules/rule/00000000-0000-4000-8000-000000000008").await["versions"][0].clone();
    let at = format!("/rules/versions/{}", version["id"].as_str().unwrap());
    assert_eq!(officer.get(&format!("/rules/new?revise={}", version["id"].as_str().unwrap())).await.status, 409);
    assert_eq!(second.post(&format!("{at}/retire"), &[("note", "Nhiễu")]).await.status, 303);
    assert_eq!(shown(&mut officer, "/rules?source=sigmahq").await["rows"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn a_folder_of_the_configuration_is_taken_in_too_and_the_database_goes_before_it() {
    let folder = super::folder("import");
    let (name, text) = rule(9, "high", "test", "linux", "chín");
    std::fs::write(folder.join("deep").join(name.rsplit('/').next().unwrap()), &text).unwrap();
    let centre = Centre::new().await;
    let rules = loaded::of(&centre.app.kit).unwrap();
    rules.replace(loaded::load(std::slice::from_ref(&folder), centre.app.kit.now()));
    let (_, mut administrator) = centre.app.sign_in(Role::Administrator, "24").await.unwrap();
    assert_eq!(shown(&mut administrator, "/rules?source=folder").await["rows"][0]["title"], "Luật số 9");
    let page = administrator.post("/rules/import/folder", &[("folder", "0"), ("name", "cuc-attt")]).await;
    assert_eq!(page.status, 303, "{}", page.text());
    let page = page.location().to_owned();
    assert_eq!(administrator.post(&format!("{page}/confirm"), &[]).await.status, 303);
    assert_eq!(shown(&mut administrator, "/rules?source=folder").await["rows"].as_array().unwrap().len(), 0);
    assert_eq!(shown(&mut administrator, "/rules?source=cuc-attt").await["rows"][0]["title"], "Luật số 9");
    assert!(rules.current().faults.is_empty(), "{:?}", rules.current().faults);
    let gone = administrator.post("/api/v1/rules/import/folder", &[("folder", "7"), ("name", "x")]).await;
    assert_eq!(gone.status, 422);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn files_that_cannot_be_used_are_refused() {
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    let fields: [(&str, &str); 1] = [("name", "x")];
    for (name, bytes, wanted) in [
        ("a.zip", b"PKbroken".to_vec(), "rules.archive-broken"),
        ("a.rar", b"Rar!".to_vec(), "rules.archive-kind"),
        ("a.zip", zip_of(&[("a.txt", "x")]), "rules.archive-empty"),
        ("a.zip", zip_of(&[("a.yml", "name: nothing")]), "rules.archive-empty"),
    ] {
        let answer = officer.upload("/api/v1/rules/import", name, &bytes, &fields).await;
        assert_eq!((answer.status, answer.json()["fault"]["code"].as_str()), (422, Some(wanted)), "{name}");
    }
    let (_, text) = rule(1, "low", "test", "linux", "x");
    let answer = officer.upload("/api/v1/rules/import", "a.yml", text.as_bytes(), &[("name", "Tên lạ")]).await;
    assert_eq!(answer.json()["fault"]["code"], "rules.import-name");
    let answer = officer.upload("/rules/import", "a.yml", text.as_bytes(), &fields).await;
    assert_eq!(answer.status, 303, "a single file is an archive of one");
    let (_, other) = rule(2, "low", "test", "linux", "y");
    let files = [("a.yml", text.as_bytes()), ("b.yml", other.as_bytes())];
    let page = officer.uploads("/rules/import", &files, &fields).await.location().to_owned();
    assert_eq!(counts(&mut officer, &page).await, told(&[("new", 2)]), "several files are taken together");
}

/// All public rules at once, as a release of SigmaHQ brings them.
#[tokio::test]
async fn the_public_corpus_is_taken_in_whole() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/sigma/rules");
    if !folder.is_dir() {
        println!("skipped: no corpus at {}", folder.display());
        return;
    }
    let (files, faults) = loaded::files_of(&folder);
    assert!(faults.is_empty() && files.len() > 1000);
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    let start = std::time::Instant::now();
    let page = upload(&mut officer, &files).await;
    let read = start.elapsed();
    let preview = shown(&mut officer, &page).await;
    let (all, faulty) = (preview["to_take"].as_i64().unwrap(), preview["import"]["faulty"].as_i64().unwrap());
    let start = std::time::Instant::now();
    assert_eq!(officer.post(&format!("{page}/confirm"), &[]).await.status, 303);
    println!("{} files: read in {read:?}, {all} in force in {:?}, {faulty} faulty", files.len(), start.elapsed());
    let total = shown(&mut officer, "/rules?source=sigmahq").await["pager"]["total"].as_i64().unwrap();
    // Rules of the release that are shipped under the same identity count once.
    assert!(total >= all && all > 1000 && faulty * 50 < all, "{total} of {all}, {faulty} faulty");
}
