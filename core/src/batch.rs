//! Batches: what is signed, by whom, and how a receipt answers it.
//!
//! A change's own hash covers neither its document nor its space, so a change could be replayed
//! into another. The statement that a device signs names them, with the relay that it is meant
//! for and the batch's place among its notebook's batches; because the signature is on the batch
//! and not on the connection, somebody else may carry it.

use minicbor::Encode;

use crate::id::{DeviceId, DocumentId, OrgId};
use crate::keys::{Hash, KeyError, PublicKey, sha256};
use crate::wire::{BatchHeader, ByteArray32, SealedBatch};

/// The statement's format that this version writes.
pub const FORMAT: u32 = 1;

/// The hash of a change as Automerge names it: SHA-256 over its chunk from the type byte on.
/// `None` where the bytes are too short to be one.
pub fn change_hash(raw: &[u8]) -> Option<Hash> {
    raw.get(CHUNK_HEADER_BYTES..)
        .filter(|rest| !rest.is_empty())
        .map(sha256)
}

/// Magic bytes and checksum, which come before what is hashed.
const CHUNK_HEADER_BYTES: usize = 8;

#[derive(Encode)]
struct Statement<'a> {
    #[n(0)]
    purpose: &'static str,
    #[n(1)]
    header: &'a BatchHeader,
    #[n(2)]
    entries: Vec<StatementEntry>,
}

#[derive(Encode)]
struct StatementEntry {
    #[n(0)]
    document: Option<DocumentId>,
    #[n(1)]
    space: OrgId,
    #[n(2)]
    hashes: Vec<ByteArray32>,
}

/// The bytes that a device signs for a batch. A change too short to have a hash counts as zeros;
/// admission refuses it.
pub fn statement(batch: &SealedBatch) -> Vec<u8> {
    let entries = batch
        .entries
        .iter()
        .map(|entry| StatementEntry {
            document: entry.document,
            space: entry.space,
            hashes: entry
                .changes
                .iter()
                .map(|raw| ByteArray32(change_hash(raw).unwrap_or_default()))
                .collect(),
        })
        .collect();
    crate::wire::encode(&Statement {
        purpose: "vanguard batch",
        header: &batch.header,
        entries,
    })
}

/// Checks a batch's signature, and gives the batch's hash.
///
/// # Errors
/// [`KeyError`] where the signature is not that key's over this batch.
pub fn verify(batch: &SealedBatch, key: &PublicKey) -> Result<Hash, KeyError> {
    let statement = statement(batch);
    key.verify(&statement, &batch.signature)?;
    Ok(sha256(&statement))
}

#[derive(Encode)]
struct ReceiptStatement<'a> {
    #[n(0)]
    purpose: &'static str,
    #[n(1)]
    relay: ByteArray32,
    #[n(2)]
    device: DeviceId,
    #[n(3)]
    relay_time_ms: i64,
    #[n(4)]
    admitted: &'a [(ByteArray32, u64)],
    #[n(5)]
    photos_held: &'a [ByteArray32],
}

/// The bytes that the relay signs for a receipt: every admitted change of a push, with its
/// position, and every photo's file that the device asked about and the relay holds. The device
/// knows the changes' hashes, so only their positions and the signature travel.
pub fn receipt_statement(
    relay: Hash,
    device: DeviceId,
    relay_time_ms: i64,
    admitted: &[(ByteArray32, u64)],
    photos_held: &[ByteArray32],
) -> Vec<u8> {
    crate::wire::encode(&ReceiptStatement {
        purpose: "vanguard receipt",
        relay: ByteArray32(relay),
        device,
        relay_time_ms,
        admitted,
        photos_held,
    })
}
