//! Joins again what page breaks took apart: a paragraph that goes on after an empty line, a table row over two rows.

use crate::marker;
use crate::piece::Piece;
use crate::words::Words;

/// Words after which a Vietnamese phrase cannot end.
const OPEN: [&str; 27] = [
    "và", "của", "về", "với", "các", "những", "do", "theo", "tại", "cho", "trong", "đến", "để", "là", "từ", "được",
    "bởi", "như", "hoặc", "bộ", "số", "một", "ngày", "tháng", "năm", "quý", "trước",
];

/// The pieces with broken paragraphs and rows made whole.
pub(crate) fn join(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match (out.last_mut(), piece) {
            (Some(Piece::Paragraph { text, heading: None }), Piece::Paragraph { text: next, heading: None })
                if goes_on(text, &next) =>
            {
                text.push(' ');
                text.push_str(&next);
            }
            (Some(Piece::Row { cells, table }), Piece::Row { cells: next, table: same })
                if *table == same && row_goes_on(cells, &next) =>
            {
                for (cell, more) in cells.iter_mut().zip(next) {
                    if !more.is_empty() {
                        cell.push(' ');
                        cell.push_str(&more);
                    }
                }
            }
            (_, piece) => out.push(piece),
        }
    }
    out
}

/// Whether `next` is the rest of `text`.
fn goes_on(text: &str, next: &str) -> bool {
    let Some(first) = next.chars().next() else { return false };
    if marker::read(next).is_some() || first == '(' {
        return false;
    }
    let last = text.chars().next_back().unwrap_or('.');
    if matches!(last, '.' | ':' | '!' | '?' | '…') {
        return false;
    }
    if first.is_lowercase() {
        return true;
    }
    // "… theo hướng dẫn của" / "Bộ Công an": only a comma or an open word tells that a capital goes on.
    let words = Words::new(text);
    let open = words.len().checked_sub(1).is_some_and(|i| OPEN.contains(&words.low(i)));
    let shouted = !text.chars().any(char::is_lowercase);
    (last == ',' || open) && !shouted
}

/// Whether a row without a number holds the rest of the row above: one cell is filled, and it begins as a phrase
/// that goes on.
fn row_goes_on(above: &[String], next: &[String]) -> bool {
    if next.len() != above.len() || next.first().is_none_or(|c| !c.is_empty()) {
        return false;
    }
    let filled: Vec<(&String, &String)> = above.iter().zip(next).filter(|(_, n)| !n.is_empty()).collect();
    filled.len() < above.len().saturating_sub(1)
        && filled.iter().all(|(a, n)| {
            let lower = n.chars().next().is_some_and(char::is_lowercase);
            !a.is_empty() && (lower || !a.ends_with(['.', ';', ':']))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(lines: &[&str]) -> Vec<String> {
        let pieces = lines.iter().map(|l| Piece::paragraph(*l)).collect();
        let text = |p| if let Piece::Paragraph { text, .. } = p { text } else { String::new() };
        join(pieces).into_iter().map(text).collect()
    }

    #[test]
    fn a_paragraph_over_a_page_break_is_one() {
        assert_eq!(
            joined(&["b) phòng, chống tội phạm", "mạng và an ninh mạng."]),
            ["b) phòng, chống tội phạm mạng và an ninh mạng."]
        );
        assert_eq!(joined(&["theo quy định;", "tổ chức tuyên truyền."]), ["theo quy định; tổ chức tuyên truyền."]);
        assert_eq!(joined(&["theo hướng dẫn của", "Bộ Công an."]), ["theo hướng dẫn của Bộ Công an."]);
    }

    #[test]
    fn a_heading_and_what_stands_under_it_are_two() {
        assert_eq!(joined(&["2. Công an tỉnh", "Chủ trì, phối hợp"]).len(), 2);
        assert_eq!(joined(&["bao gồm:", "bồi dưỡng"]).len(), 2);
        assert_eq!(joined(&["- một;", "- hai"]).len(), 2);
    }

    #[test]
    fn a_row_over_two_pages_is_one() {
        let row = |cells: [&str; 3]| Piece::Row { cells: cells.map(str::to_owned).to_vec(), table: 0 };
        let out =
            join(vec![row(["3", "nhân sự kỹ thuật an ninh", "Công an tỉnh"]), row(["", "mạng) theo hướng dẫn.", ""])]);
        assert_eq!(out, [row(["3", "nhân sự kỹ thuật an ninh mạng) theo hướng dẫn.", "Công an tỉnh"])]);
        let apart = vec![row(["3", "Rà soát.", "Công an tỉnh"]), row(["", "Báo cáo.", ""])];
        assert_eq!(join(apart).len(), 2);
    }
}
