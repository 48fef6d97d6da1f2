//! What handlers can reach: database, clock, ports, templates, texts.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use khien_base::ports::{EventStore, Intake, Printer, Sheets, Systems, Watch};
use khien_base::{Clock, Fault, Id, Ids, Result};
use khien_db::Db;

use crate::actor::{Actor, Gate};
use crate::guard::Limits;
use crate::live::Bus;
use crate::module::{Measure, Module};
use crate::pages::{Banner, Bannerman, Pages};
use crate::texts::{Lang, Texts};

/// Settings that requests depend on.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether cookies are sent over TLS only.
    pub secure_cookies: bool,
    /// Whether `X-Forwarded-For` of the nearest proxy is believed.
    pub behind_proxy: bool,
    /// Requests a minute that one session may make.
    pub per_minute: u32,
    /// Tries at signing in a minute from one address.
    pub sign_ins_per_minute: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { secure_cookies: false, behind_proxy: false, per_minute: 600, sign_ins_per_minute: 10 }
    }
}

/// Everything that a handler may touch.
pub struct Kit {
    /// Records.
    pub db: Db,
    /// The present.
    pub clock: Clock,
    /// New identities.
    pub ids: Ids,
    /// Module cards, in the order of the navigation.
    pub modules: &'static [Module],
    /// Templates.
    pub pages: Pages,
    /// Sentences.
    pub texts: Texts,
    /// Settings.
    pub settings: Settings,
    /// Who is who.
    pub gate: Arc<dyn Gate>,
    /// Events at rest.
    pub events: Option<Arc<dyn EventStore>>,
    /// Files of documents.
    pub printer: Option<Arc<dyn Printer>>,
    /// Files of lists.
    pub sheets: Option<Arc<dyn Sheets>>,
    /// The register of information systems.
    pub systems: Option<Arc<dyn Systems>>,
    /// Central monitoring.
    pub watch: Option<Arc<dyn Watch>>,
    /// The way of log records into the centre.
    pub intake: Option<Arc<dyn Intake>>,
    /// What modules of one crate share among themselves (loaded rules), by type.
    pub parts: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    /// Live news to open pages.
    pub bus: Bus,
    /// Rate limits.
    pub limits: Limits,
    /// Fills the top bar.
    pub bannerman: Option<Arc<dyn Bannerman>>,
}

impl std::fmt::Debug for Kit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kit").field("modules", &self.modules.len()).finish_non_exhaustive()
    }
}

impl Kit {
    /// A kit of these modules.
    pub fn new(
        db: Db,
        clock: Clock,
        ids: Ids,
        modules: &'static [Module],
        gate: Arc<dyn Gate>,
        settings: Settings,
    ) -> Result<Self> {
        let texts = Texts::of(modules)?;
        let pages = Pages::of(modules, &texts)?;
        let limits = Limits::new(settings.per_minute, settings.sign_ins_per_minute);
        Ok(Self {
            db,
            clock,
            ids,
            modules,
            pages,
            texts,
            settings,
            gate,
            events: None,
            printer: None,
            sheets: None,
            systems: None,
            watch: None,
            intake: None,
            parts: HashMap::new(),
            bus: Bus::new(),
            limits,
            bannerman: None,
        })
    }

    /// The present, to the microsecond: the finest that both databases keep.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(6)
    }

    /// A new identity.
    pub fn id(&self) -> Id {
        self.ids.next(self.clock.now())
    }

    /// The event store.
    pub fn events(&self) -> Result<&Arc<dyn EventStore>> {
        self.events.as_ref().ok_or_else(|| unplugged("event store"))
    }

    /// The printer.
    pub fn printer(&self) -> Result<&Arc<dyn Printer>> {
        self.printer.as_ref().ok_or_else(|| unplugged("printer"))
    }

    /// The maker of list files.
    pub fn sheets(&self) -> Result<&Arc<dyn Sheets>> {
        self.sheets.as_ref().ok_or_else(|| unplugged("maker of list files"))
    }

    /// The register of information systems.
    pub fn systems(&self) -> Result<&Arc<dyn Systems>> {
        self.systems.as_ref().ok_or_else(|| unplugged("register of systems"))
    }

    /// Central monitoring.
    pub fn watch(&self) -> Result<&Arc<dyn Watch>> {
        self.watch.as_ref().ok_or_else(|| unplugged("central monitoring"))
    }

    /// The way of log records into the centre.
    pub fn intake(&self) -> Result<&Arc<dyn Intake>> {
        self.intake.as_ref().ok_or_else(|| unplugged("intake of log records"))
    }

    /// Shares something among the modules of a crate.
    pub fn plug<T: Any + Send + Sync>(&mut self, part: Arc<T>) {
        self.parts.insert(TypeId::of::<T>(), part);
    }

    /// What was shared under this type.
    pub fn part<T: Any + Send + Sync>(&self) -> Result<Arc<T>> {
        let part = self.parts.get(&TypeId::of::<T>()).map(Arc::clone);
        part.and_then(|part| part.downcast().ok()).ok_or_else(|| unplugged(std::any::type_name::<T>()))
    }

    /// All measures of all modules.
    pub fn measures(&self) -> impl Iterator<Item = &'static Measure> {
        self.modules.iter().flat_map(|module| module.measures)
    }

    /// What the top bar says.
    pub async fn banner(&self, actor: Option<&Actor>, lang: Lang) -> Result<Banner> {
        match &self.bannerman {
            Some(bannerman) => bannerman.banner(self, actor, lang).await,
            None => Ok(Banner::default()),
        }
    }
}

fn unplugged(what: &str) -> Fault {
    Fault::internal(format!("no {what} is plugged in"))
}
