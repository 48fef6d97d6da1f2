//! `khien receive certificate`: the centre's own authority, its server's certificate, and one for each machine that
//! sends, so that nobody needs openssl for syslog over TLS.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use khien_base::{Clock, Fault, Result};
use khien_collect::certify::{self, Pair};

use crate::config::receive;

/// What is asked for.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Names and addresses that senders reach the centre by: makes the server's certificate.
    #[arg(long, value_delimiter = ',', required_unless_present = "client")]
    server: Vec<String>,
    /// Name of a machine that sends: makes its certificate.
    #[arg(long)]
    client: Option<String>,
    /// Folder for the machine's certificate.
    #[arg(long, default_value = ".")]
    out: PathBuf,
    /// Data folder.
    #[arg(long, default_value = "data")]
    data: PathBuf,
}

/// Makes what is asked for; gives the lines to print. Nothing that is there is overwritten but the server's certificate.
pub fn make(args: &Args, clock: &Clock) -> Result<Vec<String>> {
    let folder = receive::folder(&args.data);
    std::fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
    let now = clock.now();
    let (cert, key) = (folder.join("ca.pem"), folder.join("ca.key"));
    let mut told = Vec::new();
    let authority = if cert.exists() || key.exists() {
        Pair { cert: read(&cert)?, key: read(&key)? }
    } else {
        let authority = certify::authority("Khien", now)?;
        write(&key, &authority.key, Keep::Both)?;
        write(&cert, &authority.cert, Keep::Both)?;
        told.push(cert.display().to_string());
        authority
    };
    if !args.server.is_empty() {
        let pair = certify::server(&authority, &args.server, now)?;
        told.extend(keep(&folder, "server", &pair, Keep::Newest)?);
    }
    if let Some(name) = &args.client {
        let pair = certify::client(&authority, name, now)?;
        std::fs::create_dir_all(&args.out).map_err(|error| unwritable(&args.out, &error))?;
        let file: String =
            name.chars().map(|c| if c.is_alphanumeric() || "-._".contains(c) { c } else { '-' }).collect();
        told.extend(keep(&args.out, file.trim_start_matches('.'), &pair, Keep::Both)?);
        let ca = args.out.join("ca.pem");
        if !ca.exists() {
            write(&ca, &authority.cert, Keep::Both)?;
        }
        told.push(ca.display().to_string());
        if let Some(fingerprint) = certify::fingerprint(&pair.cert) {
            told.push(format!("SHA256 {fingerprint}"));
        }
    }
    Ok(told)
}

#[derive(Clone, Copy, PartialEq)]
enum Keep {
    Both,
    Newest,
}

fn keep(folder: &Path, name: &str, pair: &Pair, keep: Keep) -> Result<[String; 2]> {
    let (cert, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
    write(&key, &pair.key, keep)?;
    write(&cert, &pair.cert, keep)?;
    Ok([cert.display().to_string(), key.display().to_string()])
}

/// Writes a file that only its owner reads.
fn write(path: &Path, text: &str, keep: Keep) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true);
    match keep {
        Keep::Both => options.create_new(true),
        Keep::Newest => options.create(true).truncate(true),
    };
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| unwritable(path, &error))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Fault {
    Fault::invalid("local.unreadable").with("file", path.display()).with("what", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_made_once_and_signs_server_and_machines() {
        let data = tempfile::tempdir().unwrap();
        let args = |server: &[&str], client: Option<&str>| Args {
            server: server.iter().map(|&name| name.to_owned()).collect(),
            client: client.map(str::to_owned),
            out: data.path().join("out"),
            data: data.path().to_owned(),
        };
        make(&args(&["khien.example", "192.0.2.1"], None), &Clock::System).unwrap();
        let authority = std::fs::read_to_string(data.path().join("tls/ca.pem")).unwrap();
        let told = make(&args(&[], Some("máy 01/../x")), &Clock::System).unwrap();
        assert!(told.iter().any(|line| line.starts_with("SHA256 ") && line.len() == 71), "{told:?}");
        assert_eq!(std::fs::read_to_string(data.path().join("out/ca.pem")).unwrap(), authority);
        assert!(data.path().join("out/máy-01-..-x.key").exists(), "{told:?}");
        let files = receive::Receive::default().tls(data.path());
        assert!(files.client_ca.is_some());
        khien_collect::Tls::open(files, &[]).unwrap();
        let again = make(&args(&[], Some("máy 01/../x")), &Clock::System).unwrap_err();
        assert_eq!(again.code, "local.unreadable", "a machine's key is never overwritten");
    }
}
