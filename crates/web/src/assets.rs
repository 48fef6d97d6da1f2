//! Style, scripts, icons and fonts, embedded in the binary by the build of `assets/`.

use axum::body::Body;
use axum::extract::Path;
use axum::http::{Response, StatusCode, header};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "static"]
#[allow_missing = true]
struct Files;

/// The address of a file, with a part of its hash so that browsers may keep it for ever.
pub fn href(path: &str) -> String {
    match Files::get(path) {
        Some(file) => {
            let hash = hex::encode(file.metadata.sha256_hash());
            format!("/static/{path}?v={}", hash.get(..8).unwrap_or(""))
        }
        None => format!("/static/{path}"),
    }
}

/// Whether the file is in the binary.
pub fn has(path: &str) -> bool {
    Files::get(path).is_some()
}

/// Answers with a file.
pub(crate) async fn serve(Path(path): Path<String>) -> Response<Body> {
    let found = Files::get(&path);
    let status = if found.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let body = found.map_or_else(Body::empty, |file| Body::from(file.data.into_owned()));
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind(&path)));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("public, max-age=31536000, immutable"));
    response
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "json" | "geojson" => "application/json",
        _ => "application/octet-stream",
    }
}
