//! Settings of shippers of logs for the listener over HTTP: what speaks to Elasticsearch, to Splunk, or OTLP.
//!
//! Sources: Winlogbeat and Filebeat reference, "Configure the Elasticsearch output"; Logstash reference, "Elasticsearch
//! output plugin"; Fluent Bit manual, "Elasticsearch" output; Vector reference, sink `elasticsearch`; rsyslog,
//! `omelasticsearch`; Docker, "Splunk logging driver"; OpenTelemetry Collector, exporters `otlphttp` and `otlp`, receivers
//! `windowseventlog` and `filelog`.
//!
//! The token stands as the password where a program knows names and passwords only; the name says nothing. Identities
//! are given to records where a program can, so that what it sends twice is stored once.

use super::{Address, Recipe};
use crate::sources::desk::DeskSettings;

/// Where the listener is reached.
struct Listener<'a> {
    host: &'a str,
    port: u16,
    tls: bool,
    token: &'a str,
}

/// The file of the centre's authority on a sender, where the listener speaks TLS.
const AUTHORITY: &str = "/etc/khien/ca.pem";
const AUTHORITY_WINDOWS: &str = "C:\\khien\\ca.pem";

/// The texts, if the centre listens.
pub(super) fn all(at: &Address, settings: &DeskSettings, token: &str) -> Vec<Recipe> {
    let Some(port) = settings.http else { return Vec::new() };
    let to = Listener { host: &at.host, port, tls: settings.http_tls, token };
    vec![
        winlogbeat(&to),
        filebeat(&to),
        fluent_bit(&to),
        logstash(&to),
        vector(&to),
        rsyslog(&to),
        collector(&to, true),
        collector(&to, false),
        docker(&to),
        hec(&to),
    ]
}

impl Listener<'_> {
    fn url(&self, path: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}:{}{path}", self.host, self.port)
    }

    /// A line that is there over TLS only.
    fn over_tls(&self, line: &str) -> String {
        if self.tls { format!("{line}\n") } else { String::new() }
    }
}

/// The output of Beats. Nothing is set up on the other side; `add_id` makes each event known again.
fn beats(to: &Listener<'_>, authority: &str) -> String {
    format!(
        "processors:\n  - add_id: ~\n\n\
         setup.ilm.enabled: false\nsetup.template.enabled: false\n\n\
         output.elasticsearch:\n  hosts: [\"{url}\"]\n  username: \"khien\"\n  password: \"{token}\"\n  \
         allow_older_versions: true\n  compression_level: 3\n{authority}",
        url = to.url(""),
        token = to.token,
        authority = to.over_tls(&format!("  ssl.certificate_authorities: ['{authority}']")),
    )
}

fn winlogbeat(to: &Listener<'_>) -> Recipe {
    let text = format!(
        "winlogbeat.event_logs:\n  - name: Security\n  - name: System\n  - name: Windows PowerShell\n  \
         - name: Microsoft-Windows-PowerShell/Operational\n  - name: Microsoft-Windows-Sysmon/Operational\n    \
         ignore_older: 72h\n\n{}",
        beats(to, AUTHORITY_WINDOWS)
    );
    Recipe { id: "winlogbeat", file: "C:\\Program Files\\Winlogbeat\\winlogbeat.yml", text }
}

fn filebeat(to: &Listener<'_>) -> Recipe {
    let text = format!(
        "filebeat.inputs:\n  - type: filestream\n    id: khien\n    paths:\n      - /var/log/auth.log\n      \
         - /var/log/nginx/*.log\n\n{}",
        beats(to, AUTHORITY)
    );
    Recipe { id: "filebeat", file: "/etc/filebeat/filebeat.yml", text }
}

fn fluent_bit(to: &Listener<'_>) -> Recipe {
    let text = format!(
        "[INPUT]\n    Name                tail\n    Path                /var/log/auth.log,/var/log/nginx/*.log\n    \
         DB                  /var/lib/fluent-bit/khien.db\n\n\
         [OUTPUT]\n    Name                es\n    Match               *\n    Host                {host}\n    \
         Port                {port}\n    HTTP_User           khien\n    HTTP_Passwd         {token}\n    \
         Suppress_Type_Name  On\n    Write_Operation     create\n    Generate_ID         On\n    \
         Compress            gzip\n    Retry_Limit         no_limits\n    tls                 {tls}\n{authority}",
        host = to.host,
        port = to.port,
        token = to.token,
        tls = if to.tls { "On" } else { "Off" },
        authority = to.over_tls(&format!("    tls.ca_file         {AUTHORITY}")),
    );
    Recipe { id: "fluent-bit-es", file: "/etc/fluent-bit/fluent-bit.conf", text }
}

fn logstash(to: &Listener<'_>) -> Recipe {
    let text = format!(
        "filter {{\n  uuid {{ target => \"[@metadata][id]\" }}\n}}\noutput {{\n  elasticsearch {{\n    \
         hosts => [\"{url}\"]\n    user => \"khien\"\n    password => \"{token}\"\n    index => \"logs\"\n    \
         action => \"create\"\n    document_id => \"%{{[@metadata][id]}}\"\n    data_stream => false\n    \
         ilm_enabled => false\n    manage_template => false\n{authority}  }}\n}}\n",
        url = to.url(""),
        token = to.token,
        authority = to.over_tls(&format!("    ssl_certificate_authorities => [\"{AUTHORITY}\"]")),
    );
    Recipe { id: "logstash", file: "/etc/logstash/conf.d/khien.conf", text }
}

fn vector(to: &Listener<'_>) -> Recipe {
    let text = format!(
        "[sources.files]\ntype = \"file\"\ninclude = [\"/var/log/nginx/*.log\"]\n\n\
         [transforms.named]\ntype = \"remap\"\ninputs = [\"files\"]\nsource = \".id = uuid_v7()\"\n\n\
         [sinks.khien]\ntype = \"elasticsearch\"\ninputs = [\"named\"]\nendpoints = [\"{url}\"]\napi_version = \"v8\"\n\
         mode = \"bulk\"\nbulk.action = \"create\"\nbulk.index = \"logs\"\nid_key = \"id\"\n\
         request_retry_partial = true\ncompression = \"gzip\"\nauth.strategy = \"basic\"\nauth.user = \"khien\"\n\
         auth.password = \"{token}\"\nbuffer.type = \"disk\"\nbuffer.max_size = 268435488\n{authority}",
        url = to.url(""),
        token = to.token,
        authority = to.over_tls(&format!("tls.ca_file = \"{AUTHORITY}\"")),
    );
    Recipe { id: "vector-es", file: "/etc/vector/vector.toml", text }
}

fn rsyslog(to: &Listener<'_>) -> Recipe {
    let text = format!(
        "module(load=\"omelasticsearch\")\n\
         template(name=\"khien\" type=\"list\" option.jsonf=\"on\") {{\n  \
         property(outname=\"@timestamp\" name=\"timereported\" dateFormat=\"rfc3339\" format=\"jsonf\")\n  \
         property(outname=\"hostname\" name=\"hostname\" format=\"jsonf\")\n  \
         property(outname=\"program\" name=\"programname\" format=\"jsonf\")\n  \
         property(outname=\"severity\" name=\"syslogseverity\" format=\"jsonf\")\n  \
         property(outname=\"message\" name=\"msg\" format=\"jsonf\")\n}}\n\
         *.* action(type=\"omelasticsearch\" server=\"{host}\" serverport=\"{port}\" usehttps=\"{https}\"\n    \
         uid=\"khien\" pwd=\"{token}\" template=\"khien\" searchIndex=\"logs\" searchType=\"\" bulkmode=\"on\"\n{authority}    \
         queue.type=\"LinkedList\" queue.filename=\"khien-es\" queue.size=\"100000\" queue.dequeuebatchsize=\"1000\"\n    \
         queue.saveOnShutdown=\"on\" action.resumeRetryCount=\"-1\")\n",
        host = to.host,
        port = to.port,
        https = if to.tls { "on" } else { "off" },
        token = to.token,
        authority = to.over_tls(&format!("    tls.cacert=\"{AUTHORITY}\"")),
    );
    Recipe { id: "rsyslog-es", file: "/etc/rsyslog.d/60-khien.conf", text }
}

fn collector(to: &Listener<'_>, http: bool) -> Recipe {
    let tls = match (to.tls, http) {
        (true, _) => format!("    tls:\n      ca_file: {AUTHORITY}\n"),
        (false, true) => String::new(),
        (false, false) => "    tls:\n      insecure: true\n".to_owned(),
    };
    let (name, endpoint) = if http { ("otlphttp", to.url("")) } else { ("otlp", format!("{}:{}", to.host, to.port)) };
    let text = format!(
        "receivers:\n  filelog:\n    include: [/var/log/auth.log, /var/log/nginx/*.log]\n  \
         # On Windows:\n  # windowseventlog:\n  #   channel: Security\n\n\
         exporters:\n  {name}/khien:\n    endpoint: {endpoint}\n    headers:\n      authorization: \"Bearer {token}\"\n{tls}    \
         compression: gzip\n    retry_on_failure:\n      max_elapsed_time: 0\n\n\
         service:\n  pipelines:\n    logs:\n      receivers: [filelog]\n      exporters: [{name}/khien]\n",
        token = to.token,
    );
    Recipe { id: if http { "otel-http" } else { "otel-grpc" }, file: "/etc/otelcol-contrib/config.yaml", text }
}

fn docker(to: &Listener<'_>) -> Recipe {
    let authority = if to.tls { format!(",\n    \"splunk-capath\": \"{AUTHORITY}\"") } else { String::new() };
    let text = format!(
        "{{\n  \"log-driver\": \"splunk\",\n  \"log-opts\": {{\n    \"splunk-url\": \"{url}\",\n    \
         \"splunk-token\": \"{token}\",\n    \"splunk-format\": \"raw\",\n    \"splunk-gzip\": \"true\",\n    \
         \"tag\": \"\"{authority}\n  }}\n}}\n",
        url = to.url(""),
        token = to.token,
    );
    Recipe { id: "docker-splunk", file: "/etc/docker/daemon.json", text }
}

fn hec(to: &Listener<'_>) -> Recipe {
    let authority = if to.tls { format!("--cacert {AUTHORITY} ") } else { String::new() };
    let text = format!(
        "curl --fail-with-body {authority}-H \"Authorization: Splunk {token}\" \\\n     \
         -d '{{\"event\": \"hello\", \"host\": \"may01\", \"sourcetype\": \"syslog\"}}' \\\n     {url}\n",
        token = to.token,
        url = to.url("/services/collector/event"),
    );
    Recipe { id: "hec-curl", file: "", text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(tls: bool) -> Vec<Recipe> {
        let at = Address { host: "khien.bacninh.gov.vn".into(), port: 8443, tls: true };
        let settings = DeskSettings { http: Some(9200), http_tls: tls, ..DeskSettings::default() };
        all(&at, &settings, "abc123")
    }

    #[test]
    fn each_text_carries_host_port_token_and_the_authority_over_tls_only() {
        for tls in [false, true] {
            for recipe in texts(tls) {
                let text = &recipe.text;
                assert!(text.contains("khien.bacninh.gov.vn") && text.contains("9200"), "{text}");
                assert!(text.contains("abc123"), "{text}");
                assert_eq!(text.contains("ca.pem"), tls, "{}: {text}", recipe.id);
                assert_eq!(
                    text.contains("https://"),
                    tls && !matches!(recipe.id, "fluent-bit-es" | "rsyslog-es" | "otel-grpc")
                );
            }
        }
        assert!(all(&Address::of(None, true), &DeskSettings::default(), "t").is_empty(), "no listener, no settings");
    }

    #[test]
    fn what_is_yaml_or_json_can_be_read_as_such() {
        for recipe in texts(true) {
            if recipe.file.ends_with(".yml") || recipe.file.ends_with(".yaml") {
                let read: serde_yaml_ng::Value = serde_yaml_ng::from_str(&recipe.text).unwrap();
                assert!(read.is_mapping(), "{}", recipe.id);
            }
            if recipe.file.ends_with(".json") {
                let read: serde_json::Value = serde_json::from_str(&recipe.text).unwrap();
                assert_eq!(read["log-opts"]["splunk-capath"], AUTHORITY);
            }
        }
    }
}
