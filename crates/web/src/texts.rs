//! Sentences in both languages, from the modules' `texts/*.json`.

use std::collections::BTreeMap;

use khien_base::{Fault, Result};

use crate::module::Module;

/// The languages of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lang {
    /// Tiếng Việt, the first.
    Vi,
    /// English.
    En,
}

impl Lang {
    /// Both, Vietnamese first.
    pub const ALL: [Self; 2] = [Self::Vi, Self::En];

    /// `vi`, `en`
    pub fn code(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }

    /// The language of a code; Vietnamese for anything else.
    pub fn from_code(code: &str) -> Self {
        if code == "en" { Self::En } else { Self::Vi }
    }
}

/// All sentences.
#[derive(Debug, Clone)]
pub struct Texts {
    vi: BTreeMap<String, String>,
    en: BTreeMap<String, String>,
}

impl Texts {
    /// The kit's own sentences and those of the modules. A key that two files give is an error.
    pub fn of(modules: &[Module]) -> Result<Self> {
        let mut texts = Self { vi: BTreeMap::new(), en: BTreeMap::new() };
        texts.add("web", include_str!("../texts/vi.json"), include_str!("../texts/en.json"))?;
        texts.add("faults", include_str!("../texts/faults.vi.json"), include_str!("../texts/faults.en.json"))?;
        for module in modules {
            texts.add(module.name, module.texts_vi, module.texts_en)?;
        }
        Ok(texts)
    }

    fn add(&mut self, module: &str, vi: &str, en: &str) -> Result<()> {
        for (json, map, lang) in [(vi, &mut self.vi, "vi"), (en, &mut self.en, "en")] {
            let read: BTreeMap<String, String> = serde_json::from_str(json)
                .map_err(|error| Fault::internal(format!("texts of {module} ({lang}): {error}")))?;
            for (key, sentence) in read {
                if map.insert(key.clone(), sentence).is_some() {
                    return Err(Fault::internal(format!("text {key} ({lang}) is given twice, again by {module}")));
                }
            }
        }
        Ok(())
    }

    /// The sentence of a key, if there is one.
    pub fn find(&self, lang: Lang, key: &str) -> Option<&str> {
        let map = match lang {
            Lang::Vi => &self.vi,
            Lang::En => &self.en,
        };
        map.get(key).map(String::as_str)
    }

    /// The sentence with its `{name}` places filled; the key itself when there is none (a test keeps that from
    /// happening).
    pub fn say<'a>(&self, lang: Lang, key: &str, args: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
        let Some(sentence) = self.find(lang, key) else { return key.to_owned() };
        let mut out = sentence.to_owned();
        for (name, value) in args {
            out = out.replace(&format!("{{{name}}}"), value);
        }
        out
    }

    /// The sentence of a fault.
    pub fn fault(&self, lang: Lang, fault: &Fault) -> String {
        let key = format!("fault.{}", fault.code);
        let args: Vec<_> = fault.args.iter().map(|(name, value)| (name.as_ref(), value.as_str())).collect();
        self.say(lang, &key, args)
    }

    /// Keys that one language has and the other lacks.
    pub fn unpaired(&self) -> Vec<String> {
        let lacking = |a: &BTreeMap<String, String>, b: &BTreeMap<String, String>| {
            a.keys().filter(|key| !b.contains_key(*key)).cloned().collect::<Vec<_>>()
        };
        let mut keys = lacking(&self.vi, &self.en);
        keys.extend(lacking(&self.en, &self.vi));
        keys
    }

    /// All keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.vi.keys().map(String::as_str)
    }
}
