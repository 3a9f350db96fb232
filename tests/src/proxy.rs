//! A bad network in a process: a TCP proxy before a relay that speaks plain HTTP. It cuts
//! connections after so many bytes, delays, throttles, sends what came a second time over another
//! connection, and counts the bytes that it was given, those of request bodies among them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::dice::Dice;

/// How bad the network is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan {
    /// A connection is cut after so many bytes in either direction.
    pub cut_bytes: Option<u64>,
    /// After so many bytes in a direction nothing more comes through in it, and nobody is told.
    pub stall_bytes: Option<u64>,
    /// How long each piece is on its way.
    pub delay: Duration,
    /// So many bytes a second pass in each direction of a connection.
    pub bytes_per_s: Option<u64>,
    /// So many in a hundred connections reach the relay twice, byte for byte.
    pub twice_percent: usize,
    /// For the chance of it.
    pub seed: u64,
}

/// What has passed.
#[derive(Debug, Default)]
pub struct Counts {
    /// Connections taken.
    pub connections: AtomicU64,
    /// Connections cut.
    pub cuts: AtomicU64,
    /// Connections that are stalled, or were.
    pub stalls: AtomicU64,
    /// Connections that reached the relay twice.
    pub twice: AtomicU64,
    /// Bytes of request bodies that clients gave, whatever became of them.
    pub body_bytes: AtomicU64,
    /// All bytes that clients and the relay gave, heads and bodies, whatever became of them.
    pub wire_bytes: AtomicU64,
}

impl Counts {
    /// The bytes of request bodies.
    pub fn body_bytes(&self) -> u64 {
        self.body_bytes.load(Ordering::Relaxed)
    }

    /// The bytes of both directions.
    pub fn wire_bytes(&self) -> u64 {
        self.wire_bytes.load(Ordering::Relaxed)
    }
}

/// A proxy that runs until it is dropped.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    /// What has passed.
    pub counts: Arc<Counts>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Begins to listen, on a port of its own where `listen` says none.
    pub async fn start(listen: SocketAddr, relay: SocketAddr, plan: Plan) -> Self {
        let listener = TcpListener::bind(listen).await.unwrap();
        let address = listener.local_addr().unwrap();
        let counts = Arc::new(Counts::default());
        let shared = Arc::clone(&counts);
        let dice = Mutex::new(Dice::new(plan.seed));
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let is_twice = dice.lock().unwrap().percent(plan.twice_percent);
                shared.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(pass(client, relay, plan, is_twice, Arc::clone(&shared)));
            }
        });
        Self {
            address,
            counts,
            accepting,
        }
    }

    /// Listens no more; another may, at the same address.
    pub async fn stop(mut self) {
        self.accepting.abort();
        let _ = (&mut self.accepting).await;
    }

    /// Its address as a relay's.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One connection, until either side ends it or it is cut.
async fn pass(
    client: TcpStream,
    relay: SocketAddr,
    plan: Plan,
    is_twice: bool,
    counts: Arc<Counts>,
) {
    let Ok(server) = TcpStream::connect(relay).await else {
        return; // the relay is away: so is the connection
    };
    let mut twin = None;
    if is_twice && let Ok(stream) = TcpStream::connect(relay).await {
        counts.twice.fetch_add(1, Ordering::Relaxed);
        let (answers, requests) = stream.into_split();
        tokio::spawn(swallow(answers));
        twin = Some(requests);
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut bodies = Bodies::default();
    let mut counted = |bytes: &[u8]| {
        let count = bodies.take(bytes);
        counts.body_bytes.fetch_add(count, Ordering::Relaxed);
    };
    let up = carry(from_client, to_server, twin, plan, &counts, &mut counted);
    let mut uncounted = |_: &[u8]| ();
    let down = carry(from_server, to_client, None, plan, &counts, &mut uncounted);
    // Whichever ends first takes the other with it, as a dead link does.
    let is_cut = tokio::select! {
        is_cut = up => is_cut,
        is_cut = down => is_cut,
    };
    if is_cut {
        counts.cuts.fetch_add(1, Ordering::Relaxed);
    }
}

/// Carries bytes one way; says whether it was cut.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut twin: Option<OwnedWriteHalf>,
    plan: Plan,
    counts: &Counts,
    counted: &mut (dyn FnMut(&[u8]) + Send),
) -> bool {
    let [cut, stall] = [plan.cut_bytes, plan.stall_bytes].map(|bytes| bytes.unwrap_or(u64::MAX));
    let mut left = cut.min(stall);
    let mut block = vec![0; 16 << 10];
    while left > 0 {
        let room = usize::try_from(left).map_or(block.len(), |left| left.min(block.len()));
        let Ok(taken @ 1..) = from.read(&mut block[..room]).await else {
            return false;
        };
        let bytes = &block[..taken];
        counts.wire_bytes.fetch_add(taken as u64, Ordering::Relaxed);
        counted(bytes);
        left -= taken as u64;
        let slowness = plan
            .bytes_per_s
            .map_or(0, |rate| taken as u64 * 1_000_000 / rate);
        let pause = plan.delay + Duration::from_micros(slowness);
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        if to.write_all(bytes).await.is_err() {
            return false;
        }
        // The relay may have done with the second one long ago.
        if let Some(requests) = &mut twin
            && requests.write_all(bytes).await.is_err()
        {
            twin = None;
        }
    }
    if stall < cut {
        counts.stalls.fetch_add(1, Ordering::Relaxed);
        swallow(from).await;
        return false;
    }
    true
}

async fn swallow(mut answers: OwnedReadHalf) {
    let mut block = vec![0; 16 << 10];
    while matches!(answers.read(&mut block).await, Ok(1..)) {}
}

/// Tells bodies from heads in the requests of a connection (RFC 9112).
#[derive(Debug, Default)]
struct Bodies {
    head: Vec<u8>,
    /// Bytes of a body, or of a chunk of it, that are still to come.
    left: u64,
    /// Inside a chunked body: lines between the chunks belong to it.
    is_chunked: bool,
}

impl Bodies {
    /// How many of the next bytes are of bodies.
    fn take(&mut self, mut bytes: &[u8]) -> u64 {
        let mut count = 0;
        while !bytes.is_empty() {
            if self.left > 0 {
                let taken =
                    usize::try_from(self.left).map_or(bytes.len(), |it| it.min(bytes.len()));
                bytes = &bytes[taken..];
                self.left -= taken as u64;
                count += taken as u64;
                continue;
            }
            self.head.push(bytes[0]);
            bytes = &bytes[1..];
            if self.is_chunked {
                count += 1;
                self.take_line();
            } else if self.head.ends_with(b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.head).to_ascii_lowercase();
                let value = |name: &str| {
                    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
                    lines
                        .find(|(it, _)| *it == name)
                        .map(|(_, value)| value.trim())
                };
                self.left = value("content-length").map_or(0, |text| text.parse().unwrap());
                self.is_chunked = value("transfer-encoding") == Some("chunked");
                self.head.clear();
            }
        }
        count
    }

    /// A line between chunks: empty after one, or the size of the next.
    fn take_line(&mut self) {
        if !self.head.ends_with(b"\r\n") {
            return;
        }
        let line = String::from_utf8_lossy(&self.head).trim().to_owned();
        self.head.clear();
        if line.is_empty() {
            return;
        }
        let size = line.split(';').next().unwrap_or_default();
        self.left = u64::from_str_radix(size, 16).unwrap();
        if self.left == 0 {
            // The empty line that ends the body is taken for the beginning of the next head, which
            // may begin with one.
            self.is_chunked = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_told_from_heads_however_the_bytes_are_cut() {
        let requests = b"POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\n\r\n\
            PATCH /c HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n\
            POST /d HTTP/1.1\r\ncontent-length: 2\r\n\r\nhi";
        for size in 1..requests.len() {
            let mut bodies = Bodies::default();
            let count: u64 = requests.chunks(size).map(|piece| bodies.take(piece)).sum();
            assert_eq!(count, 5 + 3 + 3 + 2 + 3 + 2, "{size}");
        }
    }
}
