//! The values of a field in the JSON text of an event's fields, without building the rest of it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Hands each value of a field to `take` as text, as [`super::values`] gives them, until it says that it has enough.
/// What is no JSON has no fields.
pub fn json_values(fields: &str, name: &str, take: &mut dyn FnMut(&str) -> bool) {
    let mut reader = serde_json::Deserializer::from_str(fields);
    let mut found = Found { name, take, enough: false };
    // The field may have been found before a fault in the text.
    let _ = Map(&mut found).deserialize(&mut reader);
}

struct Found<'a> {
    name: &'a str,
    take: &'a mut dyn FnMut(&str) -> bool,
    enough: bool,
}

impl Found<'_> {
    fn hand(&mut self, value: &str) {
        self.enough = self.enough || (self.take)(value);
    }
}

/// Where a key leads to.
enum Leads<'n> {
    /// To the field.
    There,
    /// To a map in which the rest of the name is looked for.
    Within(&'n str),
    /// Elsewhere.
    Away,
}

/// A key that is held against the name where it stands.
struct Key<'n>(&'n str);

impl<'de, 'n> DeserializeSeed<'de> for Key<'n> {
    type Value = Leads<'n>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Leads<'n>, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'n> Visitor<'_> for Key<'n> {
    type Value = Leads<'n>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Leads<'n>, E> {
        Ok(if key.eq_ignore_ascii_case(self.0) {
            Leads::There
        } else {
            super::holds::inner(key, self.0).map_or(Leads::Away, Leads::Within)
        })
    }
}

/// A map in which the name is looked for.
struct Map<'f, 'a>(&'f mut Found<'a>);

impl<'de> DeserializeSeed<'de> for Map<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Map<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let found = self.0;
        let name = found.name;
        while let Some(key) = map.next_key_seed(Key(name))? {
            match key {
                Leads::There if !found.enough => map.next_value_seed(Value(&mut *found))?,
                Leads::Within(rest) if !found.enough => {
                    found.name = rest;
                    map.next_value_seed(Map(&mut *found))?;
                    found.name = name;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<(), S::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A value that is handed over, each one of a list.
struct Value<'f, 'a>(&'f mut Found<'a>);

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.0.hand(value);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.hand(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.0.hand(&value.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.0.hand(&value.to_string());
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.0.hand(&serde_json::to_string(&value).map_err(E::custom)?);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<(), S::Error> {
        while list.next_element_seed(Value(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let mut whole = serde_json::Map::new();
        while let Some((key, value)) = map.next_entry::<String, serde_json::Value>()? {
            whole.insert(key, value);
        }
        self.0.hand(&serde_json::Value::Object(whole).to_string());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn both(fields: &Value, name: &str) -> (Vec<String>, Vec<String>) {
        let mut all = Vec::new();
        json_values(&fields.to_string(), name, &mut |value| {
            all.push(value.to_owned());
            false
        });
        (all, super::super::values(fields.as_object().unwrap(), name))
    }

    #[test]
    fn values_are_read_from_the_text_as_from_the_map() {
        let fields =
            json!({"A": "x", "b": {"c": [1, {"d": null}, "y"], "e.f": 1.50}, "b.c": true, "n": null, "q\"": "\u{1}"});
        for (name, expected) in [
            ("a", vec!["x"]),
            ("b.c", vec!["1", "{\"d\":null}", "y", "true"]),
            ("B.E.F", vec!["1.5"]),
            ("n", vec![]),
            ("q\"", vec!["\u{1}"]),
            ("b", vec!["{\"c\":[1,{\"d\":null},\"y\"],\"e.f\":1.5}"]),
            ("none", vec![]),
        ] {
            let (text, map) = both(&fields, name);
            assert_eq!(text, expected, "{name}");
            assert_eq!(map, expected, "{name}");
        }
        let mut count = 0;
        json_values("{\"a\":[1,2],\"A\":3", "a", &mut |_| {
            count += 1;
            true
        });
        assert_eq!(count, 1, "enough, and a text that breaks off");
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            // Short fractions: serde_json reads the seventeenth digit of a long one by chance.
            any::<i32>().prop_map(|n| Value::from(f64::from(n) / 4.0)),
            "\\PC{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[abA.]{1,3}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_text_says_what_the_map_says(
            map in prop::collection::btree_map("[abA.]{1,3}", value(), 0..5),
            name in "[abA.]{1,5}",
        ) {
            let (text, map) = both(&Value::Object(map.into_iter().collect()), &name);
            prop_assert_eq!(text, map);
        }
    }
}
