//! The live channel: a WebSocket over the same pinned connection, by which the relay says that
//! there is news, and brings it where it is small.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::header::{
    AUTHORIZATION, CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use reqwest::{StatusCode, Upgraded};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::{HttpError, HttpRelay, problem, unreachable};
use crate::wire::{self, LiveNews};

/// How long the relay may be silent before the channel counts as cut: it pings every 45 seconds.
const SILENCE: Duration = Duration::from_secs(100);

/// About what small news take. The whole buffer is cleared for each reading.
const READ_BUFFER_BYTES: usize = 16 << 10;

/// An open live channel.
#[derive(Debug)]
pub struct LiveChannel {
    socket: WebSocketStream<Upgraded>,
}

impl HttpRelay {
    /// Opens the live channel of the device with this credential (lower-case hexadecimal).
    ///
    /// # Errors
    /// [`HttpError::Unreachable`] and [`HttpError::Problem`].
    pub async fn live(&self, credential: &str) -> Result<LiveChannel, HttpError> {
        let response = self
            .client
            .get(format!("{}/v1/live", self.url))
            .header(AUTHORIZATION, format!("Bearer {credential}"))
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, generate_key())
            .send()
            .await
            .map_err(unreachable)?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(problem(response).await);
        }
        let connection = response.upgrade().await.map_err(unreachable)?;
        // The answer's accept key needs no check: no proxy's cache stands within this TLS.
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES);
        let socket = WebSocketStream::from_raw_socket(connection, Role::Client, Some(config)).await;
        Ok(LiveChannel { socket })
    }
}

impl LiveChannel {
    /// Says where the notebook stands, so that the channel brings news and not only word of it:
    /// the bytes of [`Notebook::live_request`](crate::Notebook::live_request).
    ///
    /// # Errors
    /// [`HttpError::Unreachable`] where the channel is cut.
    pub async fn ask(&mut self, request: Vec<u8>) -> Result<(), HttpError> {
        self.socket
            .send(Message::Binary(request.into()))
            .await
            .map_err(cut)
    }

    /// Waits for the next news. It may be dropped while it waits; nothing is lost then.
    ///
    /// # Errors
    /// [`HttpError::Unreachable`] where the channel is cut or silent for too long.
    pub async fn next(&mut self) -> Result<LiveNews, HttpError> {
        loop {
            let message = match tokio::time::timeout(SILENCE, self.socket.next()).await {
                Err(_) => return Err(HttpError::Unreachable("the relay is silent".into())),
                Ok(None) => return Err(HttpError::Unreachable("the relay has hung up".into())),
                Ok(Some(message)) => message.map_err(cut)?,
            };
            if let Message::Binary(bytes) = message {
                return wire::decode(&bytes)
                    .map_err(|error| HttpError::Unreachable(format!("no live news: {error}")));
            } // pings are answered by the socket itself
        }
    }
}

#[allow(clippy::needless_pass_by_value)] // made for `map_err`
fn cut(error: tokio_tungstenite::tungstenite::Error) -> HttpError {
    HttpError::Unreachable(error.to_string())
}
