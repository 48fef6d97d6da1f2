//! Plans, and the files that they came as.

use sea_orm::entity::prelude::*;

/// A plan: its heading, its text, and where it stands.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plan")]
pub struct Model {
    /// Identity.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose plan it is: the province, a commune.
    pub unit: Uuid,
    /// The plan that it carries out in its own place (the province's, for a commune's).
    pub parent: Option<Uuid>,
    /// [`super::State::name`].
    pub state: String,
    /// The trích yếu.
    pub title: String,
    /// [`khien_base::key::key`] of title and number.
    pub search_key: String,
    /// "355/KH-UBND" as written.
    pub number: String,
    /// "Kế hoạch", "Chương trình hành động"…
    pub kind: String,
    /// Who issued it.
    pub issuer: String,
    /// Who signed it.
    pub signer: String,
    /// "Bắc Ninh"
    pub place: String,
    /// Its day; none while it is not known.
    pub issued: Option<Date>,
    /// The name of the file that it came as.
    pub file_name: String,
    /// SHA-256 of the file, in hexadecimal: the key of its bytes.
    pub file_sha256: String,
    /// Bytes of the file.
    pub file_size: i64,
    /// The whole text: a list of [`khien_planread::model::Block`].
    pub blocks: Json,
    /// What a reviewer should look at: a list of [`khien_planread::model::Warning`].
    pub warnings: Json,
    /// Who took it in; none for the program itself.
    pub author: Option<Uuid>,
    /// The name of who took it in, as it was then.
    pub author_name: String,
    /// When it was handed in for approval.
    pub submitted_at: Option<DateTimeUtc>,
    /// Who approved it.
    pub approver: Option<Uuid>,
    /// The name of who approved it, as it was then.
    pub approver_name: String,
    /// The first day on which its tasks are owed.
    pub live_from: Option<Date>,
    /// Why it was given back, when it was.
    pub note: String,
    /// When it was taken in.
    pub created_at: DateTimeUtc,
    /// When anything of it changed last.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// The bytes of files, each kept once.
pub mod file {
    use sea_orm::entity::prelude::*;

    /// A file as it was handed in.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "plan_file")]
    pub struct Model {
        /// SHA-256 of the bytes, in hexadecimal.
        #[sea_orm(primary_key, auto_increment = false)]
        pub sha256: String,
        /// How many bytes.
        pub size: i64,
        /// The bytes.
        pub bytes: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
