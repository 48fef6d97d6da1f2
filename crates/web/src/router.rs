//! Routes out of module cards, and responses out of answers.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use axum::routing::{MethodFilter, MethodRouter, get, on};
use khien_base::{Fault, Kind, Permit, Result};
use serde_json::json;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::assets;
use crate::ctx::Wants;
use crate::dispatch::{LANG, SESSION, SIGN_IN, dispatch};
use crate::kit::Kit;
use crate::module::Route;
use crate::pages::Frame;
use crate::reply::Reply;
use crate::{live, openapi};

/// Where the JSON twin of every page stands.
pub const API: &str = "/api/v1";

/// Only what we serve ourselves; no inline script, no inline style, no framing.
const CSP: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The kit's own routes: live news and the API's description.
pub fn own_routes() -> Vec<Route> {
    vec![
        Route::get("/live", Permit::SignedIn, live::stream),
        Route::get("/api.json", Permit::SignedIn, openapi::serve),
        Route::get("/language", Permit::Public, language),
    ]
}

/// `GET /language?to=en&next=/plans`: keeps the language in a cookie and goes back.
async fn language(ctx: crate::Ctx) -> Result<Reply> {
    let value = ctx.query_value("to").unwrap_or_default();
    let to = ctx.query_value("next").unwrap_or_else(|| "/".to_owned());
    Ok(Reply::Preference { name: LANG, value, to })
}

/// All routes of all modules, as HTML and as JSON, with assets and fallbacks.
pub fn router(kit: &Arc<Kit>) -> axum::Router {
    let mut router = axum::Router::new();
    let routes = kit.modules.iter().flat_map(|module| (module.routes)()).chain(own_routes());
    for route in routes {
        let route = Arc::new(route);
        if !route.path.starts_with("/api/") {
            let api = format!("{API}{}", if route.path == "/" { "/overview" } else { route.path });
            router = router.route(&api, endpoint(kit, &route, Wants::Json));
        }
        let wants = if route.path.starts_with("/api/") { Wants::Json } else { Wants::Html };
        router = router.route(route.path, endpoint(kit, &route, wants));
    }
    let lost = Arc::new(Route::get("/", Permit::SignedIn, async |_| Err(Fault::not_found("web.not-found"))));
    let fallback = Arc::clone(kit);
    router
        .route("/static/{*path}", get(assets::serve))
        .route("/healthz", get(async || "ok"))
        .fallback(move |request: Request<Body>| {
            let (kit, route) = (Arc::clone(&fallback), Arc::clone(&lost));
            async move {
                let wants = if request.uri().path().starts_with("/api/") { Wants::Json } else { Wants::Html };
                dispatch(kit, &route, request, wants).await
            }
        })
        .layer(DefaultBodyLimit::disable())
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::new())
}

fn endpoint(kit: &Arc<Kit>, route: &Arc<Route>, wants: Wants) -> MethodRouter {
    let (kit, route) = (Arc::clone(kit), Arc::clone(route));
    let filter = if route.method == "GET" { MethodFilter::GET } else { MethodFilter::POST };
    on(filter, move |request: Request<Body>| {
        let (kit, route) = (Arc::clone(&kit), Arc::clone(&route));
        async move { dispatch(kit, &route, request, wants).await }
    })
}

/// The response of an answer or a fault.
pub(crate) async fn respond(kit: &Kit, frame: &Frame, outcome: Result<Reply>) -> Response<Body> {
    let mut response = match outcome {
        Ok(reply) => match answer(kit, frame, reply).await {
            Ok(response) => response,
            Err(fault) => failure(kit, frame, &fault).await,
        },
        Err(fault) => failure(kit, frame, &fault).await,
    };
    let headers = response.headers_mut();
    let fixed = |value: &'static str| HeaderValue::from_static(value);
    headers.insert(header::CONTENT_SECURITY_POLICY, fixed(CSP));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
    headers.insert(header::REFERRER_POLICY, fixed("same-origin"));
    headers.insert("permissions-policy", fixed("camera=(), microphone=(), geolocation=()"));
    headers.insert("cross-origin-opener-policy", fixed("same-origin"));
    headers.insert(header::VARY, fixed("HX-Request, Cookie, Accept-Language"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, fixed("no-store"));
    }
    if let Ok(id) = HeaderValue::from_str(&frame.request) {
        headers.insert("x-request-id", id);
    }
    response
}

async fn answer(kit: &Kit, frame: &Frame, reply: Reply) -> Result<Response<Body>> {
    let json = |status: StatusCode, value: &serde_json::Value| {
        build(status, &[(header::CONTENT_TYPE, "application/json")], Body::from(value.to_string()))
    };
    match reply {
        Reply::Page { view, .. } if frame.wants == Wants::Json => json(StatusCode::OK, &view),
        Reply::Page { page, view } => {
            let html = kit.pages.render(kit, frame, page, &view).await?;
            build(StatusCode::OK, &[(header::CONTENT_TYPE, "text/html; charset=utf-8")], Body::from(html))
        }
        Reply::Redirect(to) if frame.wants == Wants::Json => json(StatusCode::OK, &json!({ "at": to })),
        Reply::Redirect(to) => redirect(frame, &to),
        Reply::File { name, mime, bytes } => {
            let disposition = format!("attachment; filename*=UTF-8''{}", percent(&name));
            let headers = [(header::CONTENT_TYPE, mime), (header::CONTENT_DISPOSITION, disposition.as_str())];
            build(StatusCode::OK, &headers, Body::from(bytes))
        }
        Reply::Download { name, mime, length, body } => {
            let (disposition, length) =
                (format!("attachment; filename*=UTF-8''{}", percent(&name)), length.to_string());
            let headers = [
                (header::CONTENT_TYPE, mime),
                (header::CONTENT_DISPOSITION, disposition.as_str()),
                (header::CONTENT_LENGTH, length.as_str()),
            ];
            build(StatusCode::OK, &headers, body)
        }
        Reply::Json { status, value } => json(StatusCode::from_u16(status).unwrap_or(StatusCode::OK), &value),
        Reply::Events(body) => build(StatusCode::OK, &[(header::CONTENT_TYPE, "text/event-stream")], body),
        Reply::Session { token, seconds, to } => {
            let secure = if kit.settings.secure_cookies { "; Secure" } else { "" };
            let (value, age) = token.map_or((String::new(), 0), |token| (token, seconds));
            let cookie = format!("{SESSION}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}");
            with_cookie(redirect(frame, &to)?, &cookie)
        }
        Reply::Preference { name, value, to } => {
            let value: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
            let cookie = format!("{name}={value}; Path=/; SameSite=Lax; Max-Age=31536000");
            with_cookie(redirect(frame, &to)?, &cookie)
        }
    }
}

async fn failure(kit: &Kit, frame: &Frame, fault: &Fault) -> Response<Body> {
    let status = status(fault.kind);
    if fault.kind == Kind::Internal {
        tracing::error!(request = %frame.request, path = %frame.path, %fault, "internal fault");
    } else {
        tracing::debug!(request = %frame.request, path = %frame.path, %fault, "fault");
    }
    let sentence = kit.texts.fault(frame.lang, fault);
    let built = if frame.wants == Wants::Json {
        let value =
            json!({"fault": {"code": fault.code, "message": sentence, "field": fault.field, "request": frame.request}});
        build(status, &[(header::CONTENT_TYPE, "application/json")], Body::from(value.to_string()))
    } else if fault.kind == Kind::Unauthenticated {
        redirect(frame, &format!("{SIGN_IN}?next={}", percent(&frame.path)))
    } else {
        match kit.pages.fault(kit, frame, fault, status.as_u16(), &sentence).await {
            Ok(html) => build(status, &[(header::CONTENT_TYPE, "text/html; charset=utf-8")], Body::from(html)),
            Err(_) => build(status, &[(header::CONTENT_TYPE, "text/plain; charset=utf-8")], Body::from(sentence)),
        }
    };
    let mut response = built.unwrap_or_else(|_| {
        let mut plain = Response::new(Body::empty());
        *plain.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        plain
    });
    // Who came too often is told when to come again (RFC 9110, 10.2.3).
    let wait = fault.args.iter().find(|(name, _)| name == "seconds").map(|(_, value)| HeaderValue::from_str(value));
    if let (Kind::TooMany | Kind::Unavailable, Some(Ok(wait))) = (fault.kind, wait) {
        response.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    response
}

fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn redirect(frame: &Frame, to: &str) -> Result<Response<Body>> {
    // Only a path of this site, never another host.
    let to = if to.starts_with('/') && !to.starts_with("//") && !to.contains('\\') { to } else { "/" };
    if frame.fragment {
        let name = header::HeaderName::from_static("hx-redirect");
        return build(StatusCode::OK, &[(name, to)], Body::empty());
    }
    build(StatusCode::SEE_OTHER, &[(header::LOCATION, to)], Body::empty())
}

fn with_cookie(mut response: Response<Body>, cookie: &str) -> Result<Response<Body>> {
    let value = HeaderValue::from_str(cookie).map_err(Fault::internal)?;
    response.headers_mut().append(header::SET_COOKIE, value);
    Ok(response)
}

fn build(status: StatusCode, headers: &[(header::HeaderName, &str)], body: Body) -> Result<Response<Body>> {
    let mut builder = Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(name, *value);
    }
    builder.body(body).map_err(Fault::internal)
}

/// Percent-encodes a file name or path for a header (RFC 5987, RFC 3986).
pub fn percent(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").ok();
        }
    }
    out
}

/// The cookie of the language, for the handler that sets it.
pub const LANG_COOKIE: &str = LANG;
