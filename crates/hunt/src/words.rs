//! The words of a timeline, in both languages.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The languages of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Tiếng Việt.
    #[default]
    Vi,
    /// English.
    En,
}

type Words = BTreeMap<String, String>;

// The files are part of the program, and a test reads them.
static VI: LazyLock<Words> = LazyLock::new(|| read(include_str!("texts/vi.json")));
static EN: LazyLock<Words> = LazyLock::new(|| read(include_str!("texts/en.json")));

fn read(json: &str) -> Words {
    serde_json::from_str(json).unwrap_or_default()
}

impl Lang {
    /// `vi`, `en`
    pub fn code(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }

    /// All words, for a template.
    pub(crate) fn words(self) -> &'static BTreeMap<String, String> {
        match self {
            Self::Vi => &VI,
            Self::En => &EN,
        }
    }

    /// The words of a key, with their `{name}` places filled; the key itself where there are none.
    pub(crate) fn say(self, key: &str, args: &[(&str, &str)]) -> String {
        let mut said = self.words().get(key).cloned().unwrap_or_else(|| key.to_owned());
        for (name, value) in args {
            said = said.replace(&format!("{{{name}}}"), value);
        }
        said
    }

    /// A whole number with the thousands set apart: 1.234 in Vietnamese, 1,234 in English.
    pub(crate) fn number(self, number: u64) -> String {
        let digits = number.to_string();
        let mut out = String::with_capacity(digits.len() + digits.len() / 3);
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                out.push(if self == Self::Vi { '.' } else { ',' });
            }
            out.push(digit);
        }
        out
    }

    /// Seconds with three places: 1,234 in Vietnamese, 1.234 in English.
    pub(crate) fn seconds(self, seconds: f64) -> String {
        let said = format!("{seconds:.3}");
        if self == Self::Vi { said.replace('.', ",") } else { said }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_the_same_things() {
        assert!(VI.len() > 20);
        assert_eq!(VI.keys().collect::<Vec<_>>(), EN.keys().collect::<Vec<_>>());
        for (key, vietnamese) in VI.iter() {
            let places = |text: &str| text.matches('{').count();
            assert_eq!(places(vietnamese), places(&EN[key]), "{key}");
        }
    }

    #[test]
    fn numbers_are_written_as_their_readers_write_them() {
        assert_eq!(Lang::Vi.number(1_234_567), "1.234.567");
        assert_eq!(Lang::En.number(999), "999");
        assert_eq!(Lang::Vi.seconds(0.5), "0,500");
    }
}
