//! How wide a text is in the form's type, for lines that are measured by the words over them.
//!
//! Liberation Serif has the widths of Times New Roman, so one measure holds for the PDF and for Word.

use std::sync::LazyLock;

use typst::foundations::Bytes;
use typst::layout::Abs;
use typst::text::{Font, FontInstance, FontVariant, FontVariations};

/// A face of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    /// Upright.
    Regular = 0,
    /// Upright, bold.
    Bold = 1,
}

/// The four faces in the order of [`Face`], then italic and bold italic. SIL OFL 1.1, see `fonts/OFL.txt`.
static FONTS: LazyLock<Vec<Font>> = LazyLock::new(|| {
    [
        include_bytes!("../fonts/LiberationSerif-Regular.ttf").as_slice(),
        include_bytes!("../fonts/LiberationSerif-Bold.ttf").as_slice(),
        include_bytes!("../fonts/LiberationSerif-Italic.ttf").as_slice(),
        include_bytes!("../fonts/LiberationSerif-BoldItalic.ttf").as_slice(),
    ]
    .into_iter()
    .filter_map(|data| Font::new(Bytes::new(data), 0))
    .collect()
});

/// The same faces, ready to measure.
static MEASURED: LazyLock<Vec<FontInstance>> = LazyLock::new(|| {
    let (variant, none) = (FontVariant::default(), FontVariations::default());
    fonts().iter().map(|font| font.clone().instantiate(variant, Abs::pt(14.0), &none)).collect()
});

/// The faces that are embedded in the program.
pub(crate) fn fonts() -> &'static [Font] {
    &FONTS
}

/// Width of a text on one line, in points. A character that the face lacks counts half a square.
pub(crate) fn of(text: &str, face: Face, size: f64) -> f64 {
    let Some(font) = MEASURED.get(face as usize) else { return 0.5 * size * text.chars().count() as f64 };
    let ttf = font.ttf();
    let units: f64 = text
        .chars()
        .map(|c| {
            ttf.glyph_index(c)
                .and_then(|g| ttf.glyph_hor_advance(g))
                .map_or(0.5, |advance| f64::from(advance) / f64::from(ttf.units_per_em()))
        })
        .sum();
    units * size
}

/// Where the name of a body of the state is cut when it does not fit on a line: before the name of its place.
const CUTS: [&str; 5] = [" TỈNH ", " THÀNH PHỐ ", " PHƯỜNG ", " ĐẶC KHU ", " XÃ "];

/// The lines of a centred name that must fit in `room` points: in one, else cut before its place, else in lines
/// as even as can be.
pub(crate) fn cut(text: &str, face: Face, size: f64, room: f64) -> Vec<String> {
    let total = of(text, face, size);
    if total <= room {
        return vec![text.to_owned()];
    }
    let at_place = CUTS.iter().filter_map(|cut| text.rfind(cut)).max().and_then(|at| text.split_at_checked(at));
    if let Some((body, place)) = at_place
        && of(body, face, size) <= room
        && of(place.trim_start(), face, size) <= room
    {
        return vec![body.to_owned(), place.trim_start().to_owned()];
    }
    let even = total / (total / room).ceil();
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(last) = lines.last_mut() else { break };
        let longer = if last.is_empty() { word.to_owned() } else { format!("{last} {word}") };
        // A line may pass the even length by half a word, never the room.
        let reach = of(&longer, face, size);
        if last.is_empty() || (reach <= room && reach - of(word, face, size) / 2.0 <= even) {
            *last = longer;
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_faces_load_and_cover_vietnamese() {
        assert_eq!(fonts().len(), 4);
        for font in MEASURED.iter() {
            for c in "ẮẰẲẴẶắằẳẵặĐđƠơỠỡƯưỮữỊịỤụỴỵ…–“”₫".chars() {
                assert!(font.ttf().glyph_index(c).is_some(), "{c} is missing in {:?}", font.font());
            }
        }
    }

    #[test]
    fn a_long_name_is_cut_before_its_place() {
        let cut = |name: &str| cut(name, Face::Regular, 13.0, 185.0);
        assert_eq!(cut("CÔNG AN TỈNH"), ["CÔNG AN TỈNH"]);
        assert_eq!(cut("ỦY BAN NHÂN DÂN TỈNH BẮC NINH"), ["ỦY BAN NHÂN DÂN", "TỈNH BẮC NINH"]);
        let lines = cut("PHÒNG AN NINH MẠNG VÀ PHÒNG, CHỐNG TỘI PHẠM SỬ DỤNG CÔNG NGHỆ CAO");
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|l| of(l, Face::Regular, 13.0) <= 185.0), "{lines:?}");
    }
}
