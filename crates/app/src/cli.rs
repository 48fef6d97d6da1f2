//! The command line.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use khien_base::{Clock, Fault, Reach, Result};
use khien_db::Db;
use khien_db::audit::{self, Verdict};
use khien_web::texts::{Lang, Texts};
use serde_json::{Value, json};

use crate::config::{Config, variable};
use crate::{certificate, demo, detect, ingest, local, rescue, serve, wiring};

/// Khiên — phần mềm của Trung tâm An ninh mạng. The software of a cybersecurity centre.
#[derive(Debug, Parser)]
#[command(name = "khien", version)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Chạy trung tâm. Serves the centre of a data folder; an empty one starts with the first-run wizard.
    Serve {
        /// Data folder.
        #[arg(long, default_value = "data")]
        data: PathBuf,
        /// Address to serve pages on.
        #[arg(long)]
        listen: Option<SocketAddr>,
        /// Folders of Sigma rules, beside our own.
        #[arg(long)]
        rules: Vec<PathBuf>,
        /// Address to receive syslog on, over UDP.
        #[arg(long)]
        syslog_udp: Option<SocketAddr>,
        /// Address to receive syslog on, over TCP.
        #[arg(long)]
        syslog_tcp: Option<SocketAddr>,
        /// GeoJSON file of commune boundaries.
        #[arg(long)]
        boundaries: Option<PathBuf>,
    },
    /// Nạp tệp nhật ký. Takes in log files (EVTX, NDJSON, syslog, web access logs) of a registered source.
    Ingest {
        /// File or folder.
        path: PathBuf,
        /// Name or identity of the log source.
        #[arg(long)]
        source: String,
        /// evtx, ndjson, syslog, weblog, auto.
        #[arg(long, default_value = "auto")]
        format: String,
        /// Data folder.
        #[arg(long, default_value = "data")]
        data: PathBuf,
        /// Folders of Sigma rules, beside our own (when no server runs).
        #[arg(long)]
        rules: Vec<PathBuf>,
    },
    /// Tìm dấu hiệu tấn công trong nhật ký. Matches log files against Sigma rules, without a centre: a timeline.
    Detect(Box<detect::Args>),
    /// Tìm bằng SQL. Runs one SELECT over the table `events` and prints a JSON object a line.
    Search {
        /// The statement.
        sql: String,
        /// Rows at most.
        #[arg(long, default_value_t = 1000)]
        limit: usize,
        /// Data folder.
        #[arg(long, default_value = "data")]
        data: PathBuf,
    },
    /// Nhận nhật ký. Receiving logs.
    #[command(subcommand)]
    Receive(ReceiveCommand),
    /// Đọc kế hoạch. Reads plan documents.
    #[command(subcommand)]
    Plan(PlanCommand),
    /// Kiểm tra luật Sigma. Checks Sigma rules.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Người dùng. Users, when nobody can sign in who could help in the pages.
    #[command(subcommand)]
    People(PeopleCommand),
    /// Nhật ký kiểm toán. The audit log.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Tạo dữ liệu trình diễn. Fills a new data folder with the demonstration centre.
    Demo {
        /// Data folder, new or empty.
        #[arg(long, default_value = "data-demo")]
        data: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum ReceiveCommand {
    /// Makes certificates for receiving over TLS: the centre's authority, its server, machines that send.
    Certificate(certificate::Args),
}

#[derive(Debug, Subcommand)]
enum PlanCommand {
    /// Reads targets, tasks and reporting duties out of a .docx, .txt or .md.
    Read {
        /// The document.
        file: PathBuf,
        /// Print everything as JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
enum RulesCommand {
    /// Tells every fault of every rule under folders; exit code 1 when there is one.
    Check {
        /// Folders or files.
        paths: Vec<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
enum PeopleCommand {
    /// Removes a user's second factor and ends all sessions and tokens.
    RemoveSecondFactor {
        /// Name for signing in.
        username: String,
        /// Data folder.
        #[arg(long, default_value = "data")]
        data: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Recomputes every seal; exit code 1 when one is broken.
    Verify {
        /// Data folder.
        #[arg(long, default_value = "data")]
        data: PathBuf,
    },
}

/// Runs the command that was given. What cannot be run ends with 1, a wrong argument as well: 2 means something else to
/// `khien detect`.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            error.print().ok();
            return if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&Fault::internal(error)),
    };
    match runtime.block_on(run(args.command)) {
        Ok(code) => code,
        Err(fault) => complain(&fault),
    }
}

async fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Serve { data, listen, rules, syslog_udp, syslog_tcp, boundaries } => {
            std::fs::create_dir_all(&data).map_err(|error| unreadable(&data, &error))?;
            let mut config = Config::of(&data)?;
            config.listen = listen.unwrap_or(config.listen);
            config.rules.extend(rules);
            config.syslog_udp = syslog_udp.or(config.syslog_udp);
            config.syslog_tcp = syslog_tcp.or(config.syslog_tcp);
            config.boundaries = boundaries.or(config.boundaries);
            log_to_terminal(&config.log);
            serve::serve(&data, &config).await?;
        }
        Command::Ingest { path, source, format, data, rules } => {
            let path = std::fs::canonicalize(&path).map_err(|error| unreadable(&path, &error))?;
            let order = ingest::Order { path, source, format };
            let done = take_in(&data, rules, &order).await?;
            out(&serde_json::to_string_pretty(&done).map_err(Fault::internal)?)?;
            if done.failed() {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Detect(args) => return detect::run(*args),
        Command::Search { sql, limit, data } => search(&data, sql, limit).await?,
        Command::Receive(ReceiveCommand::Certificate(args)) => {
            for line in certificate::make(&args, &Clock::System)? {
                out(&line)?;
            }
        }
        Command::Plan(PlanCommand::Read { file, json }) => read_plan(&file, json)?,
        Command::Rules(RulesCommand::Check { paths }) => return check_rules(&paths),
        Command::People(PeopleCommand::RemoveSecondFactor { username, data }) => {
            existing(&data)?;
            let db = Db::open(&Config::of(&data)?.database_url(&data)).await?;
            out(&format!("{} ✓", rescue::remove_second_factor(&db, &Clock::System, &username).await?))?;
            db.close().await?;
        }
        Command::Audit(AuditCommand::Verify { data }) => return verify(&data).await,
        Command::Demo { data } => {
            log_to_terminal("warn");
            out(&demo::make(&data).await?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn take_in(data: &Path, rules: Vec<PathBuf>, order: &ingest::Order) -> Result<ingest::Done> {
    existing(data)?;
    let body = serde_json::to_value(order).map_err(Fault::internal)?;
    if let Some(done) = local::ask(data, "/api/local/ingest", &body).await? {
        return serde_json::from_value(done).map_err(Fault::internal);
    }
    let mut config = Config::of(data)?;
    config.rules.extend(rules);
    let centre = wiring::open(data, &config, Clock::System).await?;
    let done = ingest::run(&centre.kit, order).await?;
    centre.close().await?;
    Ok(done)
}

/// A command that looks at a centre does not make one: a folder that is misspelt is told.
fn existing(data: &Path) -> Result<()> {
    if data.is_dir() { Ok(()) } else { Err(Fault::not_found("local.no-data").with("folder", data.display())) }
}

async fn search(data: &Path, statement: String, limit: usize) -> Result<()> {
    existing(data)?;
    let asked = local::ask(data, "/api/local/sql", &json!({"statement": statement, "limit": limit})).await?;
    let rows = match asked {
        Some(rows) => rows.get("rows").and_then(Value::as_array).cloned().unwrap_or_default(),
        None => {
            let config = Config::of(data)?;
            let centre = wiring::open(data, &config, Clock::System).await?;
            let rows = centre.kit.events()?.sql(statement, Reach::All, limit).await?;
            centre.close().await?;
            rows.rows.into_iter().map(Value::Object).collect()
        }
    };
    for row in rows {
        out(&row.to_string())?;
    }
    Ok(())
}

fn read_plan(file: &Path, as_json: bool) -> Result<()> {
    let bytes = std::fs::read(file).map_err(|error| unreadable(file, &error))?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let reading = khien_planread::read(&bytes, &name)?;
    if as_json {
        return out(&serde_json::to_string_pretty(&reading).map_err(Fault::internal)?);
    }
    out(&format!("{} {} — {}", reading.heading.kind, reading.heading.number, reading.heading.title))?;
    for target in &reading.targets {
        out(&format!(
            "◎ {} {:?} {}: {}",
            target.origin.headings.last().map_or("", String::as_str),
            target.values,
            target.unit,
            target.measure
        ))?;
    }
    for task in &reading.tasks {
        let lead: Vec<&str> = task.lead.iter().map(|agency| agency.name.as_str()).collect();
        out(&format!("▢ {} [{}] {} ({})", task.number, lead.join("; "), task.text, task.due_text))?;
    }
    out(&format!(
        "{} ◎  {} ▢  {} ⏰  {} ⚠",
        reading.targets.len(),
        reading.tasks.len(),
        reading.obligations.len(),
        reading.warnings.len()
    ))
}

fn check_rules(paths: &[PathBuf]) -> Result<ExitCode> {
    let mut sources = Vec::new();
    for path in paths {
        for file in ingest::files(path)? {
            let name = file.display().to_string();
            if !(name.ends_with(".yml") || name.ends_with(".yaml")) || name.ends_with(".samples.yaml") {
                continue;
            }
            let bytes = std::fs::read(&file).map_err(|error| unreadable(&file, &error))?;
            sources.push((name, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    let (rules, faults) = khien_detect::Ruleset::load(sources.into_iter());
    for fault in &faults {
        out(&fault.to_string())?;
    }
    out(&format!("{} ✓  {} ✗", rules.heads().count(), faults.len()))?;
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn verify(data: &Path) -> Result<ExitCode> {
    existing(data)?;
    let db = Db::open(&Config::of(data)?.database_url(data)).await?;
    let verdict = audit::verify(db.read()).await?;
    db.close().await?;
    match verdict {
        Verdict::Whole { rows, last } => {
            out(&format!("{rows} ✓ {last}"))?;
            Ok(ExitCode::SUCCESS)
        }
        Verdict::Broken { seq } => {
            out(&format!("✗ {seq}"))?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Fault {
    Fault::invalid("local.unreadable").with("file", path.display()).with("what", error)
}

fn log_to_terminal(filter: &str) {
    let filter =
        tracing_subscriber::EnvFilter::try_new(filter).unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let coloured = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(coloured).with_writer(std::io::stderr).try_init().ok();
}

fn out(line: &str) -> Result<()> {
    match writeln!(std::io::stdout().lock(), "{line}") {
        // Whoever reads on has seen enough: `khien search … | head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Fault::internal),
    }
}

/// The sentence of a fault on the terminal, in Vietnamese unless the terminal speaks English.
fn complain(fault: &Fault) -> ExitCode {
    let english = variable("LANG").is_some_and(|lang| lang.starts_with("en"));
    let lang = if english { Lang::En } else { Lang::Vi };
    let sentence = Texts::of(wiring::modules()).map_or_else(|_| fault.to_string(), |texts| texts.fault(lang, fault));
    let cause = fault.cause.as_deref().map(|cause| format!("\n  {cause}")).unwrap_or_default();
    writeln!(std::io::stderr().lock(), "khien: {sentence} [{}]{cause}", fault.code).ok();
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_command_that_looks_makes_no_folder() {
        let parent = tempfile::tempdir().unwrap();
        let data = parent.path().join("misspelt");
        let order = ingest::Order { path: parent.path().into(), source: "x".into(), format: "auto".into() };
        let lost = PeopleCommand::RemoveSecondFactor { username: "x".into(), data: data.clone() };
        for fault in [
            search(&data, "SELECT 1".into(), 1).await.unwrap_err(),
            verify(&data).await.unwrap_err(),
            take_in(&data, Vec::new(), &order).await.unwrap_err(),
            run(Command::People(lost)).await.unwrap_err(),
        ] {
            assert_eq!((fault.code.as_ref(), &fault.args[0].1), ("local.no-data", &data.display().to_string()));
        }
        assert!(!data.exists());
    }
}
