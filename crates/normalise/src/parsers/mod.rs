//! Parsers of log text, kept as data in `content/parsers/*.yaml`: what lines look like, what their fields mean, and
//! samples with what is expected of them. `content/parsers/README.md` says what a file may say.
//!
//! A file is a list of parsers. A parser is asked for lines of its `programs`; a `bare` one is also tried on lines
//! that no program claims; one of a `form` is asked for lines of that form, whose fields are known by then. The first
//! pattern that holds decides. In names of groups `__` stands for `-`, which a regular expression does not allow
//! (`cs__method` is Sigma's `cs-method`).

mod apply;
mod audit;
mod index;
mod needles;
mod own;
mod sample;
mod shape;

use std::sync::LazyLock;

use serde_json::{Map, Value};

pub use own::{Own, Sheet, Told};
pub use sample::Difference;

use crate::{cef, leef, pairs};
use index::Index;
pub(crate) use shape::{Form, Parsed, Parser};

/// The files, as they are embedded; where two hold for a line, the first decides.
pub(crate) const FILES: [(&str, &str); 18] = [
    ("sshd.yaml", include_str!("../../../../content/parsers/sshd.yaml")),
    ("accounts.yaml", include_str!("../../../../content/parsers/accounts.yaml")),
    ("systemd.yaml", include_str!("../../../../content/parsers/systemd.yaml")),
    ("mail.yaml", include_str!("../../../../content/parsers/mail.yaml")),
    ("network.yaml", include_str!("../../../../content/parsers/network.yaml")),
    ("auditd.yaml", include_str!("../../../../content/parsers/auditd.yaml")),
    ("servers.yaml", include_str!("../../../../content/parsers/servers.yaml")),
    ("databases.yaml", include_str!("../../../../content/parsers/databases.yaml")),
    ("web.yaml", include_str!("../../../../content/parsers/web.yaml")),
    ("names.yaml", include_str!("../../../../content/parsers/names.yaml")),
    ("antivirus.yaml", include_str!("../../../../content/parsers/antivirus.yaml")),
    ("firewalls.yaml", include_str!("../../../../content/parsers/firewalls.yaml")),
    ("routers.yaml", include_str!("../../../../content/parsers/routers.yaml")),
    ("applications.yaml", include_str!("../../../../content/parsers/applications.yaml")),
    ("tables.yaml", include_str!("../../../../content/parsers/tables.yaml")),
    ("cef.yaml", include_str!("../../../../content/parsers/cef.yaml")),
    ("leef.yaml", include_str!("../../../../content/parsers/leef.yaml")),
    ("pairs.yaml", include_str!("../../../../content/parsers/pairs.yaml")),
];

/// The files that are shipped: name and text.
pub fn shipped() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.into_iter()
}

/// The parsers of one file.
pub(crate) fn read(file: &str) -> Result<Vec<Parser>, serde_yaml_ng::Error> {
    serde_yaml_ng::from_str(file)
}

// The files are part of the program, and a test reads each of them.
static INDEX: LazyLock<Index> =
    LazyLock::new(|| Index::new(FILES.iter().flat_map(|(_, text)| read(text).unwrap_or_default()).collect()));

/// Reads the message of a program (or a whole line that names none) and adds its fields to `fields`. `None` when
/// nothing is known of the program, and no parser of bare lines knows the text.
pub(crate) fn parse(program: Option<&str>, message: &str, fields: &mut Map<String, Value>) -> Option<Parsed<'static>> {
    if let Some(program) = program
        && let Some(hit) = Index::first_of(INDEX.of_program(program), message, fields)
    {
        return Some(hit.apply(fields));
    }
    if let Some(form) = form(message, fields) {
        return by_form(form, message, fields);
    }
    if let Some(hit) = INDEX.bare(message, fields) {
        return Some(hit.apply(fields));
    }
    let own = program.and_then(|program| INDEX.of_program(program).next());
    if own.is_none() && pairs::is_list(message) {
        apply::plain(message, fields);
        return by_form(Form::Pairs, message, fields);
    }
    own.map(|parser| Parsed { log: parser.log.clone(), ..Parsed::default() })
}

/// The form of a message that says its form itself; its fields are added.
fn form(message: &str, fields: &mut Map<String, Value>) -> Option<Form> {
    if cef::read(message, fields) {
        Some(Form::Cef)
    } else if leef::read(message, fields) {
        Some(Form::Leef)
    } else {
        None
    }
}

/// What is known of a line whose fields are known by its form.
pub(crate) fn by_form(form: Form, message: &str, fields: &mut Map<String, Value>) -> Option<Parsed<'static>> {
    Some(INDEX.of_form(form, message, fields)?.apply(fields))
}

#[cfg(test)]
mod tests;
