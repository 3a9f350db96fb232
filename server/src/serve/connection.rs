//! Takes connections under bounds and speaks HTTP/1.1 on them. HTTP/2 is left out on purpose: a
//! phone has one request at a time, and its floods are attacks that need not be had.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::stream::Guarded;
use crate::http::metrics::Traffic;
use crate::http::state::{App, Peer, Place};

/// What is needed to take connections.
pub(super) struct Listening {
    pub(super) listener: TcpListener,
    pub(super) acceptor: Option<TlsAcceptor>,
    pub(super) router: Router,
    pub(super) app: App,
}

impl Listening {
    /// Takes connections until `shutdown` is ready, then ends those that are open.
    pub(super) async fn run(self, shutdown: impl Future<Output = ()>, stop: &watch::Sender<bool>) {
        let limits = self.app.limits;
        let places = Arc::new(Semaphore::new(limits.connections));
        let traffic = Traffic::of(&self.app.metrics);
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            // Only with a place to give is a connection taken: the others wait in the system's
            // queue and cost nothing.
            let next = async {
                let permit = Arc::clone(&places).acquire_owned().await.ok()?;
                let accepted = self.listener.accept().await;
                Some((permit, accepted))
            };
            let (permit, accepted) = tokio::select! {
                () = &mut shutdown => break,
                next = next => match next {
                    Some(next) => next,
                    None => break,
                },
                Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of files, or the client was quicker to leave: neither ends the relay.
                    tracing::warn!(%error, "a connection could not be taken");
                    sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            // A file's last piece would wait 40 ms for the client's word that the first has come.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "small packets of a connection wait for each other");
            }
            let gauge = self.app.metrics.connections.clone();
            gauge.inc();
            let peer = Peer {
                address,
                place: Arc::new(Place {
                    _permit: permit,
                    gauge,
                }),
            };
            let guarded = Guarded::new(stream, Arc::clone(&traffic), limits.write_idle);
            connections.spawn(connect(
                guarded,
                self.acceptor.clone(),
                self.router.clone(),
                peer,
                self.app.clone(),
            ));
        }
        drop(self.listener);
        stop.send_replace(true);
        // Every place is free again when connections and WebSockets have ended.
        let all = u32::try_from(limits.connections).unwrap_or(u32::MAX);
        if timeout(limits.drain, places.acquire_many(all))
            .await
            .is_err()
        {
            tracing::warn!("some clients were cut at the end");
        }
        connections.shutdown().await;
    }
}

async fn connect(
    stream: Guarded<TcpStream>,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    peer: Peer,
    app: App,
) {
    let Some(acceptor) = acceptor else {
        return converse(stream, router, peer, app).await;
    };
    let handshake = timeout(app.limits.handshake, acceptor.accept(stream));
    let shaken = tokio::select! {
        shaken = handshake => shaken,
        () = app.stopped() => return,
    };
    if let Ok(Ok(stream)) = shaken {
        converse(stream, router, peer, app).await;
    } else {
        app.metrics.cut.inc();
        tracing::debug!(address = %peer.address, "no handshake");
    }
}

async fn converse<S>(stream: S, router: Router, peer: Peer, app: App)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let address: SocketAddr = peer.address;
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer.clone());
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(app.limits.header)
        .max_buf_size(64 << 10)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = app.stopped() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        if error.is_timeout() {
            app.metrics.cut.inc();
        }
        tracing::debug!(%address, %error, "a connection broke off");
    }
}
