//! Pages of signing in and of the own account.

use chrono::{DateTime, Utc};
use khien_web::View;
use schemars::JsonSchema;
use serde::Serialize;

/// The form for signing in.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct SignIn {
    /// Where to go afterwards.
    pub next: String,
    /// What was wrong, in a sentence.
    pub error: String,
    /// The name that was typed.
    pub username: String,
    /// Whether the code of the second factor is asked for.
    pub ask_code: bool,
}

impl View for SignIn {
    const PAGE: &'static str = "sign_in/sign_in.html";

    fn samples() -> Vec<Self> {
        vec![
            Self::default(),
            Self {
                next: "/plans".into(),
                error: "Sai tên hoặc mật khẩu.".into(),
                username: "binh".into(),
                ask_code: true,
            },
        ]
    }
}

/// The own account.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Account {
    /// Name.
    pub name: String,
    /// Post.
    pub post: String,
    /// Unit.
    pub unit: String,
    /// Name for signing in.
    pub username: String,
    /// Roles held: text key of the role and name of the unit.
    pub roles: Vec<RoleHeld>,
    /// Whether the password must be changed now.
    pub must_change: bool,
    /// Whether because it is too old, not because somebody else set it.
    pub too_old: bool,
    /// Days after which a password must change; 0 for never.
    pub max_age_days: u32,
    /// Characters that a password must have.
    pub min_length: u32,
    /// Whether a second factor is set.
    pub second_factor: bool,
    /// Whether the policy asks for one.
    pub second_factor_wanted: bool,
    /// Sessions and tokens that hold.
    pub sessions: Vec<SessionRow>,
    /// A new token, shown once.
    pub new_token: String,
}

/// A role held at a unit.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RoleHeld {
    /// `officer`
    pub role: String,
    /// Name of the unit.
    pub unit: String,
}

/// One session or token.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SessionRow {
    /// Its hash, to end it.
    pub hash: String,
    /// From where.
    pub address: String,
    /// With what.
    pub agent: String,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last used.
    pub seen_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// Whether it is an API token.
    pub api: bool,
    /// What the token is for.
    pub label: String,
    /// Whether it is the one that looks at this page.
    pub this: bool,
}

impl View for Account {
    const PAGE: &'static str = "sign_in/account.html";

    fn samples() -> Vec<Self> {
        let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default();
        let row = |api, this| SessionRow {
            hash: "ab12".into(),
            address: "192.0.2.7".into(),
            agent: "Firefox".into(),
            created_at: at,
            seen_at: at,
            expires_at: at,
            api,
            label: "Báo cáo tự động".into(),
            this,
        };
        vec![
            Self { must_change: true, min_length: 14, ..Self::default() },
            Self { must_change: true, too_old: true, max_age_days: 90, min_length: 14, ..Self::default() },
            Self {
                name: "Trần Thị Bình".into(),
                post: "Trưởng phòng".into(),
                unit: "Sở Y tế".into(),
                username: "binh".into(),
                roles: vec![RoleHeld { role: "focal_point".into(), unit: "Sở Y tế".into() }],
                min_length: 8,
                max_age_days: 60,
                second_factor: true,
                second_factor_wanted: true,
                sessions: vec![row(false, true), row(true, false)],
                new_token: "abc".into(),
                ..Self::default()
            },
        ]
    }
}

/// Setting up the second factor.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct SecondFactor {
    /// The QR code, as an SVG image in a data address.
    pub qr: String,
    /// The secret, for who cannot scan.
    pub secret: String,
    /// Whether nothing else opens before it is set.
    pub owed: bool,
}

impl View for SecondFactor {
    const PAGE: &'static str = "sign_in/second_factor.html";

    fn samples() -> Vec<Self> {
        let of =
            |owed| Self { qr: "data:image/svg+xml;base64,PHN2Zy8+".into(), secret: "JBSWY3DPEHPK3PXP".into(), owed };
        vec![of(false), of(true)]
    }
}
