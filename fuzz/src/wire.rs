//! Decoding what travels never panics, takes memory in proportion to what was counted, and what
//! was decoded survives being encoded.

use uuid::Uuid;
use vanguard_core::batch::FORMAT;
use vanguard_core::id::{DeviceId, DocumentId};
use vanguard_core::keys::Signature;
use vanguard_core::wire::{
    AdmittedChange, BatchEntry, BatchHeader, BatchOutcome, Bootstrap, BootstrapMark,
    BootstrapProgress, ByteArray32, ChangeOutcome, Cursor, DocumentChanges, EnrolRequest,
    EnrolResponse, Followed, Health, LiveNews, PROTOCOL, SealedBatch, SyncRequest, SyncResponse,
    check_items, decode, encode,
};

use super::life::{self, NOW_MS, SPACE};

macro_rules! survives {
    ($data:expr, $($message:ty),+) => {
        $(if let Ok(message) = decode::<$message>($data) {
            let again = encode(&message);
            assert_eq!(decode::<$message>(&again).ok().as_ref(), Some(&message));
            assert!(check_items(&again, again.len()).is_ok(), "each is a byte at least");
        })+
    };
}

/// Decodes any bytes as each message.
///
/// # Panics
/// Where a message does not survive.
pub fn run(data: &[u8]) {
    let _ = check_items(data, 1_000);
    survives!(
        data,
        SyncRequest,
        SyncResponse,
        EnrolRequest,
        EnrolResponse,
        LiveNews
    );
}

/// The seeds: a request and an answer in which nothing is empty.
pub fn seeds() -> Vec<Vec<u8>> {
    let life = life::life();
    let cursor = Cursor {
        epoch: [1; 8],
        seq: 1_000,
        chain: [2; 8],
    };
    let changes = life.iter().zip(1..).map(|(step, position)| AdmittedChange {
        position,
        received_at_ms: NOW_MS,
        raw: step.raw.clone().into(),
    });
    let whole = DocumentChanges {
        document: DocumentId(Uuid::from_u128(0xd0c)),
        changes: changes.collect(),
    };
    let batch = SealedBatch {
        header: BatchHeader {
            format: FORMAT,
            relay: [3; 32],
            device: DeviceId(Uuid::from_u128(4)),
            opening: [5; 16],
            number: 0,
            previous: [0; 32],
            directory_position: 7,
            device_time_ms: NOW_MS,
            clock_offset_ms: Some(-5),
            on_behalf_of: None,
        },
        entries: vec![BatchEntry {
            document: None,
            space: SPACE,
            changes: vec![life[0].raw.clone().into()],
        }],
        signature: Signature([6; 64]),
    };
    let request = SyncRequest {
        protocol: PROTOCOL,
        cursor: Some(cursor),
        batches: vec![batch],
        held: vec![ByteArray32([8; 32])],
        scope: [9; 8],
        bootstraps: vec![Bootstrap {
            space: SPACE,
            after: None,
        }],
        want: vec![DocumentId(Uuid::from_u128(0xd0c))],
        page_bytes: 1 << 20,
        window_days: 90,
        health: Health {
            device_time_ms: NOW_MS,
            unsent: 1,
            oldest_unsent_ms: Some(NOW_MS),
            photos_owed: 2,
            photo_bytes_owed: 409_000,
        },
        photos: vec![ByteArray32([10; 32])],
    };
    let response = SyncResponse {
        relay_time_ms: NOW_MS,
        cursor,
        is_diverged: false,
        outcomes: vec![
            BatchOutcome::Judged(vec![
                ChangeOutcome::Admitted {
                    position: 12,
                    received_at_ms: None,
                },
                ChangeOutcome::Held,
                ChangeOutcome::Refused {
                    reason: "status".into(),
                },
            ]),
            BatchOutcome::OutOfOrder { expected: 3 },
            BatchOutcome::Rejected {
                reason: "forged".into(),
            },
        ],
        receipt: Some(Signature([6; 64])),
        tail: vec![whole.clone()],
        documents: vec![whole],
        bootstraps: vec![BootstrapProgress {
            space: SPACE,
            after: Some(BootstrapMark {
                open_done: true,
                seq: 12,
            }),
            remaining: 3,
        }],
        scope: Some(vec![Followed {
            space: SPACE,
            sees_violations: true,
        }]),
        absent: vec![DocumentId(Uuid::from_u128(0xd0d))],
        remaining: 4,
        is_cloned: false,
        photos_held: vec![ByteArray32([10; 32])],
    };
    vec![encode(&request), encode(&response)]
}
