//! The flat list against `serde_json`.

use super::*;
use proptest::prelude::*;
use serde_json::Value;

/// The document as `serde_json` would have it.
fn tree(value: Val<'_>) -> Value {
    match value.kind() {
        Kind::Null => Value::Null,
        Kind::True => Value::Bool(true),
        Kind::False => Value::Bool(false),
        Kind::Number => value.text().parse().map_or(Value::Null, Value::Number),
        Kind::Text => Value::from(value.text().into_owned()),
        Kind::List => value.inside().map(tree).collect(),
        Kind::Map => Value::Object(value.inside().map(|v| (name(v), tree(v))).collect()),
    }
}

fn name(value: Val<'_>) -> String {
    let mut plain = String::new();
    unescape(value.name(), &mut plain);
    plain
}

fn check(line: &str) {
    check_with(line, &mut Tape::default());
}

fn check_with(line: &str, tape: &mut Tape) {
    let ours = tape.read(line, 128).map(|(root, _)| tree(root));
    let theirs: Result<Value, _> = serde_json::from_str(line);
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{line}"),
        (Ok(_), Err(error)) => panic!("{line}: {error}"),
        (Err(_), Err(_)) => {}
        (Err(error), Ok(_)) => panic!("{line}: {error:?}"),
    }
}

#[test]
fn documents_are_read_as_rfc_8259_has_them() {
    for line in [
        r#"{"a":1,"b":[true,null,{"c":"x\ny"}],"":{}}"#,
        "[]",
        " [1 , 2 ] ",
        "\"\"",
        "nul",
        "{",
        "{\"a\":}",
        "[1,]",
        r#""\ud83d\ude00""#,
        r#""\ud83d""#,
        r#""\ud83dx""#,
        r#""\udc00""#,
        r#""\u00e9""#,
        r#""\x""#,
        "01",
        "-",
        "-0",
        "1.",
        "1e",
        "1.50e346",
        "-1e400",
        "0e999",
        "1e-400",
        "1e+5",
        "1E400",
        "\"\u{1}\"",
        "\"tab\there\"",
        "{} {}",
        "",
        "{\"a\":1,\"a\":2}",
        r#"{"a\u0062":"\\"}"#,
        "1.5e-3",
        r#"{"a" : [ { } , [ ] ] }"#,
        "[[[[[[]]]]]]",
        "{1:2}",
        "{\"a\" 1}",
        "truefalse",
        r#"["a" "b"]"#,
        r#""\u12""#,
        r#""\u+123""#,
        "\"1234567\u{1f}\"",
        "\"12345678901\u{0}2345\"",
        r#""12345\"6\\789\/01234\n5678901\t""#,
        r#""1234567\"x""#,
        r#""123456\\x901234\x""#,
        "\t{\"a\":\"1234567890\t\"}",
        "\t{\"a\":\"1234567890\"}",
    ] {
        check(line);
    }
    assert_eq!(Tape::default().read("[[[]]]", 2).err(), Some(Broken::TooDeep));
    assert!(Tape::default().read("[[]]", 2).is_ok());
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e6..1e6_f64).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[\\\\\"\n\u{1}đ😀]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((".{0,5}", inner), 0..5).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_json_writes_is_read_back(value in json()) {
        check(&value.to_string());
    }

    #[test]
    fn what_is_broken_anywhere_is_read_as_serde_json_reads_it(value in json(), at in 0..200_usize, with in ".") {
        let mut line = value.to_string();
        if let Some((start, letter)) = line.char_indices().nth(at) {
            line.replace_range(start..start + letter.len_utf8(), &with);
        }
        check(&line);
    }

    #[test]
    fn documents_of_one_shape_are_told_from_others(values in prop::collection::vec(small(), 1..12)) {
        let mut tape = Tape::default();
        let mut known: Vec<(String, u32)> = Vec::new();
        for value in &values {
            let line = value.to_string();
            check_with(&line, &mut tape);
            let shape = tape.read(&line, 128).unwrap().1;
            let structure = structure(value);
            for (other, its) in &known {
                prop_assert_eq!(*other == structure, *its == shape, "{} {}", other, structure);
            }
            known.push((structure, shape));
        }
    }
}

fn small() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![Just(Value::Null), Just(Value::from(1)), Just(Value::from(true)), "[a\\\\]?".prop_map(Value::from)];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..2).prop_map(Value::from),
            prop::collection::vec(("[ab]{1,2}", inner), 0..3)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// Names and kinds, in order.
fn structure(value: &Value) -> String {
    match value {
        Value::Null => "n".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(_) => "1".to_owned(),
        Value::String(_) => "t".to_owned(),
        Value::Array(items) => format!("[{}]", items.iter().map(structure).collect::<Vec<_>>().join(",")),
        Value::Object(map) => {
            let members = map.iter().map(|(name, value)| format!("{name}:{}", structure(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
    }
}

#[test]
fn shapes_are_forgotten_when_they_are_too_many() {
    let mut tape = Tape::default();
    for n in 0..20_000 {
        check_with(&format!("{{\"a{}\":{{\"b{n}\":{n}}}}}", n % 10), &mut tape);
    }
    assert!(tape.generation() == 0, "names that are data are not learnt");
    for n in 0..20_000 {
        let line = format!("{}{n}{}", "[".repeat(n % 50), "]".repeat(n % 50));
        check_with(&line.replace('[', if n % 2 == 0 { "[" } else { "[1," }), &mut tape);
        check_with(&format!("[{}null]", "1,".repeat(n % 1000)), &mut tape);
    }
}

#[test]
fn what_hides_a_letter_is_told() {
    let mut tape = Tape::default();
    for (line, names, hides) in [
        (r#"{"a":"\u0041"}"#, false, true),
        (r#"{"a":"\u003c\u0000\n\\"}"#, false, false),
        (r#"{"a":"\u212a"}"#, false, true),
        (r#"{"\u0041":1}"#, true, true),
    ] {
        tape.read(line, 9).unwrap();
        assert_eq!((tape.odd().names, tape.odd().hides), (names, hides), "{line}");
    }
}
