//! A relay as it runs for real, HTTPS and enrolment included, and the phones of one branch.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use vanguard_core::env::SystemEnv;
use vanguard_core::http::HttpRelay;
use vanguard_core::id::{GrantId, MemberId, OrgId};
use vanguard_core::invite::Invite;
use vanguard_core::model::organisation::{PartyOrg, PartyOrgFields, PartyOrgKind};
use vanguard_core::model::people::{Grant, GrantFields, Member, MemberFields};
use vanguard_core::model::{Author, Role};
use vanguard_core::sync::Options;
use vanguard_core::{Notebook, NotebookError};
use vanguard_server::access::{Access, Session};
use vanguard_server::relay::Relay;
use vanguard_server::{Config, Server};

use crate::creation;

/// A relay that answers on loopback within this process.
pub struct Site {
    /// The relay.
    pub relay: Arc<Relay>,
    /// Where it listens.
    pub address: SocketAddr,
    /// The address that its invites name.
    pub url: String,
    access: Arc<Access>,
    invite: Invite,
    running: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

/// How relays of tests are started.
pub fn config(data: &Path) -> Config {
    let mut config = Config::new(data);
    config.auto_confirm = true;
    config
}

impl Site {
    /// Starts a relay on its data directory, on a port of its own or this one.
    pub async fn start(data: &Path, address: Option<SocketAddr>) -> Self {
        Self::start_as(config(data), address).await
    }

    /// Starts a relay with options of its own.
    pub async fn start_as(config: Config, address: Option<SocketAddr>) -> Self {
        let address = address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
        let listener = TcpListener::bind(address).await.unwrap();
        let server = Server::start(listener, config).unwrap();
        let ready = server.ready().clone();
        let (relay, access) = (server.relay(), server.access());
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.run(async move {
            let _ = stopped.await;
        }));
        let invite = Invite {
            relay_url: ready.public_url,
            relay_key: ready.relay_key,
            secret: [0; 32],
            member_name: String::new(),
        };
        Self {
            relay,
            address: ready.address,
            url: invite.relay_url.clone(),
            access,
            invite,
            running,
            stop,
        }
    }

    /// Founds a branch, and enrols so many of its members with a notebook each in `folder`.
    pub async fn enrol_branch(&self, folder: &Path, count: usize) -> (OrgId, Vec<PathBuf>) {
        let env = SystemEnv::shared();
        let org = OrgId(env.uuid_v7());
        let fields = PartyOrgFields {
            name: "电解一支部".into(),
            org_kind: PartyOrgKind::Branch,
            parent: None,
            project: None,
        };
        let mut acts = vec![creation::<PartyOrg>(env.as_ref(), org.into(), &fields)];
        let members: Vec<MemberId> = (0..count).map(|_| MemberId(env.uuid_v7())).collect();
        for (number, member) in members.iter().enumerate() {
            let fields = MemberFields {
                name: format!("党员{number}"),
                number: format!("{number:05}"),
                home: Some(org),
                unit: None,
            };
            let role = GrantFields {
                member: *member,
                role: Role::SafetyOfficer,
                org,
            };
            let grant = GrantId(env.uuid_v7());
            acts.push(creation::<Member>(env.as_ref(), (*member).into(), &fields));
            acts.push(creation::<Grant>(env.as_ref(), grant.into(), &role));
        }
        self.relay.act(Author::OPERATOR, acts).await.unwrap();
        let mut paths = Vec::new();
        for (number, member) in members.into_iter().enumerate() {
            let path = folder.join(format!("phone-{number}.db"));
            let mut notebook = Notebook::open(&path, SystemEnv::shared()).unwrap();
            let http = self.enrol(member, &mut notebook).await;
            http.sync(&mut notebook, Options::default(), |_| {})
                .await
                .unwrap();
            paths.push(path);
        }
        (org, paths)
    }

    /// Enrols a notebook as a member's, and gives its way to the relay.
    pub async fn enrol(&self, member: MemberId, notebook: &mut Notebook) -> HttpRelay {
        let invite = self.invite(member, "");
        let http = HttpRelay::new(&invite.relay_url, &invite.relay_key).unwrap();
        http.enrol(notebook, &invite, "手机").await.unwrap();
        http
    }

    /// An invite for one device of a member.
    pub fn invite(&self, member: MemberId, name: &str) -> Invite {
        let secret = self
            .access
            .create_invite(member, 3_600_000, MemberId::OPERATOR);
        Invite {
            secret: secret.unwrap(),
            member_name: name.to_owned(),
            ..self.invite.clone()
        }
    }

    /// Revokes every device of a member.
    pub fn revoke_devices(&self, member: MemberId) {
        for device in self.access.devices().unwrap() {
            if device.member == member {
                self.access
                    .revoke_device(device.id, MemberId::OPERATOR)
                    .unwrap();
            }
        }
    }

    /// Confirms the device that waits with these digits, as `vanguard confirm` does; false
    /// where there is none.
    pub fn confirm_device(&self, digits: &str) -> bool {
        let waiting = self.access.devices_waiting_with(digits).unwrap();
        waiting.iter().any(|device| {
            self.access
                .confirm_device(device.id, MemberId::OPERATOR)
                .unwrap()
        })
    }

    /// A member's session at the console, as its cookie says it.
    pub fn session(&self, member: MemberId) -> String {
        let session = Session {
            member,
            number: String::new(),
            name: String::new(),
        };
        let token = self.access.create_session(&session).unwrap();
        format!("vanguard_session={token}")
    }

    /// Stops answering; what was acknowledged is in the log.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        self.running.await.unwrap();
    }
}

/// Syncs notebooks in turn until nobody has any news.
///
/// # Panics
/// Where that does not end, or a sync fails.
pub async fn come_together(notebooks: &mut [Notebook]) {
    for _ in 0..20 {
        let mut is_news = false;
        for notebook in notebooks.iter_mut() {
            let http = HttpRelay::of(notebook).unwrap();
            let progress = http
                .sync(notebook, Options::default(), |_| {})
                .await
                .unwrap();
            is_news |= progress.taken + progress.acknowledged + progress.refused > 0;
        }
        if !is_news {
            return;
        }
    }
    panic!("the phones do not come to rest");
}

/// Opens notebooks again.
///
/// # Errors
/// Where one does not open, or was damaged.
pub fn open_all(paths: &[PathBuf]) -> Result<Vec<Notebook>, String> {
    let open = |path: &PathBuf| -> Result<Notebook, NotebookError> {
        Notebook::open(path, SystemEnv::shared())
    };
    let opened: Result<Vec<_>, _> = paths.iter().map(open).collect();
    let opened = opened.map_err(|error| format!("a notebook does not open: {error}"))?;
    match opened.iter().find_map(Notebook::set_aside_file) {
        Some(aside) => Err(format!("a notebook was damaged: {}", aside.display())),
        None => Ok(opened),
    }
}

/// Starts a relay as a program of its own, and waits until it says that it is ready.
pub fn start_program(command: &mut Command) -> Child {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let said = child.stdout.as_mut().unwrap();
    BufReader::new(said).read_line(&mut line).unwrap();
    assert_eq!(line.trim(), "ready");
    child
}
