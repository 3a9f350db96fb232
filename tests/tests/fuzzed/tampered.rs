//! Changes of a life with one to three bytes changed and a checksum that fits.

use std::collections::BTreeMap;

use vanguard_tests::dice::Dice;
use vanguard_tests::hostile::tampered;

use super::targets::admission::{Outcome, judge, seeds};
use super::targets::{bounded, let_automerge_panic};

const SEED: u64 = 2026;
const MUTATIONS: usize = 20_000;

#[test]
fn a_tampered_change_never_harms() {
    println!("seed {SEED}, {MUTATIONS} mutations");
    let_automerge_panic();
    let mut dice = Dice::new(SEED);
    let life = seeds();
    let mut counts: BTreeMap<Outcome, usize> = BTreeMap::new();
    for _ in 0..MUTATIONS {
        let seed = dice.one(&life);
        let raw = tampered(&mut dice, &seed[1..]);
        bounded::run(&raw);
        let outcome = judge(&[&seed[..1], &raw].concat());
        *counts.entry(outcome).or_default() += 1;
    }
    println!("{counts:?}");
    for outcome in [Outcome::Refused, Outcome::Read, Outcome::Loaded] {
        assert!(counts.contains_key(&outcome), "no change was {outcome:?}");
    }
}
