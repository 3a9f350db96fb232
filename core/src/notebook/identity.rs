//! Whose notebook it is: enrolment, and the keys that come of it.

use rusqlite::Connection;

use super::{Notebook, NotebookError, Result, fresh_actor};
use crate::id::{DeviceId, MemberId};
use crate::invite::{Invite, confirmation_code, enrolment_statement};
use crate::keys::{KeyError, PublicKey, Signature, SoftwareKey};
use crate::store::{clear_meta, meta, set_meta};
use crate::wire::{EnrolRequest, EnrolResponse, PROTOCOL};

/// The name under which the six digits are kept.
const CONFIRMATION_CODE: &str = "confirmation_code";

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
            let key = software_key(conn)?;
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

fn software_key(conn: &Connection) -> Result<Option<SoftwareKey>> {
    let secret: Option<[u8; 32]> = meta(conn, "device_key")?;
    Ok(secret.and_then(|secret| SoftwareKey::from_bytes(&secret).ok()))
}

/// An enrolment under way.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// The body of `POST /v1/enroll`.
    pub request: EnrolRequest,
    /// The six digits to compare with the supervisor's screen.
    pub confirmation_code: String,
}

/// An enrolment that waits for the signature of a key that lies elsewhere.
#[derive(Clone, Debug)]
pub struct UnsignedEnrolment {
    /// What the device's key has to sign.
    pub statement: Vec<u8>,
    enrolment: Enrolment,
}

impl UnsignedEnrolment {
    /// The enrolment with its signature.
    ///
    /// # Errors
    /// [`KeyError::Mismatch`] where it is not that of the key that the enrolment was begun with.
    pub fn signed(self, signature: Signature) -> std::result::Result<Enrolment, KeyError> {
        let mut enrolment = self.enrolment;
        let public_key = enrolment.request.public_key;
        public_key.verify(&self.statement, &signature)?;
        enrolment.request.signature = signature;
        Ok(enrolment)
    }
}

impl Notebook {
    /// Begins to enrol this device by an invite: makes its key, kept from now on, and signs.
    /// Called again with the same invite after an answer was lost, it asks for the same again.
    ///
    /// # Errors
    /// [`NotebookError::AlreadyEnrolled`], and the store's.
    pub fn begin_enrolment(&mut self, invite: &Invite, name: &str) -> Result<Enrolment> {
        let kept = software_key(self.reader())?;
        let key = kept.unwrap_or_else(|| SoftwareKey::generate(self.env.as_ref()));
        let mut begun = self.begin(invite, name, key.public_key(), Some(&key))?;
        begun.enrolment.request.signature = key.sign(&begun.statement);
        Ok(begun.enrolment)
    }

    /// Begins to enrol this device with a key that lies elsewhere: in a key store that signs and
    /// never gives it away. Called again with the same invite and key after an answer was lost, it
    /// asks for the same again.
    ///
    /// # Errors
    /// [`NotebookError::AlreadyEnrolled`], and the store's.
    pub fn begin_enrolment_with(
        &mut self,
        invite: &Invite,
        name: &str,
        public_key: PublicKey,
    ) -> Result<UnsignedEnrolment> {
        self.begin(invite, name, public_key, None)
    }

    fn begin(
        &mut self,
        invite: &Invite,
        name: &str,
        public_key: PublicKey,
        key: Option<&SoftwareKey>,
    ) -> Result<UnsignedEnrolment> {
        if self.identity.is_some() {
            return Err(NotebookError::AlreadyEnrolled);
        }
        self.store.transact(|conn| -> Result<()> {
            set_meta(conn, "public_key", public_key.as_bytes())?;
            match key {
                Some(key) => set_meta(conn, "device_key", key.to_bytes())?,
                None => clear_meta(conn, "device_key")?,
            }
            Ok(())
        })?;
        Ok(UnsignedEnrolment {
            statement: enrolment_statement(&invite.relay_key, &invite.secret, &public_key),
            enrolment: Enrolment {
                request: EnrolRequest {
                    protocol: PROTOCOL,
                    secret: invite.secret,
                    public_key,
                    name: name.to_owned(),
                    signature: Signature([0; 64]),
                },
                confirmation_code: confirmation_code(
                    &invite.relay_key,
                    &invite.secret,
                    &public_key,
                ),
            },
        })
    }

    /// Takes the relay's answer: from now on the notebook is the member's.
    ///
    /// # Errors
    /// [`NotebookError::NotEnrolled`] where no enrolment was begun, and the store's.
    pub fn finish_enrolment(&mut self, invite: &Invite, response: &EnrolResponse) -> Result<()> {
        let public_key =
            public_key(self.reader(), "public_key")?.ok_or(NotebookError::NotEnrolled)?;
        let identity = Identity {
            relay_url: invite.relay_url.clone(),
            relay_key: invite.relay_key,
            device: response.device,
            member: response.member,
            public_key,
            key: software_key(self.reader())?,
            credential: response.credential,
        };
        let digits = confirmation_code(&invite.relay_key, &invite.secret, &public_key);
        self.store.transact(|conn| -> Result<()> {
            if !response.is_confirmed {
                set_meta(conn, CONFIRMATION_CODE, digits)?;
            }
            identity.save(conn)
        })?;
        self.actor = fresh_actor(Some(&identity), self.env.as_ref());
        self.identity = Some(identity.into());
        Ok(())
    }

    /// The six digits to compare with the supervisor's screen, from enrolment until the relay has
    /// first answered a sync: an app that was closed meanwhile shows them again.
    ///
    /// # Errors
    /// The store's.
    pub fn confirmation_code(&self) -> Result<Option<String>> {
        Ok(meta(self.reader(), CONFIRMATION_CODE)?)
    }
}

/// Notes that a supervisor has confirmed this device.
pub(crate) fn note_confirmed(conn: &Connection) -> Result<()> {
    Ok(clear_meta(conn, CONFIRMATION_CODE)?)
}
