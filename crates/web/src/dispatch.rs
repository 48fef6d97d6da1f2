//! The way of every request, from top to bottom.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts, RawPathParams};
use axum::http::{HeaderMap, Method, Request, Response, header};
use khien_base::{Fault, Kind, Permit, Result};

use crate::actor::Actor;
use crate::ctx::{Ctx, Wants, bearer, content_type, read_body};
use crate::guard::{csrf_of, same, same_site};
use crate::kit::Kit;
use crate::module::Route;
use crate::pages::Frame;
use crate::reply::Reply;
use crate::router::respond;
use crate::texts::Lang;

/// The cookie of a session.
pub const SESSION: &str = "khien_session";
/// The cookie of the chosen language.
pub const LANG: &str = "khien_lang";
/// Where the first-run wizard is.
pub const SETUP: &str = "/setup";
/// Where one signs in.
pub const SIGN_IN: &str = "/sign-in";

/// Answers one request of one route.
pub(crate) async fn dispatch(kit: Arc<Kit>, route: &Route, request: Request<Body>, wants: Wants) -> Response<Body> {
    let now = kit.now();
    let (mut parts, body) = request.into_parts();
    let params = match RawPathParams::from_request_parts(&mut parts, &()).await {
        Ok(params) => params.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
        Err(_) => HashMap::new(),
    };
    let mut ctx = Ctx {
        now,
        lang: language(&parts.headers),
        wants,
        request: short(&kit.id().to_string()),
        peer: peer(&kit, &parts.headers, parts.extensions.get::<ConnectInfo<SocketAddr>>()),
        uri: parts.uri,
        headers: parts.headers,
        actor: None,
        params,
        body: Mutex::new(body),
        read: None,
        limit: route.limit,
        kit: Arc::clone(&kit),
    };
    let mut frame = Frame::of(&ctx);
    let outcome = match enter(&mut ctx, route, &parts.method).await {
        Err(fault) => Err(fault),
        Ok(Some(reply)) => Ok(reply),
        Ok(None) => {
            frame.actor.clone_from(&ctx.actor);
            (route.handler)(ctx).await
        }
    };
    respond(&kit, &frame, outcome).await
}

/// Everything that is checked before the handler runs. Some checks answer by themselves (first run, sign-in).
async fn enter(ctx: &mut Ctx, route: &Route, method: &Method) -> Result<Option<Reply>> {
    let kit = Arc::clone(&ctx.kit);
    let cookie = cookie(&ctx.headers, SESSION).map(str::to_owned);
    if route.permit != Permit::SourceToken {
        ctx.actor = signed_in(ctx, &kit, cookie.as_deref()).await?;
    }
    let caller = ctx.actor.as_ref().map_or_else(|| ctx.peer.to_string(), |actor| actor.session.clone());
    if route.permit != Permit::SourceToken {
        kit.limits.request(&caller, ctx.now)?;
    }
    if let Some(reply) = permit(ctx, route, &kit).await? {
        return Ok(Some(reply));
    }
    if method != Method::GET && route.permit != Permit::SourceToken {
        csrf(ctx).await?;
    }
    Ok(None)
}

async fn signed_in(ctx: &Ctx, kit: &Kit, cookie: Option<&str>) -> Result<Option<Actor>> {
    if let Some(token) = bearer(&ctx.headers) {
        return kit.gate.actor(token, true, ctx.now).await;
    }
    match cookie {
        None => Ok(None),
        Some(token) => {
            let mut actor = kit.gate.actor(token, false, ctx.now).await?;
            if let Some(actor) = &mut actor {
                actor.csrf = csrf_of(token);
            }
            Ok(actor)
        }
    }
}

async fn permit(ctx: &Ctx, route: &Route, kit: &Kit) -> Result<Option<Reply>> {
    if matches!(route.permit, Permit::Public | Permit::SourceToken) {
        return Ok(None);
    }
    let Some(actor) = &ctx.actor else {
        if ctx.wants == Wants::Html && !kit.gate.ready().await? {
            return Ok(Some(Reply::to(SETUP)));
        }
        // A program whose token is spent cannot sign in: it needs another token.
        let code = if ctx.bearer().is_some() { "web.token-unknown" } else { "web.sign-in-first" };
        return Err(Fault::new(Kind::Unauthenticated, code));
    };
    if let Some(owed) = actor.owed
        && !owed.opens(route.path)
    {
        // A program follows no redirect to a form.
        return match ctx.wants {
            Wants::Html if !actor.api => Ok(Some(Reply::to(owed.page()))),
            _ => Err(Fault::forbidden(owed.code())),
        };
    }
    match route.permit {
        Permit::Needs(permission) if !actor.may(permission) => {
            Err(Fault::forbidden("web.forbidden").with("permission", permission))
        }
        _ => Ok(None),
    }
}

/// A change must carry the session's own secret, in the header `x-csrf-token` or in the form field `_csrf`.
/// API tokens are no cookies: a browser never sends them by itself.
async fn csrf(ctx: &mut Ctx) -> Result<()> {
    let refused = || Fault::forbidden("web.csrf");
    let Some(actor) = &ctx.actor else {
        return if same_site(&ctx.headers) { Ok(()) } else { Err(refused()) };
    };
    if actor.api {
        return Ok(());
    }
    let wanted = actor.csrf.clone();
    if let Some(given) = ctx.headers.get("x-csrf-token").and_then(|v| v.to_str().ok()) {
        return if same(given, &wanted) { Ok(()) } else { Err(refused()) };
    }
    if !content_type(&ctx.headers).starts_with("application/x-www-form-urlencoded") {
        return Err(refused());
    }
    let bytes = read_body(ctx.stream(), ctx.limit).await?;
    ctx.read = Some(bytes.clone());
    let fields: Vec<(String, String)> = serde_html_form::from_bytes(&bytes).unwrap_or_default();
    let given = fields.iter().find(|(name, _)| name == "_csrf").map(|(_, value)| value.as_str());
    if given.is_some_and(|given| same(given, &wanted)) { Ok(()) } else { Err(refused()) }
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok()).find_map(|line| {
        line.split(';').find_map(|pair| pair.trim().strip_prefix(name).and_then(|rest| rest.strip_prefix('=')))
    })
}

fn language(headers: &HeaderMap) -> Lang {
    if let Some(code) = cookie(headers, LANG) {
        return Lang::from_code(code);
    }
    // Vietnamese first: English only for who asks for it and not for Vietnamese.
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if accepted.starts_with("en") && !accepted.contains("vi") { Lang::En } else { Lang::Vi }
}

fn peer(kit: &Kit, headers: &HeaderMap, connection: Option<&ConnectInfo<SocketAddr>>) -> IpAddr {
    let direct = connection.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip());
    if !kit.settings.behind_proxy {
        return direct;
    }
    let forwarded = headers.get("x-forwarded-for").and_then(|v| v.to_str().ok()).unwrap_or_default();
    forwarded.rsplit(',').next().and_then(|last| last.trim().parse().ok()).unwrap_or(direct)
}

/// The tail of a version-7 UUID is its random part: short enough to be read out over the telephone.
fn short(id: &str) -> String {
    id.rsplit('-').next().unwrap_or(id).to_owned()
}
