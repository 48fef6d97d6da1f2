//! Signing in and out, and the own account: password, second factor, sessions, API tokens.
//!
//! Words: *session* — a signed-in browser; *token* — the secret of a session or of a program that uses the API;
//! *second factor* — a six-digit code of RFC 6238.
//! Invariants: a wrong name and a wrong password get the same answer in the same time; five wrong passwords in a row
//! close the account for fifteen minutes; a new password ends all other sessions; tokens are stored as hashes; a code
//! works once; the secret of a second factor is stored sealed ([`crate::seal`]). Who owes a password or a second factor
//! ([`rules::owed`]) reaches nothing else before.
//! It never shows a secret again after it was made.

mod enter;
mod http;
pub mod rules;
mod second_factor;
pub mod views;

#[cfg(test)]
mod tests;

use khien_base::Permit;
use khien_web::{Module, Page, Route, samples};

/// The card.
pub const MODULE: Module = Module {
    name: "sign_in",
    nav: &[],
    permissions: &[],
    routes,
    pages: &[
        Page {
            name: "sign_in/sign_in.html",
            source: include_str!("pages/sign_in.html"),
            samples: Some(samples::<views::SignIn>),
        },
        Page {
            name: "sign_in/account.html",
            source: include_str!("pages/account.html"),
            samples: Some(samples::<views::Account>),
        },
        Page {
            name: "sign_in/second_factor.html",
            source: include_str!("pages/second_factor.html"),
            samples: Some(samples::<views::SecondFactor>),
        },
    ],
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: &[],
    measures: &[],
};

fn routes() -> Vec<Route> {
    vec![
        Route::get("/sign-in", Permit::Public, enter::show).gives::<views::SignIn>(),
        Route::post("/sign-in", Permit::Public, enter::sign_in).takes::<enter::Credentials>(),
        Route::post("/sign-out", Permit::SignedIn, enter::sign_out),
        Route::get("/account", Permit::SignedIn, http::account).gives::<views::Account>(),
        Route::post("/account/password", Permit::SignedIn, http::change_password).takes::<http::NewPassword>(),
        Route::get("/account/second-factor", Permit::SignedIn, second_factor::show).gives::<views::SecondFactor>(),
        Route::post("/account/second-factor", Permit::SignedIn, second_factor::set).takes::<second_factor::Code>(),
        Route::post("/account/tokens", Permit::SignedIn, http::make_token).takes::<http::NewToken>(),
        Route::post("/account/sessions/end", Permit::SignedIn, http::end_session).takes::<http::Ended>(),
    ]
}
