//! Lines of a quiet day.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::Chance;
use super::line::{security, started, syslog, sysmon, web};

const PAGES: [&str; 8] = [
    "GET /",
    "GET /tra-cuu-ho-so?ma=H12-260601-0044",
    "GET /thu-tuc/cu-tru",
    "GET /tin-tuc?trang=2",
    "POST /dang-nhap",
    "GET /static/app.css",
    "GET /bieu-mau/ct01.docx",
    "GET /lich-tiep-dan",
];
const AGENTS: [&str; 3] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
];
const NAMES: [&str; 5] =
    ["www.example.com", "mail.example.org", "capnhat.example.com", "thoigian.example.net", "vanban.example.org"];
const EXPLORER: &str = "C:\\Windows\\explorer.exe";
/// Program and its command line.
const PROGRAMS: [(&str, &str); 5] = [
    ("C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE", "WINWORD.EXE /n \"C:\\Congvan\\baocao.docx\""),
    ("C:\\Program Files\\Microsoft Office\\root\\Office16\\EXCEL.EXE", "EXCEL.EXE \"C:\\Congvan\\thongke.xlsx\""),
    ("C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe", "chrome.exe"),
    ("C:\\Windows\\System32\\notepad.exe", "notepad.exe C:\\Congvan\\ghichu.txt"),
    ("C:\\Windows\\System32\\calc.exe", "calc.exe"),
];

/// One harmless line at this moment.
pub(super) fn line(chance: &mut Chance, host: &str, user: &str, at: DateTime<Utc>) -> String {
    let pid = 1000 + chance.below(30_000);
    let inside = format!("10.{}.{}.{}", chance.below(4), chance.below(200), 2 + chance.below(250));
    let port = 40_000 + chance.below(20_000);
    match chance.below(12) {
        0 => {
            let message = format!("Accepted publickey for {user} from {inside} port {port} ssh2: ED25519 SHA256:demo");
            syslog(at, 86, host, "sshd", pid, &message)
        }
        1 => syslog(at, 78, host, "CRON", pid, "(root) CMD (run-parts --report /etc/cron.hourly)"),
        2 => {
            let message =
                format!("{user} : TTY=pts/0 ; PWD=/home/{user} ; USER=root ; COMMAND=/usr/bin/apt-get update");
            syslog(at, 85, host, "sudo", pid, &message)
        }
        3 => syslog(at, 30, host, "dnsmasq", pid, &format!("query[A] {} from {inside}", chance.one(&NAMES))),
        4..=6 => {
            let from = format!("192.0.2.{}", 1 + chance.below(250));
            let (page, agent) = (chance.one(&PAGES), chance.one(&AGENTS));
            let bytes = 500 + chance.below(40_000);
            let status = if chance.below(30) == 0 { 404 } else { 200 };
            web(at, host, &from, page, status, bytes, agent)
        }
        7 => security(
            at,
            host,
            4624,
            json!({"TargetUserName": user, "TargetDomainName": "TINH", "LogonType": 3, "IpAddress": inside,
                "IpPort": port.to_string(), "AuthenticationPackageName": "Kerberos", "LogonProcessName": "Kerberos"}),
        ),
        8 => sysmon(
            at,
            host,
            22,
            json!({"Image": "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
                "QueryName": chance.one(&NAMES), "QueryStatus": "0", "User": format!("TINH\\{user}")}),
        ),
        9 => sysmon(
            at,
            host,
            3,
            json!({"Image": "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe", "Protocol": "tcp",
                "Initiated": "true", "SourceIp": inside, "SourcePort": port,
                "DestinationIp": format!("198.51.100.{}", 1 + chance.below(250)), "DestinationPort": 443,
                "User": format!("TINH\\{user}")}),
        ),
        _ => {
            let (image, command) = chance.one(&PROGRAMS);
            started(at, host, user, image, command, EXPLORER)
        }
    }
}
