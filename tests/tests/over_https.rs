//! The same over a real connection: HTTPS with the relay's pinned key, on a port of its own.

#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use vanguard_core::Notebook;
use vanguard_core::env::Env;
use vanguard_core::http::{HttpError, HttpRelay};
use vanguard_core::id::{GrantId, MemberId, OrgId};
use vanguard_core::invite::Invite;
use vanguard_core::keys::SoftwareKey;
use vanguard_core::model::hazard::{Hazard, HazardFields, HazardNature};
use vanguard_core::model::organisation::{PartyOrg, PartyOrgFields, PartyOrgKind};
use vanguard_core::model::people::{Grant, GrantFields, Member, MemberFields};
use vanguard_core::model::{Author, Role, SyncState};
use vanguard_core::sync::Options;
use vanguard_server::{Config, Server};
use vanguard_tests::{TestEnv, creation};

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_enrols_by_an_invite_and_syncs_with_the_relay_that_it_trusts() {
    let directory = tempfile::tempdir().unwrap();
    let env = TestEnv::new(7);
    let mut config = Config::new(directory.path().join("relay"));
    config.auto_confirm = true;
    config.env = Arc::clone(&env) as Arc<dyn Env>;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::start(listener, config).unwrap();
    let (relay, access, ready) = (server.relay(), server.access(), server.ready().clone());
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(server.run(async move {
        let _ = stopped.await;
    }));

    let ids = || (&*env as &dyn Env).uuid_v7();
    let (org, member) = (OrgId(ids()), MemberId(ids()));
    let branch = PartyOrgFields {
        name: "电解一支部".into(),
        org_kind: PartyOrgKind::Branch,
        parent: None,
        project: None,
    };
    let fields = MemberFields {
        name: "王建国".into(),
        number: "00001".into(),
        home: Some(org),
        unit: None,
    };
    let role = GrantFields {
        member,
        role: Role::Member,
        org,
    };
    let acts = vec![
        creation::<PartyOrg>(&*env, org.into(), &branch),
        creation::<Member>(&*env, member.into(), &fields),
        creation::<Grant>(&*env, GrantId(ids()).into(), &role),
    ];
    relay.act(Author::OPERATOR, acts).await.unwrap();

    let invite = Invite {
        relay_url: ready.public_url.clone(),
        relay_key: ready.relay_key,
        secret: access
            .create_invite(member, 3_600_000, MemberId::OPERATOR)
            .unwrap(),
        member_name: "王建国".into(),
    };
    let phone = TestEnv::new(8);
    let path = directory.path().join("phone.db");
    let mut notebook = Notebook::open(&path, phone as Arc<dyn Env>).unwrap();
    let http = HttpRelay::new(&invite.relay_url, &invite.relay_key).unwrap();
    let code = http.enrol(&mut notebook, &invite, "王建国的手机").await;
    assert_eq!(code.unwrap(), None);
    http.sync(&mut notebook, Options::default(), |_| {})
        .await
        .unwrap();

    let report = HazardFields::new("护栏松动", HazardNature::UnsafeCondition);
    let hazard = notebook.report_hazard(org, &report).unwrap();
    let progress = http
        .sync(&mut notebook, Options::default(), |_| {})
        .await
        .unwrap();
    assert_eq!(progress.acknowledged, 1);
    let row = notebook.get::<Hazard>(hazard).unwrap();
    assert_eq!(row.sync_state, SyncState::Acknowledged);

    let stranger = SoftwareKey::generate(&*env).public_key();
    let astray = HttpRelay::new(&invite.relay_url, &stranger).unwrap();
    let refused = astray
        .sync(&mut notebook, Options::default(), |_| {})
        .await
        .unwrap_err();
    assert!(
        matches!(refused, HttpError::Unreachable(_)),
        "another key is not trusted: {refused}"
    );

    stop.send(()).unwrap();
    running.await.unwrap();
}
