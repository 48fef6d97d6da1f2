//! Templates, and what every page has around its content.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, NaiveDate, Utc};
use futures::future::BoxFuture;
use khien_base::clock::{vietnam, vn_date};
use khien_base::{Fault, Result};
use minijinja::value::{Kwargs, Serde};
use minijinja::{Environment, Error, ErrorKind, State, Value};
use serde::Serialize;
use serde_json::json;

use crate::actor::Actor;
use crate::assets;
use crate::ctx::{Ctx, Wants};
use crate::kit::Kit;
use crate::module::{Group, Module};
use crate::texts::{Lang, Texts};

/// All templates, once for each language: macros do not see the request, so the language is the environment's.
#[derive(Debug)]
pub struct Pages {
    vi: Environment<'static>,
    en: Environment<'static>,
    strict: Arc<AtomicBool>,
}

/// What the request brings to its page.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Language.
    pub lang: Lang,
    /// HTML or JSON.
    pub wants: Wants,
    /// Only a part of the page.
    pub fragment: bool,
    /// The path asked for, with its query.
    pub path: String,
    /// The request's number.
    pub request: String,
    /// When.
    pub now: DateTime<Utc>,
    /// Who is signed in.
    pub actor: Option<Actor>,
}

impl Frame {
    pub(crate) fn of(ctx: &Ctx) -> Self {
        Self {
            lang: ctx.lang,
            wants: ctx.wants,
            fragment: ctx.fragment(),
            path: ctx.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            request: ctx.request.clone(),
            now: ctx.now,
            actor: None,
        }
    }
}

/// What the top bar says of the moment: nearest legal deadline, unread news.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Banner {
    /// Name of the centre.
    pub centre: String,
    /// The nearest legal deadline.
    pub deadline: Option<Deadline>,
    /// What cannot wait: the centre takes nothing in.
    pub alarm: Option<Alarm>,
}

/// What cannot wait.
#[derive(Debug, Clone, Serialize)]
pub struct Alarm {
    /// Where more is said.
    pub href: String,
    /// What is wrong and what to do.
    pub text: String,
}

/// The nearest legal deadline.
#[derive(Debug, Clone, Serialize)]
pub struct Deadline {
    /// Where it is dealt with.
    pub href: String,
    /// What is due.
    pub text: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Fills the top bar; `app` knows all modules and is behind it.
pub trait Bannerman: Send + Sync {
    /// The banner for who looks.
    fn banner<'a>(&'a self, kit: &'a Kit, actor: Option<&'a Actor>, lang: Lang) -> BoxFuture<'a, Result<Banner>>;
}

impl Pages {
    /// The kit's own templates and those of the modules.
    pub fn of(modules: &[Module], texts: &Texts) -> Result<Self> {
        let strict = Arc::new(AtomicBool::new(false));
        let env = |lang| environment(modules, texts, lang, &strict);
        Ok(Self { vi: env(Lang::Vi)?, en: env(Lang::En)?, strict })
    }

    /// From now on a text key without a sentence is an error: for tests.
    pub fn be_strict(&self) {
        self.strict.store(true, Ordering::Relaxed);
    }

    /// The HTML of a page.
    pub async fn render(&self, kit: &Kit, frame: &Frame, page: &str, view: &serde_json::Value) -> Result<String> {
        let banner = kit.banner(frame.actor.as_ref(), frame.lang).await?;
        self.render_with(kit, frame, page, view, &banner)
    }

    /// The HTML of a page under a given banner.
    pub fn render_with(
        &self,
        kit: &Kit,
        frame: &Frame,
        page: &str,
        view: &serde_json::Value,
        banner: &Banner,
    ) -> Result<String> {
        let env = match frame.lang {
            Lang::Vi => &self.vi,
            Lang::En => &self.en,
        };
        let template = env.get_template(page).map_err(Fault::internal)?;
        let user = frame.actor.as_ref().map(|actor| {
            let seen = actor.reach("units:read").covers(actor.unit);
            json!({"id": actor.id, "name": actor.name, "post": actor.post, "unit": actor.unit_name,
                "unit_href": seen.then(|| format!("/units/{}", actor.unit)),
                "permissions": actor.permissions.keys().collect::<Vec<_>>()})
        });
        let all = json!({
            "page": view,
            "lang": frame.lang.code(),
            "now": frame.now,
            "shell": {
                "path": frame.path,
                "csrf": frame.actor.as_ref().map_or("", |actor| actor.csrf.as_str()),
                "request_id": frame.request,
                "centre": banner.centre,
                "user": user,
                "nav": nav(kit, frame),
                "deadline": banner.deadline,
                "alarm": banner.alarm,
                "unread": 0,
                "fragment": frame.fragment,
                "now": frame.now,
            },
        });
        template.render(Value::from(Serde(all))).map_err(|error| Fault::internal(format!("{page}: {error:#}")))
    }

    /// The page or fragment of a fault.
    pub(crate) async fn fault(
        &self,
        kit: &Kit,
        frame: &Frame,
        fault: &Fault,
        status: u16,
        sentence: &str,
    ) -> Result<String> {
        let view = serde_json::json!({
            "status": status, "code": fault.code, "sentence": sentence, "field": fault.field, "request": frame.request,
        });
        let page = if frame.fragment { "flash.html" } else { "fault.html" };
        self.render(kit, frame, page, &view).await
    }
}

#[derive(Serialize)]
struct NavGroup<'a> {
    group: &'a str,
    label: String,
    items: Vec<NavItem<'a>>,
}

#[derive(Serialize)]
struct NavItem<'a> {
    href: &'a str,
    label: String,
    icon: &'a str,
    active: bool,
}

fn nav<'a>(kit: &'a Kit, frame: &Frame) -> Vec<NavGroup<'a>> {
    let Some(actor) = &frame.actor else { return Vec::new() };
    let path = frame.path.split('?').next().unwrap_or("/");
    let under = |href: &str| path == href || (href != "/" && path.starts_with(&format!("{href}/")));
    Group::ALL
        .into_iter()
        .filter_map(|group| {
            let items: Vec<NavItem<'a>> = kit
                .modules
                .iter()
                .flat_map(|module| module.nav)
                .filter(|nav| nav.group == group && actor.may(nav.permission))
                .map(|nav| NavItem {
                    href: nav.path,
                    label: kit.texts.say(frame.lang, nav.text, []),
                    icon: nav.icon,
                    active: under(nav.path),
                })
                .collect();
            let name = group.text().trim_start_matches("nav.");
            (!items.is_empty()).then(|| NavGroup {
                group: name,
                label: kit.texts.say(frame.lang, group.text(), []),
                items,
            })
        })
        .collect()
}

fn environment(
    modules: &[Module],
    texts: &Texts,
    lang: Lang,
    strict: &Arc<AtomicBool>,
) -> Result<Environment<'static>> {
    let mut env = Environment::new();
    env.set_undefined_behavior(minijinja::UndefinedBehavior::SemiStrict);
    for (name, source) in [
        ("shell.html", include_str!("../pages/shell.html")),
        ("plain.html", include_str!("../pages/plain.html")),
        ("head.html", include_str!("../pages/head.html")),
        ("macros.html", include_str!("../pages/macros.html")),
        ("fault.html", include_str!("../pages/fault.html")),
        ("flash.html", include_str!("../pages/flash.html")),
    ] {
        env.add_template(name, source).map_err(|error| Fault::internal(format!("{name}: {error:#}")))?;
    }
    for page in modules.iter().flat_map(|module| module.pages) {
        env.add_template(page.name, page.source)
            .map_err(|error| Fault::internal(format!("{}: {error:#}", page.name)))?;
    }
    add_functions(&mut env, texts.clone(), lang, Arc::clone(strict));
    Ok(env)
}

fn add_functions(env: &mut Environment<'static>, texts: Texts, lang: Lang, strict: Arc<AtomicBool>) {
    env.add_function("t", move |key: String, args: Kwargs| -> std::result::Result<String, Error> {
        if strict.load(Ordering::Relaxed) && texts.find(lang, &key).is_none() {
            return Err(Error::new(ErrorKind::InvalidOperation, format!("no text for {key}")));
        }
        let mut given = Vec::new();
        for name in args.args() {
            let value: Value = args.get(name)?;
            given.push((name.to_owned(), value.to_string()));
        }
        Ok(texts.say(lang, &key, given.iter().map(|(name, value)| (name.as_str(), value.as_str()))))
    });
    env.add_filter("asset", |path: String| assets::href(&path));
    env.add_filter("date", |value: Value| moment(&value).map_or_else(|| text(&value), |(day, _)| vn_date(day)));
    env.add_filter("time", |value: Value| at(&value, khien_base::clock::vn_time));
    env.add_filter("second", |value: Value| at(&value, khien_base::clock::vn_second));
    env.add_filter("num", move |value: Value| number(&value, lang, None));
    env.add_filter("bytes", move |value: Value| match u64::try_from(value.clone()) {
        Ok(bytes) => {
            let (one, name) = scale(bytes);
            format!("{} {name}", number(&Value::from(per(bytes, one)), lang, Some(1)))
        }
        Err(_) => text(&value),
    });
    env.add_filter("pct", move |value: Value| {
        let shown = number(&value, lang, Some(1));
        if shown == "–" { shown } else { format!("{shown} %") }
    });
    env.add_filter("ago", move |state: &State<'_, '_>, value: Value| -> String {
        let now = state.lookup("now").and_then(|now| moment(&now)).and_then(|(_, at)| at);
        match (now, moment(&value)) {
            (Some(now), Some((_, Some(at)))) => ago(now, at, lang),
            _ => text(&value),
        }
    });
}

fn text(value: &Value) -> String {
    if value.is_none() || value.is_undefined() { "–".to_owned() } else { value.to_string() }
}

fn at(value: &Value, write: fn(DateTime<Utc>) -> String) -> String {
    match moment(value) {
        Some((_, Some(at))) => write(at),
        Some((day, None)) => vn_date(day),
        None => text(value),
    }
}

fn moment(value: &Value) -> Option<(NaiveDate, Option<DateTime<Utc>>)> {
    let text = value.as_str()?;
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Some((day, None));
    }
    let at = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    Some((at.with_timezone(&vietnam()).date_naive(), Some(at)))
}

/// The largest of kB, MB, GB and TB that so many bytes are at least one of, in bytes, and its name; kB below that.
pub fn scale(bytes: u64) -> (u64, &'static str) {
    let units = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB")];
    units.into_iter().find(|(one, _)| bytes >= *one).unwrap_or((1_000, "kB"))
}

/// Bytes in units of so many.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub fn per(bytes: u64, one: u64) -> f64 {
    bytes as f64 / one.max(1) as f64
}

/// `1.234,5` in Vietnamese, `1,234.5` in English.
fn number(value: &Value, lang: Lang, decimals: Option<usize>) -> String {
    let Ok(number) = f64::try_from(value.clone()) else { return "–".to_owned() };
    let (group, point) = match lang {
        Lang::Vi => ('.', ','),
        Lang::En => (',', '.'),
    };
    let shown = match decimals {
        Some(places) => format!("{number:.places$}"),
        None => format!("{number}"),
    };
    let (whole, part) = shown.split_once('.').unwrap_or((&shown, ""));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut out = String::from(sign);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(group);
        }
        out.push(digit);
    }
    let part = part.trim_end_matches('0');
    if !part.is_empty() {
        out.push(point);
        out.push_str(part);
    }
    out
}

fn ago(now: DateTime<Utc>, at: DateTime<Utc>, lang: Lang) -> String {
    let seconds = (now - at).num_seconds();
    let (count, vi, en) = match seconds.abs() {
        s if s < 60 => (s, "giây", "s"),
        s if s < 3600 => (s / 60, "phút", "min"),
        s if s < 86_400 => (s / 3600, "giờ", "h"),
        s => (s / 86_400, "ngày", "d"),
    };
    match (lang, seconds < 0) {
        (Lang::Vi, false) => format!("{count} {vi} trước"),
        (Lang::Vi, true) => format!("sau {count} {vi}"),
        (Lang::En, false) => format!("{count} {en} ago"),
        (Lang::En, true) => format!("in {count} {en}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_each_language_does() {
        assert_eq!(number(&Value::from(1_234_567.5), Lang::Vi, None), "1.234.567,5");
        assert_eq!(number(&Value::from(1_234_567.5), Lang::En, None), "1,234,567.5");
        assert_eq!(number(&Value::from(66.666_6), Lang::Vi, Some(1)), "66,7");
        assert_eq!(number(&Value::from(-1000), Lang::Vi, None), "-1.000");
        assert_eq!(number(&Value::from(()), Lang::Vi, None), "–");
    }

    #[test]
    fn moments_are_told_from_now() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        assert_eq!(ago(now, now - chrono::TimeDelta::hours(3), Lang::Vi), "3 giờ trước");
        assert_eq!(ago(now, now + chrono::TimeDelta::days(2), Lang::En), "in 2 d");
    }
}
