//! The language as people write it, and as it is written back.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::event::Hot;
use crate::{Event, Id, LogSource, Record};

fn printed(text: &str) -> String {
    read(text).unwrap().to_string()
}

fn fault(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

fn field(name: &str, test: Test) -> Filter {
    Filter::Is(Name::of(name), test)
}

fn word(text: &str) -> Filter {
    Filter::Word(text.into())
}

#[test]
fn a_search_reads_as_it_is_meant() {
    let text = r#"host:may01 "đăng nhập thất bại" src_ip:10.1.2.3/8 -user:svc_*"#;
    let expected = Filter::All(vec![
        field("host", Test::Equals("may01".into())),
        word("đăng nhập thất bại"),
        field("src_ip", Test::Cidr("10.0.0.0/8".parse().unwrap())),
        Filter::Not(Box::new(field("user", Test::Wildcard("svc_*".into())))),
    ]);
    assert_eq!(read(text).unwrap(), expected);
    assert_eq!(read("  ").unwrap(), Filter::default());
    assert_eq!(read(" * ").unwrap(), Filter::default());
    let either = Filter::Any(vec![Filter::All(vec![word("a"), word("b")]), word("c")]);
    assert_eq!(read("a b OR c").unwrap(), either);
    assert_eq!(read("a AND b OR c").unwrap(), either);
    assert_eq!(read("a AND (b OR c)").unwrap(), Filter::All(vec![word("a"), Filter::Any(vec![word("b"), word("c")])]));
    assert_eq!(read("NOT a").unwrap(), Filter::Not(Box::new(word("a"))));
    let codes = [4624, 4625].map(|code| field("event_code", Test::Equals(code.to_string()))).to_vec();
    assert_eq!(read("event_code:(4624 4625)").unwrap(), Filter::Any(codes.clone()));
    assert_eq!(read("metadata.event_code:(4624 OR 4625)").unwrap(), Filter::Any(codes));
    assert_eq!(read("dst_port:>1024").unwrap(), field("dst_port", Test::Compare(Order::More, 1024)));
    assert_eq!(read("user:*").unwrap(), field("user", Test::Exists));
    assert_eq!(read("EventID:4625").unwrap(), Filter::Is(Name::Field("EventID".into()), Test::Equals("4625".into())));
    assert_eq!(read("fail*ed").unwrap(), Filter::Like("fail*ed".into()));
    assert_eq!(read(r#""fail*ed""#).unwrap(), word("fail*ed"));
    let path = field("process", Test::Wildcard(r"C:\Program Files\*".into()));
    assert_eq!(read(r#"process:~"C:\Program Files\*""#).unwrap(), path);
    assert_eq!(read(r"file:C:\Windows\x.exe").unwrap(), field("file", Test::Equals(r"C:\Windows\x.exe".into())));
}

#[test]
fn what_only_looks_like_a_name_is_a_word() {
    for text in ["12:30:05", "http://x.vn/a", "2001:db8::1", "fe80::1", r"C:\Windows", "aa:bb:cc:dd:ee:ff", ":x"] {
        assert_eq!(read(text).unwrap(), word(text), "{text}");
    }
    assert_eq!(read("https://x.vn/a?b=1").unwrap(), Filter::Like("https://x.vn/a?b=1".into()));
    assert_eq!(read("src_ip:fe80::1").unwrap(), field("src_ip", Test::Equals("fe80::1".into())));
}

#[test]
fn it_is_written_back_as_people_would() {
    for text in [
        "host:may01",
        "event_code:(4624 4625)",
        "a b OR c",
        "(a OR b) c",
        "-(a b)",
        "-user:svc_*",
        "user:\"NT AUTHORITY\\\\SYSTEM\"",
        "dst_port:>=1024",
        "src_ip:10.0.0.0/8",
        "process:~\"C:\\\\Program Files\\\\*\"",
        "",
    ] {
        assert_eq!(printed(text), text);
    }
    assert_eq!(printed("src_endpoint.ip:1.2.3.4   NOT  x"), "src_ip:1.2.3.4 -x");
    assert_eq!(pivot("host", "may 01"), "host:\"may 01\"");
    assert_eq!(pivot("file", "//x"), "file:\"//x\"");
    assert_eq!(pivot("c", "\\x"), "\"c\":\\x");
}

#[test]
fn faults_say_where() {
    assert_eq!(fault("a \"open"), "search.quote at=3");
    assert_eq!(fault("x host:"), "search.no-value at=3 name=host");
    assert_eq!(fault("host:\" \""), "search.no-value at=1 name=host");
    assert_eq!(fault("host:()"), "search.no-value at=1 name=host");
    assert_eq!(fault("\"\""), "search.empty-text at=1");
    assert_eq!(fault("a (b"), "search.bracket at=3");
    assert_eq!(fault("a b)"), "search.bracket at=4");
    assert_eq!(fault("a host:(b"), "search.bracket at=8");
    assert_eq!(fault("a OR"), "search.nothing at=4");
    assert_eq!(fault("OR a"), "search.nothing at=1");
    assert_eq!(fault("a AND"), "search.nothing at=3");
    assert_eq!(fault("a -"), "search.nothing at=3");
    assert_eq!(fault("()"), "search.nothing at=1");
    assert_eq!(fault("dst_port:web"), "search.number at=1 name=dst_port");
    assert_eq!(fault("x EventID:>a"), "search.number at=3 name=EventID");
    assert_eq!(fault(&"a ".repeat(101)), "search.too-many-terms limit=100");
    assert_eq!(fault(&"a".repeat(4001)), "search.too-long limit=4000");
    assert_eq!(fault(&"(".repeat(40)), "search.too-deep at=21 limit=20");
    assert_eq!(fault(&"-".repeat(40)), "search.too-deep at=21 limit=20");
}

fn event() -> Event {
    let hot = Hot {
        class_uid: 3002,
        host: Some("MÁY-01".into()),
        user: Some("svc_backup".into()),
        src_ip: Some("10.1.2.3".into()),
        dst_port: Some(445),
        ..Hot::default()
    };
    let fields = json!({"EventID": 4625, "Hashes": ["AA", "bb"], "a": {"b": "sâu"}, "x.y": true, "empty": "", "none": null,
        "IpAddress": "::ffff:10.9.9.9"});
    let record = Record {
        time: None,
        log: LogSource { product: Some("windows".into()), ..LogSource::default() },
        hot,
        fields: fields.as_object().unwrap().clone().into(),
        raw: "Đăng nhập THẤT BẠI 100% h\u{f3}".into(),
        key: None,
    };
    let at = chrono::DateTime::from_timestamp(0, 0).unwrap();
    Event { id: Id::nil(), time: at, received: at, source: Id::nil(), system: Id::nil(), unit: Id::nil(), record }
}

#[test]
fn an_event_fits_or_not() {
    let event = event();
    for text in [
        "",
        "host:máy-01",
        "thất",
        "\"nhập thất bại\"",
        "đăng*bại",
        "100%",
        "o\u{301}",
        "src_ip:10.0.0.0/8",
        "IpAddress:10.9.0.0/16",
        "-user:lan",
        "-domain:x",
        "-domain:*",
        "user:svc_*",
        "user:?vc_backup",
        "user:*",
        "eventid:4625",
        "EventID:>4000 EventID:<=4625",
        "dst_port:445",
        "dst_port:(80 445)",
        "dst_port:>=445",
        "class_uid:3002",
        "Hashes:BB",
        "a.b:SÂU",
        "x.y:true",
        "product:windows",
        "none OR thất",
        "-(none thất)",
    ] {
        assert!(read(text).unwrap().holds(&event), "{text}");
    }
    for text in [
        "dang",
        "host:máy",
        "nhập*đăng",
        "src_ip:11.0.0.0/8",
        "user:lan",
        "domain:*",
        "empty:*",
        "none:*",
        "a:x",
        "EventID:>4625",
        "Hashes:c",
        "-thất",
        "user:svc",
        "dst_port:<445",
        "user:>1",
        "thất none",
    ] {
        assert!(!read(text).unwrap().holds(&event), "{text}");
    }
}

fn texts() -> impl Strategy<Value = String> {
    let odd = vec!['"', '\\', ':', ' ', '(', ')', '-', '~', '/', '<', '>', '1', 'a', 'ạ', 'O', 'R', '.'];
    let odd = prop::collection::vec(prop::sample::select(odd), 1..8).prop_map(|chars| chars.into_iter().collect());
    let known = ["OR", "AND", "NOT", "10.0.0.0/8", "fe80::1", "http://x", "//x", "<5", ">=7", "*", "a*b", "~\"x\""];
    let known = prop::sample::select(known.to_vec()).prop_map(str::to_owned);
    prop_oneof!["\\PC{1,12}", odd, known].prop_filter("says something", |text: &String| !text.trim().is_empty())
}

fn patterns() -> impl Strategy<Value = String> {
    let starred =
        (texts(), prop::sample::select(vec!['*', '?']), texts()).prop_map(|(a, star, b)| format!("{a}{star}{b}"));
    starred.prop_filter("says more than stars", |text: &String| !text.chars().all(|c| c == '*'))
}

fn names() -> impl Strategy<Value = Name> {
    let column = prop::sample::select(COLUMNS.to_vec()).prop_map(Name::Column);
    let plain = prop::sample::select(vec!["EventID", "a", "fe", "abc.d", "OR", "http", "x-y"]).prop_map(Name::of);
    prop_oneof![column, plain, texts().prop_map(|text| Name::of(&text))]
}

fn leaf() -> impl Strategy<Value = Filter> {
    let number = |name: &Name| matches!(name, Name::Column(column) if column.held == Held::Number);
    let order = prop::sample::select(vec![Order::Less, Order::AtMost, Order::More, Order::AtLeast]);
    let net = (any::<u128>(), 0..=128u8, any::<bool>()).prop_map(|(bits, length, six)| {
        let address: std::net::IpAddr = if six {
            std::net::Ipv6Addr::from_bits(bits).into()
        } else {
            std::net::Ipv4Addr::from_bits((bits & u128::from(u32::MAX)) as u32).into()
        };
        Test::Cidr(IpNet::new(address, if six { length } else { length % 33 }).unwrap().trunc())
    });
    let test = prop_oneof![
        texts().prop_map(Test::Equals),
        patterns().prop_map(Test::Wildcard),
        net,
        (order, any::<i64>()).prop_map(|(order, to)| Test::Compare(order, to)),
        Just(Test::Exists),
    ];
    let is = (names(), test, any::<i32>()).prop_map(move |(name, test, n)| match test {
        Test::Equals(_) | Test::Wildcard(_) | Test::Cidr(_) if number(&name) => {
            Filter::Is(name, Test::Equals(n.to_string()))
        }
        test => Filter::Is(name, test),
    });
    prop_oneof![texts().prop_map(Filter::Word), patterns().prop_map(Filter::Like), is]
}

fn tree() -> impl Strategy<Value = Filter> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        let some = || prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            some().prop_map(Filter::All),
            some().prop_map(Filter::Any),
            inner.clone().prop_map(|part| Filter::Not(Box::new(part))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_printed_reads_as_the_same(filter in tree()) {
        let text = filter.to_string();
        prop_assert_eq!(read(&text).unwrap(), filter, "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-() \"~:*?<>/\\\\aOR1.x]{0,30}|\\PC{0,60}") {
        if let Ok(filter) = read(&text) {
            let printed = filter.to_string();
            prop_assert_eq!(read(&printed).unwrap(), filter, "{}", printed);
        }
    }
}
