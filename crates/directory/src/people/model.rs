//! People, the roles that they hold, and their sessions.

use sea_orm::entity::prelude::*;

/// A person of a unit; with a user name also a user.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    /// Identity.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Full name.
    pub name: String,
    /// [`khien_base::key::key`] of the name.
    pub search_key: String,
    /// Post ("Trưởng phòng").
    pub post: String,
    /// The unit that the person belongs to.
    pub unit: Uuid,
    /// E-mail.
    pub email: String,
    /// Telephone.
    pub phone: String,
    /// Name for signing in, in lower case; none for who does not sign in.
    pub username: Option<String>,
    /// argon2id.
    pub password_hash: Option<String>,
    /// When the password was set.
    pub password_at: Option<DateTimeUtc>,
    /// Whether it must be changed at the next sign-in.
    pub must_change: bool,
    /// Secret of the second factor, as [`crate::SecretKey`] sealed it; base 32 in a row from before.
    pub totp_secret: Option<String>,
    /// The newest time step whose code was used (RFC 6238, 5.2): it and the older ones are worth nothing.
    pub totp_step: Option<i64>,
    /// Wrong passwords in a row.
    pub failures: i32,
    /// No sign-in before this moment.
    pub locked_until: Option<DateTimeUtc>,
    /// Whether the person may sign in.
    pub active: bool,
    /// When the record was made.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// Roles held.
pub mod held {
    use sea_orm::entity::prelude::*;

    /// A role held at a unit for a period, by a document.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "role_held")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Who.
        pub person: Uuid,
        /// [`khien_base::Role::name`].
        pub role: String,
        /// Where; it reaches down from there.
        pub unit: Uuid,
        /// First day.
        pub valid_from: Date,
        /// Last day; none for until further notice.
        pub valid_to: Option<Date>,
        /// The decision that gives it ("QĐ 12/QĐ-CAT ngày 02/7/2026").
        pub document: String,
        /// Who recorded it.
        pub granted_by: Option<Uuid>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Sessions and API tokens.
pub mod session {
    use sea_orm::entity::prelude::*;

    /// A signed-in browser, or an API token.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "session")]
    pub struct Model {
        /// SHA-256 of the token.
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_hash: String,
        /// Whose.
        pub person: Uuid,
        /// When it began.
        pub created_at: DateTimeUtc,
        /// When it was last used, to five minutes.
        pub seen_at: DateTimeUtc,
        /// When it ends.
        pub expires_at: DateTimeUtc,
        /// From which address.
        pub address: String,
        /// With which browser.
        pub agent: String,
        /// Whether it is an API token.
        pub api: bool,
        /// What an API token is for.
        pub label: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A person to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewPerson {
    /// Full name.
    pub name: String,
    /// Post.
    pub post: String,
    /// Unit.
    pub unit: Uuid,
    /// E-mail.
    pub email: String,
    /// Telephone.
    pub phone: String,
    /// Name for signing in.
    pub username: Option<String>,
    /// argon2id of the first password.
    pub password_hash: Option<String>,
    /// Whether it must be changed at once.
    pub must_change: bool,
}
