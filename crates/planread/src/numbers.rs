//! Numbers that a plan wants to reach: "ít nhất 20 chuyên gia", "trên 90%", "(50 - 100 người)", "01 lần/năm".

use crate::due::rhythm;
use crate::model::{Comparator, Every};
use crate::words::Words;

/// A number to reach.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Number {
    /// How it compares.
    pub(crate) comparator: Comparator,
    /// One value, two when between.
    pub(crate) values: Vec<f64>,
    /// "%" or the noun right after it.
    pub(crate) unit: String,
    /// "/năm".
    pub(crate) per: Option<Every>,
    /// The digits as written.
    pub(crate) written: String,
    /// Whether a comparator or a percentage makes it a number to reach wherever it stands.
    pub(crate) sure: bool,
}

const AT_LEAST: [&str; 9] = [
    "ít nhất",
    "tối thiểu",
    "không dưới",
    "không ít hơn",
    "không thấp hơn",
    "tối thiểu đạt",
    "ít nhất là",
    "đạt tối thiểu",
    "tối thiểu là",
];
const MORE_THAN: [&str; 4] = ["trên", "hơn", "vượt", "lớn hơn"];
const AT_MOST: [&str; 5] = ["tối đa", "không quá", "không vượt quá", "nhiều nhất", "không nhiều hơn"];
const LESS_THAN: [&str; 2] = ["dưới", "ít hơn"];
/// Words after which a number is a name, a level, a year or a place in a document.
const NAMES: [&str; 25] = [
    "độ", "số", "năm", "tháng", "quý", "ngày", "điều", "khoản", "điểm", "mục", "án", "đoạn", "khóa", "khoá", "phần",
    "phụ", "lục", "/", "-", "thứ", "giờ", "nghị", "quyết", "lần", "hạng",
];
/// Nouns of two syllables that are counted.
const COUNTED: [&str; 70] = [
    "chuyên gia",
    "chương trình",
    "cán bộ",
    "hệ thống",
    "đơn vị",
    "cơ quan",
    "doanh nghiệp",
    "sản phẩm",
    "mô hình",
    "trung tâm",
    "học viên",
    "hội nghị",
    "hội thảo",
    "nền tảng",
    "kỹ sư",
    "nhân sự",
    "tỷ đồng",
    "triệu đồng",
    "dịch vụ",
    "nhiệm vụ",
    "giải pháp",
    "địa phương",
    "chiến dịch",
    "chứng chỉ",
    "chứng nhận",
    "khóa học",
    "lớp học",
    "cuộc thi",
    "bài viết",
    "tin bài",
    "đề tài",
    "dự án",
    "giờ học",
    "tài liệu",
    "phóng sự",
    "nhân lực",
    "quy chế",
    "thành viên",
    "sự cố",
    "sự kiện",
    "tuyên truyền viên",
    "cộng tác viên",
    "báo cáo viên",
    "giảng viên",
    "sinh viên",
    "học sinh",
    "giáo viên",
    "công chức",
    "viên chức",
    "hộ gia đình",
    "hộ dân",
    "tổ chức",
    "cá nhân",
    "hồ sơ",
    "thiết bị",
    "máy chủ",
    "máy tính",
    "phòng học",
    "tiêu chí",
    "chỉ tiêu",
    "văn bản",
    "quy trình",
    "kế hoạch",
    "báo cáo",
    "cảnh báo",
    "lỗ hổng",
    "tài khoản",
    "người dân",
    "vụ việc",
    "mô đun",
];
/// Nouns of one syllable that are counted.
const COUNTS: [&str; 26] = [
    "cuộc",
    "lần",
    "người",
    "lớp",
    "khóa",
    "khoá",
    "buổi",
    "đợt",
    "lượt",
    "tổ",
    "đội",
    "bài",
    "tin",
    "bộ",
    "trường",
    "giờ",
    "phút",
    "vụ",
    "kỳ",
    "đồng",
    "em",
    "hội",
    "nhóm",
    "câu",
    "kênh",
    "điểm",
];

/// The numbers of a clause, in order.
pub(crate) fn find(clause: &str) -> Vec<Number> {
    let words = Words::new(clause);
    let mut out = Vec::new();
    let mut i = 0;
    while i < words.len() {
        match one(&words, i) {
            Some((number, to)) => {
                out.push(number);
                i = to.max(i + 1);
            }
            None => i += 1,
        }
    }
    out
}

fn one(words: &Words<'_>, i: usize) -> Option<(Number, usize)> {
    let (first, mut to) = value(words, i)?;
    let open = compared(words, i);
    let before = words.before(i);
    if open.is_none() && (NAMES.contains(&before) || words.tight(i) && !matches!(before, "(" | "“" | "\"")) {
        return None;
    }
    let mut values = vec![first];
    let mut comparator = open.unwrap_or(Comparator::Equal);
    let percent_first = words.low(to) == "%";
    let dash = to + usize::from(percent_first);
    if matches!(words.low(dash), "-" | "–" | "đến" | "tới")
        && let Some((last, next)) = value(words, dash + 1)
        && last > first
    {
        values.push(last);
        comparator = Comparator::Between;
        to = next;
    }
    let (unit, next) = unit(words, to)?;
    // Years and dates are no numbers to reach.
    let plain_year = unit != "%" && values.iter().any(|v| (1990.0..=2100.0).contains(v)) && words.low(i).len() == 4;
    if plain_year || matches!(words.low(to), "/" | "." | ")") {
        return None;
    }
    if words.any(next, &["trở lên"]).is_some() {
        comparator = Comparator::AtLeast;
    }
    let per = period(words, next);
    let sure = unit == "%" || open.is_some() || comparator != Comparator::Equal && known(&unit);
    let counted = known(&unit) || sure;
    let written = words.span(i, to).trim_end_matches('%').trim().to_owned();
    counted.then_some((Number { comparator, values, unit, per, written, sure }, next))
}

/// "… /năm", "… nghiêm trọng mỗi năm": before the next stop and the next number.
fn period(words: &Words<'_>, from: usize) -> Option<Every> {
    let ends = |i: &usize| matches!(words.low(*i), "," | ";" | "." | "(" | ")");
    let near = (from..words.len()).take_while(|i| !ends(i) && words.number(*i).is_none());
    near.filter(|i| matches!(words.low(*i), "/" | "mỗi" | "một")).find_map(|i| rhythm(words, i).map(|r| r.0))
}

fn known(unit: &str) -> bool {
    let low = unit.to_lowercase();
    COUNTED.contains(&low.as_str()) || COUNTS.contains(&low.as_str())
}

/// "90", "01", "1.500", "99,5"; with the word after it.
fn value(words: &Words<'_>, i: usize) -> Option<(f64, usize)> {
    let digits = words.low(i);
    if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut text = digits.to_owned();
    let mut to = i + 1;
    let next_digits = |at: usize| {
        let low = words.low(at);
        words.tight(at) && words.tight(at - 1) && !low.is_empty() && low.bytes().all(|b| b.is_ascii_digit())
    };
    // Vietnamese writes 1.500 for a thousand and a half thousand, 99,5 for a decimal.
    while words.low(to) == "." && next_digits(to + 1) && words.low(to + 1).len() == 3 {
        text.push_str(words.low(to + 1));
        to += 2;
    }
    if words.low(to) == "," && next_digits(to + 1) && words.low(to + 1).len() <= 3 {
        text.push('.');
        text.push_str(words.low(to + 1));
        to += 2;
    }
    text.parse().ok().filter(|v: &f64| v.is_finite()).map(|v| (v, to))
}

/// The comparator that ends right before `i`.
fn compared(words: &Words<'_>, i: usize) -> Option<Comparator> {
    let kinds: [(&[&str], Comparator); 4] = [
        (&AT_LEAST, Comparator::AtLeast),
        (&AT_MOST, Comparator::AtMost),
        (&LESS_THAN, Comparator::LessThan),
        (&MORE_THAN, Comparator::MoreThan),
    ];
    kinds.into_iter().find_map(|(phrases, comparator)| {
        let ends = (1..=4).any(|n| i.checked_sub(n).is_some_and(|from| words.any(from, phrases) == Some(n)));
        ends.then_some(comparator)
    })
}

/// "%" or a noun; with the word after it.
fn unit(words: &Words<'_>, i: usize) -> Option<(String, usize)> {
    if words.low(i) == "%" {
        return Some(("%".to_owned(), i + 1));
    }
    if let Some(n) = words.any(i, &["phần trăm"]) {
        return Some(("%".to_owned(), i + n));
    }
    if let Some(n) = words.any(i, &COUNTED) {
        return Some((words.span(i, i + n).to_owned(), i + n));
    }
    words
        .low(i)
        .chars()
        .all(char::is_alphabetic)
        .then(|| words.raw(i).to_owned())
        .filter(|u| !u.is_empty())
        .map(|u| (u, i + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> Vec<(Comparator, Vec<f64>, String, Option<Every>)> {
        find(text).into_iter().map(|n| (n.comparator, n.values, n.unit, n.per)).collect()
    }

    #[test]
    fn numbers_to_reach() {
        use Comparator::{AtLeast, AtMost, Between, Equal, LessThan, MoreThan};
        for (text, comparator, values, unit, per) in [
            ("phấn đấu có ít nhất 20 chuyên gia an ninh mạng", AtLeast, vec![20.0], "chuyên gia", None),
            ("Phấn đấu 90% người sử dụng", Equal, vec![90.0], "%", None),
            ("kiến thức tối thiểu 01 lần/năm.", AtLeast, vec![1.0], "lần", Some(Every::Year)),
            ("(ít nhất 01 lần/1 năm)", AtLeast, vec![1.0], "lần", Some(Every::Year)),
            ("nòng cốt của tỉnh (50 - 100 người).", Between, vec![50.0, 100.0], "người", None),
            ("trên 90 % cán bộ", MoreThan, vec![90.0], "%", None),
            ("99,5% yêu cầu", Equal, vec![99.5], "%", None),
            ("1.500 học viên", Equal, vec![1500.0], "học viên", None),
            ("từ 80% trở lên", AtLeast, vec![80.0], "%", None),
            ("không quá 24 giờ", AtMost, vec![24.0], "giờ", None),
            ("dưới 5% hệ thống", LessThan, vec![5.0], "%", None),
            ("mở 02 lớp mỗi năm", Equal, vec![2.0], "lớp", Some(Every::Year)),
        ] {
            assert_eq!(seen(text), [(comparator, values, unit.to_owned(), per)], "{text}");
        }
    }

    #[test]
    fn levels_years_and_documents_are_none() {
        for text in [
            "hệ thống thông tin cấp độ 3, cấp độ 4, cấp độ 5 trong các cơ quan",
            "Quyết định số 515/QĐ-TTg ngày 30/3/2026",
            "giai đoạn 2026 - 2030",
            "Đề án 06 trên địa bàn tỉnh",
            "hoàn thành trong quý II/2026",
            "mức độ 4.0",
        ] {
            assert_eq!(seen(text), [], "{text}");
        }
    }
}
