//! Pages of lists.

use khien_base::Result;
use khien_base::ports::Sheet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ctx::Ctx;
use crate::reply::Reply;

/// Which page of a list is asked for: `?page=2&size=50`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Paging {
    /// From 1.
    #[serde(default = "first")]
    pub page: u64,
    /// Rows a page: 10 to 200.
    #[serde(default = "usual")]
    pub size: u64,
}

fn first() -> u64 {
    1
}

fn usual() -> u64 {
    25
}

impl Default for Paging {
    fn default() -> Self {
        Self { page: 1, size: 25 }
    }
}

impl Paging {
    /// What the request asks for, within bounds.
    pub fn of(ctx: &Ctx) -> Self {
        let asked: Self = ctx.query().unwrap_or_default();
        Self { page: asked.page.clamp(1, 1_000_000), size: asked.size.clamp(10, 200) }
    }

    /// Rows to pass over.
    pub fn offset(self) -> u64 {
        (self.page - 1) * self.size
    }
}

/// Where a list stands, for the links under it (the `pager` macro).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Pager {
    /// This page, from 1.
    pub number: u64,
    /// Pages in all, at least 1.
    pub pages: u64,
    /// Rows in all.
    pub total: u64,
    /// First row shown, from 1; 0 when there is none.
    pub from: u64,
    /// Last row shown.
    pub to: u64,
    /// The list's address with its filters, without page and format, ending in `?` or `&`.
    pub base: String,
}

impl Pager {
    /// The place of `paging` in `total` rows, keeping the filters of the request.
    pub fn new(ctx: &Ctx, paging: Paging, total: u64) -> Self {
        let shown = total.saturating_sub(paging.offset()).min(paging.size);
        Self {
            number: paging.page,
            pages: total.div_ceil(paging.size).max(1),
            total,
            from: if shown == 0 { 0 } else { paging.offset() + 1 },
            to: paging.offset() + shown,
            base: base(ctx, &["page", "format"]),
        }
    }
}

/// The address of the request without some of its query fields, ending in `?` or `&`.
pub fn base(ctx: &Ctx, without: &[&str]) -> String {
    let fields: Vec<(String, String)> =
        serde_html_form::from_str(ctx.uri.query().unwrap_or_default()).unwrap_or_default();
    let kept: Vec<_> =
        fields.into_iter().filter(|(name, value)| !without.contains(&name.as_str()) && !value.is_empty()).collect();
    let path = ctx.uri.path();
    if kept.is_empty() {
        return format!("{path}?");
    }
    format!("{path}?{}&", serde_html_form::to_string(&kept).unwrap_or_default())
}

/// The file that the request asks a list as: `?format=csv`, `?format=xlsx`.
pub fn wants_file(ctx: &Ctx) -> bool {
    matches!(ctx.query_value("format").as_deref(), Some("csv" | "xlsx"))
}

/// Rows that a file of a list may have.
pub const FILE_ROWS: u64 = 50_000;

/// A list as the file that was asked for.
pub fn file(ctx: &Ctx, name: &str, sheet: &Sheet) -> Result<Reply> {
    let sheets = ctx.kit.sheets()?;
    if ctx.query_value("format").as_deref() == Some("xlsx") {
        let mime = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        return Ok(Reply::File { name: format!("{name}.xlsx"), mime, bytes: sheets.xlsx(sheet)? });
    }
    Ok(Reply::File { name: format!("{name}.csv"), mime: "text/csv; charset=utf-8", bytes: sheets.csv(sheet)? })
}
