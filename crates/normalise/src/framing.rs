//! Syslog messages out of a stream of bytes (RFC 6587): octet counting (`17 <13>…`) or a line feed after each.
//! Pure: bytes go in as they come, whole messages come out.

use khien_base::Fault;

use crate::decode::LONGEST_LINE;

/// What a connection has sent and nobody has read yet. The way of framing may change from message to message: a
/// message that starts with a digit is counted, as RFC 6587 section 3.4.1 has it; any other ends with LF or NUL.
#[derive(Debug, Default)]
pub struct Framing {
    held: Vec<u8>,
    /// So many bytes of `held` are known to hold no end of a line, so that a long line that comes in many small
    /// packets is not looked through again for each.
    searched: usize,
    /// Bytes of a too long line that are still to be passed over, up to the next LF.
    skipping: bool,
    messages: u64,
}

impl Framing {
    /// A fresh connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes in and gives the messages that are whole now, without their framing.
    ///
    /// Faults: `logs.line-too-long` (`line` is the message's number from 1, `limit`) once for a message that is too
    /// long, which is passed over; `logs.frame` for a count that is none, after which the connection must be closed,
    /// as nothing tells where the next message starts.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Result<Vec<u8>, Fault>> {
        self.held.extend_from_slice(bytes);
        let mut whole = Vec::new();
        let mut at = 0;
        while let Some(rest) = self.held.get(at..).filter(|r| !r.is_empty()) {
            match next(rest, self.skipping, if at == 0 { self.searched } else { 0 }) {
                Step::Wait => break,
                Step::Message { start, end, used } => {
                    self.messages += 1;
                    let message = rest.get(start..end).unwrap_or_default();
                    if !self.skipping && !message.trim_ascii().is_empty() {
                        whole.push(Ok(message.to_vec()));
                    }
                    self.skipping = false;
                    at += used;
                }
                Step::TooLong => {
                    if !self.skipping {
                        let line = self.messages + 1;
                        let fault = Fault::invalid("logs.line-too-long").with("line", line);
                        whole.push(Err(fault.with("limit", LONGEST_LINE)));
                    }
                    self.skipping = true;
                    at = self.held.len();
                }
                Step::Broken => {
                    whole.push(Err(Fault::invalid("logs.frame").with("line", self.messages + 1)));
                    at = self.held.len();
                }
            }
        }
        self.held.drain(..at.min(self.held.len()));
        self.searched = self.held.len();
        whole
    }

    /// The connection has ended: the last message, if it came without its line feed.
    pub fn finish(self) -> Option<Vec<u8>> {
        let is_message = !self.skipping && !self.held.trim_ascii().is_empty();
        is_message.then_some(self.held)
    }
}

enum Step {
    /// The message goes on in bytes that have not come yet.
    Wait,
    /// A message stands at these places; so many bytes are used up with its framing.
    Message { start: usize, end: usize, used: usize },
    /// It is longer than the limit.
    TooLong,
    /// The count is no number or beyond the limit.
    Broken,
}

/// Digits of the largest count that is taken.
const DIGITS: usize = 7;

fn next(rest: &[u8], skipping: bool, searched: usize) -> Step {
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let counted = !skipping && digits > 0 && rest.first() != Some(&b'0');
    if counted && digits <= DIGITS {
        match rest.get(digits) {
            None => return Step::Wait,
            Some(b' ') => return count(rest, digits),
            // A line that happens to start with digits ("2026-06-10T…") is framed by its line feed.
            Some(_) => {}
        }
    }
    let fresh = rest.get(searched..).unwrap_or_default();
    match fresh.iter().position(|b| *b == b'\n' || *b == 0).map(|end| end + searched) {
        Some(end) if end > LONGEST_LINE && !skipping => Step::TooLong,
        Some(end) => Step::Message { start: 0, end: strip_return(rest, end), used: end + 1 },
        None if rest.len() > LONGEST_LINE || skipping => Step::TooLong,
        None => Step::Wait,
    }
}

fn count(rest: &[u8], digits: usize) -> Step {
    let number = rest.get(..digits).and_then(|d| std::str::from_utf8(d).ok()).and_then(|d| d.parse::<usize>().ok());
    match number {
        Some(length) if length <= LONGEST_LINE => {
            let (start, end) = (digits + 1, digits + 1 + length);
            if rest.len() < end { Step::Wait } else { Step::Message { start, end, used: end } }
        }
        _ => Step::Broken,
    }
}

fn strip_return(rest: &[u8], end: usize) -> usize {
    match end.checked_sub(1).and_then(|before| rest.get(before)) {
        Some(b'\r') => end - 1,
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(read: Vec<Result<Vec<u8>, Fault>>) -> Vec<String> {
        read.into_iter().map(|r| r.map_or_else(|f| f.to_string(), |m| String::from_utf8(m).unwrap())).collect()
    }

    #[test]
    fn both_framings_on_one_connection() {
        let mut framing = Framing::new();
        let read = framing.push(b"9 <13>a\nb c<13>line\r\n\n2026-06-10T00:00:00Z h p: x\n5 <1>");
        assert_eq!(texts(read), ["<13>a\nb c", "<13>line", "2026-06-10T00:00:00Z h p: x"]);
        assert_eq!(texts(framing.push(b"ab<13>last")), ["<1>ab"]);
        assert_eq!(framing.finish().unwrap(), b"<13>last");
    }

    #[test]
    fn a_message_without_end_is_told_once_and_passed_over() {
        let mut framing = Framing::new();
        let mut faults = 0;
        for _ in 0..40 {
            faults += framing.push(&[b'x'; 65_536]).len();
            assert!(framing.held.len() <= LONGEST_LINE + 65_536);
        }
        assert_eq!(faults, 1);
        assert_eq!(texts(framing.push(b"tail\n<13>next\n")), ["<13>next"]);
    }

    #[test]
    fn a_count_beyond_the_limit_is_a_fault() {
        assert_eq!(texts(Framing::new().push(b"9999999 <13>x")), ["logs.frame line=1"]);
    }

    proptest! {
        #[test]
        fn how_bytes_are_cut_into_packets_changes_nothing(
            messages in prop::collection::vec("<13>[a-z ]{1,40}", 1..8),
            counted in prop::collection::vec(any::<bool>(), 8),
            cut in 1_usize..9,
        ) {
            let mut stream = Vec::new();
            for (message, counted) in messages.iter().zip(counted) {
                let framed = if counted { format!("{} {message}", message.len()) } else { format!("{message}\n") };
                stream.extend(framed.into_bytes());
            }
            let mut framing = Framing::new();
            let read: Vec<_> = stream.chunks(cut).flat_map(|part| framing.push(part)).collect();
            prop_assert_eq!(texts(read), messages);
        }
    }
}
