//! A request in protobuf, walked through record by record: a few bytes may stand for an empty message, and millions of
//! messages must not be in memory together.
//!
//! Source: Protocol Buffers documentation, "Encoding".

use khien_base::{Fault, Result};
use prost::Message;
use prost::encoding::{WireType, decode_key, decode_varint};

use super::messages::{LogRecord, Resource, Scope};

/// A fault of a body that is no such message: `otlp.protobuf`.
pub(super) fn broken(what: impl std::fmt::Display) -> Fault {
    let mut fault = Fault::invalid("otlp.protobuf");
    fault.cause = Some(what.to_string());
    fault
}

/// Fields of a message with a length, by number; others are passed over.
struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn one(&mut self) -> Result<Option<(u32, &'a [u8])>> {
        while !self.rest.is_empty() {
            let (number, wire) = decode_key(&mut self.rest).map_err(broken)?;
            let length = match wire {
                WireType::Varint => {
                    decode_varint(&mut self.rest).map_err(broken)?;
                    continue;
                }
                WireType::SixtyFourBit => 8,
                WireType::ThirtyTwoBit => 4,
                WireType::LengthDelimited => {
                    usize::try_from(decode_varint(&mut self.rest).map_err(broken)?).map_err(broken)?
                }
                WireType::StartGroup | WireType::EndGroup => return Err(broken("a group")),
            };
            let (inside, rest) = self.rest.split_at_checked(length).ok_or_else(|| broken("cut off"))?;
            self.rest = rest;
            if wire == WireType::LengthDelimited {
                return Ok(Some((number, inside)));
            }
        }
        Ok(None)
    }
}

/// Walks through the field `wanted` of a message.
fn each<'a>(message: &'a [u8], wanted: u32, take: &mut dyn FnMut(&'a [u8]) -> Result<()>) -> Result<()> {
    let mut fields = Fields { rest: message };
    while let Some((number, inside)) = fields.one()? {
        if number == wanted {
            take(inside)?;
        }
    }
    Ok(())
}

/// The message in the field `wanted`, wherever it stands; the default when it is not there.
fn only<M: Message + Default>(message: &[u8], wanted: u32) -> Result<M> {
    let mut found = M::default();
    each(message, wanted, &mut |inside| found.merge(inside).map_err(broken))?;
    Ok(found)
}

/// Hands each record of an `ExportLogsServiceRequest` to `take`, with its resource, its scope, and the bytes that it
/// took. What is no record by itself is a fault of the whole.
///
/// Faults: `otlp.protobuf`, those of `take`.
pub(super) fn records(
    request: &[u8],
    take: &mut dyn FnMut(&Resource, &Scope, LogRecord, usize) -> Result<()>,
) -> Result<()> {
    // ExportLogsServiceRequest.resource_logs = 1; ResourceLogs.resource = 1, .scope_logs = 2; ScopeLogs.scope = 1,
    // .log_records = 2.
    each(request, 1, &mut |of_resource| {
        let resource: Resource = only(of_resource, 1)?;
        each(of_resource, 2, &mut |of_scope| {
            let scope: Scope = only(of_scope, 1)?;
            each(of_scope, 2, &mut |record| {
                take(&resource, &scope, LogRecord::decode(record).map_err(broken)?, record.len())
            })
        })
    })
}
