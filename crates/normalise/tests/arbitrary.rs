//! Whatever comes in, a decoder answers with a record or a coded fault.

#[cfg(test)]
mod arbitrary {
    use std::ops::ControlFlow;

    use chrono::DateTime;
    use khien_normalise::{Format, Framing, decode_line, decode_stream, evtx, sniff};
    use proptest::prelude::*;

    const FORMATS: [Format; 5] = [Format::Evtx, Format::Ndjson, Format::Syslog, Format::Weblog, Format::Auto];

    fn swallow(bytes: &[u8]) -> Result<(), TestCaseError> {
        // Far from the present too: years are inferred from it.
        for received in [
            DateTime::UNIX_EPOCH,
            DateTime::from_timestamp(1_781_200_000, 0).unwrap(),
            DateTime::<chrono::Utc>::MAX_UTC,
        ] {
            for format in FORMATS {
                if let Err(fault) = decode_line(bytes, format, received, 1) {
                    prop_assert!(fault.code.starts_with("logs."));
                }
                let mut read = 0;
                decode_stream(Box::new(std::io::Cursor::new(bytes.to_vec())), format, received, &mut |_| {
                    read += 1;
                    ControlFlow::Continue(())
                });
                prop_assert!(read <= bytes.len() + 1);
            }
        }
        prop_assert_ne!(sniff(bytes), Format::Auto);
        prop_assert!(evtx(bytes.to_vec()).count() >= 1);
        let mut framing = Framing::new();
        framing.push(bytes);
        framing.finish();
        Ok(())
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            swallow(&bytes)?;
        }

        #[test]
        fn bytes_that_look_like_an_event_log(bytes in prop::collection::vec(any::<u8>(), 0..9000)) {
            let mut file = b"ElfFile\0".to_vec();
            file.extend(bytes);
            prop_assert!(evtx(file).count() >= 1);
        }

        #[test]
        fn lines_made_of_the_parts_of_logs(parts in prop::collection::vec(prop::sample::select(vec![
            "<34>", "<191>1 ", "Jun 10 08:15:02 ", "Feb 29 23:59:60 ", "2026-06-10T08:15:02.5+07:00 ", "host ", "sshd[1]: ",
            "kernel: ", "sudo: ", "- - ", "[a@1 b=\"c\\\"\"]", "[", "]", "\"", "'", "=", "\\", "type=EXECVE msg=audit(1.2:3): ",
            "a0=2F62 ", "a1=\"x\" ", "Failed password for ", "from 203.0.113.5 port 22", "203.0.113.5 - - [10/Jun/2026:15:00:00 +0700] ",
            "\"GET /a?b HTTP/1.1\" 200 5", "IN=eth0 OUT= SRC=1.1.1.1 DPT=99999999", "{\"EventID\":", "4688,", "\"Channel\":\"Security\"}",
            "tiếng Việt ", "\u{1d}", "\0", "é", "🛡",
        ]), 0..12)) {
            swallow(parts.concat().as_bytes())?;
        }

        #[test]
        fn objects_of_any_shape(
            names in prop::collection::vec(prop::sample::select(vec!["Event", "System", "EventData", "UserData", "winlog",
                "event_data", "EventID", "Channel", "winlog.event_data.a", "winlog.event_data", "event_type", "timestamp", "flow_id", "dns",
                "Data", "#text", "#attributes", "MESSAGE", "SYSLOG_IDENTIFIER", "@timestamp", "a"]), 1..6),
            value in prop::sample::select(vec!["null", "1", "-1.5e300", "\"x\"", "[]", "{}", "[{\"@Name\":\"a\",\"#text\":null}]",
                "{\"#text\":[1,null]}", "{\"System\":{},\"EventData\":{\"a b\":{\"c\":[{}]}}}", "{\"event_data\":[1],\"event_id\":{}}"]),
        ) {
            let object = names.iter().map(|n| format!("\"{n}\":{value}")).collect::<Vec<_>>().join(",");
            swallow(format!("{{{object}}}").as_bytes())?;
        }
    }
}
