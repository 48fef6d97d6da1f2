//! A frame of the journal: the events of one sync, with what is needed to tell a whole frame from a torn one.
//!
//! ```text
//! 0  mark      4 bytes  "KhJ1"
//! 4  check     u32      CRC-32 (IEEE 802.3) of all that follows, to the end of the body
//! 8  stored    u32      bytes of the body as it lies here
//! 12 plain     u32      bytes of the body before it was compressed
//! 16 rows      u32      events in the body
//! 20 form      u32      1: as it is; 2: one LZ4 block
//! 24 sequence  u64      counts frames of this journal, from 1
//! 32 body
//! ```
//!
//! All numbers are little-endian.

use std::ops::Range;

use khien_base::{Fault, Result};

const MARK: [u8; 4] = *b"KhJ1";
/// Bytes before the body.
pub(crate) const HEAD: usize = 32;
/// Bytes of a body at most, stored or not: bounds what a damaged length can ask for.
pub(crate) const BODY: usize = 256 * 1024 * 1024;
/// Bodies smaller than this are not worth compressing.
const SMALL: usize = 2_048;
/// Forms of a body.
const PLAIN: u32 = 1;
const LZ4: u32 = 2;

/// A whole frame among the bytes of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) sequence: u64,
    pub(crate) rows: usize,
    plain: usize,
    form: u32,
    body: Range<usize>,
}

/// What lies at one place of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A frame that is as it was written.
    Whole(Frame),
    /// Bytes that are no frame, up to the next frame or to the end.
    Bad(Range<usize>),
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn size(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(word(bytes, at)?).ok().filter(|size| *size <= BODY)
}

/// A frame of these events, ready to be written.
pub(crate) fn write(sequence: u64, rows: usize, body: &[u8]) -> Result<Vec<u8>> {
    if body.len() > BODY {
        return Err(Fault::internal(format!("a frame of {} bytes", body.len())));
    }
    let small = |n: usize| u32::try_from(n).map_err(Fault::internal);
    let packed = (body.len() >= SMALL).then(|| lz4_flex::block::compress(body)).filter(|it| it.len() < body.len());
    let (form, stored) = packed.as_deref().map_or((PLAIN, body), |packed| (LZ4, packed));
    let mut rest = Vec::with_capacity(HEAD + stored.len());
    rest.extend_from_slice(&MARK);
    rest.extend_from_slice(&[0; 4]);
    for value in [small(stored.len())?, small(body.len())?, small(rows)?, form] {
        rest.extend_from_slice(&value.to_le_bytes());
    }
    rest.extend_from_slice(&sequence.to_le_bytes());
    rest.extend_from_slice(stored);
    let check = crc32fast::hash(rest.get(8..).unwrap_or_default());
    if let Some(place) = rest.get_mut(4..8) {
        place.copy_from_slice(&check.to_le_bytes());
    }
    Ok(rest)
}

/// The frame that begins at `at`, if it is whole.
fn frame(bytes: &[u8], at: usize) -> Option<Frame> {
    let head = bytes.get(at..at.checked_add(HEAD)?)?;
    if head.get(..4)? != MARK {
        return None;
    }
    let (stored, plain) = (size(head, 8)?, size(head, 12)?);
    let body = at + HEAD..at + HEAD + stored;
    if crc32fast::hash(bytes.get(at + 8..body.end)?) != word(head, 4)? {
        return None;
    }
    let sequence = u64::from_le_bytes(head.get(24..32)?.try_into().ok()?);
    Some(Frame { sequence, rows: usize::try_from(word(head, 16)?).ok()?, plain, form: word(head, 20)?, body })
}

/// All that lies in a segment from `at` on, in order.
pub(crate) fn scan(bytes: &[u8], mut at: usize) -> Vec<Found> {
    let mut found = Vec::new();
    while at < bytes.len() {
        if let Some(whole) = frame(bytes, at) {
            at = whole.body.end;
            found.push(Found::Whole(whole));
            continue;
        }
        let after = bytes.get(at + 1..).unwrap_or_default();
        let next = after.windows(MARK.len()).enumerate().filter(|(_, some)| *some == MARK).map(|(n, _)| at + 1 + n);
        let end = next.into_iter().find(|next| frame(bytes, *next).is_some()).unwrap_or(bytes.len());
        found.push(Found::Bad(at..end));
        at = end;
    }
    found
}

/// Whether the bytes that begin here have the length that a frame says of itself: then they were written to their
/// end, and are not what was written.
pub(crate) fn complete(bytes: &[u8]) -> bool {
    bytes.starts_with(&MARK) && size(bytes, 8).is_some_and(|stored| bytes.len() >= HEAD + stored)
}

/// The body of a frame as it was before it was compressed. `None` when its form is not known here, or it is not what
/// it says.
pub(crate) fn body(bytes: &[u8], frame: &Frame) -> Option<Vec<u8>> {
    let stored = bytes.get(frame.body.clone())?;
    let plain = match frame.form {
        PLAIN => Some(stored.to_vec()),
        LZ4 => lz4_flex::block::decompress(stored, frame.plain).ok(),
        _ => None,
    };
    plain.filter(|plain| plain.len() == frame.plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(bytes: &[u8]) -> Vec<(u64, usize, Vec<u8>)> {
        let whole = scan(bytes, 0).into_iter().filter_map(|found| match found {
            Found::Whole(frame) => Some(frame),
            Found::Bad(_) => None,
        });
        whole.map(|frame| (frame.sequence, frame.rows, body(bytes, &frame).unwrap())).collect()
    }

    fn three() -> (Vec<u8>, Vec<Vec<u8>>) {
        let bodies = vec![b"small".to_vec(), b"again and again ".repeat(1_000), (0..=255).collect()];
        let frames = bodies.iter().zip(1..).flat_map(|(body, n)| write(n, 7, body).unwrap());
        (frames.collect(), bodies)
    }

    #[test]
    fn frames_come_back_and_repetition_is_packed() {
        let (bytes, plain) = three();
        assert!(bytes.len() < 1_000, "{}", bytes.len());
        let expected: Vec<_> = plain.into_iter().zip(1..).map(|(body, n)| (n, 7, body)).collect();
        assert_eq!(bodies(&bytes), expected);
    }

    #[test]
    fn cut_at_every_byte_the_frames_before_are_whole_and_the_rest_is_not() {
        let (bytes, _) = three();
        let ends: Vec<usize> = scan(&bytes, 0)
            .iter()
            .map(|found| match found {
                Found::Whole(frame) => frame.body.end,
                Found::Bad(bad) => panic!("{bad:?}"),
            })
            .collect();
        for cut in 0..=bytes.len() {
            let whole = ends.iter().filter(|end| **end <= cut).count();
            let found = scan(&bytes[..cut], 0);
            assert_eq!(found.iter().filter(|it| matches!(it, Found::Whole(_))).count(), whole, "cut at {cut}");
            let start = ends.iter().rev().find(|end| **end <= cut).copied().unwrap_or(0);
            let rest = found.into_iter().find(|it| matches!(it, Found::Bad(_)));
            assert_eq!(rest, (start < cut).then_some(Found::Bad(start..cut)), "cut at {cut}");
        }
    }

    #[test]
    fn a_changed_bit_costs_its_frame_only() {
        let (bytes, _) = three();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            assert_eq!(bodies(&changed).len(), 2, "bit at {at}");
        }
    }

    #[test]
    fn a_length_that_asks_for_the_whole_memory_is_no_frame() {
        let mut bytes = write(1, 1, b"x").unwrap();
        bytes[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
        let check = crc32fast::hash(&bytes[8..]);
        bytes[4..8].copy_from_slice(&check.to_le_bytes());
        assert_eq!(scan(&bytes, 0), [Found::Bad(0..bytes.len())]);
        // A body that unpacks to another length than it says.
        let mut lies = write(1, 1, &b"again ".repeat(1_000)).unwrap();
        lies[12..16].copy_from_slice(&7_000_u32.to_le_bytes());
        let check = crc32fast::hash(&lies[8..]);
        lies[4..8].copy_from_slice(&check.to_le_bytes());
        let Found::Whole(frame) = &scan(&lies, 0)[0] else { panic!("a whole frame") };
        assert_eq!(body(&lies, frame), None);
    }
}
