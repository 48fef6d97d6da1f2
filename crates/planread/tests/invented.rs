//! Plans of other shapes than the real five, invented: what counts is the grammar, not one document's wording.

use khien_planread::model::{Agency, Due, Reading};

fn read(name: &str, bytes: &[u8]) -> Reading {
    khien_planread::read(bytes, name).unwrap()
}

fn names(list: &[Agency]) -> String {
    list.iter().map(|a| a.name.as_str()).collect::<Vec<_>>().join(" | ")
}

fn due(due: Option<&Due>) -> String {
    match due {
        None => "—".into(),
        Some(Due::Standing) => "thường xuyên".into(),
        Some(Due::Recurring { every }) => format!("{every:?}"),
        Some(Due::Window { from, to }) => format!("{from}..{to}"),
        Some(Due::By { date }) => format!("≤{date}"),
        Some(Due::ReachThenMaintain { date }) => format!("≤{date}, duy trì"),
    }
}

fn tasks(reading: &Reading) -> Vec<String> {
    let line = |t: &khien_planread::model::Task| {
        let text: String = t.text.chars().take(40).collect();
        let (lead, help, due) = (names(&t.lead), names(&t.coordinate), due(t.due.as_ref()));
        format!("{} [{}] {text} / {lead} / {help} / {due}", t.group, t.number)
    };
    reading.tasks.iter().map(line).collect()
}

fn targets(reading: &Reading) -> Vec<String> {
    let line = |t: &khien_planread::model::Target| {
        format!("{:?} {:?} {} {:?} {} {}", t.comparator, t.values, t.unit, t.per, due(t.due.as_ref()), names(&t.lead))
    };
    reading.targets.iter().map(|t| line(t).trim_end().to_owned()).collect()
}

fn obligations(reading: &Reading) -> Vec<String> {
    let line = |o: &khien_planread::model::Obligation| {
        let days: Vec<String> = o.due.iter().map(|d| format!("{}/{}", d.day, d.month)).collect();
        let (from, to, via) = (names(&o.from), names(&o.to), names(&o.via));
        format!("{} / {from} → {to} ({via}) / {:?} {} {:?}", o.subject, o.every, days.join(" "), o.within_hours)
    };
    reading.obligations.iter().map(line).collect()
}

/// Prints what differs, line by line, so that one run shows everything; the number of lines that differ.
fn differing(what: &str, got: &[String], expected: &[&str]) -> usize {
    let mut wrong = 0;
    for i in 0..got.len().max(expected.len()) {
        let (got, expected) =
            (got.get(i).map_or("(none)", String::as_str), expected.get(i).copied().unwrap_or("(none)"));
        if got != expected {
            println!("{what} {i}\n  expected {expected}\n  got      {got}");
            wrong += 1;
        }
    }
    println!("{what}: {} of {} as expected", expected.len().saturating_sub(wrong), expected.len());
    wrong
}

#[test]
fn a_commune_in_markdown() {
    let reading = read("xa.md", include_bytes!("../testdata/invented/xa-thanh-an.md"));
    let mut wrong = 0;
    let heading = &reading.heading;
    assert_eq!((heading.number.as_str(), heading.place.as_str()), ("47/KH-UBND", "Thanh An"));
    assert_eq!(heading.issued.map(|d| d.to_string()).as_deref(), Some("2026-08-03"));
    assert_eq!((heading.issuer.as_str(), heading.signer.as_str()), ("Ủy ban nhân dân xã Thanh An", "Lò Văn Dũng"));
    assert_eq!(heading.title, "Bảo đảm an ninh mạng trên địa bàn xã năm 2026 và định hướng đến năm 2028");
    wrong += differing(
        "targets",
        &targets(&reading),
        &[
            "AtLeast [85.0] % None ≤2028-12-31",
            "AtMost [2.0] sự cố Some(Year) ≤2028-12-31",
            "LessThan [48.0] giờ None ≤2028-12-31",
            "AtLeast [2.0] tuyên truyền viên None ≤2028-12-31",
            "Between [60.0, 75.0] % None ≤2028-12-31",
            "Qualitative []  None ≤2028-12-31",
        ],
    );
    wrong += differing(
        "tasks",
        &tasks(&reading),
        &[
            "NHIỆM VỤ, GIẢI PHÁP [1] Rà soát toàn bộ thiết bị mạng của trụ sở /  /  / ≤2026-09-14",
            "NHIỆM VỤ, GIẢI PHÁP [2] Hằng quý, tổ chức kiểm tra việc sao lưu  /  /  / Quarter",
            "NHIỆM VỤ, GIẢI PHÁP [3] Giao Công an xã chủ trì, phối hợp với Vă / Công an xã / Văn phòng HĐND và UBND xã / ≤2026-09-30",
            "TỔ CHỨC THỰC HIỆN [1] Theo dõi, đôn đốc thực hiện Kế hoạch; đị / Công an xã /  / —",
            "2. Phòng Văn hóa - Xã hội [-] Tuyên truyền kỹ năng phòng, chống lừa đả / Phòng Văn hóa - Xã hội /  / thường xuyên",
            "2. Phòng Văn hóa - Xã hội [-] Phối hợp với Đoàn Thanh niên, Hội Phụ nữ / Phòng Văn hóa - Xã hội / Đoàn Thanh niên | Hội Phụ nữ / ≤2026-12-31",
            "TỔ CHỨC THỰC HIỆN [3] Trưởng các thôn kịp thời báo cáo Công an / Trưởng các thôn /  / —",
            "I. Hạ tầng [1] Thay mật khẩu mặc định của mọi thiết bị / Văn phòng HĐND và UBND xã / Công an xã | các thôn / ≤2026-08-31",
            "I. Hạ tầng [2] Lắp tường lửa tại trụ sở / Văn phòng HĐND và UBND xã / Phòng Kinh tế | Công an xã / ≤2027-03-31",
            "II. Con người [3] Tập huấn cho cán bộ thôn / Công an xã / Các trường học trên địa bàn / ≤2027-06-30",
            "II. Con người [4] Duy trì nhóm trực sự cố / Công an xã /  / thường xuyên",
        ],
    );
    wrong += differing(
        "obligations",
        &obligations(&reading),
        &[
            "thực hiện Kế hoạch / Công an xã → Chủ tịch UBND xã () / Some(Month)  None",
            "thực hiện Kế hoạch / Công an xã → Chủ tịch UBND xã () / Some(Year) 1/12 None",
            "các vụ việc / Trưởng các thôn → Công an xã () / None  Some(12)",
        ],
    );
    assert_eq!(wrong, 0, "items differ, see above");
}

#[test]
fn a_city_in_wrapped_text_with_parts_and_fields() {
    let reading = read("CTr.TXT", include_bytes!("../testdata/invented/thanh-pho-nam-ha.txt"));
    let mut wrong = 0;
    let heading = &reading.heading;
    assert_eq!((heading.number.as_str(), heading.kind.as_str()), ("12/CTr-UBND", "Chương trình hành động"));
    assert_eq!((heading.issuer.as_str(), heading.signer.as_str()), ("UBND thành phố Nam Hạ", "Vũ Thị Hà My"));
    wrong += differing(
        "targets",
        &targets(&reading),
        &[
            "Equal [95.0] % None ≤2027-12-31",
            "MoreThan [99.5] % None ≤2027-12-31",
            "Equal [1200.0] lượt None ≤2027-12-31",
            "AtLeast [40.0] kỹ sư None ≤2027-12-31",
            "Qualitative []  None ≤2030-12-31",
            "Qualitative []  None ≤2030-12-31",
            "AtLeast [2.0] cuộc Some(Year) Year Công an thành phố",
        ],
    );
    wrong += differing(
        "tasks",
        &tasks(&reading),
        &[
            "1. Về thể chế [1.1] Ban hành quy chế ứng cứu sự cố của thành / Công an thành phố / Sở Tư pháp | Sở Văn hóa, Thể thao và Du lịch | các đơn vị liên quan / ≤2026-09-30",
            "1. Về thể chế [1.2] Rà soát định mức chi cho an ninh mạng / Sở Tài chính /  / 2026-10-01..2027-06-30",
            "2. Về hạ tầng [2.1] Sở Khoa học và Công nghệ chủ trì, phối h / Sở Khoa học và Công nghệ / Công an thành phố | UBND các phường, xã / ≤2027-03-31",
            "2. Về hạ tầng [2.2] Các doanh nghiệp viễn thông bảo đảm dự p / Các doanh nghiệp viễn thông /  / —",
            "1. Công an thành phố có trách nhiệm: [a] Chủ trì, phối hợp với Văn phòng UBND thà / Công an thành phố / Văn phòng UBND thành phố / —",
            "1. Công an thành phố có trách nhiệm: [b] Tổ chức ít nhất 02 cuộc diễn tập mỗi năm / Công an thành phố /  / Year",
            "PHẦN III. TỔ CHỨC THỰC HIỆN [2] bố trí biên chế cho lực lượng chuyên trá / Sở Nội vụ /  / ≤2026-10-31",
            "PHẦN III. TỔ CHỨC THỰC HIỆN [3] Các sở, ban, ngành, UBND các phường, xã  / Các sở, ban, ngành | UBND các phường, xã /  / —",
        ],
    );
    wrong += differing(
        "obligations",
        &obligations(&reading),
        &[
            "tình hình thực hiện / Công an thành phố → UBND thành phố () / Some(Quarter)  None",
            "kết quả thực hiện / Các sở, ban, ngành | UBND các phường, xã → Công an thành phố () / Some(Year) 5/6 20/11 None",
            "khó khăn / các đơn vị → Công an thành phố () / None  None",
        ],
    );
    assert_eq!(wrong, 0, "items differ, see above");
}
