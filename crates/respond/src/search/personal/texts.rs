//! Masks in texts: known accounts, and what looks like a person's whoever it is.

use super::MASK;

/// The account in a value: `lan` of `SO\lan`, of `lan@so.gov.vn`, of `lan`.
pub(super) fn account(value: &str) -> &str {
    let bare = value.trim();
    let bare = bare.rsplit_once('\\').map_or(bare, |(_, account)| account);
    bare.split_once('@').map_or(bare, |(account, _)| account)
}

/// A value of which only the beginning, and the domain of an account, can be read.
pub(super) fn hidden(value: &str) -> String {
    let (domain, rest) = match value.rsplit_once('\\') {
        Some((domain, account)) => (format!("{domain}\\"), account),
        None => (String::new(), value),
    };
    let (account, after) = rest.split_once('@').map_or((rest, String::new()), |(a, host)| (a, format!("@{host}")));
    let first: String = account.chars().take(1).collect();
    format!("{domain}{first}{MASK}{after}")
}

/// A text without these accounts (as words of their own, in any case of letters) and without what looks like a person's:
/// e-mail addresses, telephone numbers and citizens' numbers of Vietnam, names of home folders.
pub(super) fn scrubbed(text: &str, known: &[String]) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        let begins = at == 0 || !chars.get(at - 1).is_some_and(|before| word(*before));
        let found = begins.then(|| here(&chars, at, known)).flatten();
        match found {
            Some((length, shown)) => {
                out.push_str(&shown);
                at += length;
            }
            None => {
                out.push(*c);
                at += 1;
            }
        }
    }
    out
}

fn word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What begins here and is to be masked: its length and its mask.
fn here(chars: &[char], at: usize, known: &[String]) -> Option<(usize, String)> {
    mail(chars, at).or_else(|| account_here(chars, at, known)).or_else(|| number(chars, at)).or_else(|| home(chars, at))
}

fn first(chars: &[char], at: usize, count: usize) -> String {
    chars.iter().skip(at).take(count).collect::<String>() + MASK
}

fn account_here(chars: &[char], at: usize, known: &[String]) -> Option<(usize, String)> {
    known.iter().find_map(|account| {
        let mut length = 0;
        for c in account.chars() {
            let there = chars.get(at + length)?;
            if !there.to_lowercase().eq(c.to_lowercase()) {
                return None;
            }
            length += 1;
        }
        let ends = !chars.get(at + length).is_some_and(|next| word(*next));
        (ends && length > 1).then(|| (length, first(chars, at, 1)))
    })
}

/// `lan.tt@so.gov.vn`
fn mail(chars: &[char], at: usize) -> Option<(usize, String)> {
    let local = |c: &&char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-');
    let name = chars.iter().skip(at).take(64).take_while(local).count();
    if name == 0 || chars.get(at + name) != Some(&'@') {
        return None;
    }
    let host: String = chars.iter().skip(at + name + 1).take(255).take_while(local).collect();
    let host = host.trim_end_matches('.');
    let top = host.rsplit_once('.').map_or("", |(_, top)| top);
    let good = top.len() >= 2 && top.chars().all(|c| c.is_ascii_alphabetic());
    good.then(|| (name + 1 + host.chars().count(), format!("{}@{host}", first(chars, at, 1))))
}

/// A telephone number (`0987654321`, `+84987654321`) or a citizen's number (12 digits from 0).
fn number(chars: &[char], at: usize) -> Option<(usize, String)> {
    let plus = usize::from(chars.get(at) == Some(&'+'));
    let digits: String = chars.iter().skip(at + plus).take(13).take_while(|c| c.is_ascii_digit()).collect();
    let next = chars.get(at + plus + digits.len());
    if next.is_some_and(|c| word(*c)) {
        return None;
    }
    let mobile = |rest: &str| rest.len() == 9 && rest.starts_with(['3', '5', '7', '8', '9']);
    let telephone = match plus {
        0 => digits.strip_prefix('0').or_else(|| digits.strip_prefix("84")).is_some_and(mobile),
        _ => digits.strip_prefix("84").is_some_and(mobile),
    };
    let citizen = plus == 0 && digits.len() == 12 && digits.starts_with('0');
    (telephone || citizen).then(|| (plus + digits.len(), first(chars, at, 2 + plus)))
}

/// `Users\lan`, `home/lan`: the name of a home folder, folder and sign before it included.
fn home(chars: &[char], at: usize) -> Option<(usize, String)> {
    const NOBODY: [&str; 5] = ["public", "default", "all users", "administrator", "root"];
    for folder in ["users", "home"] {
        let same =
            folder.chars().enumerate().all(|(n, c)| chars.get(at + n).is_some_and(|x| x.eq_ignore_ascii_case(&c)));
        if !same {
            continue;
        }
        // JSON doubles the sign of Windows.
        let signs = chars.iter().skip(at + folder.len()).take(2).take_while(|c| matches!(c, '\\' | '/')).count();
        let start = at + folder.len() + signs;
        let name = |c: &&char| word(**c) || matches!(c, '.' | '-' | ' ');
        let name: String = chars.iter().skip(start).take(64).take_while(name).collect();
        let closed = chars.get(start + name.chars().count()).is_some_and(|c| matches!(c, '\\' | '/'));
        let before: String = chars.iter().skip(at).take(folder.len() + signs).collect();
        if signs > 0 && closed && !name.is_empty() && !NOBODY.contains(&name.to_lowercase().as_str()) {
            let length = folder.len() + signs + name.chars().count();
            return Some((length, format!("{before}{}", first(chars, start, 1))));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_persons_is_masked() {
        for (text, expected) in [
            ("gửi lan.tt@so.gov.vn.", "gửi l•••@so.gov.vn."),
            ("gọi 0987654321 hoặc +84912345678", "gọi 09••• hoặc +84•••"),
            ("cccd=001199012345,", "cccd=00•••,"),
            (r"C:\Users\lan tt\a.exe", r"C:\Users\l•••\a.exe"),
            (r#""C:\\Users\\lan\\a""#, r#""C:\\Users\\l•••\\a""#),
            ("/home/lan/x /home/y", "/home/l•••/x /home/y"),
            (r"C:\Users\Public\a", r"C:\Users\Public\a"),
            ("id 1234567890123 0123 user@host 12:30:05 10.0.0.1", "id 1234567890123 0123 user@host 12:30:05 10.0.0.1"),
        ] {
            assert_eq!(scrubbed(text, &[]), expected);
        }
    }

    #[test]
    fn a_hidden_value_keeps_its_beginning_and_domain() {
        assert_eq!(hidden("lan"), "l•••");
        assert_eq!(hidden("SO\\lan"), "SO\\l•••");
        assert_eq!(hidden("lan@so.vn"), "l•••@so.vn");
        assert_eq!(account("SO\\lan"), "lan");
        assert_eq!(account("lan@so.vn"), "lan");
    }
}
