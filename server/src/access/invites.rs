//! Invites and enrolment: a single-use secret becomes a device with a credential of its own.

use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior, params};
use vanguard_core::id::{DeviceId, MemberId};
use vanguard_core::invite::Invite;
use vanguard_core::keys::{PublicKey, sha256};

use super::{Access, AccessError, DeviceRow, sql};

/// A device that asks to be enrolled; its signature has been checked.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// The invite's secret.
    pub secret: [u8; 32],
    /// The device's key.
    pub public_key: PublicKey,
    /// What its owner calls it.
    pub name: String,
    /// The six digits that follow from relay, invite and key.
    pub code: String,
    /// Whether nobody has to confirm it (`--auto-confirm`).
    pub is_confirmed: bool,
}

/// A device that was enrolled.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// Its id.
    pub device: DeviceId,
    /// Whose it is.
    pub member: MemberId,
    /// Its credential, which nobody but the device keeps.
    pub credential: [u8; 32],
    /// Whether it may sync already.
    pub is_confirmed: bool,
}

/// Why a device is not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// There is no such invite.
    #[error("no such invite")]
    Unknown,
    /// Its time has run out.
    #[error("the invite has expired")]
    Expired,
    /// Another device was enrolled with it, or the same one has synced since.
    #[error("the invite has been used")]
    Used,
    /// The key is another enrolment's already: a device makes a new key for each.
    #[error("the key is enrolled already")]
    KeyInUse,
    /// The file cannot answer.
    #[error(transparent)]
    Access(#[from] AccessError),
}

impl From<rusqlite::Error> for EnrolError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Access(error.into())
    }
}

impl Access {
    /// Makes an invite for one member in the name of `by`, and gives its secret.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn create_invite(
        &self,
        member: MemberId,
        valid_ms: i64,
        by: MemberId,
    ) -> Result<[u8; 32], AccessError> {
        let secret = self.env.random_32();
        let now = self.env.now_ms();
        let expires = now.saturating_add(valid_ms);
        let hash = sha256(&secret);
        self.db().execute(
            sql::INSERT_INVITE,
            params![hash.as_slice(), member, by, now, expires],
        )?;
        Ok(secret)
    }

    /// Makes an invite as its QR code says it.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn invite(
        &self,
        relay_key: PublicKey,
        relay_url: &str,
        (member, member_name): (MemberId, &str),
        valid_ms: i64,
        by: MemberId,
    ) -> Result<Invite, AccessError> {
        Ok(Invite {
            relay_url: relay_url.to_owned(),
            relay_key,
            secret: self.create_invite(member, valid_ms, by)?,
            member_name: member_name.to_owned(),
        })
    }

    /// Enrols a device, once for each invite, in one transaction. The same device that asks again
    /// because the answer was lost gets a new credential, until it has synced.
    ///
    /// # Errors
    /// [`EnrolError`] says why not.
    pub fn enrol(&self, enrolment: &Enrolment) -> Result<Enrolled, EnrolError> {
        let credential = self.env.random_32();
        let device = DeviceId(self.env.uuid_v7());
        let now = self.env.now_ms();
        let mut db = self.db();
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let secret_hash = sha256(&enrolment.secret);
        let invite: Option<(MemberId, i64, Option<DeviceId>)> = tx
            .query_row(sql::FIND_INVITE, [secret_hash.as_slice()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let (member, expires_at_ms, used_by) = invite.ok_or(EnrolError::Unknown)?;
        let known = device_by_key(&tx, &enrolment.public_key)?;
        let credential_hash = sha256(&credential);
        let enrolled = match (used_by, known) {
            (Some(used_by), Some(known)) if used_by == known.id => {
                // The answer was lost: only who holds the key comes here.
                let is_fresh = known.first_sync_at_ms.is_none() && known.revoked_at_ms.is_none();
                if !is_fresh || expires_at_ms <= now {
                    return Err(EnrolError::Used);
                }
                tx.execute(
                    sql::REPLACE_CREDENTIAL,
                    params![known.id, credential_hash.as_slice()],
                )?;
                Enrolled {
                    device: known.id,
                    member,
                    credential,
                    is_confirmed: known.confirmed_at_ms.is_some(),
                }
            }
            (Some(_), _) => return Err(EnrolError::Used),
            (None, _) if expires_at_ms <= now => return Err(EnrolError::Expired),
            (None, Some(_)) => return Err(EnrolError::KeyInUse),
            (None, None) => {
                let confirmed_at_ms = enrolment.is_confirmed.then_some(now);
                tx.execute(
                    sql::INSERT_DEVICE,
                    params![
                        device,
                        member,
                        enrolment.public_key.as_bytes().as_slice(),
                        credential_hash.as_slice(),
                        enrolment.name,
                        enrolment.code,
                        now,
                        confirmed_at_ms
                    ],
                )?;
                tx.execute(
                    sql::USE_INVITE,
                    params![secret_hash.as_slice(), now, device],
                )?;
                Enrolled {
                    device,
                    member,
                    credential,
                    is_confirmed: enrolment.is_confirmed,
                }
            }
        };
        tx.commit()?;
        Ok(enrolled)
    }
}

fn device_by_key(tx: &Transaction<'_>, key: &PublicKey) -> rusqlite::Result<Option<DeviceRow>> {
    let text = format!("{} {}", sql::DEVICE_COLUMNS, sql::BY_KEY);
    tx.query_row(&text, [key.as_bytes().as_slice()], DeviceRow::read)
        .optional()
}
