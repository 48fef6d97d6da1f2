//! `GET /rules/coverage`: tactics against techniques.

use khien_base::Result;
use khien_web::{Ctx, Reply};

use super::{known, vietnamese};
use crate::rules::views::Matrix;
use crate::rules::{coverage, loaded};

/// The matrix of what rules cover.
pub(in crate::rules) async fn matrix(ctx: Ctx) -> Result<Reply> {
    let loaded = loaded::of(&ctx.kit)?.current();
    let known = known(&ctx).await?;
    let heads: Vec<_> = loaded.ruleset.heads().collect();
    let tactics = coverage::matrix(&heads, &known.figures, vietnamese(&ctx));
    let mut techniques: Vec<&str> =
        tactics.iter().flat_map(|tactic| tactic.cells.iter().map(|cell| cell.id.as_str())).collect();
    techniques.sort_unstable();
    techniques.dedup();
    ctx.page(&Matrix { techniques: techniques.len(), rules: heads.len(), tactics })
}
