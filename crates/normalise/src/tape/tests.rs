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
        Kind::Text => Value::from(value.text()),
        Kind::List => value.inside().map(tree).collect(),
        Kind::Map => Value::Object(value.inside().map(|v| (v.name().to_owned(), tree(v))).collect()),
    }
}

fn check(line: &str) {
    let mut tape = Tape::default();
    let ours = tape.read(line, 128).map(tree);
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
}
