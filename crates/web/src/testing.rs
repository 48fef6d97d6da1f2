//! A browser of the tests: sends requests straight into the router, keeps its cookies and its CSRF secret.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Request, header};
use tower::ServiceExt;

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body as JSON; null when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.bytes).unwrap_or(serde_json::Value::Null)
    }

    /// Where a redirect leads.
    pub fn location(&self) -> &str {
        self.headers.get("location").map_or("", String::as_str)
    }
}

/// A browser of one person.
#[derive(Debug, Clone)]
pub struct Browser {
    router: axum::Router,
    cookies: BTreeMap<String, String>,
    csrf: Option<String>,
}

impl Browser {
    /// A browser without cookies.
    pub fn new(router: axum::Router) -> Self {
        Self { router, cookies: BTreeMap::new(), csrf: None }
    }

    /// A browser with the session of this token.
    pub fn signed_in(router: axum::Router, token: &str) -> Self {
        let cookies = BTreeMap::from([(crate::dispatch::SESSION.to_owned(), token.to_owned())]);
        Self { router, cookies, csrf: Some(crate::guard::csrf_of(token)) }
    }

    /// Fetches a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty())).await
    }

    /// Fetches a part of a page, as htmx does.
    pub async fn fragment(&mut self, path: &str) -> Answer {
        self.send(Request::get(path).header("hx-request", "true").body(Body::empty())).await
    }

    /// Opens the live news and gives the stream as it comes, to be read piece by piece.
    pub async fn live(&mut self) -> axum::body::BodyDataStream {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::get("/live").header(header::COOKIE, cookies.join("; ")).body(Body::empty());
        let Ok(request) = request else { return Body::empty().into_data_stream() };
        match self.router.clone().oneshot(request).await {
            Ok(response) => response.into_body().into_data_stream(),
            Err(never) => match never {},
        }
    }

    /// Sends a form, as pages do.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = serde_html_form::to_string(fields).unwrap_or_default();
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("x-csrf-token", self.csrf.clone().unwrap_or_default());
        self.send(request.body(Body::from(body))).await
    }

    /// Sends a form without the session's secret, as another site would.
    pub async fn post_without_secret(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = serde_html_form::to_string(fields).unwrap_or_default();
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body))).await
    }

    /// Sends a file in a multipart form.
    pub async fn upload(&mut self, path: &str, name: &str, bytes: &[u8], fields: &[(&str, &str)]) -> Answer {
        self.uploads(path, &[(name, bytes)], fields).await
    }

    /// Sends several files in one field of a multipart form.
    pub async fn uploads(&mut self, path: &str, files: &[(&str, &[u8])], fields: &[(&str, &str)]) -> Answer {
        let mut body = Vec::new();
        for (field, value) in fields {
            body.extend_from_slice(
                format!("--khien\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n").as_bytes(),
            );
        }
        for (name, bytes) in files {
            body.extend_from_slice(
                format!("--khien\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n")
                    .as_bytes(),
            );
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--khien--\r\n");
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=khien")
            .header("x-csrf-token", self.csrf.clone().unwrap_or_default());
        self.send(request.body(Body::from(body))).await
    }

    /// Fetches with a bearer token and no cookies.
    pub async fn with_token(&mut self, path: &str, token: &str) -> Answer {
        let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
        let kept = std::mem::take(&mut self.cookies);
        let answer = self.send(request.body(Body::empty())).await;
        self.cookies = kept;
        answer
    }

    /// Sends a body with a bearer token and no cookies.
    pub async fn post_token(&mut self, path: &str, token: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
        let kept = std::mem::take(&mut self.cookies);
        let answer = self.send(request.body(body.into())).await;
        self.cookies = kept;
        answer
    }

    async fn send(&mut self, request: Result<Request<Body>, axum::http::Error>) -> Answer {
        let Ok(mut request) = request else { return Answer { status: 0, headers: BTreeMap::new(), bytes: Vec::new() } };
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty()
            && let Ok(value) = cookies.join("; ").parse()
        {
            request.headers_mut().insert(header::COOKIE, value);
        }
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let line = cookie.to_str().unwrap_or_default();
            if let Some((name, value)) = line.split(';').next().and_then(|pair| pair.split_once('=')) {
                if name == crate::dispatch::SESSION {
                    self.csrf = (!value.is_empty()).then(|| crate::guard::csrf_of(value));
                }
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let headers = parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        let bytes = axum::body::to_bytes(body, 64 << 20).await.map(|bytes| bytes.to_vec()).unwrap_or_default();
        Answer { status: parts.status.as_u16(), headers, bytes }
    }
}

/// Renders every page of every module with every sample in both languages; a text key without a sentence or a
/// template that trips is an error that names the page.
pub fn render_samples(kit: &crate::Kit) -> khien_base::Result<usize> {
    use crate::pages::{Banner, Frame};
    let unpaired = kit.texts.unpaired();
    if !unpaired.is_empty() {
        return Err(khien_base::Fault::internal(format!("texts in one language only: {unpaired:?}")));
    }
    kit.pages.be_strict();
    let mut rendered = 0;
    for lang in crate::texts::Lang::ALL {
        let frame = Frame {
            lang,
            wants: crate::ctx::Wants::Html,
            fragment: false,
            path: "/".into(),
            request: "0".into(),
            now: kit.now(),
            actor: None,
        };
        for page in kit.modules.iter().flat_map(|module| module.pages) {
            let Some(samples) = page.samples else { continue };
            for view in samples() {
                kit.pages.render_with(kit, &frame, page.name, &view, &Banner::default())?;
                rendered += 1;
            }
        }
    }
    Ok(rendered)
}

/// Lets everybody in with every right of the modules: for checks that come before rights matter.
struct EveryRight {
    permissions: Vec<&'static str>,
}

impl crate::Gate for EveryRight {
    fn actor<'a>(
        &'a self,
        token: &'a str,
        api: bool,
        _now: chrono::DateTime<chrono::Utc>,
    ) -> futures::future::BoxFuture<'a, khien_base::Result<Option<crate::Actor>>> {
        let permissions = self.permissions.iter().map(|name| (*name, khien_base::Reach::All)).collect();
        let actor = crate::Actor {
            id: khien_base::Id::nil(),
            name: String::new(),
            post: String::new(),
            unit: khien_base::Id::nil(),
            unit_name: String::new(),
            permissions,
            session: crate::guard::token_hash(token),
            csrf: String::new(),
            api,
            owed: None,
        };
        Box::pin(async { Ok(Some(actor)) })
    }

    fn ready(&self) -> futures::future::BoxFuture<'_, khien_base::Result<bool>> {
        Box::pin(async { Ok(true) })
    }

    fn as_any(&self) -> &(dyn std::any::Any + Send + Sync) {
        self
    }
}

/// Checks the cards of a kit against each other: each permit and each entry of the navigation names a declared
/// permission, permissions and pages begin with their module's name, no two routes clash, and each change refuses a
/// signed-in request without the session's secret. The fault names the first thing that is wrong.
pub async fn check_cards(kit: &crate::Kit) -> khien_base::Result<()> {
    let declared: Vec<&'static str> =
        kit.modules.iter().flat_map(|module| module.permissions).map(|permission| permission.name).collect();
    check_names(kit.modules, &declared)?;
    check_routes(kit.modules, &declared)?;
    let gate = std::sync::Arc::new(EveryRight { permissions: declared });
    let settings = crate::Settings { per_minute: u32::MAX, sign_ins_per_minute: u32::MAX, ..kit.settings.clone() };
    let (db, clock, ids) = (kit.db.clone(), kit.clock.clone(), khien_base::Ids::seeded(1));
    let open = std::sync::Arc::new(crate::Kit::new(db, clock, ids, kit.modules, gate, settings)?);
    let mut browser = Browser::signed_in(crate::router::router(&open), "check");
    for route in kit.modules.iter().flat_map(|module| (module.routes)()) {
        // A log source carries a token of its own and no cookie.
        if route.method == "GET" || route.permit == khien_base::Permit::SourceToken {
            continue;
        }
        let path = shape(route.path).replace("{}", &khien_base::Id::nil().to_string());
        let answer = browser.post_without_secret(&path, &[("a", "b")]).await;
        if answer.status != 403 || !answer.text().contains("web.csrf") {
            return Err(wrong(format!("{route:?} takes a change without the secret: {}", answer.status)));
        }
    }
    Ok(())
}

fn wrong(what: String) -> khien_base::Fault {
    khien_base::Fault::internal(what)
}

fn check_names(modules: &[crate::Module], declared: &[&str]) -> khien_base::Result<()> {
    let mut seen = std::collections::HashSet::new();
    for module in modules {
        if !seen.insert(module.name) {
            return Err(wrong(format!("two modules are called {}", module.name)));
        }
        for permission in module.permissions {
            let own = permission.name.strip_prefix(module.name).is_some_and(|rest| rest.starts_with(':'));
            if !own || permission.roles.is_empty() || !seen.insert(permission.name) {
                return Err(wrong(format!(
                    "permission {} of {}: prefix, roles or twice",
                    permission.name, module.name
                )));
            }
        }
        for nav in module.nav {
            if !declared.contains(&nav.permission) {
                return Err(wrong(format!(
                    "navigation to {} names {}, which no card declares",
                    nav.path, nav.permission
                )));
            }
        }
        for page in module.pages {
            let own = page.name.strip_prefix(module.name).is_some_and(|rest| rest.starts_with('/'));
            if !own || !seen.insert(page.name) {
                return Err(wrong(format!("page {} of {}: prefix or twice", page.name, module.name)));
            }
        }
    }
    Ok(())
}

fn check_routes(modules: &[crate::Module], declared: &[&str]) -> khien_base::Result<()> {
    let mut taken: BTreeMap<(&'static str, String), &'static str> = BTreeMap::new();
    let all: Vec<crate::Route> =
        modules.iter().flat_map(|module| (module.routes)()).chain(crate::router::own_routes()).collect();
    for route in &all {
        if let khien_base::Permit::Needs(permission) = route.permit
            && !declared.contains(&permission)
        {
            return Err(wrong(format!("{route:?} needs a permission that no card declares")));
        }
        if let Some(other) = taken.insert((route.method, shape(route.path)), route.path) {
            return Err(wrong(format!("{route:?} clashes with {other}")));
        }
    }
    let gets: Vec<&str> = all.iter().filter(|route| route.method == "GET").map(|route| route.path).collect();
    for nav in modules.iter().flat_map(|module| module.nav) {
        if !gets.contains(&nav.path) {
            return Err(wrong(format!("the navigation leads to {}, which is no page", nav.path)));
        }
    }
    Ok(())
}

/// A path without the names of its places: `/people/{}/roles/{}`.
fn shape(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use khien_base::permit::Permission;
    use khien_base::{Permit, Role};

    use super::*;
    use crate::{Group, Module, Nav, Page, Reply, Route};

    const NAV: Nav = Nav { group: Group::Plans, path: "/a", text: "nav.plans", icon: "report", permission: "a:read" };
    const GOOD: Module = Module {
        name: "a",
        nav: &[NAV],
        permissions: &[Permission { name: "a:read", roles: &Role::ALL }],
        routes,
        pages: &[Page { name: "a/list.html", source: "", samples: None }],
        texts_vi: "{}",
        texts_en: "{}",
        jobs: &[],
        measures: &[],
    };

    fn routes() -> Vec<Route> {
        vec![
            Route::get("/a", Permit::Needs("a:read"), async |_| Ok(Reply::to("/"))),
            Route::get("/a/{id}", Permit::Needs("a:read"), async |_| Ok(Reply::to("/"))),
        ]
    }

    fn fault(modules: &[Module]) -> String {
        let declared: Vec<&str> =
            modules.iter().flat_map(|module| module.permissions).map(|permission| permission.name).collect();
        let found = check_names(modules, &declared).and_then(|()| check_routes(modules, &declared));
        found.err().and_then(|fault| fault.cause).unwrap_or_default()
    }

    #[test]
    fn a_wrong_card_is_told() {
        assert_eq!(fault(&[GOOD]), "");
        assert!(fault(&[GOOD, GOOD]).contains("two modules"));
        let page = Module { pages: &[Page { name: "b/list.html", source: "", samples: None }], ..GOOD };
        assert!(fault(&[page]).contains("b/list.html"));
        let stray = Module { permissions: &[Permission { name: "ab:read", roles: &Role::ALL }], ..GOOD };
        assert!(fault(&[stray]).contains("ab:read"));
        let nobody = Module { permissions: &[Permission { name: "a:read", roles: &[] }], ..GOOD };
        assert!(fault(&[nobody]).contains("roles"));
        let nav = Module { nav: &[Nav { permission: "a:write", ..NAV }], ..GOOD };
        assert!(fault(&[nav]).contains("a:write"));
        let lost = Module { nav: &[Nav { path: "/b", ..NAV }], ..GOOD };
        assert!(fault(&[lost]).contains("/b"));
        let needs = Module {
            routes: || {
                let mut all = routes();
                all.push(Route::post("/a", Permit::Needs("a:write"), async |_| Ok(Reply::to("/"))));
                all
            },
            ..GOOD
        };
        assert!(fault(&[needs]).contains("no card declares"));
        let clash = Module {
            routes: || {
                let mut all = routes();
                all.push(Route::get("/a/{other}", Permit::SignedIn, async |_| Ok(Reply::to("/"))));
                all
            },
            ..GOOD
        };
        assert!(fault(&[clash]).contains("clashes with /a/{id}"));
    }
}
