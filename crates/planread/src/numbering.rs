//! Automatic numbering of a .docx ("1.", "a)", "-" that Word shows but does not store in the text).
//!
//! ECMA-376 part 1, §17.9: a paragraph names a list and a level; the list names an abstract list, whose levels say
//! how to count and how to write the number.

use std::collections::HashMap;

use khien_base::Result;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::archive::broken;
use crate::docx::{attribute, local};

const PART: &str = "word/numbering.xml";
/// Word has nine levels.
const LEVELS: usize = 9;

#[derive(Debug, Clone, Default)]
struct Level {
    format: String,
    text: String,
    start: u32,
}

/// The lists of a document and how far each has counted.
#[derive(Debug, Default)]
pub(crate) struct Numbering {
    levels: HashMap<String, Vec<Level>>,
    lists: HashMap<String, String>,
    counters: HashMap<String, [u32; LEVELS]>,
}

impl Numbering {
    /// Reads `word/numbering.xml`.
    pub(crate) fn read(xml: &str) -> Result<Self> {
        let mut out = Self::default();
        let mut reader = Reader::from_str(xml);
        let (mut abstract_id, mut list_id, mut depth) = (String::new(), String::new(), 0usize);
        loop {
            match reader.read_event().map_err(|e| broken(PART, e))? {
                Event::Start(e) | Event::Empty(e) => {
                    depth += 1;
                    out.element(&e, &mut abstract_id, &mut list_id);
                }
                Event::DocType(_) => return Err(broken(PART, "document type declaration")),
                Event::Eof => break,
                _ => {}
            }
            if depth > 200_000 {
                return Err(broken(PART, "too many elements"));
            }
        }
        Ok(out)
    }

    fn element(&mut self, e: &BytesStart<'_>, abstract_id: &mut String, list_id: &mut String) {
        match local(e).as_str() {
            "abstractNum" => {
                *abstract_id = attribute(e, "w:abstractNumId").unwrap_or_default();
                self.levels.insert(abstract_id.clone(), Vec::new());
            }
            "lvl" => {
                if let Some(levels) = self.levels.get_mut(abstract_id)
                    && levels.len() < LEVELS
                {
                    levels.push(Level { start: 1, ..Level::default() });
                }
            }
            "start" => self.last(abstract_id, |l, v| l.start = v.parse().unwrap_or(1), e),
            "numFmt" => self.last(abstract_id, |l, v| l.format = v, e),
            "lvlText" => self.last(abstract_id, |l, v| l.text = v, e),
            "num" => *list_id = attribute(e, "w:numId").unwrap_or_default(),
            "abstractNumId" => {
                if let Some(id) = attribute(e, "w:val") {
                    self.lists.insert(list_id.clone(), id);
                }
            }
            _ => {}
        }
    }

    fn last(&mut self, abstract_id: &str, set: impl FnOnce(&mut Level, String), e: &BytesStart<'_>) {
        if let (Some(level), Some(value)) =
            (self.levels.get_mut(abstract_id).and_then(|l| l.last_mut()), attribute(e, "w:val"))
        {
            set(level, value);
        }
    }

    /// Counts one paragraph of a list and gives what stands before it ("2.1. "), empty when nothing does.
    pub(crate) fn next(&mut self, list: &str, level: usize) -> String {
        let Some(abstract_id) = self.lists.get(list) else { return String::new() };
        let Some(levels) = self.levels.get(abstract_id) else { return String::new() };
        let Some(this) = levels.get(level) else { return String::new() };
        let counters = self.counters.entry(abstract_id.clone()).or_insert([0; LEVELS]);
        for (i, counter) in counters.iter_mut().enumerate() {
            let start = levels.get(i).map_or(1, |l| l.start);
            match i.cmp(&level) {
                std::cmp::Ordering::Less if *counter == 0 => *counter = start,
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal if *counter == 0 => *counter = start,
                std::cmp::Ordering::Equal => *counter = counter.saturating_add(1),
                std::cmp::Ordering::Greater => *counter = 0,
            }
        }
        if this.format == "bullet" {
            return if this.text.trim() == "+" { "+ ".into() } else { "- ".into() };
        }
        let mut out = this.text.clone();
        for (i, counter) in counters.iter().enumerate() {
            let format = levels.get(i).map_or("decimal", |l| l.format.as_str());
            out = out.replace(&format!("%{}", i + 1), &count(*counter, format));
        }
        if out.trim().is_empty() { String::new() } else { format!("{} ", out.trim()) }
    }
}

fn count(n: u32, format: &str) -> String {
    match format {
        "upperRoman" => roman(n),
        "lowerRoman" => roman(n).to_lowercase(),
        "upperLetter" => letter(n).to_uppercase(),
        "lowerLetter" => letter(n),
        "decimalZero" => format!("{n:02}"),
        "none" => String::new(),
        _ => n.to_string(),
    }
}

fn letter(n: u32) -> String {
    let index = u8::try_from(n.saturating_sub(1) % 26).unwrap_or(0);
    let times = usize::try_from(n.saturating_sub(1) / 26 + 1).unwrap_or(1).min(4);
    char::from(b'a' + index).to_string().repeat(times)
}

fn roman(n: u32) -> String {
    const PARTS: [(u32, &str); 9] =
        [(100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")];
    let mut left = n.min(399);
    let mut out = String::new();
    for (value, text) in PARTS {
        while left >= value {
            out.push_str(text);
            left -= value;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTS: &str = r#"<w:numbering xmlns:w="w">
      <w:abstractNum w:abstractNumId="7">
        <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1."/></w:lvl>
        <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%2."/></w:lvl>
        <w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%3)"/></w:lvl>
        <w:lvl w:ilvl="3"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="o"/></w:lvl>
      </w:abstractNum>
      <w:num w:numId="3"><w:abstractNumId w:val="7"/></w:num></w:numbering>"#;

    #[test]
    fn counts_as_word_shows() {
        let mut lists = Numbering::read(LISTS).unwrap();
        let seen: Vec<String> = [0, 1, 2, 2, 3, 1, 2, 0, 1].iter().map(|level| lists.next("3", *level)).collect();
        assert_eq!(seen, ["I. ", "1. ", "a) ", "b) ", "- ", "2. ", "a) ", "II. ", "1. "]);
        assert_eq!(lists.next("99", 0), "");
        assert_eq!(lists.next("3", 8), "");
    }
}
