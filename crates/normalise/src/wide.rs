//! Text in UTF-16 with its mark, as Windows and SQL Server write files, read as UTF-8.

use std::io::{ErrorKind, Read, Result};

/// The mark at the begin of such a file, little-endian.
pub(crate) const MARK: &[u8] = b"\xff\xfe";
/// Bytes that are read at a time.
const PIECE: usize = 1 << 15;

/// A reader of UTF-16, little-endian, that gives UTF-8. What is no character becomes U+FFFD.
#[derive(Debug)]
pub(crate) struct Narrow<R> {
    inner: R,
    /// What was read and not asked for yet, and how much of it was given.
    out: Vec<u8>,
    given: usize,
    /// Half of a unit, and half of a pair, which wait for the other half.
    odd: Option<u8>,
    high: Option<u16>,
    ended: bool,
}

impl<R: Read> Narrow<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, out: Vec::new(), given: 0, odd: None, high: None, ended: false }
    }

    fn fill(&mut self) -> Result<()> {
        let mut piece = [0; PIECE];
        let read = match self.inner.read(&mut piece) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            read => read?,
        };
        self.ended = read == 0;
        let mut units: Vec<u16> = self.high.take().into_iter().collect();
        for byte in piece.get(..read).unwrap_or_default() {
            match self.odd.take() {
                None => self.odd = Some(*byte),
                Some(low) => units.push(u16::from_le_bytes([low, *byte])),
            }
        }
        if !self.ended && units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
            self.high = units.pop();
        }
        let chars = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).filter(|c| *c != '\u{feff}');
        (self.out, self.given) = (chars.collect::<String>().into_bytes(), 0);
        Ok(())
    }
}

impl<R: Read> Read for Narrow<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        while self.given >= self.out.len() && !self.ended {
            self.fill()?;
        }
        let mut rest = self.out.get(self.given..).unwrap_or_default();
        let read = rest.read(into)?;
        self.given += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_comes_out_as_it_went_in(text in "[a-zạ-ỹ🛡\n]{0,200}") {
            let bytes: Vec<u8> = MARK.iter().copied().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
            for size in [1, 3, 7, 100_000] {
                let mut whole = String::new();
                // A reader that gives few bytes at a time cuts units and pairs in two.
                let cut = std::io::BufReader::with_capacity(size, bytes.as_slice());
                Narrow::new(Few(cut, size)).read_to_string(&mut whole).unwrap();
                prop_assert_eq!(&whole, &text);
            }
        }
    }

    struct Few<R>(R, usize);

    impl<R: Read> Read for Few<R> {
        fn read(&mut self, into: &mut [u8]) -> Result<usize> {
            let most = self.1.min(into.len());
            self.0.read(&mut into[..most])
        }
    }
}
