//! What every route may use, and what it knows of the connection that a request came over.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, watch};
use vanguard_core::Env;

use super::blobs::Places;
use super::body::BodyLimits;
use super::metrics::Metrics;
use super::news::Happenings;
use super::problem::{Problem, ProblemKind};
use crate::access::{Access, Passwords, Throttle};
use crate::hands::Hands;
use crate::relay::Relay;
use crate::serve::Limits;

/// The relay's outer shell, shared by all routes.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// What [`App`] shares.
pub struct Shared {
    /// The log.
    pub relay: Arc<Relay>,
    /// Devices and accounts.
    pub access: Arc<Access>,
    /// Asks it.
    pub(crate) doorkeepers: Hands,
    /// Counters.
    pub metrics: Metrics,
    /// What happens beside the log, for open pages.
    pub happenings: Happenings,
    /// Time and randomness.
    pub env: Arc<dyn Env>,
    /// Password hashing.
    pub passwords: Passwords,
    /// Failed sign-ins by account and address.
    pub sign_ins: Throttle<(String, IpAddr)>,
    /// Failed sign-ins, enrolments and set-ups by address alone.
    pub strangers: Throttle<IpAddr>,
    /// One setup at a time.
    pub setup: Mutex<()>,
    /// How many requests may be at work.
    pub turns: Arc<Semaphore>,
    /// How many bodies may be large.
    pub large_bodies: Arc<Semaphore>,
    /// Which requests may bring photos.
    pub uploads: Places,
    /// Bounds.
    pub limits: Limits,
    /// The address that invites name.
    pub public_url: String,
    /// Whether connections are encrypted, so that cookies may say `Secure`.
    pub is_https: bool,
    /// Whether devices need nobody to confirm them.
    pub auto_confirm: bool,
    /// The proxy that encrypts, where there is one: it is believed whose requests it hands on.
    pub proxy: Option<IpAddr>,
    /// Turns true when the relay begins to stop.
    pub stopping: watch::Receiver<bool>,
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl App {
    /// Shares it.
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// Asks `access.db` without holding up other requests.
    ///
    /// # Errors
    /// What `ask` says, or [`ProblemKind::Internal`].
    pub async fn access<T, E>(
        &self,
        ask: impl FnOnce(&Access) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + Send + 'static,
    {
        let access = Arc::clone(&self.0.access);
        let asked = self.0.doorkeepers.run(move || ask(&access)).await;
        asked
            .map_err(|_| Problem::from(ProblemKind::Internal))?
            .map_err(Into::into)
    }

    /// Ready when the relay begins to stop.
    pub async fn stopped(&self) {
        let mut stopping = self.stopping.clone();
        // Nobody left who could say it means the same.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }

    /// The bounds of a body of at most `bytes`.
    pub fn body_limits(&self, bytes: usize) -> BodyLimits {
        BodyLimits {
            bytes,
            idle: self.limits.body_idle,
            floor_bytes_per_s: self.limits.body_floor_bytes_per_s,
        }
    }
}

/// The connection that a request came over.
#[derive(Clone)]
pub struct Peer {
    /// The other end.
    pub address: SocketAddr,
    /// The connection's place among those allowed; whoever holds it keeps the place taken.
    pub place: Arc<Place>,
}

/// The address that a request comes from: the connection's other end, or whom the relay's own
/// proxy names as its client. In tests without a connection it is 0.0.0.0.
pub struct ClientAddress(pub IpAddr);

impl FromRequestParts<App> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<Peer>();
        let peer = peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.address.ip());
        let is_proxy = app.proxy.is_some_and(|proxy| proxy == peer.to_canonical());
        let named = is_proxy.then(|| last_forwarded(&parts.headers)).flatten();
        Ok(Self(named.unwrap_or(peer)))
    }
}

/// The last address of `X-Forwarded-For`: the proxy has added it itself, and anybody may have
/// written those before it.
fn last_forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

/// A connection's place among those allowed.
pub struct Place {
    /// Given back when the connection, and a WebSocket that it became, has ended.
    pub(crate) _permit: OwnedSemaphorePermit,
    /// The gauge of open connections.
    pub(crate) gauge: prometheus_client::metrics::gauge::Gauge,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}
