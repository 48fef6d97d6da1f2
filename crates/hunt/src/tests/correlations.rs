//! Correlations over files that are read in any order.

use khien_detect::Level;

use super::{Case, RULE, event, outcome};

/// Three events of a host in a minute.
const BURST: &str = "title: Burst\nid: 22222222-2222-3333-4444-555555555555\nlevel: critical\ntags: [attack.t1110]\n\
    correlation: {type: event_count, rules: [11111111-2222-3333-4444-555555555555], group-by: [Computer], \
    timespan: 1m, condition: {gte: 3}}\n";

fn case() -> Case {
    let case = Case::new();
    std::fs::write(case.at("rules/burst.yml"), BURST).unwrap();
    // The events of a host lie in two files, and neither is in order.
    let log = |seconds: &[u32], host: &str| {
        seconds.iter().map(|second| event(*second, host, "x -enc y") + "\n").collect::<String>()
    };
    case.log("a.ndjson", log(&[50, 5], "pc1") + &log(&[1], "pc2"));
    case.log("b.ndjson", log(&[30], "pc1") + &log(&[59], "pc2"));
    case
}

#[test]
fn events_of_several_files_are_counted_in_the_order_of_time() {
    let mut case = case();
    for threads in [1, 3] {
        case.order.threads = threads;
        // The rule itself only serves the correlation, which does not say `generate`.
        assert_eq!(outcome(&case).0, 1);
        let rows = case.rows();
        assert_eq!((&rows[0]["title"], &rows[0]["level"]), (&"Burst".into(), &"critical".into()));
        assert_eq!((&rows[0]["time"], &rows[0]["host"]), (&"2026-06-10T07:00:50.000000Z".into(), &"pc1".into()));
        let mark = |name: &str| {
            let marks = rows[0]["matched"].as_array().unwrap();
            marks.iter().find(|mark| mark["field"] == name).unwrap()["value"].as_str().unwrap().to_owned()
        };
        assert_eq!((mark("count").as_str(), mark("records").as_str()), ("3", "#1 #1 #2"));
        assert_eq!(mark("first"), "2026-06-10T07:00:05+00:00");
    }
}

#[test]
fn a_rule_stands_beside_its_correlation_where_that_says_so_and_choices_hold() {
    let mut case = case();
    std::fs::write(case.at("rules/burst.yml"), BURST.replace("type: ", "generate: true, type: ")).unwrap();
    assert_eq!(outcome(&case).0, 6);
    case.order.choice.least = Some(Level::Critical);
    assert_eq!(outcome(&case).0, 1, "the rule is milder and still counted");
    case.order.choice.least = None;
    case.order.choice.except = vec!["22222222-2222-3333-4444-555555555555".into()];
    assert_eq!(outcome(&case).0, 5);
}

#[test]
fn a_page_names_what_a_correlation_counted() {
    let mut case = case();
    case.order.output = Some(case.at("t.html"));
    case.order.lang = crate::Lang::Vi;
    outcome(&case);
    let page = std::fs::read_to_string(case.at("t.html")).unwrap();
    assert!(page.contains("<dt>số sự kiện</dt><dd>3</dd>"), "{page}");
    assert!(RULE.contains("Encoded") && !page.contains("Encoded command"));
}
