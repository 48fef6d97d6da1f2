//! `khien detect`: logs in a folder against Sigma rules, without a centre.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args as Arguments, ValueEnum};
use khien_base::{Clock, Fault, Result};
use khien_detect::{Level, Status};
use khien_hunt::{Choice, Lang, Order, Shape, Span};
use khien_normalise::Format;

use crate::config::variable;

/// What the command line says.
#[derive(Debug, Arguments)]
pub struct Args {
    /// Nhật ký: tệp, thư mục, .gz, .zip. Logs: files, folders, .gz, .zip.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE|DIR")]
    input: Vec<PathBuf>,
    /// Luật Sigma: tệp, thư mục, .zip; không nêu thì dùng luật có sẵn. Sigma rules; without this our own are used.
    #[arg(long, num_args = 1.., value_name = "FILE|DIR")]
    rules: Vec<PathBuf>,
    /// Thêm luật có sẵn vào luật của --rules. Our own rules beside those of --rules.
    #[arg(long)]
    own_rules: bool,
    /// Dạng nhật ký. How the logs are written.
    #[arg(long, value_enum, default_value_t = Kind::Auto)]
    format: Kind,
    /// Số luồng xử lý, mặc định bằng số lõi. Threads; as many as cores when not given.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// Từ thời điểm: 22/11/2026, "22/11/2026 14:00" (giờ Việt Nam) hoặc RFC 3339. Events from this moment on.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Đến hết thời điểm. Events up to this moment, taken in whole.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Mức độ thấp nhất của luật. The mildest level of rules.
    #[arg(long, value_enum)]
    min_level: Option<Severity>,
    /// Trạng thái của luật. Statuses of rules.
    #[arg(long, value_enum, value_delimiter = ',')]
    status: Vec<State>,
    /// Chỉ dùng các luật này (id hoặc name). Only these rules, by id or name.
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    rule: Vec<String>,
    /// Không dùng các luật này. Without these rules.
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    exclude_rule: Vec<String>,
    /// Tệp kết quả: .csv, .ndjson, .jsonl, .html, .txt. The file of the timeline; standard output without it.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Dạng kết quả, nếu không theo đuôi tệp. How the timeline is written, where the file's ending does not say it.
    #[arg(long, value_enum)]
    output_format: Option<Out>,
    /// Tệp lớp cho ATT&CK Navigator. File for a layer of ATT&CK Navigator.
    #[arg(long, value_name = "FILE")]
    navigator: Option<PathBuf>,
    /// Tổng hợp theo mức độ, luật, máy, kỹ thuật. Counts by level, rule, host, technique.
    #[arg(long)]
    summary: bool,
    /// Số sự kiện, byte, luật, giây. Events, bytes, rules, seconds.
    #[arg(long)]
    stats: bool,
    /// Không hiện tiến độ và lời kết. No progress, no closing words.
    #[arg(long, short)]
    quiet: bool,
    /// Ngôn ngữ của kết quả. Language of the timeline.
    #[arg(long, value_enum)]
    lang: Option<Tongue>,
    /// Mã thoát 3 khi có phát hiện từ mức độ này. Exit code 3 when something of this level was found.
    #[arg(long, value_enum, value_name = "LEVEL")]
    fail_on: Option<Severity>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Auto,
    Evtx,
    Ndjson,
    Syslog,
    Weblog,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Severity {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    Stable,
    Test,
    Experimental,
    Deprecated,
    Unsupported,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Out {
    Table,
    Csv,
    Ndjson,
    Html,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Tongue {
    Vi,
    En,
}

/// Runs the command. Exit codes: 0 done, 2 done but something could not be read, 3 with `--fail-on`; a fault is 1.
pub fn run(args: Args) -> Result<ExitCode> {
    let order = order(args)?;
    let mut stderr = std::io::stderr();
    let terminal = stderr.is_terminal();
    let outcome = khien_hunt::run(&order, &mut std::io::stdout().lock(), &mut stderr, terminal)?;
    Ok(ExitCode::from(outcome.code(order.fail_on)))
}

fn order(args: Args) -> Result<Order> {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let english = || variable("LANG").is_some_and(|lang| lang.starts_with("en"));
    if args.own_rules && args.rules.is_empty() {
        return Err(Fault::invalid("hunt.own-rules"));
    }
    Ok(Order {
        rules: args.rules,
        own_rules: args.own_rules,
        inputs: args.input,
        format: match args.format {
            Kind::Auto => Format::Auto,
            Kind::Evtx => Format::Evtx,
            Kind::Ndjson => Format::Ndjson,
            Kind::Syslog => Format::Syslog,
            Kind::Weblog => Format::Weblog,
        },
        threads: args.threads.map_or_else(cores, usize::from),
        choice: Choice {
            least: args.min_level.map(level),
            status: args.status.into_iter().map(status).collect(),
            only: args.rule,
            except: args.exclude_rule,
        },
        span: Span::new(args.from.as_deref(), args.to.as_deref())?,
        output: args.output,
        shape: args.output_format.map(|out| match out {
            Out::Table => Shape::Table,
            Out::Csv => Shape::Csv,
            Out::Ndjson => Shape::Ndjson,
            Out::Html => Shape::Html,
        }),
        navigator: args.navigator,
        summary: args.summary,
        stats: args.stats,
        quiet: args.quiet,
        lang: match args.lang {
            Some(Tongue::Vi) => Lang::Vi,
            Some(Tongue::En) => Lang::En,
            None if english() => Lang::En,
            None => Lang::Vi,
        },
        fail_on: args.fail_on.map(level),
        now: Clock::System.now(),
    })
}

fn level(of: Severity) -> Level {
    match of {
        Severity::Informational => Level::Informational,
        Severity::Low => Level::Low,
        Severity::Medium => Level::Medium,
        Severity::High => Level::High,
        Severity::Critical => Level::Critical,
    }
}

fn status(of: State) -> Status {
    match of {
        State::Stable => Status::Stable,
        State::Test => Status::Test,
        State::Experimental => Status::Experimental,
        State::Deprecated => Status::Deprecated,
        State::Unsupported => Status::Unsupported,
    }
}
