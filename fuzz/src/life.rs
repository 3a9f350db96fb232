//! A hazard's life, written by three officers at once: what mutated changes are applied to.

use automerge::Automerge;
use serde_json::{Map, Value, json};
use uuid::Uuid;
use vanguard_core::admission::Subject;
use vanguard_core::document::Admitted;
use vanguard_core::id::{DocumentId, EventId, GrantId, MemberId, OrgId};
use vanguard_core::keys::Hash;
use vanguard_core::model::organisation::{
    PartyOrgFields, PartyOrgKind, PartyOrgState, PartyOrgStatus,
};
use vanguard_core::model::people::{GrantFields, GrantState};
use vanguard_core::model::photo::{Photo, Thumbnail};
use vanguard_core::model::{Author, DocumentKind, Header, Role, SCHEMA, View};
use vanguard_core::rules::Directory;
use vanguard_core::{Composer, NewEvent, Verb};

/// The branch that it happens in.
pub(crate) const SPACE: OrgId = OrgId(Uuid::from_u128(0x5face));
/// When everything happens, in milliseconds.
pub(crate) const NOW_MS: i64 = 1_790_000_000_000;
/// What every actor begins with.
pub(crate) const PREFIX: [u8; 8] = [7; 8];

/// The officer of number `n`.
pub(crate) fn author(n: u8) -> Author {
    Author {
        member: MemberId(Uuid::from_u128(0x100 + u128::from(n))),
        role: Role::SafetyOfficer,
        grant: GrantId(Uuid::from_u128(0x200 + u128::from(n))),
    }
}

/// That officer's composer.
pub(crate) fn composer(n: u8) -> Composer {
    let mut actor = [0; 16];
    actor[..8].copy_from_slice(&PREFIX);
    actor[15] = n;
    Composer::new(actor, author(n), NOW_MS)
}

/// A photo whose files have hashes of 32 equal bytes.
fn photo(n: u8) -> Photo {
    let thumbnail = Thumbnail {
        hash: vanguard_core::keys::hex(&[n + 1; 32]),
        bytes: 9_000,
    };
    Photo::new(&[n; 32], 400_000, (2_560, 1_920), thumbnail)
}

/// What every document of these tests says of itself.
pub(crate) fn header(id: Uuid, kind: DocumentKind, space: OrgId) -> Header {
    Header {
        id: DocumentId(id),
        kind,
        space,
        creator: author(1).member,
        created_ms: NOW_MS,
        schema: SCHEMA,
    }
}

/// The branch, and the officers' grants.
pub(crate) fn directory() -> Directory {
    let mut directory = Directory::default();
    let kind = DocumentKind::Organisation;
    directory.put_org(&View {
        header: header(SPACE.0, kind, OrgId::DIRECTORY),
        fields: PartyOrgFields {
            name: "一支部".into(),
            org_kind: PartyOrgKind::Branch,
            parent: None,
            project: None,
        },
        state: PartyOrgState {
            status: PartyOrgStatus::Active,
            secretary: None,
            host: None,
        },
        events: Vec::new(),
        conflicts: Vec::new(),
    });
    for n in 1..4 {
        let Author {
            member,
            role,
            grant,
        } = author(n);
        directory.put_grant(&View {
            header: header(grant.0, DocumentKind::Grant, OrgId::DIRECTORY),
            fields: GrantFields {
                member,
                role,
                org: SPACE,
            },
            state: GrantState { is_ended: false },
            events: Vec::new(),
            conflicts: Vec::new(),
        });
    }
    directory
}

/// A change of the life: by whom, and the document before it.
pub(crate) struct Step {
    pub(crate) before: Option<Subject>,
    pub(crate) who: u8,
    pub(crate) raw: Vec<u8>,
}

pub(crate) fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

pub(crate) fn append(n: u128, body: Value) -> Verb {
    Verb::Append {
        event: NewEvent {
            id: EventId(Uuid::from_u128(0xe00 + n)),
            at_ms: NOW_MS,
            body: map(body),
        },
    }
}

/// The life, change by change.
pub(crate) fn life() -> Vec<Step> {
    let mut doc = Automerge::new();
    let mut log: Vec<(Hash, Vec<u8>)> = Vec::new();
    let mut steps = Vec::new();
    let mut perform = |doc: &mut Automerge, who: u8, verb: &Verb, seen: &[u128]| {
        let placed = log.iter().zip(1..).map(|((hash, raw), position)| {
            let at = Admitted {
                position,
                received_at_ms: NOW_MS,
            };
            (at, *hash, raw.as_slice())
        });
        let before = (!log.is_empty()).then(|| Subject::load(placed).expect("a life loads"));
        let seen: Vec<EventId> = seen
            .iter()
            .map(|n| EventId(Uuid::from_u128(0xe00 + n)))
            .collect();
        let made = composer(who)
            .perform(doc, verb, &seen)
            .expect("a verb is done");
        log.push((made.hash, made.raw.clone()));
        let raw = made.raw;
        steps.push(Step { before, who, raw });
    };
    let Verb::Append { event: reported } = append(1, json!({"event": "reported"})) else {
        return steps;
    };
    let create = Verb::Create {
        header: header(Uuid::from_u128(0xd0c), DocumentKind::Hazard, SPACE),
        fields: map(json!({
            "description": "煤气管道法兰泄漏", "nature": "unsafe_condition",
            "place": "二车间 3# 炉南侧", "photos": [photo(0xab)],
        })),
        event: Some(reported),
    };
    perform(&mut doc, 1, &create, &[]);
    let edit = |place: &str| Verb::Edit {
        fields: map(json!({"place": place, "item": "燃气", "photos": [photo(0xab), photo(0xef)]})),
    };
    let mut other = doc.clone();
    perform(&mut doc, 1, &edit("3# 炉北侧"), &[]);
    perform(&mut other, 2, &edit("4# 炉"), &[]);
    doc.merge(&mut other).expect("both are of one document");
    let chosen = json!({"event": "field_chosen", "field": "place", "value": "3# 炉北侧"});
    perform(&mut doc, 3, &append(2, chosen), &[1]);
    let graded = json!({
        "event": "graded", "grade": "general", "nature": "unsafe_condition", "reason": "一般",
    });
    perform(&mut doc, 2, &append(3, graded), &[2]);
    let assigned = json!({
        "event": "assigned", "unit": Uuid::from_u128(9), "mode": "deadline",
        "person": {"member": author(1).member}, "deadline_ms": NOW_MS + 86_400_000,
    });
    perform(&mut doc, 1, &append(4, assigned), &[3]);
    let clear = Verb::Edit {
        fields: map(json!({"item": null})),
    };
    perform(&mut doc, 1, &clear, &[]);
    let rectified = json!({"event": "rectified", "what": "已紧固", "photos": [photo(0xaa)]});
    perform(&mut doc, 1, &append(5, rectified), &[4]);
    steps
}
