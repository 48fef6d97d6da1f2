//! The PDF: the template `templates/form.typ`, compiled by typst in memory with the form as a JSON file beside it.
//!
//! The world that typst sees has two files and four fonts: no disk, no network, no clock. Texts reach the template
//! as strings of that JSON file, so nothing of them is ever parsed as markup.

use std::sync::LazyLock;

use khien_base::{Fault, Result};
use typst::comemo;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

use crate::form::Form;
use crate::width;

const TEMPLATE: &str = include_str!("../templates/form.typ");

/// Results of layout that typst keeps are dropped after this many prints without use.
const KEPT_PRINTS: usize = 1;

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));
static BOOK: LazyLock<LazyHash<FontBook>> = LazyLock::new(|| LazyHash::new(FontBook::from_fonts(width::fonts())));

/// All that a print can see.
struct Desk {
    template: Source,
    data: FileId,
    form: Bytes,
}

impl Desk {
    fn new(form: Vec<u8>) -> Result<Self> {
        let id = |path: &str| {
            let path = VirtualPath::new(path).map_err(|e| Fault::internal(format!("{e:?}")))?;
            Ok::<FileId, Fault>(RootedPath::new(VirtualRoot::Project, path).intern())
        };
        Ok(Self {
            template: Source::new(id("form.typ")?, TEMPLATE.to_owned()),
            data: id("form.json")?,
            form: Bytes::new(form),
        })
    }
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &BOOK
    }

    fn main(&self) -> FileId {
        self.template.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.template.id() { Ok(self.template.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.data { Ok(self.form.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn font(&self, index: usize) -> Option<Font> {
        width::fonts().get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

/// The PDF of a form, with its fonts inside and its structure tagged for screen readers.
pub(crate) fn write(form: &Form) -> Result<Vec<u8>> {
    let desk = Desk::new(serde_json::to_vec(form).map_err(Fault::internal)?)?;
    let document = typst::compile::<PagedDocument>(&desk).output.map_err(|e| defect(&e))?;
    let options = PdfOptions { creator: Smart::Custom(Some("Khiên".to_owned())), ..PdfOptions::default() };
    let file = typst_pdf::pdf(&document, &options).map_err(|e| defect(&e))?;
    comemo::evict(KEPT_PRINTS);
    Ok(file)
}

/// The template is ours and its data are strings: what fails there is our own defect.
fn defect(errors: &[SourceDiagnostic]) -> Fault {
    Fault::internal(errors.iter().map(|e| e.message.as_str()).collect::<Vec<_>>().join("; "))
}
