//! The file of the key that seals the secrets of second factors: 64 hexadecimal digits, for the server's own user only.
//!
//! It stands beside the database and not in it, so that who gets at a copy of the database alone has no second factor.
//! The first start of a data folder makes it. Several servers on one PostgreSQL are given the same file by
//! `secret_key`; there a missing file is a fault, since a key of its own would make each server lock the others out.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use khien_base::{Fault, Result};
use khien_directory::SecretKey;

use crate::config::Config;

/// The key of a data folder, made at its first start.
pub fn of(data: &Path, config: &Config) -> Result<SecretKey> {
    match &config.secret_key {
        Some(file) => read(file),
        None => {
            let file = data.join("secret.key");
            if !file.exists() {
                make(&file)?;
            }
            read(&file)
        }
    }
}

fn read(file: &Path) -> Result<SecretKey> {
    let text = std::fs::read_to_string(file).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Fault::invalid("config.key-missing").with("file", file.display()),
        _ => unreadable(file, &error),
    })?;
    let open = std::fs::metadata(file).is_ok_and(|about| about.permissions().mode() & 0o077 != 0);
    if open {
        tracing::warn!(file = %file.display(), "the key can be read by other users of this machine: chmod 600");
    }
    SecretKey::read(&text).ok_or_else(|| Fault::invalid("config.key-malformed").with("file", file.display()))
}

/// Writes a new key whole or not at all: it is on the disk before it has its name.
fn make(file: &Path) -> Result<()> {
    let half = file.with_extension(format!("new-{}", std::process::id()));
    std::fs::remove_file(&half).ok();
    let written =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half).and_then(|mut out| {
            writeln!(out, "{}", SecretKey::fresh())?;
            out.sync_all()?;
            std::fs::rename(&half, file)
        });
    written.map_err(|error| unreadable(file, &error))?;
    tracing::info!(file = %file.display(), "made the key of second factors: back it up apart from the data");
    Ok(())
}

fn unreadable(file: &Path, error: &std::io::Error) -> Fault {
    Fault::invalid("local.unreadable").with("file", file.display()).with("what", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

    #[test]
    fn the_first_start_makes_a_key_that_the_next_one_finds() {
        let folder = tempfile::tempdir().unwrap();
        let (config, person) = (Config::default(), khien_base::Id::from_u128(1));
        let sealed = of(folder.path(), &config).unwrap().seal(person, SECRET).unwrap();
        let file = folder.path().join("secret.key");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left over");
        let again = of(folder.path(), &config).unwrap();
        assert_eq!(again.open(person, &sealed).ok().unwrap().secret(), SECRET);
        let shared = Config { secret_key: Some(file), ..Config::default() };
        let elsewhere = tempfile::tempdir().unwrap();
        assert_eq!(of(elsewhere.path(), &shared).unwrap().open(person, &sealed).ok().unwrap().secret(), SECRET);
        assert!(!elsewhere.path().join("secret.key").exists());
    }

    #[test]
    fn a_named_file_that_is_missing_or_no_key_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shared.key");
        let config = Config { secret_key: Some(file.clone()), ..Config::default() };
        assert_eq!(of(folder.path(), &config).unwrap_err().code, "config.key-missing");
        for wrong in ["", "abc", &"g".repeat(64), &"a".repeat(66)] {
            std::fs::write(&file, wrong).unwrap();
            assert_eq!(of(folder.path(), &config).unwrap_err().code, "config.key-malformed", "{wrong}");
        }
    }
}
