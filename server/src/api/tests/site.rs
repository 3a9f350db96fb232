//! A relay with a small organisation, asked over HTTP as a browser asks.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::sync::{Mutex, Semaphore, watch};
use tower::ServiceExt as _;
use uuid::Uuid;
use vanguard_core::SystemEnv;
use vanguard_core::id::{MemberId, OrgId};
use vanguard_core::model::organisation::{
    PartyOrg, PartyOrgFields, PartyOrgKind, Unit, UnitFields, UnitKind,
};
use vanguard_core::model::people::{Grant, GrantFields, Member, MemberFields};
use vanguard_core::model::{Author, Record, Role};

use crate::access::{Access, Passwords, Session, Throttle};
use crate::http::metrics::Metrics;
use crate::http::state::{App, Shared};
use crate::relay::{Act, Relay, RelayOptions};
use crate::serve::Limits;

pub(super) struct Site {
    pub(super) app: App,
    pub(super) router: Router,
    pub(super) _dir: tempfile::TempDir,
    pub(super) _stopping: watch::Sender<bool>,
    pub(super) committee: OrgId,
    pub(super) branch: OrgId,
    pub(super) other_branch: OrgId,
    pub(super) unit: Uuid,
    pub(super) worker: MemberId,
    pub(super) officer: MemberId,
    pub(super) supervisor: MemberId,
    pub(super) admin: MemberId,
    pub(super) outsider: MemberId,
    pub(super) accounts: std::sync::Mutex<BTreeSet<MemberId>>,
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Vec<u8>,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }
}

pub(super) fn act<R: Record>(space: OrgId, fields: &R::Fields) -> (Uuid, Act) {
    let env = SystemEnv::shared();
    let id = env.uuid_v7();
    (
        id,
        crate::acts::create::<R>(id, space, fields, env.now_ms()),
    )
}

pub(super) fn organisation(
    name: &str,
    org_kind: PartyOrgKind,
    parent: Option<OrgId>,
) -> (OrgId, Act) {
    let fields = PartyOrgFields {
        name: name.into(),
        org_kind,
        parent,
        project: None,
    };
    let (id, act) = act::<PartyOrg>(OrgId::DIRECTORY, &fields);
    (OrgId(id), act)
}

pub(super) fn member(name: &str, role: Role, org: OrgId) -> (MemberId, [Act; 2]) {
    let fields = MemberFields {
        name: name.into(),
        number: name.into(),
        home: Some(org),
        unit: None,
    };
    let (id, made) = act::<Member>(OrgId::DIRECTORY, &fields);
    let member = MemberId(id);
    let (_, granted) = act::<Grant>(OrgId::DIRECTORY, &GrantFields { member, role, org });
    (member, [made, granted])
}

pub(super) async fn site() -> Site {
    let dir = tempfile::tempdir().unwrap();
    let env = SystemEnv::shared();
    let relay = Relay::open(dir.path(), RelayOptions::default(), Arc::clone(&env)).unwrap();
    let access = Access::open(dir.path(), Arc::clone(&env)).unwrap();
    let (stopping, is_stopping) = watch::channel(false);
    let app = App::new(Shared {
        relay: Arc::clone(&relay),
        access: Arc::new(access),
        doorkeepers: crate::hands::Hands::new("doorkeeper", 1).unwrap(),
        metrics: Metrics::default(),
        happenings: crate::http::news::Happenings::since(0),
        env,
        passwords: Passwords::default(),
        sign_ins: Throttle::new(5),
        strangers: Throttle::new(50),
        setup: Mutex::new(()),
        turns: Arc::new(Semaphore::new(64)),
        large_bodies: Arc::new(Semaphore::new(1)),
        uploads: crate::http::blobs::Places::default(),
        limits: Limits::default(),
        public_url: "https://relay.example".into(),
        is_https: true,
        auto_confirm: true,
        proxy: None,
        stopping: is_stopping,
    });
    let (committee, first) = organisation("公司党委", PartyOrgKind::Committee, None);
    let (branch, second) = organisation("电解党支部", PartyOrgKind::Branch, Some(committee));
    let (other_branch, third) = organisation("铸造党支部", PartyOrgKind::Branch, Some(committee));
    let unit = UnitFields {
        name: "电解二分厂".into(),
        unit_kind: UnitKind::Plant,
        parent: None,
    };
    let (unit, fourth) = act::<Unit>(OrgId::DIRECTORY, &unit);
    let mut acts = vec![first, second, third, fourth];
    let mut person = |name, role, org| {
        let (member, made) = member(name, role, org);
        acts.extend(made);
        member
    };
    let worker = person("王强", Role::Member, branch);
    let officer = person("李敏", Role::SafetyOfficer, branch);
    let supervisor = person("陈督", Role::Supervisor, committee);
    let admin = person("赵管", Role::Admin, committee);
    let outsider = person("孙外", Role::Member, other_branch);
    let position = relay.act(Author::OPERATOR, acts).await.unwrap();
    relay.replica().wait_for(position).await;
    Site {
        router: crate::http::router(app.clone()),
        app,
        _dir: dir,
        _stopping: stopping,
        committee,
        branch,
        other_branch,
        unit,
        worker,
        officer,
        supervisor,
        admin,
        outsider,
        accounts: std::sync::Mutex::default(),
    }
}

impl Site {
    pub(super) async fn ask(
        &self,
        who: MemberId,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        self.ask_for(who, method, path, body, "application/json")
            .await
    }

    pub(super) async fn ask_for(
        &self,
        who: MemberId,
        method: Method,
        path: &str,
        body: Option<Value>,
        accept: &str,
    ) -> Answer {
        let session = Session {
            member: who,
            number: who.to_string(),
            name: String::new(),
        };
        if self.accounts.lock().unwrap().insert(who) {
            // Only once: a new password ends the sessions that there are.
            self.app.access.put_account(who, "x").unwrap();
        }
        let token = self.app.access.create_session(&session).unwrap();
        let request = Request::builder()
            .method(method)
            .uri(format!("/api{path}"))
            .header(header::COOKIE, format!("vanguard_session={token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT_LANGUAGE, "en")
            .header(header::ACCEPT, accept)
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
            bytes: bytes.to_vec(),
        }
    }

    pub(super) async fn get(&self, who: MemberId, path: &str) -> Answer {
        self.ask(who, Method::GET, path, None).await
    }

    pub(super) async fn post(&self, who: MemberId, path: &str, body: Value) -> Answer {
        self.ask(who, Method::POST, path, Some(body)).await
    }

    pub(super) async fn report(&self, description: &str) -> String {
        let path = format!("/hazards?space={}", self.branch);
        let fields = json!({"description": description, "nature": "unsafe_condition"});
        let made = self.post(self.worker, &path, fields).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        made.json()["document"].as_str().unwrap().to_owned()
    }

    pub(super) async fn append(&self, who: MemberId, id: &str, event: Value) -> Answer {
        self.post(who, &format!("/documents/{id}/events"), event)
            .await
    }
}
