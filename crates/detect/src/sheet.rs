//! Rule files as trees, read beside each other: reading YAML takes most of the time of loading, and needs nothing of the
//! other files. What needs them (names of fields, identities, filters) comes after, one file after another.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use crate::limits;
use crate::yaml::{self, Node, YamlFault};

/// Whether a file holds rules, by its name or path: YAML, but not the samples beside our own rules.
pub fn is_rule_file(name: &str) -> bool {
    let name = name.to_lowercase();
    (name.ends_with(".yml") || name.ends_with(".yaml")) && !name.ends_with(".samples.yaml")
}

/// A rule file, and the trees of its documents.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) name: String,
    pub(crate) text: String,
    /// By document, in their order; nothing where the file is too large to be looked at.
    pub(crate) nodes: Vec<Result<Node, YamlFault>>,
}

impl Sheet {
    pub(crate) fn new(name: String, text: String) -> Self {
        let documents = if text.len() > limits::FILE_BYTES { Vec::new() } else { yaml::documents(&text) };
        let few = documents.len() <= limits::DOCUMENTS;
        let documents = documents.iter().filter(|_| few);
        let nodes = documents.map(|(lines_before, document)| yaml::parse(document, *lines_before)).collect();
        Self { name, text, nodes }
    }
}

/// Files that wait between being read and being taken in, for each thread.
const WAITING: usize = 64;

/// Hands every file to `take`, in the order of their places.
pub(crate) fn each<P: Sync>(
    places: &[P],
    read: impl Fn(&P) -> Option<(String, String)> + Sync,
    threads: usize,
    take: &mut dyn FnMut(&Sheet),
) {
    let read = |place: &P| read(place).map(|(name, text)| Sheet::new(name, text));
    if threads < 2 {
        places.iter().filter_map(read).for_each(|sheet| take(&sheet));
        return;
    }
    let (next, read) = (AtomicUsize::new(0), &read);
    std::thread::scope(|scope| {
        let (sender, sheets) = mpsc::sync_channel(threads * WAITING);
        for _ in 0..threads {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(place) = places.get(at) else { return };
                    if sender.send((at, read(place))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let (mut early, mut due) = (BTreeMap::new(), 0);
        for (at, sheet) in sheets {
            early.insert(at, sheet);
            while let Some(sheet) = early.remove(&due) {
                due += 1;
                sheet.iter().for_each(&mut *take);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use crate::{Placeholders, Ruleset};

    /// Rules of which some are broken, some have an identity twice, some are several in a file; and filters before them.
    fn files() -> Vec<(String, String)> {
        let rule = |id: usize, value: &str| {
            format!(
                "title: t\nid: 00000000-0000-4000-8000-{id:012}\nlogsource: {{product: linux}}\n\
                 detection: {{s: {{f{}: {value}}}, condition: s}}\n",
                id % 17
            )
        };
        let filter = "title: f\nlogsource: {product: linux}\nfilter: {rules: [00000000-0000-4000-8000-000000000003], \
                      s: {f1: quiet}, condition: not s}\n";
        let text = |n: usize| match n % 10 {
            0 => filter.to_owned(),
            1 => format!("{}: [", rule(n, "x")),
            2 => rule(n / 20, "twice"),
            3 => format!("{}---\n{}", rule(n + 5_000, "a"), rule(n + 7_000, "b")),
            _ => rule(n, "c"),
        };
        (0..400).map(|n| (format!("{n}.yml"), text(n))).collect()
    }

    #[test]
    fn files_read_beside_each_other_give_what_they_give_one_by_one() {
        let (files, none) = (files(), Placeholders::new());
        let (plain, faults) = Ruleset::load(files.iter().cloned());
        assert!(plain.rules().len() > 200 && faults.len() > 40, "{} {}", plain.rules().len(), faults.len());
        for threads in [1, 2, 7] {
            let (set, told) = Ruleset::load_from(&files, |file| Some(file.clone()), threads, &none);
            assert_eq!((set.rules(), set.filters()), (plain.rules(), plain.filters()));
            assert_eq!(told, faults);
        }
        let (set, told) = Ruleset::load_from(&files, |file| (file.0 != "44.yml").then(|| file.clone()), 2, &none);
        assert_eq!((set.rules().len(), told.len()), (plain.rules().len() - 1, faults.len()));
    }
}
