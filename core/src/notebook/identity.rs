//! Whose notebook it is: enrolment, and the keys that come of it.

use rusqlite::Connection;

use super::{Notebook, NotebookError, Result, fresh_actor};
use crate::id::{DeviceId, MemberId};
use crate::invite::{Invite, confirmation_code, enrolment_statement};
use crate::keys::{PublicKey, SoftwareKey};
use crate::store::{meta, set_meta};
use crate::wire::{EnrolRequest, EnrolResponse, PROTOCOL};

/// An enrolled device.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The relay's address.
    pub relay_url: String,
    /// The relay's key.
    pub relay_key: PublicKey,
    /// This device.
    pub device: DeviceId,
    /// Whose it is.
    pub member: MemberId,
    /// This device's key.
    pub public_key: PublicKey,
    /// The private half, where no better key store holds it.
    pub key: Option<SoftwareKey>,
    /// What it shows to the relay with every request.
    pub credential: [u8; 32],
}

impl Identity {
    /// The identity that a store keeps.
    pub(super) fn load(conn: &Connection) -> Result<Option<Self>> {
        let Some(device) = meta(conn, "device")? else {
            return Ok(None);
        };
        let read = || -> Result<Option<Self>> {
            let key: Option<[u8; 32]> = meta(conn, "device_key")?;
            let fields = (
                meta(conn, "relay_url")?,
                public_key(conn, "relay_key")?,
                meta(conn, "member")?,
                public_key(conn, "public_key")?,
                meta(conn, "credential")?,
            );
            let (
                Some(relay_url),
                Some(relay_key),
                Some(member),
                Some(public_key),
                Some(credential),
            ) = fields
            else {
                return Ok(None);
            };
            let key = key.and_then(|secret| SoftwareKey::from_bytes(&secret).ok());
            Ok(Some(Self {
                relay_url,
                relay_key,
                device,
                member,
                public_key,
                key,
                credential,
            }))
        };
        read()
    }

    fn save(&self, conn: &Connection) -> Result<()> {
        set_meta(conn, "relay_url", &self.relay_url)?;
        set_meta(conn, "relay_key", self.relay_key.as_bytes())?;
        set_meta(conn, "device", self.device)?;
        set_meta(conn, "member", self.member)?;
        set_meta(conn, "public_key", self.public_key.as_bytes())?;
        set_meta(conn, "credential", self.credential)?;
        Ok(())
    }
}

fn public_key(conn: &Connection, name: &str) -> Result<Option<PublicKey>> {
    let bytes: Option<Vec<u8>> = meta(conn, name)?;
    Ok(bytes.and_then(|bytes| PublicKey::from_sec1(&bytes).ok()))
}

/// An enrolment under way.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// The body of `POST /v1/enroll`.
    pub request: EnrolRequest,
    /// The six digits to compare with the supervisor's screen.
    pub confirmation_code: String,
}

impl Notebook {
    /// Begins to enrol this device by an invite: makes its key, kept from now on, and signs.
    /// Called again with the same invite after an answer was lost, it asks for the same again.
    ///
    /// # Errors
    /// [`NotebookError::AlreadyEnrolled`], and the store's.
    pub fn begin_enrolment(&mut self, invite: &Invite, name: &str) -> Result<Enrolment> {
        if self.identity.is_some() {
            return Err(NotebookError::AlreadyEnrolled);
        }
        let kept: Option<[u8; 32]> = meta(self.reader(), "device_key")?;
        let key = match kept.and_then(|secret| SoftwareKey::from_bytes(&secret).ok()) {
            Some(key) => key,
            None => {
                let key = SoftwareKey::generate(self.env.as_ref());
                self.store
                    .transact(|conn| set_meta(conn, "device_key", key.to_bytes()))?;
                key
            }
        };
        let public_key = key.public_key();
        let statement = enrolment_statement(&invite.relay_key, &invite.secret, &public_key);
        let request = EnrolRequest {
            protocol: PROTOCOL,
            secret: invite.secret,
            public_key,
            name: name.to_owned(),
            signature: key.sign(&statement),
        };
        let confirmation_code = confirmation_code(&invite.relay_key, &invite.secret, &public_key);
        Ok(Enrolment {
            request,
            confirmation_code,
        })
    }

    /// Takes the relay's answer: from now on the notebook is the member's.
    ///
    /// # Errors
    /// [`NotebookError::NotEnrolled`] where no enrolment was begun, and the store's.
    pub fn finish_enrolment(&mut self, invite: &Invite, response: &EnrolResponse) -> Result<()> {
        let secret: Option<[u8; 32]> = meta(self.reader(), "device_key")?;
        let key = secret
            .and_then(|secret| SoftwareKey::from_bytes(&secret).ok())
            .ok_or(NotebookError::NotEnrolled)?;
        let identity = Identity {
            relay_url: invite.relay_url.clone(),
            relay_key: invite.relay_key,
            device: response.device,
            member: response.member,
            public_key: key.public_key(),
            key: Some(key),
            credential: response.credential,
        };
        self.store.transact(|conn| identity.save(conn))?;
        self.actor = fresh_actor(Some(&identity), self.env.as_ref());
        self.identity = Some(identity.into());
        Ok(())
    }
}
