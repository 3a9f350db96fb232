//! One core notebook for the many threads of an app: a lock that is held for one verb or one page
//! at a time, never across a callback or a wait, and that can be empty while the app is paused.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use vanguard_core::SystemEnv;
#[cfg(feature = "http")]
use vanguard_core::http::HttpRelay;
use vanguard_core::id::{DeviceId, MemberId, OrgId};
use vanguard_core::invite::Invite;
use vanguard_core::model::Role;
use vanguard_core::notebook::NotebookError;

use crate::count::Counted;
use crate::error::{Result, VanguardError};

/// One person's notebook on one SQLite file. Every method may be called from any thread; verbs and
/// lists wait for the disk, so call them off the main thread.
#[derive(uniffi::Object)]
pub struct Notebook {
    path: PathBuf,
    opened: Mutex<Opened>,
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
    notebook: Option<vanguard_core::Notebook>,
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
    /// app, and readable while the phone is locked if syncs run in the background.
    ///
    /// # Errors
    /// `Storage` where the file cannot be opened, `NeedsUpdate` where a newer app wrote it.
    #[uniffi::constructor]
    pub fn open(path: String) -> Result<Arc<Self>> {
        let path = PathBuf::from(path);
        let notebook = vanguard_core::Notebook::open(&path, SystemEnv::shared())?;
        Ok(Arc::new(Self {
            path,
            opened: Mutex::new(Opened {
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

    /// Closes every connection to the file, so that the app may be suspended: iOS ends apps that
    /// are suspended while they hold a file's lock. Waits for a verb or page that is under way; a
    /// sync under way is interrupted. Calls answer `Paused` until `resume`.
    ///
    /// # Errors
    /// None so far.
    pub fn pause(&self) -> Result<()> {
        let mut opened = self.lock();
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
        let mut opened = self.lock();
        if opened.notebook.is_none() {
            let notebook = vanguard_core::Notebook::open(&self.path, SystemEnv::shared())?;
            opened.notebook = Some(notebook);
        }
        drop(opened);
        self.changed.send_modify(|number| *number += 1);
        Ok(())
    }
}

impl Notebook {
    fn lock(&self) -> MutexGuard<'_, Opened> {
        // A panic in a verb rolled its transaction back; the notebook is as it was.
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&vanguard_core::Notebook) -> std::result::Result<T, NotebookError>,
    ) -> Result<T> {
        let opened = self.lock();
        Ok(work(opened.notebook.as_ref().ok_or_else(paused)?)?)
    }

    /// Does a verb, and then tells those who watch.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&mut vanguard_core::Notebook) -> std::result::Result<T, NotebookError>,
    ) -> Result<T> {
        let mut opened = self.lock();
        let done = work(opened.notebook.as_mut().ok_or_else(paused)?)?;
        drop(opened);
        self.changed.send_modify(|number| *number += 1);
        self.written.send_modify(|number| *number += 1);
        Ok(done)
    }

    /// Which opening of the file this is, for [`Notebook::within`].
    #[cfg(feature = "http")]
    pub(crate) fn opening(&self) -> u64 {
        self.lock().opening
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
        let mut opened = self.lock();
        if opened.opening != opening {
            return Err(paused());
        }
        work(opened.notebook.as_mut().ok_or_else(paused)?).map_err(Into::into)
    }

    /// The relay that the notebook is enrolled at, by a connection that is kept.
    #[cfg(feature = "http")]
    pub(crate) fn relay(&self) -> Result<(HttpRelay, String)> {
        let opened = self.lock();
        let notebook = opened.notebook.as_ref().ok_or_else(paused)?;
        let identity = notebook.identity().ok_or(NotebookError::NotEnrolled)?;
        let credential = vanguard_core::keys::hex(&identity.credential);
        Ok((self.wire.relay(notebook)?, credential))
    }
}

pub(crate) fn paused() -> VanguardError {
    VanguardError::Paused {
        reason: "the notebook is paused".into(),
    }
}
