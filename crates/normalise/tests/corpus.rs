//! The public corpora, read whole. Skipped, and said to be, where they are absent.

#[cfg(test)]
mod public;

#[cfg(test)]
mod corpus {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use chrono::DateTime;
    use khien_base::Record;
    use khien_normalise::{Format, decode_line, evtx};
    use proptest::prelude::*;

    use crate::public::{corpus, files};

    #[test]
    fn all_attack_samples_decode() {
        let Some(folder) = corpus("evtx/attack-samples") else { return };
        let (mut logs, mut records, mut untimed, mut unplaced) = (0, 0, 0, std::collections::BTreeMap::new());
        let mut faults = Vec::new();
        for file in files(&folder, "evtx") {
            logs += 1;
            for read in evtx(std::fs::read(&file).unwrap()) {
                match read {
                    Ok(record) => {
                        records += 1;
                        untimed += usize::from(record.time.is_none());
                        assert!(record.fields["EventID"].is_u64(), "{}", record.raw);
                        assert!(record.fields.contains_key("Provider_Name"), "{}", record.raw);
                        assert!(record.fields.keys().all(|k| !k.contains(' ') && !k.contains('#')), "{}", record.raw);
                        if record.log.service.is_none() {
                            *unplaced.entry(record.hot.channel.unwrap_or_default()).or_insert(0) += 1;
                        }
                    }
                    Err(fault) => faults.push(format!("{}: {fault}", file.display())),
                }
            }
        }
        println!("{logs} logs, {records} records, {} faults, channels without a service: {unplaced:#?}", faults.len());
        println!("{faults:#?}");
        assert_eq!((logs, records, faults.len(), untimed), (277, 8_255, 0, 0));
    }

    #[test]
    fn all_regression_logs_decode() {
        let Some(folder) = corpus("sigma/regression_data") else { return };
        let (mut logs, mut records) = (0, 0);
        for file in files(&folder, "evtx") {
            logs += 1;
            for read in evtx(std::fs::read(&file).unwrap()) {
                let record = read.unwrap_or_else(|fault| panic!("{}: {fault}", file.display()));
                assert_eq!(record.log.product.as_deref(), Some("windows"));
                assert!(record.log.service.is_some(), "{}", record.raw);
                records += 1;
            }
        }
        println!("{logs} logs, {records} records");
        assert_eq!((logs, records), (202, 238));
    }

    #[test]
    fn the_same_events_as_json_give_the_same_fields() {
        let Some(folder) = corpus("sigma/regression_data") else { return };
        let mut checked = 0;
        for file in files(&folder, "evtx") {
            let text = std::fs::read_to_string(file.with_extension("json")).unwrap();
            let told: Vec<_> = serde_json::Deserializer::from_str(&text)
                .into_iter::<serde_json::Value>()
                .flat_map(|v| match v.unwrap() {
                    serde_json::Value::Array(list) => list,
                    one => vec![one],
                })
                .map(|v| decode_line(v.to_string().as_bytes(), Format::Auto, DateTime::UNIX_EPOCH, 1).unwrap())
                .collect();
            for record in evtx(std::fs::read(&file).unwrap()).map(Result::unwrap) {
                // The JSON was written by an older exporter, which shows numbers and identities in other ways.
                let same = |other: &Record| {
                    other.log == record.log
                        && other.time.map(|t| t.timestamp()) == record.time.map(|t| t.timestamp())
                        && other.fields.keys().collect::<BTreeSet<_>>() == record.fields.keys().collect::<BTreeSet<_>>()
                };
                assert!(told.iter().any(same), "{}: {:#?}\n{:#?}", file.display(), record.fields, told);
                checked += 1;
            }
        }
        assert_eq!(checked, 238);
    }

    /// A log of several chunks with many records.
    fn large_log() -> Option<Vec<u8>> {
        let folder = corpus("evtx/attack-samples")?;
        let size = |p: &PathBuf| std::fs::metadata(p).unwrap().len();
        let found = files(&folder, "evtx").into_iter().find(|p| (300_000..3_000_000).contains(&size(p)));
        Some(std::fs::read(found.unwrap()).unwrap())
    }

    #[test]
    fn a_truncated_log_gives_what_is_left_and_then_a_fault() {
        let Some(bytes) = large_log() else { return };
        let whole = evtx(bytes.clone()).count();
        // In the middle of the second chunk, and at the end of the first.
        for cut in [4096 + 65_536 + 30_000, 4096 + 65_536] {
            let read: Vec<_> = evtx(bytes[..cut].to_vec()).collect();
            let records = read.iter().filter(|r| r.is_ok()).count();
            assert!(records > 10 && records < whole, "{records} of {whole}");
            assert_eq!(read.last().unwrap().as_ref().unwrap_err().code, "logs.evtx-truncated");
        }
        let first = evtx(bytes[..4096 + 65_536].to_vec()).filter(Result::is_ok).count();
        let further = evtx(bytes[..4096 + 65_536 + 30_000].to_vec()).filter(Result::is_ok).count();
        assert!(further > first, "the chunk that is cut must give its first records");
    }

    #[test]
    fn a_damaged_chunk_and_a_damaged_record_cost_only_themselves() {
        let Some(mut bytes) = large_log() else { return };
        let whole = evtx(bytes.clone()).filter(Result::is_ok).count();
        let first = evtx(bytes[..4096 + 65_536].to_vec()).filter(Result::is_ok).count();
        // The mark of a record in the second chunk, past its first.
        let second = 4096 + 65_536;
        let mark = |at: &usize| bytes[*at..].starts_with(&[0x2a, 0x2a, 0, 0]);
        let at = (second + 20_000..second + 60_000).find(mark).unwrap();
        bytes[at..at + 4].copy_from_slice(b"oops");
        let read: Vec<_> = evtx(bytes.clone()).collect();
        let faults: Vec<_> = read.iter().filter_map(|r| r.as_ref().err()).collect();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].code, "logs.evtx-record");
        assert!(faults[0].args.iter().any(|(name, _)| name == "offset"), "{faults:?}");
        assert_eq!(read.len(), whole);
        bytes[4096..4104].copy_from_slice(b"ElfChnk?");
        let read: Vec<_> = evtx(bytes).collect();
        let codes: Vec<_> = read.iter().filter_map(|r| r.as_ref().err()).map(|f| f.to_string()).collect();
        assert!(codes.iter().any(|c| c.starts_with("logs.evtx-chunk chunk=0")), "{codes:?}");
        assert_eq!(read.iter().filter(|r| r.is_ok()).count(), whole - first - 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn damage_anywhere_in_a_log_never_stops_the_program(
            damage in prop::collection::vec((0_usize..200_000, any::<u8>()), 1..64), cut in 0_usize..200_000,
        ) {
            static LOG: std::sync::LazyLock<Option<Vec<u8>>> = std::sync::LazyLock::new(large_log);
            let Some(log) = LOG.as_ref() else { return Ok(()) };
            let mut bytes = log[..log.len().min(200_000).max(cut)].to_vec();
            bytes.truncate(cut.max(4096));
            for (at, byte) in damage {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            for fault in evtx(bytes).filter_map(Result::err) {
                prop_assert!(fault.code.starts_with("logs."), "{fault}");
            }
        }
    }
}
