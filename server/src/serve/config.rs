//! What a relay is started with.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use vanguard_core::{Env, SystemEnv};

use crate::relay::RelayOptions;

/// How connections are encrypted.
#[derive(Clone, Debug)]
pub enum Tls {
    /// With the relay's own certificate, signed by its long-lived key, which clients pin.
    OwnKey,
    /// With a given certificate chain and key, both PEM.
    Files {
        /// The chain, the relay's own certificate first.
        cert: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// Not at all: plain HTTP, for loopback and for behind a proxy that encrypts.
    Plain,
}

/// What a relay is started with.
#[derive(Clone)]
pub struct Config {
    /// The data directory; made where it is missing.
    pub data: PathBuf,
    /// The address that invites name, such as `https://relay.plant.example:8443`; where it
    /// listens, if not given.
    pub public_url: Option<String>,
    /// How connections are encrypted.
    pub tls: Tls,
    /// The address of the proxy that encrypts, where there is one: it is believed when it says in
    /// `X-Forwarded-For` whose requests it hands on.
    pub proxy: Option<IpAddr>,
    /// Whether devices need nobody to compare their digits. For demonstrations and tests.
    pub auto_confirm: bool,
    /// Bounds on what clients may take.
    pub limits: Limits,
    /// How the log works.
    pub relay: RelayOptions,
    /// Time and randomness.
    pub env: Arc<dyn Env>,
}

impl Config {
    /// A relay on a data directory, everything else as usual.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            public_url: None,
            tls: Tls::OwnKey,
            proxy: None,
            auto_confirm: false,
            limits: Limits::default(),
            relay: RelayOptions::default(),
            env: SystemEnv::shared(),
        }
    }

    /// The address that invites name, for a relay that listens on `address`.
    pub(super) fn public_url_on(&self, address: SocketAddr) -> String {
        if let Some(url) = &self.public_url {
            return url.trim_end_matches('/').to_owned();
        }
        let scheme = match self.tls {
            Tls::Plain => "http",
            Tls::OwnKey | Tls::Files { .. } => "https",
        };
        if address.ip().is_unspecified() {
            return format!("{scheme}://localhost:{}", address.port());
        }
        format!("{scheme}://{address}")
    }
}

/// Bounds on what clients may take. Times are wall-clock durations.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most connections at a time; further ones wait to be taken.
    pub connections: usize,
    /// The most requests at work at a time; further ones wait some seconds, then get 503.
    pub concurrent_requests: usize,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// How long a connection may be without a whole request head: at its beginning, and between
    /// two requests.
    pub header: Duration,
    /// How long a body may be without a byte.
    pub body_idle: Duration,
    /// How many bytes a second a body has to reach on the whole.
    pub body_floor_bytes_per_s: u32,
    /// How long a client may leave what it was sent unread.
    pub write_idle: Duration,
    /// How often a listening device is asked whether it is still there.
    pub live_ping: Duration,
    /// How long what is in flight may go on when the relay stops.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 800, // below the 1,024 open files that a Linux process usually may have
            concurrent_requests: 256,
            handshake: Duration::from_secs(15),
            header: Duration::from_secs(30),
            body_idle: Duration::from_secs(20),
            body_floor_bytes_per_s: 512,
            write_idle: Duration::from_mins(1),
            live_ping: Duration::from_secs(45),
            drain: Duration::from_secs(20),
        }
    }
}
