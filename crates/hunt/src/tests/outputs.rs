//! What people open: tables, pages, layers.

use khien_detect::Level;

use super::{Case, event, outcome};
use crate::Lang;

const HOSTILE: &str = "=cmd|' /C calc'!A0 -enc \"<script>alert(1)</script>\" \u{1b}[31m";

fn hostile() -> Case {
    let case = Case::new();
    case.log("a.ndjson", [event(1, "<b>pc</b>", HOSTILE), event(2, "pc2", "x -enc y")].join("\n"));
    case
}

fn written(case: &mut Case, name: &str) -> String {
    case.order.output = Some(case.at(name));
    assert_eq!(outcome(case).0, 2);
    std::fs::read_to_string(case.at(name)).unwrap()
}

#[test]
fn a_page_shows_what_an_event_says_as_text_and_needs_nothing_else() {
    let mut case = hostile();
    for (lang, title) in [(Lang::En, "Timeline of detections"), (Lang::Vi, "Dòng thời gian phát hiện")] {
        case.order.lang = lang;
        let page = written(&mut case, "t.html");
        assert!(page.contains(title) && page.contains(&format!("<html lang=\"{}\">", lang.code())));
        assert!(!page.contains("<script") && !page.contains("<b>pc</b>"));
        assert!(page.contains("&lt;script&gt;"), "it is shown all the same");
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains(" style="));
        assert!(page.contains("default-src &#x27;none&#x27;") || page.contains("default-src 'none'"));
        assert!(page.contains("<svg") && page.contains("T1059.001") && page.contains("14:00:01"));
    }
}

#[test]
fn the_policy_of_a_page_lets_its_own_style_in() {
    use base64::Engine as _;
    use sha2::Digest;

    let page = written(&mut hostile(), "t.html");
    let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style.as_bytes()));
    let policy = page.split("Content-Security-Policy\" content=\"").nth(1).unwrap().split('"').next().unwrap();
    let policy = policy.replace("&#x27;", "'").replace("&#x2f;", "/").replace("&#x2F;", "/").replace("&#x3d;", "=");
    assert!(policy.contains(&format!("'sha256-{hash}'")), "{policy} {hash}");
}

#[test]
fn a_spreadsheet_takes_no_cell_for_a_formula() {
    let text = written(&mut hostile(), "t.csv");
    assert!(text.starts_with('\u{feff}'));
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let headers = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    let cell = |name: &str| rows[0].get(headers.iter().position(|header| header == name).unwrap()).unwrap();
    assert_eq!(cell("command_line"), format!("'{HOSTILE}"));
    assert_eq!((cell("time"), cell("level")), ("2026-06-10T14:00:01.000000+07:00", "high"));
    assert!(rows.iter().flatten().all(|cell| !cell.starts_with(['=', '+', '-', '@'])));
}

#[test]
fn nothing_of_an_event_speaks_to_the_terminal() {
    let text = written(&mut hostile(), "t.txt");
    assert!(!text.contains('\u{1b}') && text.contains("10/06/2026 14:00:01"), "{text}");
    assert_eq!(text.lines().count(), 2);
}

#[test]
fn a_layer_has_the_fields_of_its_format_and_counts() {
    let mut case = hostile();
    case.order.navigator = Some(case.at("layer.json"));
    assert_eq!(outcome(&case).0, 2);
    let layer: serde_json::Value = serde_json::from_slice(&std::fs::read(case.at("layer.json")).unwrap()).unwrap();
    assert_eq!(layer["versions"]["layer"], "4.5");
    assert_eq!(layer["domain"], "enterprise-attack");
    let techniques = layer["techniques"].as_array().unwrap();
    let of = |id: &str| techniques.iter().find(|technique| technique["techniqueID"] == id).unwrap();
    assert_eq!(of("T1059.001")["score"], 2);
    assert_eq!((&of("T1059")["showSubtechniques"], &of("T1059")["score"]), (&true.into(), &serde_json::Value::Null));
    assert_eq!(layer["gradient"]["maxValue"], 2);
    for technique in techniques {
        let id = technique["techniqueID"].as_str().unwrap();
        assert!(id.starts_with('T') && technique["enabled"].is_boolean(), "{technique}");
    }
}

#[test]
fn the_summary_counts_and_the_exit_code_speaks() {
    let mut case = hostile();
    case.order.summary = true;
    case.order.quiet = false;
    let (result, told) = case.run();
    let outcome = result.unwrap();
    assert_eq!(outcome.worst, Some(Level::High));
    assert_eq!((outcome.code(None), outcome.code(Some(Level::High)), outcome.code(Some(Level::Critical))), (0, 3, 0));
    assert!(told.contains("2  High          Encoded command"), "{told}");
    assert!(told.contains("2  T1059.001"), "{told}");
    assert!(told.contains("2 matches of 1 rules (1 loaded) in 2 events of 1 files"), "{told}");
}

#[test]
fn faulty_rules_are_told_and_stop_nobody() {
    let case = hostile();
    std::fs::write(case.at("rules/broken.yml"), "title: x\nlogsource: {product: windows}\n").unwrap();
    let (matches, troubles, told) = outcome(&case);
    assert_eq!((matches, troubles), (2, 0));
    assert!(told.contains("broken.yml:1:1: [detect.detection-missing]"), "{told}");
}
