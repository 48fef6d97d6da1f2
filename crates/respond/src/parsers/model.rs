//! Own parsers and their versions.

use sea_orm::entity::prelude::*;

/// A file of own parsers, as it stands.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "own_parser")]
pub struct Model {
    /// Identity.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The name of its first parser; no two files share one.
    pub name: String,
    /// Whether it is in force.
    pub enabled: bool,
    /// The version that it stands at.
    pub number: i32,
    /// The text of that version.
    pub yaml: String,
    /// When it was last changed or switched.
    pub changed_at: DateTimeUtc,
    /// The name of who did.
    pub changed_by: String,
}

impl ActiveModelBehavior for ActiveModel {}

/// Texts that were saved.
pub mod version {
    use sea_orm::entity::prelude::*;

    /// One text.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "own_parser_version")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The file.
        pub parser: Uuid,
        /// From 1.
        pub number: i32,
        /// The text.
        pub yaml: String,
        /// SHA-256 of it, in hex.
        pub sha256: String,
        /// What was said of the change.
        pub note: String,
        /// Who saved it.
        pub author: Option<Uuid>,
        /// The name of who, as it was then.
        pub author_name: String,
        /// When.
        pub written_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
