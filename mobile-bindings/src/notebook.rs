//! One core notebook for the many threads of an app. Core lets one write while others read; here it
//! can be away while the app is paused. No lock is held across a callback or a wait for the relay.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::watch;
use vanguard_core::SystemEnv;
#[cfg(feature = "http")]
use vanguard_core::http::HttpRelay;
use vanguard_core::id::{DeviceId, MemberId, OrgId};
use vanguard_core::invite::Invite;
use vanguard_core::model::Role;
use vanguard_core::notebook::{NotebookError, SharedNotebook};

use crate::count::Counted;
use crate::error::{Result, VanguardError};
use crate::keys::KeyStore;

/// One person's notebook on one SQLite file. Every method may be called from any thread; verbs and
/// lists wait for the disk, so call them off the main thread.
#[derive(uniffi::Object)]
pub struct Notebook {
    path: PathBuf,
    /// Where the device's key lies, if not in the file.
    #[cfg_attr(not(feature = "http"), allow(dead_code))] // nothing is signed but for a relay
    pub(crate) key_store: Option<Arc<dyn KeyStore>>,
    /// Every call holds it for reading while it works, pausing and resuming for writing.
    opened: RwLock<Opened>,
    /// Raised by everything that changed what a list shows, pages from the relay included.
    pub(crate) changed: watch::Sender<u64>,
    /// Raised by what this device itself has written and wants to send.
    pub(crate) written: watch::Sender<u64>,
    #[cfg(feature = "http")]
    pub(crate) wire: crate::sync::Wire,
    _counted: Counted,
}

/// The core notebook, unless the app is paused, and which opening of the file it is.
struct Opened {
    notebook: Option<SharedNotebook>,
    opening: u64,
}

/// What an invite's QR code says.
#[derive(Clone, Debug, uniffi::Record)]
pub struct InviteInfo {
    /// The relay's address.
    pub relay_url: String,
    /// The name of the member that it is for.
    pub member_name: String,
}

/// A role that somebody holds in a space.
#[derive(Clone, Debug, uniffi::Record)]
pub struct HeldRole {
    /// The role.
    pub role: Role,
    /// The space.
    pub org: OrgId,
}

/// Whose notebook it is.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Profile {
    /// The member.
    pub member: MemberId,
    /// This device.
    pub device: DeviceId,
    /// The relay's address.
    pub relay_url: String,
    /// What the member may do where, as far as this device knows.
    pub roles: Vec<HeldRole>,
}

/// Reads an invite's QR code, to greet before anything is asked of the relay.
///
/// # Errors
/// `Invalid` where it is no invite.
#[uniffi::export]
pub fn read_invite(text: &str) -> Result<InviteInfo> {
    let invite = Invite::parse(text)?;
    Ok(InviteInfo {
        relay_url: invite.relay_url,
        member_name: invite.member_name,
    })
}

#[uniffi::export]
impl Notebook {
    /// Opens the notebook in this file, or begins one. The folder must be there, private to the
    /// app, and readable while the phone is locked if syncs run in the background. With a
    /// `key_store`, enrolment takes its key, and it signs all that this device sends; without one,
    /// the key lies in the file.
    ///
    /// # Errors
    /// `Storage` where the file cannot be opened, `NeedsUpdate` where a newer app wrote it.
    #[uniffi::constructor(default(key_store = None))]
    pub fn open(path: String, key_store: Option<Arc<dyn KeyStore>>) -> Result<Arc<Self>> {
        let path = PathBuf::from(path);
        let notebook = SharedNotebook::open(&path, SystemEnv::shared())?;
        Ok(Arc::new(Self {
            path,
            key_store,
            opened: RwLock::new(Opened {
                notebook: Some(notebook),
                opening: 0,
            }),
            changed: watch::Sender::new(0),
            written: watch::Sender::new(0),
            #[cfg(feature = "http")]
            wire: crate::sync::Wire::default(),
            _counted: Counted::new(),
        }))
    }

    /// Where a damaged file was set aside when this notebook was opened; nothing was deleted.
    ///
    /// # Errors
    /// `Paused`.
    pub fn set_aside_file(&self) -> Result<Option<String>> {
        self.read(|notebook| {
            let file = notebook.set_aside_file();
            Ok(file.map(|file| file.to_string_lossy().into_owned()))
        })
    }

    /// Whose notebook it is; nothing until enrolled.
    ///
    /// # Errors
    /// `Paused`.
    pub fn profile(&self) -> Result<Option<Profile>> {
        self.read(|notebook| {
            Ok(notebook.identity().map(|identity| {
                let grants = notebook.directory().grants_of(identity.member);
                let roles = grants.into_iter().map(|(_, grant)| HeldRole {
                    role: grant.role,
                    org: grant.org,
                });
                Profile {
                    member: identity.member,
                    device: identity.device,
                    relay_url: identity.relay_url.clone(),
                    roles: roles.collect(),
                }
            }))
        })
    }

    /// The six digits to read to a supervisor, from enrolment until the relay has first answered a
    /// sync; nothing where nobody has to confirm this device.
    ///
    /// # Errors
    /// `Paused`, `Storage`.
    pub fn confirmation_code(&self) -> Result<Option<String>> {
        self.read(vanguard_core::Notebook::confirmation_code)
    }

    /// Closes every connection to the file, so that the app may be suspended: iOS ends apps that
    /// are suspended while they hold a file's lock. Waits for calls and a page that are under way; a
    /// sync under way is interrupted. Calls answer `Paused` until `resume`.
    ///
    /// # Errors
    /// None so far.
    pub fn pause(&self) -> Result<()> {
        let mut opened = self.alone();
        opened.opening += 1;
        opened.notebook = None;
        drop(opened);
        self.changed.send_modify(|number| *number += 1);
        Ok(())
    }

    /// Undoes `pause`. What was written meanwhile by another process of the app is seen.
    ///
    /// # Errors
    /// As `open`; the notebook stays paused then.
    pub fn resume(&self) -> Result<()> {
        let mut opened = self.alone();
        if opened.notebook.is_none() {
            let notebook = SharedNotebook::open(&self.path, SystemEnv::shared())?;
            opened.notebook = Some(notebook);
        }
        drop(opened);
        self.changed.send_modify(|number| *number += 1);
        Ok(())
    }
}

impl Notebook {
    fn alone(&self) -> RwLockWriteGuard<'_, Opened> {
        self.opened.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn opened(&self) -> RwLockReadGuard<'_, Opened> {
        self.opened.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads, beside a verb or a page of sync that is being written.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&vanguard_core::Notebook) -> std::result::Result<T, NotebookError>,
    ) -> Result<T> {
        Ok(self.opened().notebook()?.read(work)?)
    }

    /// Does a verb, and then tells those who watch.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&mut vanguard_core::Notebook) -> std::result::Result<T, NotebookError>,
    ) -> Result<T> {
        let done = self.opened().notebook()?.write(work)?;
        self.changed.send_modify(|number| *number += 1);
        self.written.send_modify(|number| *number += 1);
        Ok(done)
    }

    /// Which opening of the file this is, for [`Notebook::within`].
    #[cfg(feature = "http")]
    pub(crate) fn opening(&self) -> u64 {
        self.opened().opening
    }

    /// Waits until the file as it was opened then is closed.
    #[cfg(feature = "http")]
    pub(crate) async fn is_closed_since(&self, opening: u64) {
        let mut changed = self.changed.subscribe();
        while self.opening() == opening {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// Works on the file as it was opened then; `Paused` where it has been closed since.
    #[cfg(feature = "http")]
    pub(crate) fn within<T, E: Into<VanguardError>>(
        &self,
        opening: u64,
        work: impl FnOnce(&mut vanguard_core::Notebook) -> std::result::Result<T, E>,
    ) -> Result<T> {
        let opened = self.opened();
        if opened.opening != opening {
            return Err(paused());
        }
        opened.notebook()?.write(work).map_err(Into::into)
    }

    /// The relay that the notebook is enrolled at, by a connection that is kept.
    #[cfg(feature = "http")]
    pub(crate) fn relay(&self) -> Result<(HttpRelay, String)> {
        self.read(|notebook| {
            let identity = notebook.identity().ok_or(NotebookError::NotEnrolled)?;
            let credential = vanguard_core::keys::hex(&identity.credential);
            Ok(self.wire.relay(notebook).map(|relay| (relay, credential)))
        })?
    }
}

impl Opened {
    fn notebook(&self) -> Result<&SharedNotebook> {
        self.notebook.as_ref().ok_or_else(paused)
    }
}

pub(crate) fn paused() -> VanguardError {
    VanguardError::Paused {
        reason: "the notebook is paused".into(),
    }
}
