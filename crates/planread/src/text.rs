//! Reads a .txt or .md into paragraphs and table rows.

use khien_base::{Fault, Result};

use crate::piece::{Piece, clean};

/// Reads the text. Faults: `planread.text-not-utf8`, `planread.text-too-long`.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Piece>> {
    let text = decode(bytes)?;
    let lines: Vec<&str> = text.lines().collect();
    if text.len() > crate::MAX_TEXT.saturating_mul(4) {
        return Err(Fault::invalid("planread.text-too-long").with("limit", crate::MAX_TEXT).on("file"));
    }
    let width = wrapped_at(&lines);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut tables = 0usize;
    let mut in_table = false;
    let mut previous = "";
    for line in lines {
        if let Some(cells) = cells(line) {
            if !in_table {
                tables += 1;
                in_table = true;
            }
            if cells.iter().any(|c| !c.is_empty()) {
                pieces.push(Piece::Row { cells, table: tables - 1 });
            }
            previous = "";
            continue;
        }
        let shown = clean(heading(line).1);
        if shown.is_empty() || rule(&shown) {
            // A page break within a table leaves an empty line; the table goes on if rows follow.
            previous = "";
            continue;
        }
        in_table = false;
        let goes_on = width.is_some_and(|w| previous.chars().count() * 10 >= w * 7) && !marked(line);
        match pieces.last_mut() {
            Some(Piece::Paragraph { text, .. }) if goes_on => {
                text.push(' ');
                text.push_str(&shown);
            }
            _ => pieces.push(Piece::Paragraph { text: shown, heading: heading(line).0 }),
        }
        previous = line;
    }
    Ok(pieces)
}

fn decode(bytes: &[u8]) -> Result<String> {
    let wide = |little: bool| -> String {
        let units = bytes.get(2..).unwrap_or_default().chunks_exact(2).map(move |pair| {
            let pair = [pair.first().copied().unwrap_or(0), pair.get(1).copied().unwrap_or(0)];
            if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
        });
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    // Notepad's "Unicode" is UTF-16 with a mark.
    match bytes {
        [0xff, 0xfe, ..] => Ok(wide(true)),
        [0xfe, 0xff, ..] => Ok(wide(false)),
        _ => std::str::from_utf8(bytes)
            .map(|t| t.trim_start_matches('\u{feff}').to_owned())
            .map_err(|e| Fault::invalid("planread.text-not-utf8").with("byte", e.valid_up_to()).on("file")),
    }
}

/// "## III. NHIỆM VỤ" is a heading of depth 2.
fn heading(line: &str) -> (Option<u8>, &str) {
    let trimmed = line.trim_start();
    let depth = trimmed.bytes().take_while(|b| *b == b'#').count();
    match trimmed.get(depth..) {
        Some(rest) if (1..=6).contains(&depth) && rest.starts_with(' ') => (u8::try_from(depth).ok(), rest.trim()),
        _ => {
            // "* item" is a bullet in markdown; everywhere else a star is emphasis.
            (None, trimmed)
        }
    }
}

/// "---", "____": a ruled line.
fn rule(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '-' | '_' | '=' | '–' | '—' | ' '))
}

/// The cells of a row: parted by tabs, or by bars as in markdown.
fn cells(line: &str) -> Option<Vec<String>> {
    let bars = line.trim();
    if bars.len() > 1 && bars.starts_with('|') && bars.ends_with('|') {
        let inner = bars.trim_matches('|');
        if inner.chars().all(|c| matches!(c, '-' | ':' | '|' | ' ')) {
            return Some(Vec::new());
        }
        return Some(inner.split('|').map(clean).collect());
    }
    // A tab after a mark ("-\tRà soát") is a bullet, one at the start an indent.
    let parts: Vec<&str> = line.split('\t').collect();
    (parts.len() > 2).then(|| parts.into_iter().map(clean).collect())
}

/// The width at which the whole text was broken into lines, when it was: then a line with another right under it is
/// nearly as long as the longest.
fn wrapped_at(lines: &[&str]) -> Option<usize> {
    let width = |l: &str| l.trim_end().chars().count();
    let widest = lines.iter().map(|l| width(l)).max().unwrap_or(0);
    let followed: Vec<usize> = lines
        .windows(2)
        .filter_map(|w| if let [a, b] = w { (width(a) > 0 && width(b) > 0).then(|| width(a)) } else { None })
        .collect();
    let near = followed.iter().filter(|n| **n * 10 >= widest * 8).count();
    (followed.len() >= 8 && (40..=130).contains(&widest) && near * 2 > followed.len()).then_some(widest)
}

/// Whether a line begins something of its own.
fn marked(line: &str) -> bool {
    crate::marker::read(&clean(line)).is_some() || heading(line).0.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(pieces: &[Piece]) -> Vec<String> {
        pieces
            .iter()
            .map(|p| match p {
                Piece::Paragraph { text, .. } => text.clone(),
                Piece::Row { cells, .. } => cells.join("|"),
            })
            .collect()
    }

    #[test]
    fn markdown_headings_and_bars_are_read() {
        let pieces = read(
            "## **II. MỤC TIÊU**\n\n| STT | Nhiệm vụ | Chủ trì |\n|---|:-:|---|\n| 1 | Rà soát | Sở Y tế |\n"
                .as_bytes(),
        )
        .unwrap();
        assert_eq!(texts(&pieces), ["II. MỤC TIÊU", "STT|Nhiệm vụ|Chủ trì", "1|Rà soát|Sở Y tế"]);
        assert!(matches!(pieces[0], Piece::Paragraph { heading: Some(2), .. }));
    }

    #[test]
    fn lines_broken_at_a_width_are_joined() {
        let line = "Bảo đảm mọi hệ thống thông tin của tỉnh được giám sát liên tục ngày đêm và";
        let text = format!("{}\n- mục mới\n", vec![line; 24].join("\n"));
        let pieces = read(text.as_bytes()).unwrap();
        assert_eq!(pieces.len(), 2);
    }

    #[test]
    fn wide_text_with_a_mark_is_read() {
        let plan = "KẾ HOẠCH\r\nIII. NHIỆM VỤ\r\n1. Công an tỉnh chủ trì rà soát hệ thống thông tin, hoàn thành trước \
                    ngày 30/6/2026.\r\n";
        let wide = |of: fn(u16) -> [u8; 2]| -> Vec<u8> {
            std::iter::once(0xfeff).chain(plan.encode_utf16()).flat_map(of).collect()
        };
        for bytes in [wide(u16::to_le_bytes), wide(u16::to_be_bytes)] {
            let reading = crate::read(&bytes, "ke-hoach.txt").unwrap();
            assert_eq!(reading.tasks.len(), 1);
            assert_eq!(texts(&read(&bytes).unwrap())[0], "KẾ HOẠCH");
        }
    }
}
