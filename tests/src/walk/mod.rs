//! A random walk of a whole fleet: phones do verbs of every kind, allowed or not, over a network
//! that cuts, repeats, delays and reorders, while roles, organisations, windows and clocks change.
//! What every verb that said yes had done is kept in a plain list, for [`verdict`](crate::verdict).

mod directory;
mod hazards;
mod network;
mod verbs;

use serde_json::{Map, Value};
use vanguard_core::calendar::DAY_MS;
use vanguard_core::id::{DocumentId, EventId, MemberId, OrgId};
use vanguard_core::model::{DocumentKind, Role};
use vanguard_core::notebook::{NotebookError, Result as VerbResult};
use vanguard_core::sync::{Options, Progress, Session};
use vanguard_server::relay::RelayOptions;

use crate::dice::Dice;
use crate::{Fleet, Phone};

/// What a verb that said yes has done.
#[derive(Clone, Debug)]
pub enum Done {
    /// The document was made.
    Created,
    /// The event was appended.
    Appended(EventId),
    /// The fields were given these values, which nobody else gives.
    Edited(Map<String, Value>),
}

/// A verb that said yes.
#[derive(Clone, Debug)]
pub struct Commit {
    /// On which phone.
    pub phone: usize,
    /// To which document.
    pub document: DocumentId,
    /// What.
    pub done: Done,
}

/// A phone and what it is in the middle of.
struct Walker {
    phone: Option<Phone>,
    /// A sync that waits: the answer is on its way, or the next request not yet made.
    open: Option<(Session, Option<Vec<u8>>)>,
    /// How far back it keeps what is not open.
    window_days: u32,
}

/// The fleet, and all that the walk knows of it.
pub struct World {
    /// The relay.
    pub fleet: Fleet,
    /// Every verb that said yes.
    pub ledger: Vec<Commit>,
    /// How often each kind of step was taken, and how often it came to something.
    pub tally: std::collections::BTreeMap<&'static str, (u32, u32)>,
    walkers: Vec<Walker>,
    members: Vec<MemberId>,
    orgs: Vec<OrgId>,
    dice: Dice,
    /// Requests that are late: they reach the relay some time, and nobody hears the answer.
    late: Vec<(usize, Vec<u8>)>,
    words: u64,
    last_progress: Progress,
    is_told: bool,
}

/// Who has the phones, in this order; each gets one more role by chance.
fn cast(fleet: &Fleet) -> Vec<(&'static str, OrgId, Vec<(Role, OrgId)>)> {
    let (top, first, second) = (fleet.plant.committee, fleet.plant.first, fleet.plant.second);
    vec![
        (
            "陈督查",
            top,
            vec![(Role::Supervisor, top), (Role::Admin, top)],
        ),
        ("赵安全", first, vec![(Role::SafetyOfficer, first)]),
        (
            "王建国",
            first,
            vec![(Role::Member, first), (Role::Rectifier, first)],
        ),
        ("孙书记", second, vec![(Role::BranchSecretary, second)]),
        ("李师傅", second, vec![(Role::Member, second)]),
        ("钱总", top, vec![(Role::SafetyOfficer, top)]),
        ("周书记", top, vec![(Role::BranchSecretary, top)]),
        ("吴参观", top, vec![(Role::Viewer, top)]),
    ]
}

impl World {
    /// A fleet of 3 to 8 phones by the seed's chance.
    pub async fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let options = RelayOptions {
            grace_ms: *dice.one(&[0, DAY_MS, 30 * DAY_MS]),
            ..RelayOptions::default()
        };
        let mut fleet = Fleet::with_options(dice.seed(), options).await;
        let count = 3 + dice.below(6);
        let orgs = vec![fleet.plant.committee, fleet.plant.first, fleet.plant.second];
        let (mut walkers, mut members) = (Vec::new(), Vec::new());
        for (name, home, mut roles) in cast(&fleet).into_iter().take(count) {
            roles.push((*dice.one(Role::ALL), *dice.one(&orgs)));
            let phone = if dice.percent(10) && !members.is_empty() {
                fleet.enrol(*dice.one(&members), name) // somebody's second phone
            } else {
                fleet.phone(name, home, &roles).await
            };
            if dice.percent(15) {
                let days = 4_000 - i64::try_from(dice.below(8_000)).unwrap_or(0);
                phone.env.advance(days * DAY_MS);
            }
            members.push(phone.member());
            walkers.push(Walker {
                phone: Some(phone),
                open: None,
                window_days: 90,
            });
        }
        let mut world = Self {
            fleet,
            ledger: Vec::new(),
            tally: std::collections::BTreeMap::new(),
            walkers,
            members,
            orgs,
            dice,
            late: Vec::new(),
            words: 0,
            last_progress: Progress::default(),
            is_told: false,
        };
        for at in 0..world.walkers.len() {
            if world.dice.percent(90) {
                world.sync_fully(at).await;
            }
        }
        world
    }

    /// Says every step as it is taken.
    #[must_use]
    pub fn told(mut self) -> Self {
        self.is_told = true;
        self
    }

    /// Takes a number of steps.
    pub async fn walk(&mut self, steps: usize) {
        for step in 0..steps {
            let at = self.dice.below(self.walkers.len());
            let (what, came) = match self.dice.below(100) {
                0..62 => self.verb(at),
                62..94 => self.network(at).await,
                94..97 => self.reopen(at),
                97 => self.pass_time(),
                98 => self.narrow(at),
                _ => self.decree().await,
            };
            if self.is_told {
                println!(
                    "{step}: phone {at}: {what}: {}",
                    if came { "yes" } else { "no" }
                );
            }
            let tally = self.tally.entry(what).or_default();
            tally.0 += 1;
            tally.1 += u32::from(came);
        }
    }

    /// Everybody syncs, one after the other, until nobody has any news.
    ///
    /// # Panics
    /// Where that does not end.
    pub async fn come_together(&mut self) {
        self.let_arrive().await;
        for walker in &mut self.walkers {
            walker.open = None;
        }
        for _ in 0..20 {
            let mut is_news = false;
            for at in 0..self.walkers.len() {
                is_news |= self.sync_fully(at).await;
            }
            if !is_news {
                return;
            }
        }
        panic!("the fleet does not come to rest");
    }

    /// The phones.
    pub fn phones(&self) -> impl Iterator<Item = &Phone> {
        self.walkers
            .iter()
            .filter_map(|walker| walker.phone.as_ref())
    }

    fn phone(&mut self, at: usize) -> &mut Phone {
        self.walkers[at]
            .phone
            .as_mut()
            .expect("every walker has a phone")
    }

    fn options(&mut self, at: usize) -> Options {
        let window_days = self.walkers[at].window_days;
        let is_narrow = self.dice.percent(60);
        Options {
            page_bytes: if is_narrow {
                1_024 << self.dice.below(5)
            } else {
                1 << 20
            },
            push_changes: if is_narrow {
                1 + self.dice.below(20)
            } else {
                1_000
            },
            window_days,
        }
    }

    fn reopen(&mut self, at: usize) -> (&'static str, bool) {
        let walker = &mut self.walkers[at];
        walker.open = None;
        walker.phone = walker.phone.take().map(Phone::reopened);
        ("reopen", true)
    }

    /// Time passes for everybody alike.
    fn pass_time(&mut self) -> (&'static str, bool) {
        let is_long = self.dice.percent(10);
        let half_days = self.dice.below(if is_long { 120 } else { 12 });
        let ms = i64::try_from(half_days).unwrap_or(0) * DAY_MS / 2;
        self.fleet.env.advance(ms);
        for phone in self.phones() {
            phone.env.advance(ms);
        }
        ("time passes", ms > 0)
    }

    /// A phone keeps less, or more, from now on.
    fn narrow(&mut self, at: usize) -> (&'static str, bool) {
        let days = *self.dice.one(&[1, 7, 30, 90]);
        self.walkers[at].window_days = days;
        let gone = self.phone(at).notebook.prune(days).expect("pruning works");
        ("narrow", gone > 0)
    }

    /// The operator gives somebody a role.
    async fn decree(&mut self) -> (&'static str, bool) {
        let (member, org) = (*self.dice.one(&self.members), *self.dice.one(&self.orgs));
        let role = *self.dice.one(Role::ALL);
        self.fleet.grant(member, role, org).await;
        ("decree", true)
    }

    /// A text that nobody wrote before.
    fn words(&mut self, about: &str) -> String {
        self.words += 1;
        format!("{about}{}", self.words)
    }

    /// Documents of a kind that a phone has, in the order of their making.
    fn documents(&mut self, at: usize, kind: DocumentKind) -> Vec<DocumentId> {
        let reader = self.phone(at).notebook.reader();
        let mut statement = reader
            .prepare_cached("SELECT id FROM document WHERE kind = ?1 ORDER BY doc DESC LIMIT 12")
            .expect("the store has this table");
        let ids = statement
            .query_map([kind], |row| row.get(0))
            .and_then(Iterator::collect);
        ids.expect("ids are ids")
    }

    /// Notes what a verb did, where it said yes.
    fn note(&mut self, at: usize, did: VerbResult<Vec<(DocumentId, Done)>>) -> bool {
        match did {
            Ok(done) => {
                let commit = |(document, done)| Commit {
                    phone: at,
                    document,
                    done,
                };
                self.ledger.extend(done.into_iter().map(commit));
                true
            }
            Err(NotebookError::Refused(_) | NotebookError::NotFound(_)) => false,
            Err(error) => panic!("a verb failed on phone {at}: {error}"),
        }
    }
}
