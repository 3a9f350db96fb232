//! Whose push it is, and whether what it brings is signed by them.

use vanguard_core::batch::{FORMAT, statement};
use vanguard_core::id::{DeviceId, MemberId};
use vanguard_core::keys::{Hash, PublicKey, sha256};
use vanguard_core::rules::Refusal;
use vanguard_core::wire::SealedBatch;

use super::judge::WORK_LIMIT;

/// Who pushes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pusher {
    pub(super) device: DeviceId,
    pub(super) member: MemberId,
    pub(super) public_key: PublicKey,
    /// The relay itself, which acts for its console and its operator.
    pub(super) is_relay: bool,
}

impl Pusher {
    /// How much judging what it pushes may ask for, see [`WORK_LIMIT`]. The relay itself, whose
    /// spreadsheets come in whole or not at all, holds nobody up on purpose.
    pub(super) const fn work_limit(&self) -> usize {
        if self.is_relay {
            usize::MAX
        } else {
            WORK_LIMIT
        }
    }
}

/// A batch whose signature holds.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) batch: SealedBatch,
    pub(super) statement: Vec<u8>,
    pub(super) hash: Hash,
}

/// Checks that a batch is the pusher's, and meant for this relay.
pub(super) fn verify(
    pusher: &Pusher,
    relay: &Hash,
    batch: SealedBatch,
) -> Result<Verified, Refusal> {
    let header = &batch.header;
    if header.format != FORMAT {
        return Err(Refusal::TooNew);
    }
    let is_meant = header.relay == *relay
        && header.device == pusher.device
        && (pusher.is_relay || header.on_behalf_of.is_none());
    if !is_meant {
        return Err(Refusal::Forged);
    }
    let statement = statement(&batch);
    let is_signed = pusher
        .public_key
        .verify(&statement, &batch.signature)
        .is_ok();
    if !is_signed {
        return Err(Refusal::Forged);
    }
    let hash = sha256(&statement);
    Ok(Verified {
        batch,
        statement,
        hash,
    })
}
