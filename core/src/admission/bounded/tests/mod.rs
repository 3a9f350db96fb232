//! What Automerge writes passes; what asks for more than it holds is refused.

mod by_hand;

use std::collections::BTreeMap;

use automerge::{Automerge, Change};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::*;
use crate::compose::{Composer, NewEvent, Verb};
use crate::id::{DocumentId, EventId, GrantId, MemberId, OrgId};
use crate::keys::sha256;
use crate::model::{Author, DocumentKind, Header, Role, SCHEMA};

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
    assert_eq!(Change::from(change.decode()).raw_bytes(), raw);
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

fn uleb(value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    leb128::write::unsigned(&mut bytes, value).unwrap();
    bytes
}

fn sleb(value: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    leb128::write::signed(&mut bytes, value).unwrap();
    bytes
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

/// Every insertion at the head moves all elements that came before it.
#[test]
fn the_largest_change_in_the_worst_order_is_applied() {
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

    let mut doc = Automerge::new();
    doc.apply_changes([largest]).unwrap();
    let loaded = Automerge::load(&doc.save_nocompress()).unwrap();
    assert_eq!(loaded.get_heads(), doc.get_heads());
}
