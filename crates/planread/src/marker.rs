//! The marks that open headings and items: "II.", "1.", "2.1.", "a)", "-", "+".
//!
//! NĐ 30/2020/NĐ-CP, Phụ lục I, fixes the order: Phần, Chương, Mục (I.), Khoản (1.), Điểm (a), then dashes.

/// A mark, how deep its kind stands, and where the text after it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Marker {
    /// 0 for "Phần", 1 "I.", 2 "1.", 3 "1.1.", 4 "1.1.1.", 5 "a)", 6 "(1)", 7 "-", 8 "+", 9 "•".
    pub(crate) rank: u8,
    /// Without its punctuation: "II", "2.1", "đ", "-".
    pub(crate) number: String,
    /// Byte at which the text after the mark begins.
    pub(crate) body: usize,
}

/// The rank of dashes: from here on items are not part of the numbering.
pub(crate) const DASH: u8 = 7;

/// The mark at the start of a line, if there is one.
pub(crate) fn read(line: &str) -> Option<Marker> {
    bullet(line).or_else(|| part(line)).or_else(|| parenthesised(line)).or_else(|| numbered(line))
}

fn marker(line: &str, rank: u8, number: &str, rest: &str) -> Option<Marker> {
    let body = line.len() - rest.trim_start().len();
    Some(Marker { rank, number: number.to_owned(), body })
}

fn bullet(line: &str) -> Option<Marker> {
    let first = line.chars().next()?;
    let (rank, number) = match first {
        '-' | '–' | '—' => (DASH, "-"),
        '+' => (8, "+"),
        '•' | '·' | '∙' | '▪' | '●' | '○' | '*' | '\u{f0b7}' => (9, "•"),
        _ => return None,
    };
    let rest = line.get(first.len_utf8()..)?;
    // "-------" is a ruled line and "-5%" a number.
    (rest.starts_with(' ') || rest.starts_with(char::is_alphabetic)).then(|| marker(line, rank, number, rest))?
}

/// "Phần I", "Chương 2", "Phần thứ nhất".
fn part(line: &str) -> Option<Marker> {
    let word = line.split_whitespace().next()?;
    let low = word.to_lowercase();
    if !matches!(low.as_str(), "phần" | "chương") {
        return None;
    }
    let rest = line.get(word.len()..)?.trim_start();
    let number = rest.split([' ', '.', ':']).next().filter(|n| !n.is_empty())?;
    let counts = number.chars().all(|c| c.is_ascii_digit() || matches!(c, 'I' | 'V' | 'X')) || number == "thứ";
    counts.then(|| marker(line, 0, number, rest.get(number.len()..).unwrap_or("").trim_start_matches(['.', ':'])))?
}

/// "(1) …", "(a) …"
fn parenthesised(line: &str) -> Option<Marker> {
    let (number, rest) = line.strip_prefix('(')?.split_once(')')?;
    let short = (1..=3).contains(&number.chars().count()) && number.chars().all(char::is_alphanumeric);
    (short && rest.starts_with(' ')).then(|| marker(line, 6, number, rest))?
}

fn numbered(line: &str) -> Option<Marker> {
    let end = line.find(|c: char| !(c.is_alphanumeric() || c == '.'))?;
    let head = line.get(..end)?;
    let rest = line.get(end..)?;
    if let Some(rest) = rest.strip_prefix(')') {
        return match head {
            _ if one_letter(head) => marker(line, 5, head, rest),
            _ if digits(head) => marker(line, 6, head, rest),
            _ => None,
        };
    }
    // "VI.TỔ CHỨC": no space after the point.
    if let Some((number, after)) = head.split_once('.')
        && roman(number)
        && after.chars().next().is_some_and(|c| c.is_uppercase() && !c.is_ascii_digit())
    {
        return marker(line, 1, number, line.get(number.len() + 1..)?);
    }
    if !rest.starts_with(' ') {
        return None;
    }
    let number = head.strip_suffix('.').or_else(|| (rest.len() > 1 && head.contains('.')).then_some(head))?;
    let dots = number.matches('.').count();
    match number {
        n if roman(n) => marker(line, 1, n, rest),
        n if n.len() == 1 && n.chars().all(|c| c.is_ascii_uppercase()) => marker(line, 0, n, rest),
        n if one_letter(n) => marker(line, 5, n, rest),
        n if n.split('.').all(digits) => marker(line, u8::try_from(dots.min(2)).unwrap_or(0) + 2, n, rest),
        _ => None,
    }
}

fn roman(text: &str) -> bool {
    !text.is_empty() && text.len() <= 5 && text.chars().all(|c| matches!(c, 'I' | 'V' | 'X'))
}

fn digits(text: &str) -> bool {
    (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn one_letter(text: &str) -> bool {
    let mut chars = text.chars();
    matches!((chars.next(), chars.next()), (Some(c), None) if c.is_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(line: &str) -> Option<(u8, String, String)> {
        read(line).map(|m| (m.rank, m.number, line[m.body..].to_owned()))
    }

    #[test]
    fn marks_and_their_ranks() {
        let some = |rank, number: &str, body: &str| Some((rank, number.to_owned(), body.to_owned()));
        assert_eq!(seen("II. MỤC TIÊU"), some(1, "II", "MỤC TIÊU"));
        assert_eq!(seen("VI.TỔ CHỨC"), some(1, "VI", "TỔ CHỨC"));
        assert_eq!(seen("2. Công an tỉnh"), some(2, "2", "Công an tỉnh"));
        assert_eq!(seen("3.1. Tổ chức"), some(3, "3.1", "Tổ chức"));
        assert_eq!(seen("3.1 Tổ chức"), some(3, "3.1", "Tổ chức"));
        assert_eq!(seen("đ) Bảo đảm"), some(5, "đ", "Bảo đảm"));
        assert_eq!(seen("(1) Rà soát"), some(6, "1", "Rà soát"));
        assert_eq!(seen("- Rà soát"), some(7, "-", "Rà soát"));
        assert_eq!(seen("+ 100% các"), some(8, "+", "100% các"));
        assert_eq!(seen("A. MỞ ĐẦU"), some(0, "A", "MỞ ĐẦU"));
        assert_eq!(seen("Phần II. Mục tiêu"), some(0, "II", "Mục tiêu"));
    }

    #[test]
    fn what_is_not_a_mark() {
        for line in ["-------", "T.M UBND PHƯỜNG", "100% hệ thống", "Số: 12/KH", "2026 - 2027", "", "(Kèm theo)"]
        {
            assert_eq!(seen(line), None, "{line}");
        }
    }
}
