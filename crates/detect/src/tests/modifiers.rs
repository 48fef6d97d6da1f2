//! One test per modifier of the Sigma modifiers appendix 2.1.

use base64::Engine as _;
use serde_json::json;

use super::{item, item_with, refused};

#[test]
fn no_modifier_compares_the_whole_value_without_case() {
    assert!(item("Image: 'C:\\Windows\\cmd.exe'", &json!({"Image": r"c:\WINDOWS\CMD.EXE"})));
    assert!(!item("Image: 'cmd.exe'", &json!({"Image": r"c:\cmd.exe"})));
    assert!(item("Image: ['a', 'b']", &json!({"Image": "B"})));
}

#[test]
fn contains_startswith_endswith() {
    let fields = json!({"CommandLine": "powershell -enc AAAA"});
    assert!(item("CommandLine|contains: 'SHELL -e'", &fields));
    assert!(!item("CommandLine|contains: 'cmd'", &fields));
    assert!(item("CommandLine|startswith: 'PowerShell'", &fields));
    assert!(!item("CommandLine|startswith: 'shell'", &fields));
    assert!(item("CommandLine|endswith: 'aaaa'", &fields));
    assert!(!item("CommandLine|endswith: 'enc'", &fields));
    assert!(item("CommandLine|contains: 'power*-e?c'", &fields), "wildcards inside stay wildcards");
    assert!(item("CommandLine|contains: 4", &json!({"CommandLine": "a4b"})), "a number is text to contains");
}

#[test]
fn all_asks_for_every_value() {
    let rule = "CommandLine|contains|all:\n    - 'one'\n    - 'two'";
    assert!(item(rule, &json!({"CommandLine": "two one"})));
    assert!(!item(rule, &json!({"CommandLine": "one"})));
    assert!(item(rule, &json!({"CommandLine": ["one", "two"]})), "each value finds its own element");
}

#[test]
fn re_searches_with_case_unless_told() {
    assert!(item("A|re: 'b+c$'", &json!({"A": "abbc"})));
    assert!(!item("A|re: 'b+c$'", &json!({"A": "abbC"})));
    assert!(item("A|re|i: 'b+c$'", &json!({"A": "abbC"})));
    assert!(item("A|re|m: '^two$'", &json!({"A": "one\ntwo\nthree"})));
    assert!(!item("A|re: '^two$'", &json!({"A": "one\ntwo\nthree"})));
    assert!(item("A|re|s: 'one.two'", &json!({"A": "one\ntwo"})));
    assert!(!item("A|re: 'one.two'", &json!({"A": "one\ntwo"})));
    assert!(item("A|re|i|m|s: '^TWO.three'", &json!({"A": "one\ntwo\nthree"})));
    assert!(
        item("A|re|startswith: 'a|b'", &json!({"A": "bx"})) && !item("A|re|startswith: 'a|b'", &json!({"A": "xb"}))
    );
    assert!(item("A|re|endswith: 'a|b'", &json!({"A": "xb"})) && !item("A|re|endswith: 'a|b'", &json!({"A": "ax"})));
    assert!(item("A|re: '^\\d+$'", &json!({"A": 4624})), "numbers are text to a regular expression");
    assert_eq!(refused("A|re: '('"), "detect.regex");
    assert_eq!(refused("A|re: '(?=x)y'"), "detect.regex");
    assert_eq!(refused("A|re: '(a{1000}){1000}'"), "detect.regex");
    assert_eq!(refused("A|i: 'x'"), "detect.modifier-clash");
    assert_eq!(refused("A|contains|re: 'x'"), "detect.modifier-clash");
}

#[test]
fn cased_counts_case() {
    assert!(item("A|cased: 'Abc*'", &json!({"A": "Abcd"})) && !item("A|cased: 'Abc*'", &json!({"A": "abcd"})));
    assert!(!item("A|contains|cased: 'B'", &json!({"A": "abc"})));
}

#[test]
fn cidr_is_about_addresses_of_both_kinds() {
    assert!(item("Ip|cidr: 10.0.0.0/8", &json!({"Ip": "10.200.0.1"})));
    assert!(!item("Ip|cidr: 10.0.0.0/8", &json!({"Ip": "11.0.0.1"})));
    assert!(item("Ip|cidr: 10.0.0.0/8", &json!({"Ip": "::ffff:10.0.0.1"})), "IPv4 written as IPv6");
    assert!(
        item("Ip|cidr: 'fe80::/10'", &json!({"Ip": "FE80::1"})) && !item("Ip|cidr: '::1/128'", &json!({"Ip": "::2"}))
    );
    assert!(item("Ip|cidr: ['192.168.0.0/16', '127.0.0.1']", &json!({"Ip": "127.0.0.1"})));
    assert!(!item("Ip|cidr: 10.0.0.0/8", &json!({"Ip": "10.0.0.1.example.com"})));
    assert_eq!(refused("Ip|cidr: 10.0.0.0/33"), "detect.cidr");
}

#[test]
fn base64_encodes_the_value() {
    assert!(item("A|base64|contains: 'http://'", &json!({"A": "xx aHR0cDovLw== yy"})));
    assert!(item("A|base64: 'foobar'", &json!({"A": "Zm9vYmFy"})));
    assert_eq!(refused("A|base64: 'a*b'"), "detect.encoded-wildcard");
    assert!(item(r"A|base64: 'a\*b'", &json!({"A": "YSpi"})), "an escaped wildcard is plain");
}

#[test]
fn base64offset_finds_the_value_wherever_it_starts() {
    for value in ["foobar", "http", "fo", "mimikatz::"] {
        let rule = format!("A|base64offset|contains: '{value}'");
        for before in ["", "x", "xy", "xyz"] {
            let hidden = base64::engine::general_purpose::STANDARD.encode(format!("{before}{value}!?"));
            assert!(item(&rule, &json!({"A": hidden})), "{value} after {before}");
        }
        let other = base64::engine::general_purpose::STANDARD.encode("another thing");
        assert!(!item(&rule, &json!({"A": other})));
    }
    assert_eq!(refused("A|base64offset|contains: 'x'"), "detect.encoded-short");
}

#[test]
fn the_utf16_family_makes_the_bytes_that_the_specification_lists() {
    let hidden = |bytes: &[u8]| json!({"A": base64::engine::general_purpose::STANDARD.encode(bytes)});
    let le = hidden(&[0x63, 0, 0x6d, 0, 0x64, 0]);
    assert!(item("A|wide|base64: 'cmd'", &le) && item("A|utf16le|base64: 'cmd'", &le));
    assert!(item("A|utf16be|base64: 'cmd'", &hidden(&[0, 0x63, 0, 0x6d, 0, 0x64])));
    assert!(item("A|utf16|base64: 'cmd'", &hidden(&[0xFF, 0xFE, 0x63, 0, 0x6d, 0, 0x64, 0])));
    assert!(item("A|wide|base64offset|contains: 'IEX'", &hidden(b"xI\0E\0X\0x")));
    let vietnamese: Vec<u8> = "đường".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(item("A|wide|base64: 'đường'", &hidden(&vietnamese)), "letters beyond ASCII too");
}

#[test]
fn windash_knows_five_dashes_before_an_option() {
    let rule = "CommandLine|windash|contains: ' -f '";
    for dash in ['-', '/', '–', '—', '―'] {
        assert!(item(rule, &json!({"CommandLine": format!("tool {dash}f x")})), "{dash}");
    }
    assert!(!item(rule, &json!({"CommandLine": "tool +f x"})));
    assert!(item("CommandLine|contains|windash: ' /param-name'", &json!({"CommandLine": "x –param-name"})));
    assert!(
        !item("CommandLine|contains|windash: '-param-name'", &json!({"CommandLine": "-param/name"})),
        "inside a word"
    );
    assert!(item("A|windash|base64: '-x'", &json!({"A": "L3g="})), "encoded after");
}

#[test]
fn exists_asks_for_the_field_and_not_its_value() {
    assert!(item("A|exists: true", &json!({"A": null})) && item("A|exists: true", &json!({"A": ""})));
    assert!(!item("A|exists: true", &json!({"B": 1})) && item("A|exists: false", &json!({"B": 1})));
    assert!(item("A.b|exists: true", &json!({"A": {"b": {"c": 1}}})));
    assert_eq!(refused("A|exists: 'true'"), "detect.value-type");
}

#[test]
fn fieldref_compares_two_fields() {
    assert!(
        item("A|fieldref: B", &json!({"A": "X", "B": "x"})) && !item("A|fieldref: B", &json!({"A": "x", "B": "y"}))
    );
    assert!(!item("A|fieldref: B", &json!({"A": "x"})) && !item("A|fieldref: B", &json!({"B": "x"})));
    assert!(item("A|fieldref|startswith: B", &json!({"A": "xyz", "B": "xy"})));
    assert!(item("A|fieldref|endswith: B", &json!({"A": "xyz", "B": "YZ"})));
    assert!(item("A|fieldref|contains: B", &json!({"A": "xyz", "B": "y"})));
    assert!(!item("A|fieldref|endswith: B", &json!({"A": "xyz", "B": "xy"})));
    assert!(!item("A|fieldref|cased: B", &json!({"A": "X", "B": "x"})));
    assert!(
        item("A|fieldref|neq: B", &json!({"A": "x", "B": "y"}))
            && !item("A|fieldref|neq: B", &json!({"A": "x", "B": "x"}))
    );
    assert!(
        item("A|fieldref: B", &json!({"A": "a*", "B": "a*"})) && !item("A|fieldref: B", &json!({"A": "ab", "B": "a*"}))
    );
}

#[test]
fn order_is_about_numbers() {
    let five = json!({"N": 5, "T": "5"});
    for (rule, expected) in [
        ("N|gt: 4", true),
        ("N|gt: 5", false),
        ("N|gte: 5", true),
        ("N|gte: 6", false),
        ("N|lt: 6", true),
        ("N|lt: 5", false),
        ("N|lte: 5", true),
        ("N|lte: 4", false),
        ("T|gt: 4.5", true),
        ("T|lt: 4.5", false),
        ("M|lt: 9", false),
        ("N|gt: -1", true),
    ] {
        assert_eq!(item(rule, &five), expected, "{rule}");
    }
    assert!(!item("A|gt: 1", &json!({"A": "five"})));
    assert_eq!(refused("N|gt: '5'"), "detect.value-type");
}

#[test]
fn neq_holds_when_no_value_matches() {
    assert!(item("A|neq: 'x'", &json!({"A": "y"})) && !item("A|neq: 'x'", &json!({"A": "X"})));
    assert!(item("A|neq: ['x', 'y']", &json!({"A": "z"})) && !item("A|neq: ['x', 'y']", &json!({"A": "y"})));
    assert!(item("A|neq: 5", &json!({"A": 6})) && !item("A|neq: 5", &json!({"A": "5"})));
    assert!(item("A|contains|neq: 'b'", &json!({"A": "xyz"})) && !item("A|contains|neq: 'b'", &json!({"A": "abc"})));
    assert!(!item("A|contains|all|neq: ['a', 'b']", &json!({"A": "ab"})));
    assert!(item("A|contains|all|neq: ['a', 'b']", &json!({"A": "a"})));
}

#[test]
fn parts_of_a_time_are_read_as_written() {
    // 2026-11-22 is a Sunday of ISO week 47.
    let at = json!({"At": "2026-11-22T23:45:06.789+07:00"});
    for rule in ["At|minute: 45", "At|hour: 23", "At|day: 22", "At|week: 47", "At|month: 11", "At|year: 2026"] {
        assert!(item(rule, &at), "{rule}");
    }
    assert!(!item("At|hour: 16", &at), "no conversion to another zone");
    assert!(item("At|hour|gte: 22", &at) && !item("At|hour|lt: 22", &at));
    assert!(item("At|hour: [1, 23]", &at));
    for written in ["2026-11-22 23:45:06", "2026-11-22 23:45:06.123", "2026-11-22T23:45:06"] {
        assert!(item("At|hour: 23", &json!({"At": written})), "{written}");
    }
    assert!(
        item("At|year: 2026", &json!({"At": 1_795_365_906}))
            && item("At|year: 2026", &json!({"At": 1_795_365_906_000_i64}))
    );
    assert!(!item("At|year: 2026", &json!({"At": "yesterday"})));
    assert_eq!(refused("At|hour: 'x'"), "detect.value-type");
    assert_eq!(refused("At|hour|contains: 1"), "detect.modifier-clash");
}

#[test]
fn expand_takes_placeholders() {
    let names: &[(&str, &[&str])] = &[("Servers", &["srv*", "db1"]), ("Suffix", &[".local"])];
    assert!(item_with("A|expand: '%Servers%'", names, &json!({"A": "SRV-7"})));
    assert!(item_with("A|expand: '%Servers%%Suffix%'", names, &json!({"A": "db1.local"})));
    assert!(!item_with("A|expand: '%Servers%'", names, &json!({"A": "pc1"})));
    assert!(item_with("A|contains|expand: 'x %Servers%'", names, &json!({"A": "1 x db1 2"})));
    assert!(item_with(r"A|expand: '\%plain%Suffix%'", names, &json!({"A": "%plain.local"})));
    assert!(item_with(r"A|re|expand: '^a%Suffix%$'", names, &json!({"A": "a.local"})));
    assert!(!item_with(r"A|re|expand: '^a%Suffix%$'", names, &json!({"A": "aXlocal"})), "values are plain in a regex");
    assert!(item("A: '%Servers%'", &json!({"A": "%servers%"})), "without `expand` a percent sign is one");
    assert_eq!(refused("A|expand: '%Servers%'"), "detect.placeholder");
}

#[test]
fn modifiers_that_do_not_exist_are_refused() {
    assert_eq!(refused("A|containz: 'x'"), "detect.modifier-unknown");
    assert_eq!(refused("A|re|cidr: 'x'"), "detect.modifier-clash");
    assert_eq!(refused("A|cidr|contains: '10.0.0.0/8'"), "detect.modifier-clash");
    assert_eq!(refused("'|exists': true"), "detect.field-missing");
}
