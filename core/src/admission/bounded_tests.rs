//! What Automerge writes passes; what asks for more than it holds is refused; what was tampered
//! with never harms, whether it passes or not.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use automerge::{Automerge, Change};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::{Claim, Context, Subject, Verdict, admit};
use super::*;
use crate::compose::{Composer, NewEvent, Verb};
use crate::document::Admitted;
use crate::id::{DocumentId, EventId, GrantId, MemberId, OrgId};
use crate::keys::sha256;
use crate::model::organisation::{PartyOrgFields, PartyOrgKind, PartyOrgState, PartyOrgStatus};
use crate::model::people::{GrantFields, GrantState};
use crate::model::photo::sample as photo;
use crate::model::{Author, DocumentKind, Header, Role, SCHEMA, View};
use crate::rules::Directory;

const SPACE: OrgId = OrgId(Uuid::from_u128(0x5face));
const NOW_MS: i64 = 1_790_000_000_000;
const PREFIX: [u8; 8] = [7; 8];

/// The author of number `n`: a safety officer with a grant of the same number.
fn author(n: u128) -> Author {
    Author {
        member: MemberId(Uuid::from_u128(0x100 + n)),
        role: Role::SafetyOfficer,
        grant: GrantId(Uuid::from_u128(0x200 + n)),
    }
}

/// The composer of that author; a higher `n` is a higher actor.
fn composer(n: u8) -> Composer {
    let mut actor = [0; 16];
    actor[..8].copy_from_slice(&PREFIX);
    actor[15] = n;
    Composer::new(actor, author(n.into()), NOW_MS)
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn header(creator: u8) -> Header {
    Header {
        id: DocumentId(Uuid::from_u128(0xd0c)),
        kind: DocumentKind::Hazard,
        space: SPACE,
        creator: author(creator.into()).member,
        created_ms: NOW_MS,
        schema: SCHEMA,
    }
}

fn event(n: u128, body: Value) -> NewEvent {
    NewEvent {
        id: EventId(Uuid::from_u128(0xe00 + n)),
        at_ms: NOW_MS,
        body: map(body),
    }
}

fn create(fields: Map<String, Value>) -> Verb {
    Verb::Create {
        header: header(1),
        fields,
        event: Some(event(1, json!({"event": "reported"}))),
    }
}

/// Asserts that a change passes, and that its claims are what Automerge finds.
fn assert_passes(raw: &[u8]) {
    let change = Change::from_bytes(raw.to_vec()).unwrap();
    let claims = check(raw);
    let expected = Claims {
        ops: change.len(),
        deps: change.deps().len(),
        hash: change.hash().0,
    };
    assert_eq!(claims, Ok(expected), "{:?}", change.decode());
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-3i64..300).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-c]{0,3}".prop_map(Value::from),
        "[隐患车间一二三四]{0,12}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(key(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof!["[a-d]{1,2}", "描述|地点|要求", ".{1,8}"]
}

fn json_map() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(key(), json_value(), 0..8)
        .prop_map(|map: BTreeMap<String, Value>| map.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_change_that_a_composer_makes_passes(
        fields in json_map(),
        edits in prop::collection::vec((1u8..4, json_map()), 0..6),
        body in json_map(),
        seen in 0usize..4,
        joined in json_map(),
    ) {
        let mut doc = Automerge::new();
        let created = composer(1).perform(&mut doc, &create(fields), &[]).unwrap();
        assert_passes(&created.raw);

        // Three people edit without knowing of each other, then somebody who knows them all.
        let mut copies = vec![doc.clone(), doc.clone(), doc.clone()];
        for (who, fields) in edits {
            let copy = &mut copies[usize::from(who) - 1];
            if let Ok(edited) = composer(who).perform(copy, &Verb::Edit { fields }, &[]) {
                assert_passes(&edited.raw);
            }
        }
        for copy in &mut copies {
            doc.merge(copy).unwrap();
        }
        if let Ok(joined) = composer(2).perform(&mut doc, &Verb::Edit { fields: joined }, &[]) {
            assert_passes(&joined.raw);
        }
        let seen: Vec<EventId> = (0..seen as u128).map(|n| EventId(Uuid::from_u128(n))).collect();
        let verb = Verb::Append { event: NewEvent { body, ..event(2, Value::Null) } };
        let appended = composer(3).perform(&mut doc, &verb, &seen).unwrap();
        assert_passes(&appended.raw);
    }

    #[test]
    fn numbers_have_one_form(unsigned: u64, signed: i64) {
        let written = uleb(unsigned);
        let mut cursor = Cursor(&written);
        prop_assert_eq!(cursor.unsigned(), Ok(unsigned));
        prop_assert!(cursor.0.is_empty());
        let written = sleb(signed);
        let mut cursor = Cursor(&written);
        prop_assert_eq!(cursor.signed(), Ok(signed));
        prop_assert!(cursor.0.is_empty());
    }
}

#[test]
fn numbers_in_a_longer_form_or_beyond_64_bits_are_refused() {
    let unsigned = |bytes: &[u8]| Cursor(bytes).unsigned();
    let signed = |bytes: &[u8]| Cursor(bytes).signed();
    assert_eq!(unsigned(&[0x80, 0x00]), Err(Refusal::Malformed));
    assert_eq!(unsigned(&[0xff, 0x00]), Err(Refusal::Malformed));
    assert_eq!(unsigned(&[0x80; 20]), Err(Refusal::Malformed));
    assert_eq!(unsigned(&[0x80]), Err(Refusal::Malformed));
    let mut max = vec![0xff; 9];
    max.push(0x01);
    assert_eq!(unsigned(&max), Ok(u64::MAX));
    max[9] = 0x02;
    assert_eq!(unsigned(&max), Err(Refusal::Malformed));

    assert_eq!(signed(&[0xff, 0x7f]), Err(Refusal::Malformed));
    assert_eq!(signed(&[0x80, 0x00]), Err(Refusal::Malformed));
    assert_eq!(signed(&[0xc0, 0x00]), Ok(64));
    assert_eq!(signed(&[0xbf, 0x7f]), Ok(-65));
    let mut min = vec![0x80; 9];
    min.push(0x7f);
    assert_eq!(signed(&min), Ok(i64::MIN));
    min[9] = 0x7e;
    assert_eq!(signed(&min), Err(Refusal::Malformed));
    assert_eq!(signed(&[0x80; 20]), Err(Refusal::Malformed));
}

fn uleb(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        if value == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

fn sleb(mut value: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        if (value == 0 && byte & 0x40 == 0) || (value == -1 && byte & 0x40 != 0) {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

/// A chunk with a right checksum.
fn chunk(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut hashed = vec![kind];
    hashed.extend(uleb(body.len() as u64));
    hashed.extend(body);
    let mut raw = MAGIC.to_vec();
    raw.extend(&sha256(&hashed)[..4]);
    raw.extend(hashed);
    raw
}

/// A change by hand, right unless a test makes it otherwise: one put of null at the root.
#[derive(Clone)]
struct ByHand {
    deps: Vec<u8>,
    actor: Vec<u8>,
    seq: u64,
    start_op: u64,
    message: Vec<u8>,
    others: Vec<u8>,
    columns: BTreeMap<u64, Vec<u8>>,
    after: Vec<u8>,
}

const KEY_TEXT: u64 = 0x15;
const INSERT: u64 = 0x34;
const ACTION: u64 = 0x42;
const VALUE_META: u64 = 0x56;
const VALUE: u64 = 0x57;
const PRED_COUNT: u64 = 0x70;

impl ByHand {
    fn new() -> Self {
        let columns = [
            (KEY_TEXT, vec![0x7f, 1, b'k']),
            (INSERT, vec![1]),
            (ACTION, vec![0x7f, 1]),
            (VALUE_META, vec![0x7f, 0]),
            (PRED_COUNT, vec![0x7f, 0]),
        ];
        Self {
            deps: vec![0],
            actor: [vec![16], vec![7; 16]].concat(),
            seq: 1,
            start_op: 1,
            message: vec![0],
            others: vec![0],
            columns: BTreeMap::from(columns),
            after: Vec::new(),
        }
    }

    fn with(mut self, column: u64, bytes: impl Into<Vec<u8>>) -> Self {
        self.columns.insert(column, bytes.into());
        self
    }

    fn body(&self) -> Vec<u8> {
        let mut columns = uleb(self.columns.len() as u64);
        for (spec, bytes) in &self.columns {
            columns.extend(uleb(*spec));
            columns.extend(uleb(bytes.len() as u64));
        }
        let data: Vec<u8> = self.columns.values().flatten().copied().collect();
        [
            self.deps.clone(),
            self.actor.clone(),
            uleb(self.seq),
            uleb(self.start_op),
            vec![0],
            self.message.clone(),
            self.others.clone(),
            columns,
            data,
            self.after.clone(),
        ]
        .concat()
    }

    fn raw(&self) -> Vec<u8> {
        chunk(CHANGE_CHUNK, &self.body())
    }

    fn checked(&self) -> Result<usize, Refusal> {
        check(&self.raw()).map(|claims| claims.ops)
    }
}

#[test]
fn a_change_by_hand_passes_and_is_automerges_own() {
    let raw = ByHand::new().raw();
    assert!(raw.len() < 100);
    assert_passes(&raw);
}

#[test]
fn bombs_are_refused() {
    let is_refused = |by_hand: &ByHand, what: &str| {
        let raw = by_hand.raw();
        assert!(raw.len() < 100, "{what}: {} bytes", raw.len());
        let began = std::time::Instant::now();
        let refusal = check(&raw).unwrap_err();
        assert!(
            matches!(refusal, Refusal::TooLarge | Refusal::Malformed),
            "{what}: {refusal:?}"
        );
        assert!(began.elapsed().as_millis() < 100, "{what} takes its time");
    };
    for claimed in [10_000_000, 50_000_000, 1_000_000_000_000, i64::MAX as u64] {
        let same = |value: &[u8]| [sleb(claimed.cast_signed()), value.to_vec()].concat();
        let nulls = [vec![0], uleb(claimed)].concat();
        let different = sleb(-claimed.cast_signed());
        for column in COLUMNS {
            for (run, bytes) in [
                ("the same", same(&[0])),
                ("nulls", nulls.clone()),
                ("different", [different.clone(), vec![1, 2, 3]].concat()),
                ("flags", uleb(claimed)),
                ("flags after none", [vec![0], uleb(claimed)].concat()),
            ] {
                let what = format!("{claimed} {run} in {column:#x}");
                is_refused(&ByHand::new().with(column, bytes), &what);
            }
        }
        let whole = ByHand::new()
            .with(KEY_TEXT, same(&[1, b'k']))
            .with(INSERT, uleb(claimed))
            .with(ACTION, same(&[1]))
            .with(VALUE_META, same(&[0]))
            .with(PRED_COUNT, same(&[0]));
        assert_eq!(whole.checked(), Err(Refusal::TooLarge));
        is_refused(&whole, "every column at once");

        let metas = [vec![0x7f], uleb(claimed << 4 | BYTES)].concat();
        is_refused(&ByHand::new().with(VALUE_META, metas), "a value's length");
        let preds = [vec![0x7f], uleb(claimed)].concat();
        let preds = ByHand::new().with(PRED_COUNT, preds);
        is_refused(&preds, "preds");
        let ids = preds.with(0x71, same(&[0])).with(0x73, same(&[1]));
        is_refused(&ids, "preds with their ids");

        let number = uleb(claimed);
        let base = ByHand::new();
        let heads = [
            ByHand {
                deps: number.clone(),
                ..base.clone()
            },
            ByHand {
                actor: number.clone(),
                ..base.clone()
            },
            ByHand {
                message: number.clone(),
                ..base.clone()
            },
            ByHand {
                others: number.clone(),
                ..base.clone()
            },
            ByHand {
                others: [vec![1], number.clone()].concat(),
                ..base.clone()
            },
        ];
        for head in &heads {
            is_refused(head, "a length in the head");
        }
    }
}

#[test]
fn a_long_key_many_times_over_is_too_large() {
    let many = |length: usize, times: i64| {
        let key = [uleb(length as u64), vec![b'k'; length]].concat();
        ByHand::new()
            .with(KEY_TEXT, [sleb(times), key].concat())
            .with(INSERT, uleb(times.cast_unsigned()))
            .with(ACTION, [sleb(times), vec![1]].concat())
            .with(VALUE_META, [sleb(times), vec![0]].concat())
            .with(PRED_COUNT, [sleb(times), vec![0]].concat())
    };
    let most = i64::try_from(CHANGE_LIMIT_OPS).unwrap();
    assert_eq!(many(100, most).checked(), Ok(CHANGE_LIMIT_OPS));
    assert_passes(&many(100, most).raw());
    assert_eq!(many(100, most + 1).checked(), Err(Refusal::TooLarge));
    assert_eq!(many(200_000, most).checked(), Err(Refusal::TooLarge));
}

#[test]
fn only_one_uncompressed_change_is_read() {
    let body = ByHand::new().body();
    for kind in (0..=u8::MAX).filter(|kind| *kind != CHANGE_CHUNK) {
        assert_eq!(check(&chunk(kind, &body)), Err(Refusal::Malformed));
    }
    let raw = ByHand::new().raw();
    for len in 0..raw.len() {
        assert_eq!(check(&raw[..len]), Err(Refusal::Malformed));
    }
    assert_eq!(check(&[&raw[..], &[0]].concat()), Err(Refusal::Malformed));
    assert_eq!(check(&[&raw[..], &raw].concat()), Err(Refusal::Malformed));
    for at in 0..8 {
        let mut raw = raw.clone();
        raw[at] ^= 1;
        assert_eq!(check(&raw), Err(Refusal::Malformed));
    }
    assert_eq!(
        check(&vec![0; CHANGE_LIMIT_BYTES + 1]),
        Err(Refusal::TooLarge)
    );
    assert_eq!(check(&[]), Err(Refusal::Malformed));
}

#[test]
fn what_automerge_stores_otherwise_is_refused() {
    let mut doc = Automerge::new();
    let verb = create(map(json!({"description": "皮带机防护罩缺失".repeat(40)})));
    let raw = composer(1).perform(&mut doc, &verb, &[]).unwrap().raw;
    assert_passes(&raw);
    let mut change = Change::from_bytes(raw).unwrap();
    let compressed = change.bytes().to_vec();
    assert_eq!(compressed[8], 2);
    assert_eq!(check(&compressed), Err(Refusal::Malformed));
    for document in [doc.save(), doc.save_nocompress()] {
        assert_eq!(document[8], 0);
        assert_eq!(check(&document), Err(Refusal::Malformed));
    }
    let bundle = doc.bundle(doc.get_heads()).unwrap();
    assert_eq!(bundle.bytes()[8], 3);
    assert_eq!(check(bundle.bytes()), Err(Refusal::Malformed));
}

#[test]
fn the_head_has_its_limits() {
    let base = ByHand::new();
    let refused = |by_hand: ByHand| by_hand.checked().unwrap_err();
    let deps = |count: u64, hashes: &[u8]| {
        let hashes = hashes.iter().flat_map(|byte| [*byte; 32]);
        uleb(count).into_iter().chain(hashes).collect::<Vec<u8>>()
    };
    let with_deps = |deps| ByHand {
        deps,
        ..base.clone()
    };
    assert_eq!(with_deps(deps(2, &[1, 2])).checked(), Ok(1));
    assert_eq!(refused(with_deps(deps(2, &[2, 1]))), Refusal::Malformed);
    assert_eq!(refused(with_deps(deps(2, &[1, 1]))), Refusal::Malformed);
    assert_eq!(refused(with_deps(deps(1_001, &[]))), Refusal::TooLarge);

    for len in [0, 8, 15, 17, 32] {
        let actor = [vec![len], vec![7; len.into()]].concat();
        assert_eq!(
            refused(ByHand {
                actor,
                ..base.clone()
            }),
            Refusal::Malformed
        );
    }
    let with_message = |bytes: &[u8]| {
        let message = [uleb(bytes.len() as u64), bytes.to_vec()].concat();
        ByHand {
            message,
            ..base.clone()
        }
    };
    assert_eq!(with_message(&[b'm'; 1_024]).checked(), Ok(1));
    assert_eq!(refused(with_message(&[b'm'; 1_025])), Refusal::TooLarge);
    assert_eq!(refused(with_message(&[0xff])), Refusal::Malformed);

    let last = u64::from(u32::MAX);
    assert_eq!(
        ByHand {
            start_op: last,
            ..base.clone()
        }
        .checked(),
        Ok(1)
    );
    for start_op in [last + 1, u64::MAX] {
        assert_eq!(
            refused(ByHand {
                start_op,
                ..base.clone()
            }),
            Refusal::TooLarge
        );
    }
    assert_eq!(
        refused(ByHand {
            start_op: 0,
            ..base.clone()
        }),
        Refusal::Malformed
    );
    assert_eq!(
        refused(ByHand {
            seq: 0,
            ..base.clone()
        }),
        Refusal::Malformed
    );
    assert_eq!(
        refused(ByHand {
            seq: u64::MAX,
            ..base.clone()
        }),
        Refusal::TooLarge
    );

    // An actor that nothing refers to, one too long, and its own once more.
    for others in [
        vec![1, 1, 9],
        [vec![1, 33], vec![9; 33]].concat(),
        [vec![1, 16], vec![7; 16]].concat(),
    ] {
        refused(ByHand {
            others,
            ..base.clone()
        });
    }
    assert_eq!(
        refused(ByHand {
            others: uleb(1_001),
            ..base.clone()
        }),
        Refusal::TooLarge
    );
    assert_eq!(
        refused(ByHand {
            after: vec![0],
            ..base
        }),
        Refusal::Malformed
    );
}

#[test]
fn columns_agree_with_each_other() {
    let refused = |by_hand: ByHand| by_hand.checked().unwrap_err();
    let base = ByHand::new;
    for column in base().columns.keys() {
        let mut without = base();
        without.columns.remove(column);
        assert_eq!(refused(without), Refusal::Malformed, "without {column:#x}");
        assert_eq!(refused(base().with(*column, [])), Refusal::Malformed);
    }
    for (column, bytes, what) in [
        (0x35, &[0x7f, 1][..], "an unknown type of a known column"),
        (0x3c, &[1], "a deflated column"),
        (0xb4, &[1], "an unknown column"),
        (KEY_TEXT, &[2, 1, b'k'], "too many keys"),
        (KEY_TEXT, &[1, 1, b'k'], "a run of one"),
        (KEY_TEXT, &[0x7f, 1, 0xff], "no UTF-8"),
        (KEY_TEXT, &[0, 1], "a key of nothing but nulls"),
        (INSERT, &[0, 1], "an insert at a text key"),
        (INSERT, &[1, 0], "an empty run of flags"),
        (INSERT, &[2], "too many flags"),
        (ACTION, &[0x7f, 8], "an unknown action"),
        (ACTION, &[0, 1], "no action"),
        (ACTION, &[0x7f, 3], "a deletion of nothing"),
        (ACTION, &[0x7f, 5], "an increment of nothing"),
        (VALUE_META, &[0x7f, 0x0a], "an unknown type of value"),
        (VALUE_META, &[0x7f, 0x11], "a false with a byte"),
        (VALUE_META, &[0x7f, 0x16], "a text without its byte"),
        (VALUE, &[1], "a byte of no value"),
        (PRED_COUNT, &[0x7f, 1], "a predecessor without its id"),
        (0x71, &[0x7f, 0], "an id without a predecessor"),
        (0x01, &[0x7f, 0], "an actor without a counter"),
        (0x02, &[0x7f, 1], "a counter without an actor"),
        (0x13, &[0x7f, 1], "two keys"),
        (0x94, &[1], "an expand column that says nothing"),
        (0x94, &[0, 1], "expand on a put"),
        (0xa5, &[0x7f, 1, b'm'], "a mark's name on a put"),
    ] {
        assert_eq!(
            refused(base().with(column, bytes)),
            Refusal::Malformed,
            "{what}"
        );
    }
    let value = |meta: u8, bytes: &[u8]| base().with(VALUE_META, [0x7f, meta]).with(VALUE, bytes);
    assert_eq!(value(0x16, b"x").checked(), Ok(1));
    assert_eq!(value(0x14, &[0x7f]).checked(), Ok(1));
    assert_eq!(refused(value(0x16, &[0xff])), Refusal::Malformed);
    assert_eq!(refused(value(0x24, &[0x80, 0x00])), Refusal::Malformed);
    assert_eq!(refused(value(0x15, &[0])), Refusal::Malformed);
    assert_eq!(refused(value(0x16, b"xy")), Refusal::Malformed);

    let object = |actor: u8, counter: u8, start_op| ByHand {
        start_op,
        ..base().with(0x01, [0x7f, actor]).with(0x02, [0x7f, counter])
    };
    assert_eq!(object(0, 1, 2).checked(), Ok(1));
    assert_eq!(
        refused(object(0, 2, 2)),
        Refusal::Malformed,
        "an object to come"
    );
    assert_eq!(
        refused(object(0, 0, 2)),
        Refusal::Malformed,
        "the root by number"
    );
    assert_eq!(
        refused(object(1, 1, 2)),
        Refusal::Malformed,
        "nobody's object"
    );
}

/// Numbers for tests, the same every time (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    }

    /// One to three bytes changed, and the checksum made to fit.
    fn tampered(&mut self, raw: &[u8]) -> Vec<u8> {
        let mut raw = raw.to_vec();
        for _ in 0..=self.below(3) {
            let at = 9 + self.below(raw.len() - 9);
            raw[at] = match self.below(4) {
                0 => u8::try_from(self.below(256)).unwrap(),
                1 => raw[at] ^ (1 << self.below(8)),
                2 => raw[at].wrapping_add(1),
                _ => raw[at].wrapping_sub(1),
            };
        }
        let checksum = sha256(&raw[8..]);
        raw[4..8].copy_from_slice(&checksum[..4]);
        raw
    }
}

fn directory() -> Directory {
    let mut directory = Directory::default();
    let header = |id: Uuid, kind| Header {
        id: DocumentId(id),
        kind,
        space: OrgId::DIRECTORY,
        creator: MemberId::OPERATOR,
        created_ms: 0,
        schema: SCHEMA,
    };
    directory.put_org(&View {
        header: header(SPACE.0, DocumentKind::Organisation),
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
            header: header(grant.0, DocumentKind::Grant),
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

/// A hazard's life, written by three hands at once: each change with the changes before it.
fn a_life() -> Vec<(Option<Subject>, u128, Vec<u8>)> {
    let mut doc = Automerge::new();
    let mut log: Vec<(Hash, Vec<u8>)> = Vec::new();
    let mut life = Vec::new();
    let mut perform = |doc: &mut Automerge, who: u8, verb: &Verb, seen: &[u128]| {
        let placed = log.iter().zip(1..).map(|((hash, raw), position)| {
            let at = Admitted {
                position,
                received_at_ms: NOW_MS,
            };
            (at, *hash, raw.as_slice())
        });
        let subject = (!log.is_empty()).then(|| Subject::load(placed).unwrap());
        let seen: Vec<EventId> = seen
            .iter()
            .map(|n| EventId(Uuid::from_u128(0xe00 + n)))
            .collect();
        let made = composer(who).perform(doc, verb, &seen).unwrap();
        log.push((made.hash, made.raw.clone()));
        life.push((subject, u128::from(who), made.raw));
    };
    let fields = json!({
        "description": "煤气管道法兰泄漏，现场有明显异味",
        "nature": "unsafe_condition",
        "place": "二车间 3# 炉南侧",
        "photos": [photo(0xab), photo(0xcd)],
    });
    perform(&mut doc, 1, &create(map(fields)), &[]);
    let edit = |place: &str| Verb::Edit {
        fields: map(
            json!({"place": place, "item": "燃气", "photos": [photo(0xab), photo(0xcd), photo(0xef)]}),
        ),
    };
    let mut other = doc.clone();
    perform(&mut doc, 1, &edit("3# 炉北侧"), &[]);
    perform(&mut other, 2, &edit("4# 炉"), &[]);
    doc.merge(&mut other).unwrap();
    let chosen = json!({"event": "field_chosen", "field": "place", "value": "3# 炉北侧"});
    let append = |n, body| Verb::Append {
        event: event(n, body),
    };
    perform(&mut doc, 3, &append(2, chosen), &[1]);
    let graded = json!({
        "event": "graded", "grade": "general", "nature": "unsafe_condition", "reason": "一般泄漏",
    });
    perform(&mut doc, 2, &append(3, graded), &[2]);
    let assigned = json!({
        "event": "assigned", "unit": Uuid::from_u128(9), "mode": "deadline",
        "person": {"member": author(1).member}, "deadline_ms": NOW_MS + 86_400_000,
    });
    perform(&mut doc, 1, &append(4, assigned), &[3]);
    perform(
        &mut doc,
        1,
        &Verb::Edit {
            fields: map(json!({"item": null})),
        },
        &[],
    );
    let rectified = json!({"event": "rectified", "what": "已紧固并测漏", "photos": [photo(0xaa)]});
    perform(&mut doc, 1, &append(5, rectified), &[4]);
    life
}

/// Counts this thread's panics from now on, and keeps quiet about them: those that step three
/// catches are expected, and their texts would bury the result.
fn count_panics_here() -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let (counted, here) = (Arc::clone(&count), std::thread::current().id());
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let is_expected = info
            .location()
            .is_some_and(|at| !at.file().ends_with("bounded_tests.rs"));
        if std::thread::current().id() == here && is_expected {
            counted.fetch_add(1, Ordering::Relaxed);
        } else {
            hook(info);
        }
    }));
    count
}

#[test]
fn a_tampered_change_never_harms() {
    const MUTATIONS: usize = 20_000;
    let directory = directory();
    let life = a_life();
    let judge = |subject: &Option<Subject>, who: u128, raw: &[u8]| {
        let context = Context {
            directory: &directory,
            member: author(who).member,
            actor_prefix: PREFIX,
            directory_position: 10,
            now_ms: NOW_MS,
            grace_ms: 0,
        };
        let document = subject.as_ref().map(|subject| subject.header.id);
        let claim = Claim {
            document,
            space: SPACE,
        };
        let provisional = Admitted {
            position: 100,
            received_at_ms: NOW_MS,
        };
        match super::super::parse(raw) {
            Ok(parsed) => admit(&context, subject.as_ref(), claim, parsed, provisional),
            Err(refusal) => Verdict::Refused(refusal),
        }
    };
    for (subject, who, raw) in &life {
        assert_passes(raw);
        let verdict = judge(subject, *who, raw);
        assert!(matches!(verdict, Verdict::Admitted(_)), "{verdict:?}");
    }

    let panics = count_panics_here();
    let mut dice = Dice(2026);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut parsed_badly = Vec::new();
    let mut admitted_badly = Vec::new();
    for _ in 0..MUTATIONS {
        let (subject, who, raw) = &life[dice.below(life.len())];
        let tampered = dice.tampered(raw);
        let checked = check(&tampered);
        let outcome = match checked {
            Err(refusal) => format!("bounded: {}", refusal.as_str()),
            Ok(claims) => {
                let parsed = catch_unwind(|| {
                    let change = Change::from_bytes(tampered.clone()).ok()?;
                    Some((
                        change.len(),
                        change.hash().0,
                        change.decode().operations.len(),
                    ))
                });
                match parsed {
                    Ok(Some((ops, hash, _))) if (ops, hash) == (claims.ops, claims.hash) => {}
                    _ => parsed_badly.push(tampered.clone()),
                }
                let apply = || {
                    let mut doc = subject.as_ref().map_or(Automerge::new(), |s| s.doc.clone());
                    let change = Change::from_bytes(tampered.clone()).ok()?;
                    doc.apply_changes([change]).ok()?;
                    Automerge::load(&doc.save_nocompress()).ok()
                };
                if catch_unwind(AssertUnwindSafe(apply)).is_err() {
                    *counts
                        .entry("(panics when applied unjudged)".into())
                        .or_default() += 1;
                }
                let before = panics.load(Ordering::Relaxed);
                let verdict = judge(subject, *who, &tampered);
                if panics.load(Ordering::Relaxed) > before {
                    *counts
                        .entry("(panics caught while judged)".into())
                        .or_default() += 1;
                }
                match verdict {
                    Verdict::Admitted(outcome) => {
                        // What is admitted is served to everybody: it has to load for ever.
                        let doc = &outcome.subject.doc;
                        if Automerge::load(&doc.save()).is_err() || doc.get_heads().is_empty() {
                            admitted_badly.push(tampered);
                        }
                        "admitted".into()
                    }
                    Verdict::Held { .. } => "held".into(),
                    Verdict::Refused(refusal) => format!("refused: {}", refusal.as_str()),
                }
            }
        };
        *counts.entry(outcome).or_default() += 1;
    }
    for (outcome, count) in &counts {
        println!("{count:6}  {outcome}");
    }
    assert_eq!(parsed_badly.len(), 0, "{:?}", parsed_badly.first());
    assert_eq!(admitted_badly.len(), 0, "{:?}", admitted_badly.first());
    assert!(counts.contains_key("admitted"), "text may be changed");
}

/// Every insertion at the head moves all elements that came before it.
#[test]
fn the_largest_change_in_the_worst_order_is_applied_quickly() {
    let fields = json!({"description": "照片", "nature": "unsafe_act", "photos": ["ab"]});
    let mut doc = Automerge::new();
    let composed = composer(1).perform(&mut doc, &create(map(fields)), &[]);
    let mut change = Change::from_bytes(composed.unwrap().raw).unwrap().decode();
    let insertion = change.operations.iter().find(|op| op.insert).unwrap();
    let more = CHANGE_LIMIT_OPS - change.operations.len();
    let copies = vec![insertion.clone(); more];
    change.operations.extend(copies);
    let largest = Change::from(change);
    assert_passes(largest.raw_bytes());

    let began = std::time::Instant::now();
    let mut doc = Automerge::new();
    doc.apply_changes([largest]).unwrap();
    Automerge::load(&doc.save_nocompress()).unwrap();
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
}

/// Writes the fuzz target's seeds: `cargo test -p vanguard-core write_fuzz_seeds -- --ignored`.
#[test]
#[ignore = "writes files that are committed"]
fn write_fuzz_seeds() {
    use crate::id::DeviceId;
    use crate::keys::Signature;
    use crate::wire::{
        AdmittedChange, BatchEntry, BatchHeader, BatchOutcome, Bootstrap, BootstrapMark,
        BootstrapProgress, ByteArray32, ChangeOutcome, Cursor as LogCursor, DocumentChanges,
        Followed, Health, PROTOCOL, SealedBatch, SyncRequest, SyncResponse, encode,
    };

    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let write = |target: &str, name: &str, bytes: &[u8]| {
        let folder = corpus.join(target);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("seed-{name}")), bytes).unwrap();
    };
    let life = a_life();
    for (number, (_, _, raw)) in life.iter().enumerate() {
        write("bounded", &format!("life-{number}"), raw);
    }
    write("bounded", "by-hand", &ByHand::new().raw());

    let cursor = LogCursor {
        epoch: [1; 8],
        seq: 1_000,
        chain: [2; 8],
    };
    let changes = life
        .iter()
        .zip(1..)
        .map(|((_, _, raw), position)| AdmittedChange {
            position,
            received_at_ms: NOW_MS,
            raw: raw.clone().into(),
        });
    let whole = DocumentChanges {
        document: header(1).id,
        changes: changes.collect(),
    };
    let batch = SealedBatch {
        header: BatchHeader {
            format: crate::batch::FORMAT,
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
            changes: vec![life[0].2.clone().into()],
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
        want: vec![header(1).id],
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
    write("wire", "request", &encode(&request));
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
        absent: vec![header(2).id],
        remaining: 4,
        is_cloned: false,
        photos_held: vec![ByteArray32([10; 32])],
    };
    write("wire", "response", &encode(&response));
}
