//! What the demo stands on: its relay, running in this process, and the process itself.

use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use vanguard_core::calendar::DAY_MS;
use vanguard_core::id::MemberId;
use vanguard_core::invite::Invite;

use super::chance::RelayEnv;
use super::{DemoError, Options, stage};
use crate::access::{Access, Session};
use crate::relay::Relay;
use crate::serve::{Config, Ready, Server};

/// The relay of the demo, running in this process.
pub(super) struct Running {
    pub(super) relay: Arc<Relay>,
    pub(super) access: Arc<Access>,
    pub(super) env: Arc<RelayEnv>,
    pub(super) ready: Ready,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Running {
    pub(super) fn start(
        runtime: &Runtime,
        options: &Options,
        data: &Path,
    ) -> Result<Self, DemoError> {
        let env = Arc::new(RelayEnv::default());
        env.set(stage::founded_ms());
        let mut config = Config::new(data.join("relay"));
        config.auto_confirm = true;
        config.env = Arc::clone(&env) as Arc<dyn vanguard_core::Env>;
        config.limits.connections = options.members + 100;
        // Short, so that some work under a role that had ended comes back to its author.
        config.relay.grace_ms = 2 * DAY_MS;
        let _inside = runtime.enter();
        let listener = runtime.block_on(TcpListener::bind(options.listen))?;
        let server = Server::start(listener, config)?;
        let (relay, access, ready) = (server.relay(), server.access(), server.ready().clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = runtime.spawn(server.run(async move {
            let _ = stopped.await; // a dropped sender means the same
        }));
        Ok(Self {
            relay,
            access,
            env,
            ready,
            stop: Some(stop),
            serving,
        })
    }

    pub(super) fn end(mut self, runtime: &Runtime) {
        drop(self.stop.take());
        let _ = runtime.block_on(self.serving); // a panic there has been printed
    }

    pub(super) fn invite(&self, member: MemberId, name: &str) -> Result<Invite, DemoError> {
        let (key, url) = (self.ready.relay_key, self.ready.public_url.as_str());
        let valid_ms = 7 * DAY_MS;
        let made = self
            .access
            .invite(key, url, (member, name), valid_ms, MemberId::OPERATOR);
        Ok(made?)
    }
}

/// Whether the options make sense.
pub(super) fn check(options: &Options) -> Result<(), DemoError> {
    let refuse = |text: &str| Err(DemoError::Options(text.into()));
    if !(12..=5_000).contains(&options.members) {
        return refuse("--members: 12–5000");
    }
    if !(1..=366).contains(&options.days) {
        return refuse("--days: 1–366");
    }
    let is_used = options
        .data
        .as_deref()
        .is_some_and(|data| std::fs::read_dir(data).is_ok_and(|mut files| files.next().is_some()));
    if is_used {
        return refuse("--data: 目录必须为空 · the directory must be empty");
    }
    Ok(())
}

/// Each phone keeps three files open and a connection at both ends.
pub(super) fn raise_file_limit(members: usize) -> Result<(), DemoError> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let wanted = 500 + 6 * members as u64;
        let limit = getrlimit(Resource::Nofile);
        if limit.current.is_some_and(|current| current < wanted) {
            let raised = Rlimit {
                current: Some(wanted.min(limit.maximum.unwrap_or(wanted))),
                maximum: limit.maximum,
            };
            setrlimit(Resource::Nofile, raised).map_err(std::io::Error::from)?;
        }
    }
    #[cfg(not(unix))]
    let _ = members;
    Ok(())
}

/// Keeps the relay up for whoever wants to look around; `guides` are those of the organisation
/// whom one-time links sign in at the console.
pub(super) fn stay(
    runtime: &Runtime,
    running: &Running,
    data: &Path,
    guides: &[(&str, Session)],
) -> Result<(), DemoError> {
    let Ready { public_url, .. } = &running.ready;
    println!("\n中继站仍在运行 · the relay stays up");
    println!("  打开 open: {public_url}");
    println!("  免密登录，链接各可用一次 · sign in without a password, each link once:");
    for (title, session) in guides {
        let token = running.access.create_sign_in_link(session, DAY_MS)?;
        println!(
            "    {title} {}: {public_url}/signin?token={token}",
            session.name
        );
    }
    if let Some(setup) = &running.ready.setup_url {
        println!("  首位管理员 the first administrator: {setup}");
    }
    println!("  数据 data: {}", data.join("relay").display());
    println!("  Ctrl-C 结束 ends it");
    runtime.block_on(tokio::signal::ctrl_c())?;
    Ok(())
}
