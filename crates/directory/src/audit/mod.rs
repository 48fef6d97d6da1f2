//! The audit log as pages show it.

use khien_web::Ctx;

/// What an action is called: the text `<module>.did.<action>`, or the action itself where the module gives none.
pub fn did(ctx: &Ctx, action: &str) -> String {
    let module = action.split('.').next().unwrap_or_default();
    let found = ctx.kit.texts.find(ctx.lang, &format!("{module}.did.{action}"));
    found.map_or_else(|| action.to_owned(), str::to_owned)
}
