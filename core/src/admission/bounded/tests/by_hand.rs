//! Changes written by hand, column by column: bombs, wrong heads, columns that disagree.

use super::*;

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

/// A wall behind the reader's: bytes that Automerge reads, but would write otherwise.
#[test]
fn what_is_written_otherwise_is_not_taken_as_it_was_read() {
    let is_as_written = |by_hand: &ByHand| {
        let change = Change::from_bytes(by_hand.raw()).unwrap();
        let expanded = change.decode();
        crate::admission::judge::is_as_written(&change, expanded)
    };
    let two = ByHand::new()
        .with(KEY_TEXT, [0x7e, 1, b'k', 1, b'l'])
        .with(INSERT, [2])
        .with(ACTION, [2, 1])
        .with(VALUE_META, [2, 0])
        .with(PRED_COUNT, [2, 0]);
    assert_eq!(two.checked(), Ok(2));
    assert!(is_as_written(&two));
    for column in [ACTION, VALUE_META, PRED_COUNT] {
        let value = two.columns[&column][1];
        let otherwise = two.clone().with(column, [0x7e, value, value]);
        assert_eq!(otherwise.checked(), Err(Refusal::Malformed));
        assert!(!is_as_written(&otherwise), "{column:#x}");
    }
}

#[test]
fn bombs_are_refused() {
    let is_refused = |by_hand: &ByHand, what: &str| {
        let raw = by_hand.raw();
        assert!(raw.len() < 100, "{what}: {} bytes", raw.len());
        let refusal = check(&raw).unwrap_err();
        assert!(
            matches!(refusal, Refusal::TooLarge | Refusal::Malformed),
            "{what}: {refusal:?}"
        );
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
    let mark_end = base().with(ACTION, [0x7f, 7]);
    assert_eq!(mark_end.checked(), Ok(1));
    assert_eq!(
        refused(mark_end.with(VALUE_META, [0x7f, 2])),
        Refusal::Malformed,
        "a mark's end with a value"
    );
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
