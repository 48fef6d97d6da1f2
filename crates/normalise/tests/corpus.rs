//! The public corpora, read whole. Skipped, and said to be, where they are absent.

#[cfg(test)]
mod corpus {
    use std::path::{Path, PathBuf};

    use khien_normalise::evtx;

    /// The folder of public data, if it is here.
    fn corpus(part: &str) -> Option<PathBuf> {
        #[expect(clippy::disallowed_methods, reason = "the one setting of tests on public data")]
        let root = std::env::var("KHIEN_CORPUS")
            .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
        let folder = root.join(part);
        if folder.is_dir() {
            return Some(folder);
        }
        println!("skipped: {} is absent (set KHIEN_CORPUS)", folder.display());
        None
    }

    /// All files below a folder with this ending, in order.
    fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(files(&path, ending));
            } else if path.extension().is_some_and(|e| e == ending) {
                found.push(path);
            }
        }
        found.sort();
        found
    }

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
}
