//! Log lines of a province's machines, the same ones for the same number.
//!
//! Firewall sessions (key=value in syslog), Windows Security and Sysmon events (JSON, as shippers write them), sshd and
//! nginx (syslog). Addresses and names come from pools with a few that are seen all the time and many that are seen
//! now and then.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

/// The address that is looked for: it comes in one event of [`RARE_EVERY`].
pub(crate) const RARE_ADDRESS: &str = "198.51.100.77";
/// How often the rare address comes.
pub(crate) const RARE_EVERY: u64 = 50_021;
/// The word that is looked for: it comes in one event of [`WORD_EVERY`].
pub(crate) const WORD: &str = "mimikatz";
/// How often the word comes.
pub(crate) const WORD_EVERY: u64 = 30_011;

/// A number that looks random, the same for the same seed (SplitMix64).
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// One line's chances.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = mix(self.0);
        self.0 % sides.max(1)
    }

    /// One of so many, the first ones far more often.
    fn skewed(&mut self, sides: u64) -> u64 {
        let (a, b) = (self.roll(sides) + 1, self.roll(sides) + 1);
        (a * b / (sides + 1)) * (self.roll(sides) + 1) / (sides + 1)
    }

    fn inside(&mut self) -> String {
        let n = self.skewed(4_000);
        format!("10.{}.{}.{}", 10 + n % 40, n / 250, 1 + n % 250)
    }

    fn outside(&mut self) -> String {
        let n = mix(self.skewed(60_000) ^ 0xA5A5);
        format!("{}.{}.{}.{}", 11 + n % 180, (n >> 8) % 256, (n >> 16) % 256, 1 + (n >> 24) % 254)
    }

    fn user(&mut self) -> String {
        format!("canbo{:04}", self.skewed(3_000))
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        let at = usize::try_from(self.roll(of.len() as u64)).unwrap_or(0);
        of.get(at).copied().unwrap_or_default()
    }
}

/// The line number `n`, written at a moment; and which of the systems it is of.
pub(crate) fn line(n: u64, at: DateTime<Utc>) -> (String, u64) {
    let mut dice = Dice(mix(n ^ 0x004B_4831_454E));
    let system = dice.skewed(200);
    let from = if n % RARE_EVERY == 7 { RARE_ADDRESS.to_owned() } else { dice.outside() };
    let text = match dice.roll(100) {
        0..40 => firewall(&mut dice, at, &from, system),
        40..62 => security(&mut dice, at, &from, n),
        62..80 => sysmon(&mut dice, at, &from, n),
        80..90 => sshd(&mut dice, at, &from, system),
        _ => nginx(&mut dice, at, &from, system),
    };
    (text, system)
}

const SITES: [&str; 8] = [
    "dichvucong.example.vn",
    "update.example.com",
    "mail.example.vn",
    "cdn.example.net",
    "bao.example.vn",
    "api.example.org",
    "dns.example.com",
    "hoc.example.vn",
];

fn firewall(dice: &mut Dice, at: DateTime<Utc>, from: &str, system: u64) -> String {
    let (source, target) =
        if dice.roll(3) == 0 { (from.to_owned(), dice.inside()) } else { (dice.inside(), from.to_owned()) };
    format!(
        "<189>date={} time={} devname=\"FW-{system:03}\" devid=\"FG100F{:08}\" logid=\"0000000013\" type=\"traffic\" subtype=\"forward\" level=\"notice\" srcip={source} srcport={} srcintf=\"port1\" dstip={target} dstport={} dstintf=\"wan1\" sessionid={} proto=6 action=\"{}\" policyid={} service=\"{}\" hostname=\"{}\" duration={} sentbyte={} rcvdbyte={} sentpkt={} rcvdpkt={}",
        at.format("%Y-%m-%d"),
        at.format("%H:%M:%S"),
        system * 7_919,
        1_024 + dice.roll(60_000),
        dice.pick(&["443", "80", "53", "22", "3389", "445"]),
        dice.roll(100_000_000),
        dice.pick(&["accept", "accept", "accept", "deny", "close"]),
        dice.roll(40),
        dice.pick(&["HTTPS", "HTTP", "DNS", "SSH", "RDP", "SMB"]),
        dice.pick(&SITES),
        dice.roll(600),
        dice.roll(2_000_000),
        dice.roll(9_000_000),
        dice.roll(2_000),
        dice.roll(8_000),
    )
}

fn security(dice: &mut Dice, at: DateTime<Utc>, from: &str, n: u64) -> String {
    let id = dice.pick(&["4624", "4624", "4625", "4634", "4672", "4776"]).parse::<u32>().unwrap_or(4624);
    let (user, host) = (dice.user(), dice.skewed(1_500));
    json!({
        "@timestamp": at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "Hostname": format!("PC-{host:04}.tinh.example.vn"),
        "SourceName": "Microsoft-Windows-Security-Auditing",
        "Channel": "Security",
        "EventID": id,
        "Level": 0,
        "RecordNumber": n,
        "Keywords": "0x8020000000000000",
        "SubjectUserSid": "S-1-5-18",
        "SubjectUserName": format!("PC-{host:04}$"),
        "SubjectDomainName": "TINH",
        "SubjectLogonId": "0x3e7",
        "TargetUserSid": format!("S-1-5-21-3623811015-3361044348-30300820-{}", 1_000 + dice.skewed(3_000)),
        "TargetUserName": user,
        "TargetDomainName": "TINH",
        "TargetLogonId": format!("0x{:x}", dice.roll(1 << 32)),
        "LogonType": dice.pick(&["2", "3", "3", "5", "7", "10"]),
        "LogonProcessName": "Advapi  ",
        "AuthenticationPackageName": "Negotiate",
        "WorkstationName": format!("PC-{host:04}"),
        "LogonGuid": "{00000000-0000-0000-0000-000000000000}",
        "ProcessId": format!("0x{:x}", dice.roll(9_000)),
        "ProcessName": "C:\\Windows\\System32\\services.exe",
        "IpAddress": from,
        "IpPort": dice.roll(65_000).to_string(),
    })
    .to_string()
}

fn sysmon(dice: &mut Dice, at: DateTime<Utc>, from: &str, n: u64) -> String {
    let (user, host) = (dice.user(), dice.skewed(1_500));
    let program = dice.pick(&["chrome.exe", "WINWORD.EXE", "powershell.exe", "cmd.exe", "svchost.exe", "EXCEL.EXE"]);
    let word = if n % WORD_EVERY < 5 { WORD } else { "open" };
    let connects = dice.roll(3) == 0;
    let mut event = json!({
        "@timestamp": at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "Hostname": format!("PC-{host:04}.tinh.example.vn"),
        "SourceName": "Microsoft-Windows-Sysmon",
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "EventID": if connects { 3 } else { 1 },
        "Level": 4,
        "RecordNumber": n,
        "UtcTime": at.format("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        "ProcessGuid": format!("{{{:08x}-{:04x}-{:04x}-0000-001000000000}}", dice.roll(1 << 32), dice.roll(65_536), dice.roll(65_536)),
        "ProcessId": dice.roll(30_000),
        "Image": format!("C:\\Program Files\\{program}\\{program}"),
        "User": format!("TINH\\{user}"),
    });
    let more = if connects {
        json!({ "Protocol": "tcp", "SourceIp": dice.inside(), "SourcePort": dice.roll(60_000), "DestinationIp": from,
            "DestinationPort": 443, "DestinationHostname": dice.pick(&SITES) })
    } else {
        json!({ "CommandLine": format!("\"{program}\" --{word} C:\\Users\\{user}\\tep{}.docx", dice.roll(100_000)),
            "CurrentDirectory": format!("C:\\Users\\{user}\\"), "IntegrityLevel": "Medium",
            "Hashes": format!("SHA256={:016X}{:016X}{:016X}{:016X}", mix(dice.skewed(5_000)), mix(1), mix(2), mix(3)),
            "ParentImage": "C:\\Windows\\explorer.exe", "ParentCommandLine": "C:\\Windows\\Explorer.EXE" })
    };
    if let (Some(event), serde_json::Value::Object(more)) = (event.as_object_mut(), more) {
        event.extend(more);
    }
    event.to_string()
}

fn sshd(dice: &mut Dice, at: DateTime<Utc>, from: &str, system: u64) -> String {
    let verb = dice.pick(&["Failed password for", "Failed password for invalid user", "Accepted password for"]);
    format!(
        "<86>1 {} srv-{system:03} sshd {} - - {verb} {} from {from} port {} ssh2",
        at.to_rfc3339_opts(SecondsFormat::Micros, false),
        dice.roll(32_000),
        dice.user(),
        1_024 + dice.roll(60_000),
    )
}

fn nginx(dice: &mut Dice, at: DateTime<Utc>, from: &str, system: u64) -> String {
    format!(
        "<190>1 {} web-{system:03} nginx 811 - - {from} - - [{}] \"{} /{}/{} HTTP/1.1\" {} {} \"-\" \"Mozilla/5.0 (Windows NT 10.0; Win64; x64)\"",
        at.to_rfc3339_opts(SecondsFormat::Micros, false),
        at.format("%d/%b/%Y:%H:%M:%S %z"),
        dice.pick(&["GET", "GET", "GET", "POST"]),
        dice.pick(&["ho-so", "tra-cuu", "tin-tuc", "login", "api/v1/don"]),
        dice.roll(100_000),
        dice.pick(&["200", "200", "200", "304", "404", "500"]),
        dice.roll(80_000),
    )
}
