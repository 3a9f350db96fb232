//! What travels between a device and the relay: CBOR arrays (RFC 8949) in HTTP bodies.
//!
//! Hashes that both sides can compute from the bytes that travel are left out: random bytes do
//! not compress, and a change's hash is the larger part of a small change.

mod items;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::id::{DeviceId, DocumentId, MemberId, OrgId};
use crate::keys::{Hash, PublicKey, Signature};

pub use items::check_items;

/// The protocol that this version speaks. A relay answers an older one with 426.
pub const PROTOCOL: u32 = 1;
/// The media type of every body.
pub const MEDIA_TYPE: &str = "application/cbor";
/// The highest number of bytes of a change, uncompressed.
pub const CHANGE_LIMIT_BYTES: usize = 1 << 20;
/// The highest number of operations in a change.
pub const CHANGE_LIMIT_OPS: usize = 10_000;
/// The highest number of changes in a request.
pub const PUSH_LIMIT_CHANGES: usize = 4_000;
/// The highest number of bytes of a request's body after decompression.
pub const BODY_LIMIT_BYTES: usize = 16 << 20;
/// About how many bytes of changes a page brings.
pub const PAGE_BYTES: u32 = 1 << 20;
/// How far back a device keeps what is not open, in days, unless it is told otherwise.
pub const WINDOW_DAYS: u32 = 90;
/// The highest number of documents that a request may want by id.
pub const WANT_LIMIT: usize = 500;
/// The highest number of photos' files that a request may ask about.
pub const PHOTOS_ASKED_LIMIT: usize = 500;

/// A place in a relay's log, with proof that both sides mean the same log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Cursor {
    /// The log's life: new when a relay begins a log.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub epoch: [u8; 8],
    /// The position of the last change taken.
    #[n(1)]
    pub seq: u64,
    /// The first bytes of the log's hash chain there: another log, or the same one put back to an
    /// earlier state and gone on differently, has others.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub chain: [u8; 8],
}

/// `POST /v1/sync`: what a device pushes, and from where it pulls.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SyncRequest {
    /// See [`PROTOCOL`].
    #[n(0)]
    pub protocol: u32,
    /// Where the device stands in the log; `None` on its first sync.
    #[n(1)]
    pub cursor: Option<Cursor>,
    /// What it pushes, in the order of their numbers.
    #[n(2)]
    pub batches: Vec<SealedBatch>,
    /// Hashes of changes beyond the cursor that it holds, and the page may leave out.
    #[n(3)]
    pub held: Vec<ByteArray32>,
    /// A digest of the spaces that it follows; the relay names them anew where they differ.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub scope: [u8; 8],
    /// Spaces of which it still lacks documents.
    #[n(5)]
    pub bootstraps: Vec<Bootstrap>,
    /// Single documents that it wants whole.
    #[n(6)]
    pub want: Vec<DocumentId>,
    /// About how many bytes of changes the answer may bring.
    #[n(7)]
    pub page_bytes: u32,
    /// How far back the device keeps what is not open, in days.
    #[n(8)]
    pub window_days: u32,
    /// How the device is, for the supervisor's eyes.
    #[n(9)]
    pub health: Health,
    /// SHA-256 of photos' files that it has sent, or believes to have sent, and that no receipt
    /// names yet; at most [`PHOTOS_ASKED_LIMIT`].
    #[n(10)]
    pub photos: Vec<ByteArray32>,
}

impl Default for SyncRequest {
    /// What a device asks that has nothing yet, and nothing to send.
    fn default() -> Self {
        Self {
            protocol: PROTOCOL,
            cursor: None,
            batches: Vec::new(),
            held: Vec::new(),
            scope: [0; 8],
            bootstraps: Vec::new(),
            want: Vec::new(),
            page_bytes: PAGE_BYTES,
            window_days: WINDOW_DAYS,
            health: Health::default(),
            photos: Vec::new(),
        }
    }
}

/// How a device is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Health {
    /// Its clock, in milliseconds.
    #[n(0)]
    pub device_time_ms: i64,
    /// How many changes wait to be sent or acknowledged.
    #[n(1)]
    pub unsent: u64,
    /// When the oldest of them was made, by its clock, in milliseconds.
    #[n(2)]
    pub oldest_unsent_ms: Option<i64>,
    /// How many files of photos wait to be sent or acknowledged.
    #[n(3)]
    pub photos_owed: u64,
    /// Their bytes.
    #[n(4)]
    pub photo_bytes_owed: u64,
}

/// Thirty-two bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct ByteArray32(#[cbor(n(0), with = "minicbor::bytes")] pub Hash);

/// How far a device has come in taking a space's documents.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Bootstrap {
    /// The space.
    #[n(0)]
    pub space: OrgId,
    /// Where the last page ended; `None` at the beginning. Only the relay reads it.
    #[n(1)]
    pub after: Option<BootstrapMark>,
}

/// Where a page of a space's documents ended: open documents come first, recent ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BootstrapMark {
    /// Whether the open documents are done with.
    #[n(0)]
    pub open_done: bool,
    /// The position of the last change of the last document given.
    #[n(1)]
    pub seq: u64,
}

/// Changes that a device made, signed together.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SealedBatch {
    /// What the batch says of itself.
    #[n(0)]
    pub header: BatchHeader,
    /// The changes, document by document, in the order of their making within each.
    #[n(1)]
    pub entries: Vec<BatchEntry>,
    /// The device's signature over the [statement](crate::batch::statement).
    #[n(2)]
    pub signature: Signature,
}

/// What a batch says of itself.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct BatchHeader {
    /// The format of the statement that is signed.
    #[n(0)]
    pub format: u32,
    /// The [fingerprint](PublicKey::fingerprint) of the relay that it is meant for.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub relay: Hash,
    /// The device.
    #[n(2)]
    pub device: DeviceId,
    /// This opening of the notebook: random, so that a copy of it never counts on.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub opening: [u8; 16],
    /// The batch's number in this opening, from 0.
    #[n(4)]
    pub number: u64,
    /// The hash of the notebook's previous batch; zeros before the first.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub previous: Hash,
    /// How far the device had seen the directory when it made the changes.
    #[n(6)]
    pub directory_position: u64,
    /// The device's clock at sealing, in milliseconds.
    #[n(7)]
    pub device_time_ms: i64,
    /// What to add to the device's clock to get the relay's, as last measured, in milliseconds.
    #[n(8)]
    pub clock_offset_ms: Option<i64>,
    /// The member in whose name the console acted; `None` from a device.
    #[n(9)]
    pub on_behalf_of: Option<MemberId>,
}

/// The changes of one document in a batch.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct BatchEntry {
    /// The document; `None` where the first change creates it and says its id itself.
    #[n(0)]
    pub document: Option<DocumentId>,
    /// Its space.
    #[n(1)]
    pub space: OrgId,
    /// Automerge changes, uncompressed.
    #[n(2)]
    pub changes: Vec<ByteVec>,
}

/// The answer to a [`SyncRequest`].
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SyncResponse {
    /// The relay's clock, in milliseconds.
    #[n(0)]
    pub relay_time_ms: i64,
    /// Where the device stands after this page; it commits both together.
    #[n(1)]
    pub cursor: Cursor,
    /// The device's cursor is of another log, or of one that was put back: the page begins anew,
    /// and the device reconciles by hash and pushes again what the relay lost.
    #[n(2)]
    pub is_diverged: bool,
    /// What became of each batch, in their order.
    #[n(3)]
    pub outcomes: Vec<BatchOutcome>,
    /// The relay's signature over the [receipt](crate::batch::receipt_statement) of the admitted
    /// changes of this push and of `photos_held`; `None` where there are neither.
    #[n(4)]
    pub receipt: Option<Signature>,
    /// Changes after the cursor, in the relay's order within each document.
    #[n(5)]
    pub tail: Vec<DocumentChanges>,
    /// Whole documents: of spaces that the device still lacks, and those that it wanted.
    #[n(6)]
    pub documents: Vec<DocumentChanges>,
    /// How far each asked bootstrap has come.
    #[n(7)]
    pub bootstraps: Vec<BootstrapProgress>,
    /// The spaces that the device follows, where its digest of them differed.
    #[n(8)]
    pub scope: Option<Vec<Followed>>,
    /// Wanted documents that this device may not have, or nobody has.
    #[n(9)]
    pub absent: Vec<DocumentId>,
    /// How many positions of the log lie beyond the cursor.
    #[n(10)]
    pub remaining: u64,
    /// Another copy of this notebook syncs as well: its owner has to enrol one of them anew.
    #[n(11)]
    pub is_cloned: bool,
    /// Which of the photos that were asked about the relay holds: whole, checked, on disk.
    #[n(12)]
    pub photos_held: Vec<ByteArray32>,
}

/// A space that a device follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Followed {
    /// The space.
    #[n(0)]
    pub space: OrgId,
    /// Whether its member sees all violations there, and not only those that they recorded.
    #[n(1)]
    pub sees_violations: bool,
}

/// How far a bootstrap has come.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct BootstrapProgress {
    /// The space.
    #[n(0)]
    pub space: OrgId,
    /// Where this page ended; `None` when the space is complete.
    #[n(1)]
    pub after: Option<BootstrapMark>,
    /// How many documents are still to come.
    #[n(2)]
    pub remaining: u64,
}

/// Changes of one document with their places in the log.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct DocumentChanges {
    /// The document.
    #[n(0)]
    pub document: DocumentId,
    /// The changes in the relay's order.
    #[n(1)]
    pub changes: Vec<AdmittedChange>,
}

/// An admitted change.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AdmittedChange {
    /// Its place in the log.
    #[n(0)]
    pub position: u64,
    /// When the relay received it, in milliseconds of the relay's clock.
    #[n(1)]
    pub received_at_ms: i64,
    /// The Automerge change, uncompressed.
    #[n(2)]
    pub raw: ByteVec,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum BatchOutcome {
    /// Every change was judged; one outcome each, in the batch's order.
    #[n(0)]
    Judged(#[n(0)] Vec<ChangeOutcome>),
    /// The batch does not follow the last one of its opening: the device goes on from this number.
    #[n(1)]
    OutOfOrder {
        /// The number that the relay expects next in this opening.
        #[n(0)]
        expected: u64,
    },
    /// The batch is not this device's, or not for this relay, or says something untrue.
    #[n(2)]
    Rejected {
        /// A [`Refusal`](crate::rules::Refusal)'s text.
        #[n(0)]
        reason: String,
    },
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ChangeOutcome {
    /// It is in the log.
    #[n(0)]
    Admitted {
        /// Where.
        #[n(0)]
        position: u64,
        /// When the relay received it, in milliseconds of its clock, where that was not with this
        /// request: the answer to an earlier one was lost.
        #[n(1)]
        received_at_ms: Option<i64>,
    },
    /// It builds on changes that the relay does not have yet, and waits for them.
    #[n(1)]
    Held,
    /// It will never be in the log.
    #[n(2)]
    Refused {
        /// A [`Refusal`](crate::rules::Refusal)'s text.
        #[n(0)]
        reason: String,
    },
}

/// `POST /v1/enroll`: a device asks to be a member's.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct EnrolRequest {
    /// See [`PROTOCOL`].
    #[n(0)]
    pub protocol: u32,
    /// The invite's secret.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub secret: [u8; 32],
    /// The device's key.
    #[n(2)]
    pub public_key: PublicKey,
    /// What its owner calls the device.
    #[n(3)]
    pub name: String,
    /// The device's signature over the [statement](crate::invite::enrolment_statement).
    #[n(4)]
    pub signature: Signature,
}

/// The answer to an [`EnrolRequest`].
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct EnrolResponse {
    /// The device's id.
    #[n(0)]
    pub device: DeviceId,
    /// Whose device it is now.
    #[n(1)]
    pub member: MemberId,
    /// The secret that it shows with every request, as a bearer token in hexadecimal.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub credential: [u8; 32],
    /// Whether somebody still has to compare the six digits and confirm.
    #[n(3)]
    pub is_confirmed: bool,
}

/// What `GET /v1/live` says: there is news, and the news itself where it is small. A device asks
/// for the news by sending a [`SyncRequest`] without batches when it begins to listen.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct LiveNews {
    /// The end of the log.
    #[n(0)]
    pub head: u64,
    /// The news where it is at most [`LIVE_PAGE_LIMIT_BYTES`]; else a sync fetches it.
    #[n(1)]
    pub page: Option<LivePage>,
}

/// The highest number of bytes of a page that the live channel brings.
pub const LIVE_PAGE_LIMIT_BYTES: usize = 16 << 10;

/// What a sync from a cursor would bring.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct LivePage {
    /// The cursor that the page goes on from: for a device that stands elsewhere it is no use.
    #[n(0)]
    pub from: Cursor,
    /// The page.
    #[n(1)]
    pub page: SyncResponse,
}

/// Encodes a message.
pub fn encode<T: Encode<()>>(message: &T) -> Vec<u8> {
    // Writing to memory cannot fail.
    minicbor::to_vec(message).unwrap_or_default()
}

/// Decodes a message.
///
/// # Errors
/// Where the bytes are no such message.
pub fn decode<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, minicbor::decode::Error> {
    minicbor::decode(bytes)
}
