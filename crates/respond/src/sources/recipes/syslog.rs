//! Settings for what speaks syslog: rsyslog, syslog-ng, NXLog, network devices.
//!
//! Sources: rsyslog 8 (`omfwd`, network stream driver `ossl`, templates); syslog-ng 3.38 administration guide
//! (`syslog()` and its `tls()`, `disk-buffer()`); NXLog Community Edition reference (`om_ssl`, `xm_json`,
//! `im_msvistalog`); Cisco IOS and ASA command references ("logging host"); FortiOS CLI reference ("log syslogd
//! setting"); RouterOS manual ("Log").

use super::{Address, Recipe};
use crate::sources::desk::DeskSettings;

const RSYSLOG: &str = "/etc/rsyslog.d/60-khien.conf";
const SYSLOG_NG: &str = "/etc/syslog-ng/conf.d/khien.conf";
/// While the centre cannot be reached lines are kept on the disk.
const QUEUE: &str = "queue.type=\"LinkedList\" queue.filename=\"khien\" queue.size=\"100000\"\n    \
    queue.maxDiskSpace=\"1g\" queue.saveOnShutdown=\"on\" action.resumeRetryCount=\"-1\"";

/// Settings for the ports that are open; with a token, those that carry it.
pub(super) fn all(at: &Address, settings: &DeskSettings, token: &str) -> Vec<Recipe> {
    let mut all = Vec::new();
    let host = at.host.as_str();
    if let Some(port) = settings.syslog_tls {
        all.push(rsyslog_tls(host, port));
        all.push(syslog_ng_tls(host, port));
        all.push(nxlog(host, port));
    }
    if let Some(port) = settings.syslog_tcp {
        all.push(rsyslog_tcp(host, port, token));
        all.push(syslog_ng_tcp(host, port));
        all.push(fortigate(host, port));
        all.push(cisco_asa(host, port));
    }
    if let Some(port) = settings.syslog_udp {
        let text = format!("*.* @{host}:{port};RSYSLOG_SyslogProtocol23Format\n");
        all.push(Recipe { id: "rsyslog-udp", file: RSYSLOG, text });
        let text = format!("logging host {host} transport udp port {port}\nlogging trap informational\n");
        all.push(Recipe { id: "device-udp", file: "", text });
        all.push(mikrotik(host, port));
    }
    all
}

fn rsyslog_tcp(host: &str, port: u16, token: &str) -> Recipe {
    let (template, name) = if token.is_empty() {
        (String::new(), "RSYSLOG_SyslogProtocol23Format")
    } else {
        let template = format!(
            "template(name=\"khien\" type=\"string\" string=\"<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% \
             %APP-NAME% %PROCID% %MSGID% [khien@32473 token=\\\"{token}\\\"] %msg%\")\n"
        );
        (template, "khien")
    };
    let text = format!(
        "# RFC 6587, octet-counted; keeps up to 1 GB of lines on disk while the centre cannot be reached\n{template}\
         *.* action(type=\"omfwd\" target=\"{host}\" port=\"{port}\" protocol=\"tcp\"\n    \
         TCP_Framing=\"octet-counted\" template=\"{name}\"\n    {QUEUE})\n"
    );
    Recipe { id: "rsyslog-tcp", file: RSYSLOG, text }
}

fn rsyslog_tls(host: &str, port: u16) -> Recipe {
    let text = format!(
        "# apt install rsyslog-openssl; RFC 5425. The three files are made by: khien receive certificate --client NAME\n\
         global(DefaultNetstreamDriverCAFile=\"/etc/khien/ca.pem\"\n    \
         DefaultNetstreamDriverCertFile=\"/etc/khien/client.pem\"\n    \
         DefaultNetstreamDriverKeyFile=\"/etc/khien/client.key\")\n\
         *.* action(type=\"omfwd\" target=\"{host}\" port=\"{port}\" protocol=\"tcp\"\n    \
         StreamDriver=\"ossl\" StreamDriverMode=\"1\" StreamDriverAuthMode=\"x509/name\"\n    \
         StreamDriverPermittedPeers=\"{host}\"\n    \
         TCP_Framing=\"octet-counted\" template=\"RSYSLOG_SyslogProtocol23Format\"\n    {QUEUE})\n"
    );
    Recipe { id: "rsyslog-tls", file: RSYSLOG, text }
}

fn syslog_ng_tcp(host: &str, port: u16) -> Recipe {
    let text = format!(
        "destination d_khien {{\n    syslog(\"{host}\" port({port}) transport(\"tcp\")\n        \
         disk-buffer(reliable(yes) disk-buf-size(1073741824)));\n}};\n\
         log {{ source(s_src); destination(d_khien); flags(flow-control); }};\n"
    );
    Recipe { id: "syslog-ng-tcp", file: SYSLOG_NG, text }
}

fn syslog_ng_tls(host: &str, port: u16) -> Recipe {
    let text = format!(
        "destination d_khien {{\n    syslog(\"{host}\" port({port}) transport(\"tls\")\n        \
         tls(ca-file(\"/etc/khien/ca.pem\") cert-file(\"/etc/khien/client.pem\")\n            \
         key-file(\"/etc/khien/client.key\") peer-verify(required-trusted))\n        \
         disk-buffer(reliable(yes) disk-buf-size(1073741824)));\n}};\n\
         log {{ source(s_src); destination(d_khien); flags(flow-control); }};\n"
    );
    Recipe { id: "syslog-ng-tls", file: SYSLOG_NG, text }
}

fn nxlog(host: &str, port: u16) -> Recipe {
    let text = format!(
        "<Extension json>\n    Module  xm_json\n</Extension>\n\n\
         <Input windows>\n    Module  im_msvistalog\n</Input>\n\n\
         <Output khien>\n    Module       om_ssl\n    Host         {host}\n    Port         {port}\n    \
         CAFile       C:\\khien\\ca.pem\n    CertFile     C:\\khien\\client.pem\n    \
         CertKeyFile  C:\\khien\\client.key\n    Exec         to_json();\n</Output>\n\n\
         <Route all>\n    Path  windows => khien\n</Route>\n"
    );
    Recipe { id: "nxlog-tls", file: "C:\\Program Files\\nxlog\\conf\\nxlog.conf", text }
}

fn fortigate(host: &str, port: u16) -> Recipe {
    let text = format!(
        "config log syslogd setting\n    set status enable\n    set server \"{host}\"\n    set mode reliable\n    \
         set port {port}\n    set format default\nend\n"
    );
    Recipe { id: "fortigate", file: "", text }
}

fn cisco_asa(host: &str, port: u16) -> Recipe {
    let text = format!(
        "logging enable\nlogging timestamp\nlogging trap informational\n\
         logging host inside {host} tcp/{port}\nlogging permit-hostdown\n"
    );
    Recipe { id: "cisco-asa", file: "", text }
}

fn mikrotik(host: &str, port: u16) -> Recipe {
    let text = format!(
        "/system logging action add name=khien target=remote remote={host} remote-port={port} bsd-syslog=yes\n\
         /system logging add topics=info action=khien\n/system logging add topics=warning action=khien\n\
         /system logging add topics=error action=khien\n/system logging add topics=critical action=khien\n\
         /system logging add topics=firewall action=khien\n"
    );
    Recipe { id: "mikrotik", file: "", text }
}
