//! What phones bring while supervisors are at work: so that no answer can be kept from the last time.

use std::sync::Arc;
use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use vanguard_core::SystemEnv;
use vanguard_core::env::Env;
use vanguard_core::model::hazard::{Hazard, HazardEvent, HazardFields, HazardNature};
use vanguard_core::model::inspection::Inspection;
use vanguard_core::{Verb, id::DocumentId};
use vanguard_server::relay::{Act, Relay};

use crate::fleet::inspection;
use crate::year::{Person, Year, creation};

/// So many records a second.
pub(crate) const A_SECOND: u32 = 5;
/// So many inspections to a hazard, as in the year.
const TO_A_HAZARD: u32 = 8;

/// Brings inspections and hazards, one after another, until it is stopped.
pub(crate) async fn bring(relay: Arc<Relay>, year: Year) {
    let mut random = ChaCha8Rng::seed_from_u64(12);
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / A_SECOND);
    loop {
        ticks.tick().await;
        let person = &year.people[random.random_range(0..year.people.len())];
        let (document, verb) = record(&mut random, &year, person);
        let acts = vec![Act { document, verb }];
        relay.act(person.author, acts).await.unwrap();
    }
}

fn record(random: &mut ChaCha8Rng, year: &Year, person: &Person) -> (DocumentId, Verb) {
    let now_ms = SystemEnv.now_ms();
    let (document, mut verb) = if random.random_range(0..=TO_A_HAZARD) == 0 {
        let mut fields = HazardFields::new("护栏缺失", HazardNature::UnsafeCondition);
        fields.zone = Some(year.zones[random.random_range(0..year.zones.len())]);
        creation::<Hazard>(person.branch, &fields, Some(&HazardEvent::Reported), now_ms)
    } else {
        let fields = inspection(&year.zones, random, now_ms);
        creation::<Inspection>(person.branch, &fields, None, now_ms)
    };
    if let Verb::Create { header, .. } = &mut verb {
        header.creator = person.author.member;
    }
    (document, verb)
}
