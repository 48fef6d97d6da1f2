//! Windows events in JSON, read for detection alone and read plainly: whatever the lean reading takes, the plain one
//! reads too, with the same log source, the same names and the same values.
#![no_main]

use std::cell::RefCell;
use std::collections::BTreeMap;

use chrono::DateTime;
use khien_base::event::{GiveFields, Scalar, TakeFields, shape, unescape};
use khien_normalise::{Format, Lean, decode_line};
use libfuzzer_sys::fuzz_target;
use serde_json::{Number, Value};

/// A number as it is compared: whole ones exactly, others to nine digits, because `serde_json` reads the last bit of a
/// fraction in more than one way.
fn rounded(number: &Number) -> Value {
    match number.as_f64() {
        Some(float) if number.is_f64() => Value::from(format!("{float:.9e}")),
        _ => Value::Number(number.clone()),
    }
}

/// Values by the name of their field; those inside maps apart.
#[derive(Default)]
struct Taken {
    fields: BTreeMap<(String, bool), Vec<Value>>,
    name: String,
}

impl Taken {
    fn push(&mut self, value: Scalar<'_>, deep: bool) {
        let value = match value {
            Scalar::Text(text) => Value::from(text),
            Scalar::Escaped(written) => {
                let mut text = String::new();
                unescape(written, &mut text);
                Value::from(text)
            }
            Scalar::Number(number) => rounded(&number.parse().expect("a number")),
            Scalar::Bool(flag) => Value::from(flag),
            Scalar::Null => Value::Null,
        };
        self.fields.entry((self.name.clone(), deep)).or_default().push(value);
    }

    fn leaves(&mut self, value: Value, deep: bool) {
        match value {
            Value::Array(items) => items.into_iter().for_each(|item| self.leaves(item, deep)),
            Value::Object(map) => map.into_iter().for_each(|(_, inner)| self.leaves(inner, true)),
            Value::Number(number) => {
                self.fields.entry((self.name.clone(), deep)).or_default().push(rounded(&number));
            }
            leaf => self.fields.entry((self.name.clone(), deep)).or_default().push(leaf),
        }
    }
}

impl TakeFields for Taken {
    fn field(&mut self, name: &str) -> bool {
        name.clone_into(&mut self.name);
        let before = self.fields.insert((name.to_owned(), false), Vec::new());
        assert!(before.is_none(), "a field comes twice");
        true
    }

    fn value(&mut self, value: Scalar<'_>) {
        self.push(value, false);
    }

    fn deep(&mut self, value: Scalar<'_>) {
        self.push(value, true);
    }
}

thread_local! {
    /// Knows the shapes of all lines before.
    static KEPT: RefCell<Lean> = RefCell::default();
}

fn check(line: &str, lean: &mut Lean) {
    let Some(event) = lean.read(line) else { return };
    let record = decode_line(line.as_bytes(), Format::Ndjson, DateTime::UNIX_EPOCH, 1).expect("read plainly too");
    assert_eq!(event.log(), &record.log);
    let (mut lean, mut plain) = (Taken::default(), Taken::default());
    event.give(&mut lean);
    if let Some(made) = event.record() {
        let shape = made.fields.shape().expect("told");
        assert_eq!(shape::full(shape, &made.raw).as_deref(), Some(&*made.fields.text()));
        assert_eq!((made.time, &made.log, &made.hot, &made.raw), (record.time, &record.log, &record.hot, &record.raw));
        let mut again = Taken::default();
        for (name, value) in made.fields {
            again.field(&name);
            again.leaves(value, false);
        }
        assert_eq!(again.fields, lean.fields);
    }
    for (name, value) in record.fields {
        plain.field(&name);
        plain.leaves(value, false);
    }
    assert_eq!(lean.fields, plain.fields);
}

fuzz_target!(|line: &str| {
    check(line, &mut Lean::default());
    KEPT.with_borrow_mut(|kept| {
        check(line, kept);
        check(line, kept);
    });
});
