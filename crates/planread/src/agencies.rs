//! Names of agencies and of groups of agencies, in lists and in sentences.
//!
//! "Sở Tài chính, Công an tỉnh" is two; "Các cơ quan, đơn vị liên quan" is one group; "Sở Văn hóa, Thể thao và Du
//! lịch" and "Văn phòng HĐND và UBND phường" are one each.

mod lexicon;

use std::ops::Range;

use crate::model::Agency;
use crate::words::Words;
use lexicon::{BARE, GENERIC, MODIFIERS, NAMED, NO_NAMES, OFFICES, OPENERS, PLACES, SOLID, STOPS};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Named,
    Group,
}

/// Reads a cell or field that holds nothing but agencies.
pub(crate) fn list(text: &str) -> Vec<Agency> {
    let text = text.trim().trim_end_matches(['.', ';', ',', ':', '/']).trim();
    let words = Words::new(text);
    let mut starts: Vec<usize> = vec![0];
    let mut kind = enterprise(&words, 0);
    let mut opened = false;
    for i in 1..words.len() {
        opened |= words.any(i - 1, &OPENERS).is_some();
        if !matches!(words.before(i), "," | ";" | "và" | "/") {
            continue;
        }
        let hard = words.before(i) == ";";
        let from = starts.last().copied().unwrap_or(0);
        let grouped = opened || shape(&words, from) == Some(Shape::Group);
        match shape(&words, i) {
            _ if hard => {}
            _ if place(&words, i) => continue,
            Some(_) if words.before(i) == "và" && shared_office(&words, from, i) => continue,
            // "Các sở" + "ban, ngành": the group goes on, unless it opens anew or turns to enterprises.
            Some(Shape::Group) if grouped && words.any(i, &OPENERS).is_none() && enterprise(&words, i) == kind => {
                continue;
            }
            Some(_) => {}
            None => continue,
        }
        starts.push(i);
        kind = enterprise(&words, i);
        opened = false;
    }
    let ends = starts.iter().skip(1).copied().chain([words.len()]);
    let ranges: Vec<Range<usize>> = starts.iter().copied().zip(ends).map(|(a, b)| a..b).collect();
    ranges.into_iter().filter_map(|r| named(words.span(r.start, r.end))).collect()
}

/// Whether at `i` stands a second level: "xã, phường", "xã và đặc khu".
fn place(words: &Words<'_>, i: usize) -> bool {
    let second = words.any(i, &PLACES).is_some() && !words.capital(i);
    second
        && matches!(words.before(i), "," | "và")
        && i >= 2
        && (1..=2).any(|n| i > n && words.any(i - 1 - n, &PLACES) == Some(n))
}

/// Whether the group at `i` is of enterprises: other bodies than agencies of the state.
fn enterprise(words: &Words<'_>, i: usize) -> bool {
    words.at(i + words.any(i, &OPENERS).unwrap_or(0), "doanh nghiệp").is_some()
}

fn named(text: &str) -> Option<Agency> {
    let mut name = text.trim().trim_end_matches([',', ';', '/', '.']).trim();
    name = name.strip_suffix(" và").unwrap_or(name).trim();
    name = name.strip_prefix("với ").unwrap_or(name);
    name.chars().any(char::is_alphabetic).then(|| Agency { name: name.to_owned(), collective: collective(name) })
}

/// Whether the name means several agencies.
fn collective(name: &str) -> bool {
    let words = Words::new(name);
    let bare = words.any(0, &BARE).is_some_and(|n| !words.capital(n));
    let many = (0..words.len()).any(|i| matches!(words.low(i), "các" | "những" | "mọi"));
    let level = words.find(0, &["cấp xã", "cấp huyện", "các cấp", "xã , phường", "phường , xã"]).is_some();
    let several = words.any(0, &["sở , ban", "sở , ngành", "ban , ngành"]).is_some();
    bare || many || level || several
}

/// "Văn phòng HĐND và UBND phường" is one office of two bodies.
fn shared_office(words: &Words<'_>, from: usize, i: usize) -> bool {
    let office = words.any(from, &["văn phòng", "vp", "thường trực", "lãnh đạo"]).unwrap_or(0);
    let body = words.any(
        from + office,
        &["hđnd", "hội đồng nhân dân", "đoàn đbqh", "đbqh", "đoàn đại biểu quốc hội", "đảng ủy", "ubnd"],
    );
    office > 0 && body.is_some_and(|n| from + office + n + 1 == i)
}

/// What kind of name opens at `i`, if one does.
fn shape(words: &Words<'_>, i: usize) -> Option<Shape> {
    if let Some(n) = words.any(i, &OPENERS) {
        let plural = words.any(i + n, &GENERIC).is_some() || words.any(i + n, &SOLID).is_some();
        return plural.then_some(Shape::Group);
    }
    if words.any(i, &SOLID).is_some() {
        return Some(Shape::Named);
    }
    if let Some(n) = words.any(i, &NAMED)
        && words.capital(i + n)
        && words.any(i, &NO_NAMES).is_none()
    {
        return Some(Shape::Named);
    }
    let lone = words.any(i, &BARE).is_some();
    let several = words.any(i, &GENERIC).is_some_and(|n| words.low(i + n) == "," || words.before(i) == ",");
    (lone || several).then_some(Shape::Group)
}

/// Where the list of agencies that opens at `i` of a sentence ends; `None` when no agency stands there.
pub(crate) fn end(words: &Words<'_>, i: usize) -> Option<usize> {
    let mut to = unit(words, i, 0)?;
    loop {
        let parted = words.any(to, &[", và", "và", ",", ";", "cùng", "với"]).unwrap_or(0);
        match (parted > 0).then(|| unit(words, to + parted, 0)).flatten() {
            Some(next) => to = next,
            None => return Some(to),
        }
    }
}

/// Where one agency that opens at `i` ends.
fn unit(words: &Words<'_>, i: usize, depth: usize) -> Option<usize> {
    let shape = shape(words, i)?;
    let opened = words.any(i, &OPENERS).unwrap_or(0);
    let solid = words.any(i + opened, &SOLID);
    let generic = words.any(i + opened, &GENERIC).filter(|_| shape == Shape::Group);
    let head = solid.or(generic).or_else(|| words.any(i, &NAMED))?;
    let mut to = i + opened + head;
    // "Chủ tịch UBND các xã", "UBND các xã", "Văn phòng HĐND và UBND phường"
    if depth < 4 && words.any(i, &OFFICES).is_some() {
        if let Some(inner) = unit(words, to, depth + 1) {
            to = inner;
        }
        if words.low(to) == "và"
            && shared_office(words, i, to + 1)
            && let Some(inner) = unit(words, to + 1, depth + 1)
        {
            to = inner;
        }
    }
    while let Some(next) = more(words, to, shape) {
        to = next;
    }
    Some(to)
}

/// One step further into a name.
fn more(words: &Words<'_>, to: usize, shape: Shape) -> Option<usize> {
    if let Some(n) = words.any(to, &MODIFIERS)
        && !(words.low(to) == "cơ" && shape == Shape::Named)
    {
        return Some(to + n);
    }
    let joint = words.any(to, &[", và", "và", ",", "-", "–"]).unwrap_or(0);
    let next = to + joint;
    if joint == 1 && place(words, next) {
        return Some(next + words.any(next, &PLACES).unwrap_or(1));
    }
    let dashed = matches!(words.low(to), "-" | "–");
    if joint > 0 && shape == Shape::Group {
        let goes_on = words.any(next, &OPENERS).is_none() && !words.capital(next);
        return words.any(next, &GENERIC).or_else(|| words.any(next, &MODIFIERS)).filter(|_| goes_on).map(|n| next + n);
    }
    // "Khoa học và Công nghệ", "Văn hóa, Thể thao và Du lịch", "Văn hóa - Xã hội"
    let proper = words.capital(next) && (joint == 0 || dashed || self::shape(words, next).is_none());
    if !proper {
        return None;
    }
    let low = words.low(next + 1);
    let second =
        low.chars().next().is_some_and(char::is_alphabetic) && !words.capital(next + 1) && !STOPS.contains(&low);
    let third = low == "ninh" && words.low(next + 2) == "mạng";
    Some(next + 1 + usize::from(second) + usize::from(third))
}

/// Who acts in a sentence: at its start, before "chủ trì", or after "giao", "yêu cầu", "đề nghị".
pub(crate) fn actors(text: &str) -> Vec<Agency> {
    let words = Words::new(text);
    let mut i = words.any(0, &["hằng năm ,", "hàng năm ,", "giao", "đề nghị", "yêu cầu"]).unwrap_or(0);
    // "Căn cứ nội dung Kế hoạch này, các sở, ngành … xây dựng": the subject comes after the opening clause.
    if matches!(words.low(0), "căn" | "trên" | "trong" | "định")
        && let Some((comma, _)) = words.find(0, &[", giao", ", đề nghị", ", yêu cầu", ","])
    {
        let asked = words.any(comma, &[", giao", ", đề nghị", ", yêu cầu"]).unwrap_or(1);
        if end(&words, comma + asked).is_some() {
            i = comma + asked;
        }
    }
    if let Some(to) = end(&words, i)
        && to < words.len()
        && !matches!(words.low(to), "." | ";" | ")" | "của")
    {
        return list(words.span(i, to));
    }
    before_lead(&words)
}

/// "… do Sở Y tế chủ trì": the name right before the verb.
fn before_lead(words: &Words<'_>) -> Vec<Agency> {
    let Some((verb, _)) = words.find(1, &["chủ trì", "làm đầu mối", "là đầu mối"]) else {
        return Vec::new();
    };
    let from = (verb.saturating_sub(14)..verb).find(|i| end(words, *i) == Some(verb));
    from.map(|from| list(words.span(from, verb))).unwrap_or_default()
}

/// With whom, in a sentence: after "phối hợp (chặt chẽ) (với)".
pub(crate) fn partners(text: &str) -> Vec<Agency> {
    let words = Words::new(text);
    let mut out: Vec<Agency> = Vec::new();
    let mut from = 0;
    while let Some((i, n)) = words.find(from, &["phối hợp", "phối hợp chặt chẽ", "phối hợp thường xuyên"])
    {
        let with = words.any(i + n, &["với", "cùng", "cùng với"]).unwrap_or(0);
        from = i + n + with;
        if let Some(to) = end(&words, from) {
            out.extend(list(words.span(from, to)));
            from = to;
        }
    }
    let mut seen: Vec<String> = Vec::new();
    out.retain(|a| {
        let new = !seen.contains(&a.name);
        seen.push(a.name.clone());
        new
    });
    out
}

/// Those whom a heading names: all of it, or what stands before "có trách nhiệm:".
pub(crate) fn of_heading(text: &str) -> Vec<Agency> {
    let words = Words::new(text);
    let verbs = ["có trách nhiệm", "chịu trách nhiệm", "có nhiệm vụ", "chủ trì", "thực hiện", "là cơ quan", ":"];
    let to = end(&words, 0).filter(|to| words.any(*to, &verbs).is_some());
    list(to.map_or(text, |to| words.span(0, to)))
}

/// Whether a heading names those who must act ("1. Công an tỉnh").
pub(crate) fn heads(text: &str) -> bool {
    shape(&Words::new(text), 0).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[Agency]) -> Vec<&str> {
        list.iter().map(|a| a.name.as_str()).collect()
    }

    #[test]
    fn lists_are_parted_at_names_only() {
        for (text, expected) in [
            ("Sở Tài chính, Công an tỉnh", vec!["Sở Tài chính", "Công an tỉnh"]),
            ("Các cơ quan, đơn vị liên quan", vec!["Các cơ quan, đơn vị liên quan"]),
            ("Công an tỉnh, cơ quan, đơn vị liên quan", vec!["Công an tỉnh", "cơ quan, đơn vị liên quan"]),
            ("Cơ quan, đơn vị, địa phương", vec!["Cơ quan, đơn vị, địa phương"]),
            ("Sở Văn hóa, Thể thao và Du lịch", vec!["Sở Văn hóa, Thể thao và Du lịch"]),
            (
                "Văn phòng HĐND và UBND phường, phòng Văn hóa - Xã hội",
                vec!["Văn phòng HĐND và UBND phường", "phòng Văn hóa - Xã hội"],
            ),
            (
                "Sở Tài chính và các cơ quan, đơn vị, địa phương liên quan;",
                vec!["Sở Tài chính", "các cơ quan, đơn vị, địa phương liên quan"],
            ),
            ("Các sở, ban, ngành; UBND các xã, phường", vec!["Các sở, ban, ngành", "UBND các xã, phường"]),
            (
                "Giám đốc các sở, Thủ trưởng các cơ quan thuộc UBND tỉnh, Chủ tịch UBND các xã, phường",
                vec!["Giám đốc các sở", "Thủ trưởng các cơ quan thuộc UBND tỉnh", "Chủ tịch UBND các xã, phường"],
            ),
            (
                "Sở Giáo dục và Đào tạo; Đại học Huế; các trường đại học, cao đẳng",
                vec!["Sở Giáo dục và Đào tạo", "Đại học Huế", "các trường đại học, cao đẳng"],
            ),
        ] {
            assert_eq!(names(&list(text)), expected, "{text}");
        }
    }

    #[test]
    fn groups_are_known() {
        for (text, group) in [
            ("Công an tỉnh", false),
            ("Sở Khoa học và Công nghệ", false),
            ("Các cơ quan, đơn vị liên quan", true),
            ("UBND các xã, phường", true),
            ("Ủy ban nhân dân cấp xã", true),
            ("Cơ quan, đơn vị, địa phương", true),
        ] {
            assert_eq!(list(text).first().map(|a| a.collective), Some(group), "{text}");
        }
    }

    #[test]
    fn names_end_where_the_verb_begins() {
        for (text, expected) in [
            ("Công an tỉnh chủ trì, phối hợp Sở Khoa học và Công nghệ thường xuyên theo dõi", vec!["Công an tỉnh"]),
            ("Sở Tài chính căn cứ vào tình hình thực tế", vec!["Sở Tài chính"]),
            ("Hàng năm, Sở Tài chính phối hợp với Công an tỉnh", vec!["Sở Tài chính"]),
            (
                "Các sở, ban, ngành; UBND các xã, phường xây dựng kế hoạch",
                vec!["Các sở, ban, ngành", "UBND các xã, phường"],
            ),
            (
                "Văn phòng HĐND và UBND phường chủ trì phối hợp với Công an phường",
                vec!["Văn phòng HĐND và UBND phường"],
            ),
            ("Công an thành phố Huế chủ trì thực hiện", vec!["Công an thành phố Huế"]),
            (
                "Yêu cầu các sở, ban, ngành cấp tỉnh; UBND các xã, phường nghiêm túc",
                vec!["các sở, ban, ngành cấp tỉnh", "UBND các xã, phường"],
            ),
            ("Xây dựng nền tảng do Sở Y tế chủ trì", vec!["Sở Y tế"]),
            ("Rà soát, cập nhật văn bản", vec![]),
            ("Ban hành Quy chế", vec![]),
        ] {
            assert_eq!(names(&actors(text)), expected, "{text}");
        }
    }

    #[test]
    fn partners_stand_after_the_verb() {
        for (text, expected) in [
            (
                "Chủ trì, phối hợp với các cơ quan, đơn vị, địa phương theo dõi, đôn đốc",
                vec!["các cơ quan, đơn vị, địa phương"],
            ),
            ("phối hợp Sở Khoa học và Công nghệ thường xuyên theo dõi", vec!["Sở Khoa học và Công nghệ"]),
            (
                "phối hợp với Công an tỉnh và các cơ quan liên quan tham mưu",
                vec!["Công an tỉnh", "các cơ quan liên quan"],
            ),
            ("Phối hợp chặt chẽ với Công an phường trong công tác", vec!["Công an phường"]),
            ("tăng cường phối hợp liên ngành", vec![]),
        ] {
            assert_eq!(names(&partners(text)), expected, "{text}");
        }
    }
}
