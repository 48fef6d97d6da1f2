//! The rules of ARCHITECTURE.md, held by reading the tree itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::centre::Centre;

/// Who may know whom. A crate that is not named on the left is not part of the program.
const ARROWS: [(&str, &[&str]); 14] = [
    ("base", &[]),
    ("planread", &["base"]),
    ("normalise", &["base"]),
    ("detect", &["base"]),
    ("hunt", &["base", "normalise", "detect"]),
    ("collect", &["base", "normalise"]),
    ("lake", &["base"]),
    ("print", &["base"]),
    ("db", &["base"]),
    ("web", &["base", "db"]),
    ("directory", &["base", "db", "web"]),
    ("govern", &["base", "db", "web", "directory", "planread"]),
    ("respond", &["base", "db", "web", "directory", "normalise", "detect"]),
    (
        "app",
        &[
            "base",
            "planread",
            "normalise",
            "detect",
            "hunt",
            "collect",
            "lake",
            "print",
            "db",
            "web",
            "directory",
            "govern",
            "respond",
        ],
    ),
];

/// Files that are longer than they should be. The list only shrinks.
const LONG: [&str; 0] = [];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources() -> Vec<(PathBuf, String)> {
    let (mut out, mut folders) = (Vec::new(), vec![crates()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !matches!(name.as_str(), "target" | "node_modules" | "testdata" | "static") {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                out.push((path, text));
            }
        }
    }
    assert!(out.len() > 100, "the sources were not found");
    out
}

#[test]
fn arrows_between_crates_go_one_way() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        ARROWS.iter().map(|(name, to)| (*name, to.iter().copied().collect())).collect();
    let mut seen = BTreeSet::new();
    for entry in std::fs::read_dir(crates()).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        let knows: BTreeSet<String> = manifest["dependencies"]
            .as_table()
            .unwrap()
            .keys()
            .filter_map(|key| key.strip_prefix("khien-").map(str::to_owned))
            .collect();
        let may = allowed.get(name.as_str()).unwrap_or_else(|| panic!("crate {name} is in no table"));
        for other in &knows {
            assert!(may.contains(other.as_str()), "{name} must not know {other}");
        }
        seen.insert(name);
    }
    assert_eq!(seen.len(), ARROWS.len(), "{seen:?}");
}

/// Dependencies whose name stands in no source of their crate, each with the reason why it is one.
const UNNAMED: [(&str, &str, &str); 0] = [];

/// What a crate depends on and never names costs building time, and readers look for it.
#[test]
fn every_dependency_is_named_in_the_sources_of_its_crate() {
    let all = sources();
    let mut unnamed = BTreeSet::new();
    for entry in std::fs::read_dir(crates()).unwrap() {
        let folder = entry.unwrap().path();
        let manifest: toml::Table = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap().parse().unwrap();
        let dependencies = manifest["dependencies"].as_table().unwrap();
        let own: Vec<&str> = all
            .iter()
            .filter(|(path, _)| path.starts_with(folder.join("src")))
            .map(|(_, text)| text.as_str())
            .collect();
        for dependency in dependencies.keys() {
            let name = dependency.replace('-', "_");
            if !own.iter().any(|text| names(text, &name)) {
                unnamed.insert((folder.file_name().unwrap().to_string_lossy().into_owned(), dependency.clone()));
            }
        }
    }
    let excepted: BTreeSet<_> = UNNAMED.iter().map(|(of, what, _)| ((*of).to_owned(), (*what).to_owned())).collect();
    assert_eq!(unnamed, excepted, "take them out of [dependencies], or say in UNNAMED why they stay");
}

/// Whether a source uses a crate: in a path (`name::`) or in a plain `use name;` or `use name as`.
fn names(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        let whole = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        whole
            && (after.starts_with("::")
                || before.ends_with("use ") && (after.starts_with(';') || after.starts_with(" as ")))
    })
}

#[test]
fn a_crate_is_named_by_a_path_and_not_by_a_word() {
    assert!(
        names("use sha2::Digest;", "sha2") && names("use hex;", "hex") && names("let x = uuid::Uuid::nil();", "uuid")
    );
    assert!(!names(".col(uuid(\"parent\"))", "uuid") && !names("use x::rand::y;", "rand"));
    assert!(!names("strand::y", "rand") && !names("// a rand of", "rand"));
}

#[test]
fn files_are_short_and_nothing_is_left_over() {
    let todo = ["todo", "!("].concat();
    let unimplemented = ["unimplemented", "!("].concat();
    let mut long = Vec::new();
    for (path, text) in sources() {
        let shown = path.strip_prefix(crates()).unwrap().display().to_string();
        if text.lines().count() > 500 {
            long.push(shown.clone());
        }
        assert!(!text.contains(&todo) && !text.contains(&unimplemented), "{shown} has something left over");
    }
    long.sort();
    assert_eq!(long, LONG, "files over 500 lines");
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_pages_and_texts_hold_together() {
    let centre = Centre::new().await;
    khien_web::testing::check_cards(&centre.open.kit).await.unwrap();
    let rendered = khien_web::testing::render_samples(&centre.open.kit).unwrap();
    assert!(rendered > 60, "{rendered} samples were rendered");
    centre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_has_its_sentence_in_both_languages() {
    let centre = Centre::new().await;
    let kinds = ["invalid", "not_found", "forbidden", "conflict", "unavailable"].map(|kind| format!("Fault::{kind}("));
    let mut missing = BTreeSet::new();
    for (path, text) in sources() {
        if path.ends_with("fault.rs") || path.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        for kind in &kinds {
            for rest in text.split(kind.as_str()).skip(1) {
                let Some(code) = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) else {
                    continue;
                };
                for lang in khien_web::texts::Lang::ALL {
                    if centre.open.kit.texts.find(lang, &format!("fault.{code}")).is_none() {
                        missing.insert(format!("{code} ({})", lang.code()));
                    }
                }
            }
        }
    }
    assert!(missing.is_empty(), "no sentence for {missing:#?}");
    centre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_describes_every_route() {
    let centre = Centre::new().await;
    let document = khien_web::openapi::describe(&centre.open.kit);
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    let routes: usize = centre.open.kit.modules.iter().map(|module| (module.routes)().len()).sum();
    let described: usize = paths.values().map(|methods| methods.as_object().unwrap().len()).sum();
    assert_eq!(described, routes);
    // Every reference leads somewhere.
    let text = document.to_string();
    for part in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "no schema {name}");
    }
    centre.close().await;
}

#[test]
fn the_pages_have_their_style_and_scripts() {
    for file in ["dist/app.css", "dist/app.js", "dist/charts.js", "dist/map.js", "dist/icons.svg"] {
        assert!(khien_web::assets::has(file), "{file} is not in the binary: run make assets");
    }
}

/// What people read in Vietnamese: texts, pages, scripts, content, guides. Documents of others are as they came.
fn read_by_people() -> Vec<(PathBuf, String)> {
    let root = crates().parent().unwrap().to_owned();
    let (mut out, mut folders) = (Vec::new(), vec![crates(), root.join("content"), root.join("docs/huong-dan")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let shown =
                ["json", "html", "js", "yaml", "yml", "md"].iter().any(|kind| name.ends_with(&format!(".{kind}")));
            if path.is_dir() {
                let others = matches!(name.as_str(), "target" | "node_modules" | "testdata" | "static");
                if !others && !path.ends_with("demo/plans") {
                    folders.push(path);
                }
            } else if shown && name != "README.md" {
                let text = std::fs::read_to_string(&path).unwrap();
                out.push((path, text));
            }
        }
    }
    out
}

/// The tone of an open syllable stands on its first vowel, as in the list of units: Hòa, hủy, khóa; never on the second.
fn tone_on_the_second_vowel(text: &str) -> Option<String> {
    let letters: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let at = (1..letters.len()).find(|&at| {
        let second = match letters[at - 1] {
            'o' => "àáảãạèéẻẽẹ",
            'u' => "ỳýỷỹỵ",
            _ => return false,
        };
        let after_q = at > 1 && letters[at - 2] == 'q';
        second.contains(letters[at]) && !after_q && !letters.get(at + 1).is_some_and(|next| next.is_alphabetic())
    })?;
    Some(letters[at.saturating_sub(12)..(at + 1).min(letters.len())].iter().collect())
}

#[test]
fn vietnamese_is_written_one_way_and_an_idea_has_one_word() {
    // nguồn nhật ký, mã truy cập, tệp; a plan is approved with the law's own word (thẩm định, phê duyệt).
    const OTHERS: [&str; 4] = ["nguồn log", "mã thông báo", "tập tin", "trình duyệt kế hoạch"];
    let known = [("hoà bình", true), ("Huỷ", true), ("thuỷ.", true), ("quý hòa khuỷu hoàn", false)];
    for (word, wrong) in known {
        assert_eq!(tone_on_the_second_vowel(word).is_some(), wrong, "{word}");
    }
    let mut found = Vec::new();
    for (path, text) in read_by_people() {
        for (n, line) in text.lines().enumerate() {
            let small = line.to_lowercase();
            let at = || format!("{}:{}", path.display(), n + 1);
            found.extend(tone_on_the_second_vowel(line).map(|word| format!("{} …{word}", at())));
            found.extend(OTHERS.iter().filter(|word| small.contains(*word)).map(|word| format!("{} {word}", at())));
            // "Trình duyệt" alone is the browser.
            let bare = small.match_indices("duyệt").any(|(place, _)| {
                let before = small.get(..place).unwrap_or_default();
                !before.ends_with("phê ") && !before.ends_with("trình ") && !before.ends_with("tấn công ")
            });
            if bare {
                found.push(format!("{} duyệt", at()));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}
