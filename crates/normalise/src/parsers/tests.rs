//! Each parser that is shipped makes of its samples what it says.

use std::collections::BTreeSet;

use chrono::DateTime;

use super::{FILES, INDEX, Index, read};
use crate::Series;

#[test]
fn each_parser_makes_of_its_samples_what_it_says() {
    let received = DateTime::from_timestamp(1_781_200_000, 0).unwrap();
    let (mut seen, mut wrong) = (0, Vec::new());
    for (file, text) in FILES {
        for parser in read(text).unwrap_or_else(|e| panic!("{file}: {e}")) {
            let asked = parser.bare || parser.form.is_some() || !parser.programs.is_empty();
            assert!(asked, "{file}: {} is asked for nothing", parser.name);
            for sample in &parser.samples {
                let at = format!("{file}: {}: {}", parser.name, sample.line);
                let Some(got) = Series::one(&sample.line, received) else {
                    wrong.push(format!("{at}: not read"));
                    continue;
                };
                let by = got.fields.get("_parser").map(ToString::to_string).unwrap_or_default();
                if !by.starts_with(&format!("\"{}/", parser.name)) {
                    wrong.push(format!("{at}: read by {by}"));
                }
                for other in sample.differences(&got) {
                    wrong.push(format!("{at}: {}: {:?} is wanted, {:?} came", other.what, other.wanted, other.got));
                }
                seen += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen >= 65, "{seen}");
}

#[test]
fn names_are_given_once() {
    let names: Vec<_> = INDEX.parsers().iter().map(|parser| parser.name.as_str()).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
}

/// A pattern for lines of nobody that needs no text is tried on each of them: few may be.
#[test]
fn few_patterns_are_tried_on_every_line() {
    let index = Index::new(FILES.iter().flat_map(|(_, text)| read(text).unwrap()).collect());
    assert!(index.always().len() <= 4, "{:?}", index.always());
}
