//! Routes of rules.

mod attempt;
mod edit;
mod filters;
mod imports;
mod list;
mod matrix;
mod review;
mod show;
mod switch;
mod trials;

pub(super) use attempt::{Attempt, attempt, show_try};
pub(super) use edit::{Written, check, edit_page, new_page, save};
pub(super) use filters::{Quiet, filter_page, filter_preview, filter_save};
pub(super) use imports::{
    Confirmed, FromFolder, cancel, confirm, import_folder, import_item, import_list, import_page, upload,
};
pub(super) use list::measure;
pub(super) use list::{faults, list, reload};
pub(super) use matrix::matrix;
pub(super) use review::{
    Noted, approve, compare, discard, reject, restore, retire, submit, version, versions, withdraw,
};
pub(super) use show::show;
pub(super) use switch::{Switched, switch};
pub(super) use trials::{Asked as TrialAsked, begin, hunts, stop, trial, trial_form};

use khien_base::{Fault, Reach, Result};
use khien_web::Ctx;
use khien_web::texts::Lang;

use super::catalog::Known;
use super::store::figures;

/// The whole centre is matched against the same rules: who changes them must reach all of it.
fn whole_centre(ctx: &Ctx, permission: &str) -> Result<()> {
    if reaches_all(ctx, permission) { Ok(()) } else { Err(Fault::forbidden("rules.whole-centre")) }
}

fn reaches_all(ctx: &Ctx, permission: &str) -> bool {
    ctx.reach(permission) == Reach::All
}

fn vietnamese(ctx: &Ctx) -> bool {
    ctx.lang == Lang::Vi
}

/// What rules did within the reader's reach, and what they cost.
async fn known(ctx: &Ctx) -> Result<Known> {
    let db = &ctx.kit.db;
    Ok(Known { figures: figures::all(db, &ctx.reach("alerts:read"), ctx.now).await?, costs: figures::costs(db).await? })
}
