//! A whole relay on port 0, spoken to over real sockets.

mod console;
mod faces;
mod limits;
mod pinned;
mod protocol;

use std::sync::Arc;

use axum::http::StatusCode;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use vanguard_core::id::{MemberId, OrgId};
use vanguard_core::invite::{Invite, enrolment_statement};
use vanguard_core::keys::{SoftwareKey, hex};
use vanguard_core::model::Author;
use vanguard_core::model::people::{Member, MemberFields};
use vanguard_core::wire::{self, EnrolRequest, EnrolResponse};
use vanguard_core::{Env, SystemEnv};

use super::{Config, Ready, Server};
use crate::access::Access;
use crate::acts;
use crate::relay::Relay;

/// A running relay; ends with the test.
struct Rig {
    ready: Ready,
    relay: Arc<Relay>,
    access: Arc<Access>,
    client: Client,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
    _data: tempfile::TempDir,
}

impl Rig {
    async fn start(configure: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config::new(data.path());
        configure(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server::start(listener, config).unwrap();
        let ready = server.ready().clone();
        let (relay, access) = (server.relay(), server.access());
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        Self {
            client: pinned::client(&ready.relay_key),
            ready,
            relay,
            access,
            stop: Some(stop),
            running,
            _data: data,
        }
    }

    /// A relay over plain HTTP, for tests that write bytes by hand.
    async fn plain(configure: impl FnOnce(&mut Config)) -> Self {
        Self::start(|config| {
            config.tls = super::Tls::Plain;
            configure(config);
        })
        .await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.ready.public_url)
    }

    async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    fn post_cbor(&self, path: &str, body: Vec<u8>) -> RequestBuilder {
        let request = self.client.post(self.url(path));
        request.header("content-type", wire::MEDIA_TYPE).body(body)
    }

    /// A member, made by the operator.
    async fn member(&self, number: &str, name: &str) -> MemberId {
        let env: &dyn Env = &SystemEnv;
        let id = env.uuid_v7();
        let fields = MemberFields {
            name: name.into(),
            number: number.into(),
            home: None,
            unit: None,
        };
        let act = acts::create::<Member>(id, OrgId::DIRECTORY, &fields, env.now_ms());
        self.relay.act(Author::OPERATOR, vec![act]).await.unwrap();
        MemberId(id)
    }

    fn invite(&self, member: MemberId) -> Invite {
        let (key, url) = (self.ready.relay_key, &self.ready.public_url);
        let made = self
            .access
            .invite(key, url, (member, "王建国"), 60_000, MemberId::OPERATOR);
        made.unwrap()
    }

    async fn enrol(&self, invite: &Invite, key: &SoftwareKey) -> EnrolResponse {
        let request = enrol_request(invite, key);
        let sent = self.post_cbor("/v1/enroll", wire::encode(&request));
        let response = sent.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        wire::decode(&response.bytes().await.unwrap()).unwrap()
    }

    /// A confirmed device's credential, as its bearer header says it.
    async fn device(&self) -> (EnrolResponse, String) {
        let member = self.member("1001", "王建国").await;
        let key = SoftwareKey::generate(&SystemEnv);
        let enrolled = self.enrol(&self.invite(member), &key).await;
        let by = MemberId::OPERATOR;
        self.access.confirm_device(enrolled.device, by).unwrap();
        let bearer = format!("Bearer {}", hex(&enrolled.credential));
        (enrolled, bearer)
    }

    async fn stop(mut self) {
        let _ = self.stop.take().unwrap().send(());
        self.running.await.unwrap();
    }
}

fn enrol_request(invite: &Invite, key: &SoftwareKey) -> EnrolRequest {
    let public_key = key.public_key();
    let statement = enrolment_statement(&invite.relay_key, &invite.secret, &public_key);
    EnrolRequest {
        protocol: wire::PROTOCOL,
        secret: invite.secret,
        public_key,
        name: "一号手机".into(),
        signature: key.sign(&statement),
    }
}

/// The status and the end of `type` of a problem.
async fn problem(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let media = response.headers().get("content-type").unwrap().clone();
    assert_eq!(media, "application/problem+json");
    let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(body["status"], status);
    let kind = body["type"].as_str().unwrap();
    let slug = kind.strip_prefix("urn:vanguard:problem:").unwrap();
    (status, slug.to_owned())
}
