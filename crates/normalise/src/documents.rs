//! JSON that is not one object a line: a list of objects, or objects over many lines, as exporters and `jq` write them.
//! The objects are found by their brackets and read one by one as if each stood on a line.

use std::io::Read;

use khien_base::Fault;

use crate::decode::LONGEST_LINE;

/// Bytes that are read at a time.
const PIECE: usize = 1 << 16;

/// Finds the objects of a stream.
#[derive(Debug, Default)]
pub struct Documents {
    /// The begin of an object whose end was not read yet.
    open: Vec<u8>,
    depth: u32,
    in_text: bool,
    escaped: bool,
    /// Whether the object is too long to be kept.
    long: bool,
    /// Objects so far.
    count: u64,
    /// Bytes between objects that are none.
    strange: bool,
}

impl Documents {
    /// Whether a file begins like JSON in lists or over many lines.
    pub fn starts(head: &[u8]) -> bool {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        if let Some(inside) = head.strip_prefix(b"[") {
            return matches!(inside.trim_ascii_start().first(), Some(b'{'));
        }
        let mut lines = head.split(|byte| *byte == b'\n');
        let first = lines.next().unwrap_or_default().trim_ascii_end();
        // Whoever breaks lines breaks them behind these.
        first.starts_with(b"{") && matches!(first.last(), Some(b'{' | b'[' | b',')) && lines.next().is_some()
    }

    /// Reads on until there are objects of about `most` bytes, each with its number from 1; false at the end. Faults:
    /// `logs.json` (`line`) for what is no object, `logs.line-too-long` (`line`, `limit`) for one that is too long, and
    /// what `unreadable` makes of an error of the reader.
    pub fn read(
        &mut self,
        reader: &mut dyn Read,
        most: usize,
        objects: &mut Vec<(u64, Vec<u8>)>,
        faults: &mut Vec<Fault>,
        unreadable: fn(&std::io::Error) -> Fault,
    ) -> bool {
        let (mut piece, mut got) = (vec![0; PIECE], 0);
        while got < most {
            let read = match reader.read(&mut piece) {
                Ok(0) => {
                    self.end(faults);
                    return false;
                }
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    faults.push(unreadable(&error));
                    return false;
                }
            };
            for byte in piece.get(..read).unwrap_or_default() {
                if let Some(object) = self.take(*byte, faults) {
                    got += object.len();
                    objects.push((self.count, object));
                }
            }
            got += read / 64;
        }
        true
    }

    /// Takes a byte; gives the object that ends with it.
    fn take(&mut self, byte: u8, faults: &mut Vec<Fault>) -> Option<Vec<u8>> {
        if self.depth == 0 {
            match byte {
                b'{' => (self.depth, self.strange) = (1, false),
                b'[' | b']' | b',' | b' ' | b'\t' | b'\r' | b'\n' | 0xef | 0xbb | 0xbf => return None,
                _ => {
                    // Told once for all bytes up to the next object.
                    if !std::mem::replace(&mut self.strange, true) {
                        faults.push(Fault::invalid("logs.json").with("line", self.count + 1).with("column", 1));
                    }
                    return None;
                }
            }
            self.open.push(byte);
            return None;
        }
        if self.open.len() < LONGEST_LINE {
            self.open.push(byte);
        } else {
            self.long = true;
        }
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.in_text => self.escaped = true,
            b'"' => self.in_text = !self.in_text,
            b'{' | b'[' if !self.in_text => self.depth = self.depth.saturating_add(1),
            b'}' | b']' if !self.in_text => self.depth -= 1,
            _ => {}
        }
        if self.depth > 0 {
            return None;
        }
        self.count += 1;
        let object = std::mem::take(&mut self.open);
        if std::mem::take(&mut self.long) {
            let fault = Fault::invalid("logs.line-too-long").with("line", self.count).with("limit", LONGEST_LINE);
            faults.push(fault);
            return None;
        }
        Some(object)
    }

    /// An object that breaks off.
    fn end(&mut self, faults: &mut Vec<Fault>) {
        if self.depth > 0 {
            faults.push(Fault::invalid("logs.json").with("line", self.count + 1).with("column", self.open.len()));
            *self = Self { count: self.count, ..Self::default() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<String>, Vec<String>) {
        let (mut documents, mut objects, mut faults) = (Documents::default(), Vec::new(), Vec::new());
        let mut bytes = text.as_bytes();
        while documents.read(&mut bytes, 1, &mut objects, &mut faults, |error| Fault::internal(error)) {}
        let objects = objects.into_iter().map(|(_, object)| String::from_utf8(object).unwrap()).collect();
        (objects, faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn objects_are_found_by_their_brackets() {
        let (objects, faults) = read("\u{feff}[ {\"a\": \"}{\\\"]\"},\n{\"b\": [{}, {\n}]}\n]\n{\"c\":1}");
        assert_eq!(objects, ["{\"a\": \"}{\\\"]\"}", "{\"b\": [{}, {\n}]}", "{\"c\":1}"]);
        assert!(faults.is_empty(), "{faults:?}");
    }

    #[test]
    fn what_is_no_object_or_too_long_or_breaks_off_is_told() {
        let long = format!("{{\"x\":\"{}\"}}", "x".repeat(LONGEST_LINE));
        let (objects, faults) = read(&format!("[{{\"a\":1}}, null, 3 {{\"b\":2}}, {long}, {{\"c\": ["));
        assert_eq!(objects, ["{\"a\":1}", "{\"b\":2}"]);
        assert_eq!(
            faults,
            ["logs.json line=2 column=1", "logs.line-too-long line=3 limit=1048576", "logs.json line=4 column=7"]
        );
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_stop_the_reading_and_objects_come_out_as_they_went_in(
            bytes in proptest::collection::vec(proptest::sample::select(b"{}[]\",: \\\n1a\xff".to_vec()), 0..300),
            texts in proptest::collection::vec("[\\PC\"{}\\[\\]]{0,12}", 0..6),
        ) {
            let (mut documents, mut objects, mut faults) = (Documents::default(), Vec::new(), Vec::new());
            let mut stream = bytes.as_slice();
            while documents.read(&mut stream, 1, &mut objects, &mut faults, |error| Fault::internal(error)) {}
            let list: Vec<_> = texts.iter().map(|text| serde_json::json!({"a": text, "b": [{"c": text}]})).collect();
            for written in [serde_json::to_string(&list).unwrap(), serde_json::to_string_pretty(&list).unwrap()] {
                let (objects, faults) = read(&written);
                let objects: Vec<serde_json::Value> =
                    objects.iter().map(|object| serde_json::from_str(object).unwrap()).collect();
                assert_eq!((&objects, faults.len()), (&list, 0));
            }
        }
    }

    #[test]
    fn lists_and_broken_lines_are_told_from_one_object_a_line() {
        for many in ["[{\"a\":1}]", " [\n {", "{\n  \"a\": 1\n}", "\u{feff}{\"a\": {\r\n\"b\": 1}}"] {
            assert!(Documents::starts(many.as_bytes()), "{many}");
        }
        for lines in ["{\"a\":1}\n{\"b\":2}", "{\"broken\":\n", "[1, 2]", "[10/Jun/2026] {", "{", ""] {
            assert!(!Documents::starts(lines.as_bytes()), "{lines}");
        }
    }
}
