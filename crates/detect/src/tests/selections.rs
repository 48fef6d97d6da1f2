//! Values without modifiers, keywords, lists, maps, conditions, nested fields, hits.

use serde_json::json;

use super::{fires, item, load, record, refused, rule};
use crate::Hit;

#[test]
fn numbers_and_text_meet() {
    assert!(item("EventID: 4688", &json!({"EventID": 4688})) && item("EventID: 4688", &json!({"EventID": "4688"})));
    assert!(item("EventID: '4688'", &json!({"EventID": 4688})));
    assert!(!item("EventID: 4688", &json!({"EventID": 46880})));
    assert!(item("Mask: 23", &json!({"Mask": "0x17"})), "hexadecimal in the record");
    assert!(item("Flag: true", &json!({"Flag": true})) && item("Flag: true", &json!({"Flag": "True"})));
    assert!(item("Flag: 'false'", &json!({"Flag": false})));
    assert!(item("Port: 1.5", &json!({"Port": 1.5})));
}

#[test]
fn null_is_absence_and_empty_is_empty() {
    assert!(item("A: null", &json!({})) && item("A: null", &json!({"A": null})) && item("A:", &json!({})));
    assert!(!item("A: null", &json!({"A": ""})) && !item("A: null", &json!({"A": "x"})));
    assert!(item("A: ''", &json!({"A": ""})));
    assert!(!item("A: ''", &json!({})) && !item("A: ''", &json!({"A": null})) && !item("A: ''", &json!({"A": "x"})));
    assert!(item("A: [null, '']", &json!({})) && item("A: [null, '']", &json!({"A": ""})));
    assert!(item("A: '*'", &json!({"A": "x"})) && !item("A: '*'", &json!({})), "* needs a value");
    assert_eq!(refused("A|contains: null"), "detect.value-type");
}

#[test]
fn field_names_are_exact_first_and_then_without_case() {
    assert!(item("commandline: 'x'", &json!({"CommandLine": "x"})));
    assert!(!item("user: 'x'", &json!({"User": "x", "user": "y"})), "the exact name wins");
}

#[test]
fn nested_fields_and_lists() {
    let fields = json!({"a": {"b": [{"c": "one"}, {"c": "two"}]}, "x.y": "dotted", "tags": ["red", "blue"]});
    assert!(item("a.b.c: 'two'", &fields) && !item("a.b.c: 'three'", &fields));
    assert!(item("x.y: 'dotted'", &fields), "a name with a dot is a name first");
    assert!(item("tags: 'BLUE'", &fields) && item("A.B.C: 'one'", &fields));
    assert!(item("a.b.d: null", &fields));
    assert!(item("r.s.t: 1", &json!({"r.s": {"t": 1}})), "dots may belong to either part");
}

#[test]
fn maps_are_all_of_lists_of_maps_any_of() {
    assert!(!item("A: 1\nB: 2", &json!({"A": 1})) && item("A: 1\nB: 2", &json!({"A": 1, "B": 2})));
    let list = "sel:\n    - A: 1\n      B: 2\n    - C|endswith: 'x'\ncondition: sel";
    assert!(
        fires(list, &json!({"C": "ax"})) && fires(list, &json!({"A": 1, "B": 2})) && !fires(list, &json!({"A": 1}))
    );
}

#[test]
fn keywords_search_every_value() {
    let any = "keywords:\n    - 'evil service'\n    - 'a*z'\n    - 4711\ncondition: keywords";
    assert!(fires(any, &json!({"Message": "An EVIL SERVICE ran"})));
    assert!(fires(any, &json!({"x": {"y": ["1", "bamz!"]}})) && fires(any, &json!({"n": 4711})));
    assert!(!fires(any, &json!({"Message": "good"})));
    let all = "keywords:\n    '|all':\n        - 'one'\n        - 'two'\ncondition: keywords";
    assert!(fires(all, &json!({"a": "one", "b": "two"})) && !fires(all, &json!({"a": "one"})));
    assert!(fires("keywords: 'lonely'\ncondition: keywords", &json!({"a": "a lonely word"})));
    assert!(fires("k:\n    '|re': 'x\\d+y'\ncondition: k", &json!({"a": "-x12y-"})));
    let mixed = "k:\n    - 'word'\n    - Field: 'value'\ncondition: k";
    assert!(fires(mixed, &json!({"a": "word"})) && fires(mixed, &json!({"Field": "value"})));
    assert!(fires("k: ['msg']\ncondition: not k", &json!({"msg": "other"})), "names of fields are not searched");
}

#[test]
fn keywords_may_span_the_fields_of_a_text_line() {
    let (set, _) = load(&rule("k:\n    - 'sshd[*]: Failed password'\ncondition: k"));
    let mut event = record(&json!({"program": "sshd", "message": "Failed password for root"}));
    assert!(set.matches(&event).is_empty());
    event.raw = "<38>Nov 22 00:00:00 host sshd[12]: Failed password for root".to_owned();
    assert_eq!(set.matches(&event)[0].hits[0].field, "");
}

#[test]
fn conditions_combine() {
    let both = "a:\n    A: 1\nb:\n    B: 1\nfilter_x:\n    X: 1\nfilter_y:\n    Y: 1\n";
    let test = |condition: &str, fields| fires(&format!("{both}condition: {condition}"), &fields);
    assert!(test("a and not 1 of filter_*", json!({"A": 1})));
    assert!(!test("a and not 1 of filter_*", json!({"A": 1, "Y": 1})));
    assert!(test("a and not all of filter_*", json!({"A": 1, "Y": 1})));
    assert!(test("2 of them", json!({"B": 1, "X": 1})) && !test("2 of them", json!({"B": 1})));
    assert!(test("a or b and filter_x", json!({"A": 1})) && !test("(a or b) and filter_x", json!({"A": 1})));
    assert!(test("not a", json!({})) && test("not (a or b)", json!({"X": 1})));
    assert!(test("\n    - a and b\n    - filter_y", json!({"Y": 1})), "any condition of a list");
}

#[test]
fn hits_tell_what_made_the_rule_fire() {
    let text = rule("sel:\n    A|contains: ['x', 'y']\n    B: 1\nfilter:\n    C: 'z'\ncondition: sel and not filter");
    let (set, _) = load(&text);
    let event = record(&json!({"A": "--Y--", "B": "1"}));
    let found = set.matches(&event);
    let hit = |field: &str, value: &str, pattern: &str| Hit {
        selection: "sel".to_owned(),
        field: field.to_owned(),
        value: value.to_owned(),
        pattern: pattern.to_owned(),
    };
    assert_eq!(found[0].hits, [hit("A", "--Y--", "y"), hit("B", "1", "1")]);
    assert_eq!(found[0].rule.title, "A rule");
}

#[test]
fn a_rule_sees_only_records_of_its_log_source() {
    let (set, _) = load(&rule("sel:\n    A: 1\ncondition: sel"));
    let mut event = record(&json!({"A": 1}));
    assert_eq!(set.matches(&event).len(), 1);
    event.log.product = Some("other".to_owned());
    assert!(set.matches(&event).is_empty());
    assert_eq!(set.rules_for(&event.log).count(), 0);
}

#[test]
fn a_ruleset_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>(_: &T) {}
    let (set, _) = load(&rule("sel:\n    A|re: 'x'\ncondition: sel"));
    shared(&std::sync::Arc::new(set));
}
