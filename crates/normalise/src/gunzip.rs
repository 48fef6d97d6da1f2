//! Bodies sent as gzip (RFC 1952), unpacked piece by piece within a limit: a few kilobytes may stand for gigabytes.

use std::io::Write;

use flate2::write::MultiGzDecoder;
use khien_base::{Fault, Result};

/// Bytes that are unpacked at a time: deflate grows at most 1,032-fold, so this is at most 16 MiB in memory.
const PIECE: usize = 16 << 10;

/// A body that is being unpacked.
#[derive(Debug)]
pub struct Gunzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    given: usize,
    limit: usize,
}

fn broken(error: &std::io::Error) -> Fault {
    let mut fault = Fault::invalid("intake.gzip");
    fault.cause = Some(error.to_string());
    fault
}

impl Gunzip {
    /// Unpacks to `limit` bytes at most.
    pub fn new(limit: usize) -> Self {
        Self { decoder: MultiGzDecoder::new(Vec::new()), given: 0, limit }
    }

    /// Unpacks a piece and hands what comes out to `take`.
    ///
    /// Faults: `intake.gzip` for what is no gzip; `intake.unpacked` (`limit`, in MiB).
    pub fn push(&mut self, piece: &[u8], mut take: impl FnMut(&[u8])) -> Result<()> {
        for part in piece.chunks(PIECE) {
            self.decoder.write_all(part).map_err(|error| broken(&error))?;
            self.hand_on(&mut take)?;
        }
        Ok(())
    }

    /// The body has ended: `intake.gzip` if the packed stream has not.
    pub fn finish(mut self, mut take: impl FnMut(&[u8])) -> Result<()> {
        self.decoder.try_finish().map_err(|error| broken(&error))?;
        self.hand_on(&mut take)
    }

    fn hand_on(&mut self, take: &mut impl FnMut(&[u8])) -> Result<()> {
        let out = std::mem::take(self.decoder.get_mut());
        self.given += out.len();
        if self.given > self.limit {
            return Err(Fault::invalid("intake.unpacked").with("limit", self.limit >> 20));
        }
        take(&out);
        Ok(())
    }
}

#[cfg(test)]
fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpack(bytes: &[u8], limit: usize) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        let mut gunzip = Gunzip::new(limit);
        for piece in bytes.chunks(7000) {
            gunzip.push(piece, |part| out.extend_from_slice(part))?;
        }
        gunzip.finish(|part| out.extend_from_slice(part))?;
        Ok(out)
    }

    #[test]
    fn several_members_are_one_body() {
        let mut both = packed(b"one\n");
        both.extend(packed(b"two\n"));
        assert_eq!(unpack(&both, 100).unwrap(), b"one\ntwo\n");
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = packed(&vec![0_u8; 40 << 20]);
        assert!(bomb.len() < 1 << 20);
        assert_eq!(unpack(&bomb, 32 << 20).unwrap_err().to_string(), "intake.unpacked limit=32");
    }

    #[test]
    fn what_is_no_gzip_or_ends_early_is_refused() {
        assert_eq!(unpack(b"{\"a\":1}\n", 100).unwrap_err().code, "intake.gzip");
        let whole = packed(b"a long enough text to be cut somewhere in its middle");
        assert_eq!(unpack(&whole[..whole.len() - 9], 1000).unwrap_err().code, "intake.gzip");
    }
}
