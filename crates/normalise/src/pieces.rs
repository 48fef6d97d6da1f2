//! Lines out of a body that comes in pieces, none held beyond [`LONGEST_LINE`].

use khien_base::Fault;

use crate::LONGEST_LINE;

/// What came and is not a whole line yet.
#[derive(Debug, Default)]
pub struct Splitter {
    held: Vec<u8>,
    number: u64,
    /// The rest of a too long line is passed over, up to its line feed.
    skipping: bool,
}

/// A line with its number from 1, or the fault of a too long one.
pub type Line = (u64, Result<Vec<u8>, Fault>);

impl Splitter {
    /// Takes a piece and gives the lines that are whole now, without line feeds and without blank ones.
    pub fn push(&mut self, mut piece: &[u8], lines: &mut Vec<Line>) {
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            let (head, tail) = piece.split_at(end);
            self.hold(head, lines);
            self.end(lines);
            piece = tail.get(1..).unwrap_or_default();
        }
        self.hold(piece, lines);
    }

    /// The body has ended: the last line, if it came without a line feed.
    pub fn finish(&mut self, lines: &mut Vec<Line>) {
        self.end(lines);
    }

    fn hold(&mut self, part: &[u8], lines: &mut Vec<Line>) {
        if self.skipping {
            return;
        }
        if self.held.len() + part.len() > LONGEST_LINE {
            let line = self.number + 1;
            let fault = Fault::invalid("logs.line-too-long").with("line", line).with("limit", LONGEST_LINE);
            lines.push((line, Err(fault)));
            self.skipping = true;
            self.held = Vec::new();
            return;
        }
        self.held.extend_from_slice(part);
    }

    fn end(&mut self, lines: &mut Vec<Line>) {
        self.number += 1;
        let line = std::mem::take(&mut self.held);
        if !std::mem::take(&mut self.skipping) && !line.trim_ascii().is_empty() {
            lines.push((self.number, Ok(line)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Line> {
        let (mut splitter, mut lines) = (Splitter::default(), Vec::new());
        for piece in pieces {
            splitter.push(piece, &mut lines);
        }
        splitter.finish(&mut lines);
        lines
    }

    #[test]
    fn a_line_longer_than_the_limit_costs_only_itself() {
        let mut body = b"one\n".to_vec();
        body.extend(std::iter::repeat_n(b'x', LONGEST_LINE + 1));
        body.extend(b"\n\nfour");
        let lines = split(body.chunks(65_536));
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0], (1, Ok(b"one".to_vec())));
        assert_eq!(lines[1].1.as_ref().unwrap_err().to_string(), "logs.line-too-long line=2 limit=1048576");
        assert_eq!(lines[2], (4, Ok(b"four".to_vec())));
    }

    #[test]
    fn a_line_of_exactly_the_limit_is_taken() {
        let body = vec![b'x'; LONGEST_LINE];
        assert!(split(body.chunks(1000))[0].1.is_ok());
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(body in "[a-c\n]{0,200}", size in 1_usize..20) {
            let whole = split([body.as_bytes()]);
            prop_assert_eq!(split(body.as_bytes().chunks(size)), whole.clone());
            let plain: Vec<_> = body.split('\n').filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
            let got: Vec<_> = whole.into_iter().map(|(_, line)| String::from_utf8(line.unwrap()).unwrap()).collect();
            prop_assert_eq!(got, plain);
        }
    }
}
