//! The numbers of NĐ 30/2020/NĐ-CP, Phụ lục I, phần I: paper, margins, sizes. Both writers read them here.
//!
//! Where the decree gives a span (13–14), the choice is the one that offices make: body 14, quốc hiệu 13 with
//! tiêu ngữ 14, so that the motto is one size over the name of the state.

use serde::Serialize;

/// The name of the state, on top of every document (khoản 1 mục II).
pub(crate) const NATION: &str = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM";
/// The motto under it.
pub(crate) const MOTTO: &str = "Độc lập - Tự do - Hạnh phúc";

/// Lengths in millimetres, type sizes and spaces in points.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Layout {
    /// A4 (khoản 1 mục I).
    pub(crate) page_width: f64,
    /// A4.
    pub(crate) page_height: f64,
    /// 20–25.
    pub(crate) top: f64,
    /// 20–25.
    pub(crate) bottom: f64,
    /// 30–35.
    pub(crate) left: f64,
    /// 15–20.
    pub(crate) right: f64,
    /// From the paper's edge to the page number, within the top margin.
    pub(crate) header: f64,
    /// Width of the issuer's half of the head; the rest is the nation's.
    pub(crate) issuer_width: f64,
    /// Width of the recipients' half of the foot; the rest is the signer's.
    pub(crate) recipients_width: f64,
    /// First line of a paragraph: 10 or 12.7.
    pub(crate) indent: f64,
    /// Room for the signature and the seal.
    pub(crate) signature: f64,
    /// Quốc hiệu, 12–13.
    pub(crate) nation: f64,
    /// Tiêu ngữ, 13–14.
    pub(crate) motto: f64,
    /// Superior and issuing body, 12–13.
    pub(crate) issuer: f64,
    /// Số, ký hiệu: 13.
    pub(crate) number: f64,
    /// Trích yếu of a letter, "V/v …", 12–13.
    pub(crate) about: f64,
    /// Place and date, 13–14.
    pub(crate) date: f64,
    /// Name of the kind and trích yếu, 13–14.
    pub(crate) title: f64,
    /// Body, căn cứ, Kính gửi, signature: 13–14.
    pub(crate) body: f64,
    /// Text of tables with up to [`Layout::WIDE`] columns, and of wider ones.
    pub(crate) table: f64,
    /// Text of tables with more columns.
    pub(crate) wide_table: f64,
    /// "Nơi nhận:", 12.
    pub(crate) recipients_head: f64,
    /// The recipients, 11.
    pub(crate) recipients: f64,
    /// Page number, 13–14.
    pub(crate) page_number: f64,
    /// Between paragraphs, at least 6.
    pub(crate) between: f64,
    /// Thickness of the lines under motto, issuer and trích yếu.
    pub(crate) rule: f64,
}

impl Layout {
    /// More columns than this make a wide table.
    pub(crate) const WIDE: usize = 5;

    /// The form.
    pub(crate) const NATIONAL: Self = Self {
        page_width: 210.0,
        page_height: 297.0,
        top: 20.0,
        bottom: 20.0,
        left: 30.0,
        right: 15.0,
        header: 10.0,
        issuer_width: 68.0,
        recipients_width: 80.0,
        indent: 12.7,
        signature: 26.0,
        nation: 13.0,
        motto: 14.0,
        issuer: 13.0,
        number: 13.0,
        about: 12.0,
        date: 14.0,
        title: 14.0,
        body: 14.0,
        table: 13.0,
        wide_table: 12.0,
        recipients_head: 12.0,
        recipients: 11.0,
        page_number: 13.0,
        between: 6.0,
        rule: 0.75,
    };

    /// Width of the text, in millimetres.
    pub(crate) fn text_width(&self) -> f64 {
        self.page_width - self.left - self.right
    }
}

/// Points in a number of millimetres.
pub(crate) fn points(mm: f64) -> f64 {
    mm * 72.0 / 25.4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_within_the_spans_of_the_decree() {
        let l = Layout::NATIONAL;
        assert_eq!((l.page_width, l.page_height), (210.0, 297.0));
        for (value, low, high) in [
            (l.top, 20.0, 25.0),
            (l.bottom, 20.0, 25.0),
            (l.left, 30.0, 35.0),
            (l.right, 15.0, 20.0),
            (l.nation, 12.0, 13.0),
            (l.motto, 13.0, 14.0),
            (l.issuer, 12.0, 13.0),
            (l.number, 13.0, 13.0),
            (l.about, 12.0, 13.0),
            (l.date, 13.0, 14.0),
            (l.title, 13.0, 14.0),
            (l.body, 13.0, 14.0),
            (l.recipients_head, 12.0, 12.0),
            (l.recipients, 11.0, 11.0),
            (l.page_number, 13.0, 14.0),
            (l.between, 6.0, 12.0),
            (l.indent, 10.0, 12.7),
        ] {
            assert!((low..=high).contains(&value), "{value} is not within {low}–{high}");
        }
    }
}
