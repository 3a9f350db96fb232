//! Starts the relay and keeps it running until it is told to stop: opens its data, makes its
//! certificate, takes connections under bounds, ends what is in flight, closes. No globals, so that
//! a test runs ten relays in one process.

mod config;
mod connection;
pub(crate) mod folder;
mod stream;
#[cfg(test)]
mod tests;
mod tls;

use std::fs::File;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};
use vanguard_core::keys::PublicKey;

pub use config::{Config, Limits, Tls};

use crate::access::{Access, AccessError, PUBLIC_URL, Passwords, Throttle};
use crate::hands::Hands;
use crate::http::blobs::Places;
use crate::http::body::LARGE_BODIES;
use crate::http::state::{App, Shared};
use crate::relay::{Relay, RelayError};

/// Why the relay does not start, or does not go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The log.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// Devices and accounts.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The certificate.
    #[error("certificate: {0}")]
    Tls(String),
    /// Another relay runs on the data directory.
    #[error("另一个中继站正在使用此目录 · another relay runs on this directory")]
    Taken,
    /// The data directory or the listener.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// What a starting relay has to say.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Where it listens.
    pub address: SocketAddr,
    /// The address that invites name.
    pub public_url: String,
    /// Its long-lived key, which clients pin.
    pub relay_key: PublicKey,
    /// Where the first administrator is made, while there is none.
    pub setup_url: Option<String>,
}

/// A relay that is open and listens; [`run`](Self::run) makes it answer.
pub struct Server {
    listener: TcpListener,
    app: App,
    acceptor: Option<tokio_rustls::TlsAcceptor>,
    stopping: watch::Sender<bool>,
    ready: Ready,
    /// Let go of when the relay has stopped.
    _folder: File,
}

/// How often what devices said of themselves is written down.
const CONTACT_FLUSH: Duration = Duration::from_secs(3);
/// `access.db` is one connection for what lasts and one for what may be lost.
const DOORKEEPERS: usize = 2;
/// How often uploads that rest and photos that nothing names are looked for.
const SWEEP: Duration = Duration::from_hours(1);
/// When the first sweep is: not while everybody comes back at once.
const FIRST_SWEEP: Duration = Duration::from_mins(2);

impl Server {
    /// Opens the data directory and gets ready to answer on `listener`.
    ///
    /// # Errors
    /// [`ServeError`] says what is missing or broken.
    pub fn start(listener: TcpListener, config: Config) -> Result<Self, ServeError> {
        let address = listener.local_addr()?;
        let folder = folder::take(&config.data)?;
        let relay = Relay::open(&config.data, config.relay, Arc::clone(&config.env))?;
        let access = Access::open(&config.data, Arc::clone(&config.env))?;
        let public_url = config.public_url_on(address);
        let acceptor = tls::acceptor(&config.tls, relay.key(), &public_url)?;
        access.put_setting(PUBLIC_URL, &public_url)?;
        let setup_url = if access.has_no_account()? {
            let token = access.create_setup_token()?;
            Some(format!("{public_url}/setup?token={token}"))
        } else {
            None
        };
        let ready = Ready {
            address,
            public_url: public_url.clone(),
            relay_key: relay.key().public_key(),
            setup_url,
        };
        let (stopping, is_stopping) = watch::channel(false);
        let app = App::new(Shared {
            relay,
            access: Arc::new(access),
            doorkeepers: Hands::new("doorkeeper", DOORKEEPERS)?,
            metrics: crate::http::metrics::Metrics::default(),
            happenings: crate::http::news::Happenings::since(config.env.now_ms()),
            env: config.env,
            passwords: Passwords::default(),
            sign_ins: Throttle::new(5),
            strangers: Throttle::new(50),
            setup: Mutex::new(()),
            turns: Arc::new(Semaphore::new(config.limits.concurrent_requests)),
            large_bodies: Arc::new(Semaphore::new(LARGE_BODIES)),
            uploads: Places::default(),
            limits: config.limits,
            is_https: public_url.starts_with("https://"),
            public_url,
            auto_confirm: config.auto_confirm,
            proxy: config.proxy,
            stopping: is_stopping,
        });
        Ok(Self {
            listener,
            app,
            acceptor,
            stopping,
            ready,
            _folder: folder,
        })
    }

    /// What it has to say.
    pub const fn ready(&self) -> &Ready {
        &self.ready
    }

    /// The log, for who runs a relay inside their own process.
    pub fn relay(&self) -> Arc<Relay> {
        Arc::clone(&self.app.relay)
    }

    /// Devices and accounts, for who runs a relay inside their own process.
    pub fn access(&self) -> Arc<Access> {
        Arc::clone(&self.app.access)
    }

    /// Answers until `shutdown` is ready; then takes nothing new, ends what is in flight (for as
    /// long as the limits give it), and closes the log.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let contacts = keep_contacts(self.app.clone());
        let sweeps = sweep_photos(self.app.clone());
        let router = crate::http::router(self.app.clone());
        let listening = connection::Listening {
            listener: self.listener,
            acceptor: self.acceptor,
            router,
            app: self.app.clone(),
        };
        listening.run(shutdown, &self.stopping).await;
        if !self.app.uploads.all_left(self.app.limits.drain).await {
            tracing::warn!("some photos' last bytes have to come again");
        }
        contacts.abort();
        sweeps.abort();
        if let Err(problem) = self.app.access(Access::flush_contacts).await {
            tracing::warn!(kind = problem.kind.slug(), "the last contacts are lost");
        }
        self.app.relay.close().await;
    }
}

/// Starts a relay and runs it until `shutdown` is ready.
///
/// # Errors
/// [`ServeError`] says why it does not start.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    Server::start(listener, config)?.run(shutdown).await;
    Ok(())
}

fn keep_contacts(app: App) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut ticks = interval(CONTACT_FLUSH);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            // A failure is logged where it is mapped; the next tick tries again.
            let _ = app.access(Access::flush_contacts).await;
        }
    })
}

fn sweep_photos(app: App) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut ticks = interval_at(Instant::now() + FIRST_SWEEP, SWEEP);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match app.relay.sweep_photos().await {
                Ok(swept) => tracing::debug!(?swept, "photos swept"),
                Err(error) => tracing::warn!(%error, "photos could not be swept"),
            }
        }
    })
}
