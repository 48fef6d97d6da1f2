//! What is plugged into what: the list of modules, the ports and their implementations.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use khien_base::ports::{EventStore, Intake};
use khien_base::{Clock, Fault, Ids, Result};
use khien_db::Db;
use khien_directory::Directory;
use khien_govern::systems::port::Register;
use khien_lake::Lake;
use khien_print::{Lists, NationalForm};
use khien_respond::exports::Shelf;
use khien_respond::intake::{Parts, Pipeline};
use khien_respond::rules::loaded::{self, Rules};
use khien_respond::search::running::Running;
use khien_respond::sources::desk::{Desk, DeskSettings};
use khien_respond::sources::watch::Watching;
use khien_web::{Kit, Module, Settings};

use crate::banner::TopBar;
use crate::config::Config;
use crate::key;
use crate::local::{self, LocalKey};
use crate::overview;
use crate::overview::map::Boundaries;

static MODULES: LazyLock<Vec<Module>> = LazyLock::new(|| {
    let mut all = vec![overview::MODULE];
    all.extend(khien_respond::modules());
    all.extend(khien_govern::modules());
    all.extend(khien_directory::modules());
    all.push(local::MODULE);
    all
});

/// All modules, in the order of the navigation.
pub fn modules() -> &'static [Module] {
    &MODULES
}

/// A centre that is open.
pub struct Centre {
    /// What handlers can reach.
    pub kit: Arc<Kit>,
    /// The key of the command line's way in.
    pub local: Arc<LocalKey>,
    lake: Arc<Lake>,
    /// What is known of log sources.
    pub desk: Arc<Desk>,
}

/// Opens the centre of a data folder: database, event store, rules.
pub async fn open(data: &Path, config: &Config, clock: Clock) -> Result<Centre> {
    std::fs::create_dir_all(data)
        .map_err(|error| Fault::invalid("local.unreadable").with("file", data.display()).with("what", error))?;
    let db = Db::open(&config.database_url(data)).await?;
    let lake = Arc::new(Lake::open_with(&data.join("lake"), clock.clone(), config.lake.settings()).await?);
    let directory = Directory::new(db.clone(), modules(), key::of(data, config)?);
    let unreadable = directory.seal_secrets().await?;
    if unreadable > 0 {
        tracing::error!(
            people = unreadable,
            "second factors were sealed with another key: put the old secret.key back and start again, \
             or remove the second factor of each person who cannot sign in"
        );
    }
    let settings =
        Settings { secure_cookies: config.secure_cookies, behind_proxy: config.behind_proxy, ..Settings::default() };
    let now = clock.now();
    let folders = config.rules.clone();
    let kept = khien_respond::rules::store::versions::kept(&db).await?;
    let work = move || loaded::load_with(&folders, &kept, now);
    let read = tokio::task::spawn_blocking(work).await.map_err(Fault::internal)?;
    for fault in &read.faults {
        tracing::warn!(%fault, "a rule was not loaded");
    }
    tracing::info!(rules = read.ruleset.rules().len(), faults = read.faults.len(), "detection rules");
    let rules = Arc::new(Rules::new(read));
    let parsers = Arc::new(khien_respond::parsers::InForce::default());
    parsers.load(&db).await?;
    let desk_settings = DeskSettings {
        syslog_udp: config.syslog_udp.map(|address| address.port()),
        syslog_tcp: config.syslog_tcp.map(|address| address.port()),
        syslog_tls: config.receive.syslog_tls.map(|address| address.port()),
        http: config.receive.http.map(|address| address.port()),
        http_tls: config.receive.http_tls,
        ..DeskSettings::default()
    };
    let desk = Arc::new(Desk::new(db.clone(), desk_settings, now));
    let local = Arc::new(LocalKey::default());

    let mut kit = Kit::new(db.clone(), clock.clone(), Ids::random(), modules(), directory, settings)?;
    let events: Arc<dyn EventStore> = Arc::clone(&lake) as _;
    let intake: Arc<dyn Intake> = Arc::new(Pipeline::new(Parts {
        db: db.clone(),
        clock,
        ids: Arc::new(Ids::random()),
        events: Arc::clone(&events),
        rules: Arc::clone(&rules),
        parsers: Arc::clone(&parsers),
        desk: Arc::clone(&desk),
        bus: kit.bus.clone(),
    }));
    kit.events = Some(events);
    kit.printer = Some(Arc::new(NationalForm));
    kit.sheets = Some(Arc::new(Lists));
    kit.systems = Some(Arc::new(Register::new(db.clone())));
    kit.watch = Some(Arc::new(Watching::new(db)));
    kit.intake = Some(intake);
    kit.bannerman = Some(Arc::new(TopBar));
    kit.plug(rules);
    kit.plug(parsers);
    kit.plug(Arc::clone(&desk));
    kit.plug(Arc::clone(&local));
    kit.plug(Arc::new(Running::default()));
    kit.plug(Arc::new(Shelf::new(data.join("exports"))));
    if let Some(file) = &config.boundaries {
        kit.plug(Arc::new(Boundaries(file.clone())));
    }
    Ok(Centre { kit: Arc::new(kit), local, lake, desk })
}

impl Centre {
    /// Writes what is still under way and lets go of the data folder.
    pub async fn close(self) -> Result<()> {
        let Self { kit, lake, desk, .. } = self;
        khien_respond::sources::jobs::flush_now(&kit).await?;
        let db = kit.db.clone();
        drop(kit);
        drop(desk);
        // Requests that are still being answered hold the store; they were given their time before.
        if let Some(lake) = Arc::into_inner(lake) {
            lake.close().await?;
        }
        db.close().await
    }
}

impl std::fmt::Debug for Centre {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Centre").finish_non_exhaustive()
    }
}
