//! Units and their dated tree, people, roles held, sessions.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    boolean, date, date_null, double_null, integer, json_binary, pk_uuid, string, string_null, text, text_null,
    timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
};

use super::create;

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        units(manager).await?;
        people(manager).await
    }
}

async fn units(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let unit = Table::create()
        .table("unit")
        .col(pk_uuid("id"))
        .col(string_null("code"))
        .col(string("kind"))
        .col(text("name"))
        .col(text("name_en"))
        .col(text("short"))
        .col(text("search_key"))
        .col(json_binary("aliases"))
        .col(double_null("lat"))
        .col(double_null("lon"))
        .col(date("valid_from"))
        .col(date_null("valid_to"))
        .take();
    create(
        manager,
        unit,
        "unit",
        &[
            ("unit_code", &["code"], false),
            ("unit_search_key", &["search_key"], false),
            ("unit_kind", &["kind"], false),
        ],
    )
    .await?;
    let link = Table::create()
        .table("unit_link")
        .col(pk_uuid("id"))
        .col(string("hierarchy"))
        .col(uuid("parent"))
        .col(uuid("child"))
        .col(date("valid_from"))
        .col(date_null("valid_to"))
        .take();
    create(
        manager,
        link,
        "unit_link",
        &[("unit_link_parent", &["hierarchy", "parent"], false), ("unit_link_child", &["hierarchy", "child"], false)],
    )
    .await
}

async fn people(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let person = Table::create()
        .table("person")
        .col(pk_uuid("id"))
        .col(text("name"))
        .col(text("search_key"))
        .col(text("post"))
        .col(uuid("unit"))
        .col(text("email"))
        .col(text("phone"))
        .col(string_null("username"))
        .col(text_null("password_hash"))
        .col(timestamp_with_time_zone_null("password_at"))
        .col(boolean("must_change"))
        .col(text_null("totp_secret"))
        .col(integer("failures"))
        .col(timestamp_with_time_zone_null("locked_until"))
        .col(boolean("active"))
        .col(timestamp_with_time_zone("created_at"))
        .take();
    create(
        manager,
        person,
        "person",
        &[
            ("person_username", &["username"], true),
            ("person_unit", &["unit"], false),
            ("person_search_key", &["search_key"], false),
        ],
    )
    .await?;
    let held = Table::create()
        .table("role_held")
        .col(pk_uuid("id"))
        .col(uuid("person"))
        .col(string("role"))
        .col(uuid("unit"))
        .col(date("valid_from"))
        .col(date_null("valid_to"))
        .col(text("document"))
        .col(uuid_null("granted_by"))
        .take();
    create(manager, held, "role_held", &[("role_held_person", &["person"], false)]).await?;
    let session = Table::create()
        .table("session")
        .col(string("token_hash").primary_key())
        .col(uuid("person"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("seen_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .col(string("address"))
        .col(text("agent"))
        .col(boolean("api"))
        .col(text("label"))
        .take();
    create(manager, session, "session", &[("session_person", &["person"], false)]).await
}
