#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::atomic::Ordering;

use tempfile::TempDir;
use vanguard_core::id::{HazardId, OrgId};
use vanguard_core::keys::hex;
use vanguard_core::model::SyncState;
use vanguard_core::model::hazard::{Hazard, HazardFields, HazardNature};
use vanguard_core::model::photo::{Photo, parse_hash};
use vanguard_core::photos::PhotoContext;
use vanguard_core::photos::transfer;
use vanguard_tests::blobs::{noise_jpeg, plain_config};
use vanguard_tests::proxy::{Plan, Proxy};
use vanguard_tests::site::Site;

use super::*;
use crate::follow::{LiveObserver, LiveState};

/// A branch's phones, and a network in which no connection carries more than some hundred
/// kilobytes each way: records and thumbnails come through, an original never does.
struct Valley {
    site: Site,
    org: OrgId,
    phones: Vec<Arc<Notebook>>,
    network: Proxy,
    _folder: TempDir,
}

impl Valley {
    async fn enter(count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::start_as(plain_config(&folder.path().join("relay")), None).await;
        let (org, paths) = site.enrol_branch(folder.path(), count).await;
        let open = |path: &Path| Notebook::open(path.to_str().unwrap().into(), None).unwrap();
        let plan = Plan {
            stall_bytes: Some(200_000),
            ..Plan::default()
        };
        Self {
            phones: paths.iter().map(|path| open(path)).collect(),
            network: Proxy::start(([127, 0, 0, 1], 0).into(), site.address, plan).await,
            site,
            org,
            _folder: folder,
        }
    }

    /// From now on this phone has nothing but the bad network.
    fn descend(&self, phone: &Notebook) {
        let relay_key = phone
            .read(|it| Ok(it.identity().unwrap().relay_key))
            .unwrap();
        let relay = HttpRelay::new(&self.network.url(), &relay_key).unwrap();
        *lock(&phone.wire.relay) = Some(relay);
    }

    fn report(&self, phone: &Notebook, photos: Vec<Photo>) -> HazardId {
        let mut fields = HazardFields::new("护栏松动", HazardNature::UnsafeCondition);
        fields.photos = photos;
        phone
            .write(|it| it.report_hazard(self.org, &fields))
            .unwrap()
    }

    fn has(&self, hash: &str) -> bool {
        self.site.relay.blobs().has(&parse_hash(hash).unwrap())
    }
}

fn take(phone: &Notebook, seed: u64) -> Photo {
    let file = noise_jpeg(seed, 1_200, 900);
    let photo = phone.take_photo(file, PhotoContext::default(), false);
    let photo = photo.unwrap();
    assert!(photo.thumbnail.bytes < 100_000 && photo.bytes > 400_000);
    photo
}

async fn is_acknowledged(phone: &Notebook, hazard: HazardId) {
    let mut changed = phone.changed.subscribe();
    let state = || phone.read(|it| Ok(it.get::<Hazard>(hazard)?.sync_state));
    // Another's is not here at first.
    while !state().is_ok_and(|it| it == SyncState::Acknowledged) {
        changed.changed().await.unwrap();
    }
}

fn sync(phone: &Arc<Notebook>) -> tokio::task::JoinHandle<Result<SyncOutcome>> {
    let phone = Arc::clone(phone);
    tokio::spawn(async move { phone.sync_within(SyncBudget::default(), None, |_| ()).await })
}

async fn is_stuck(phone: &Notebook, valley: &Valley, photo: &Photo) {
    let mut changed = phone.changed.subscribe();
    while !valley.has(&photo.thumbnail.hash) {
        changed.changed().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_is_written_while_a_photo_travels_does_not_wait_for_it() {
    let valley = Valley::enter(1).await;
    let phone = &valley.phones[0];
    valley.descend(phone);
    let photo = take(phone, 1);
    valley.report(phone, vec![photo.clone()]);
    let syncing = sync(phone);
    is_stuck(phone, &valley, &photo).await;

    let hazard = valley.report(phone, Vec::new());
    is_acknowledged(phone, hazard).await;
    assert!(!valley.has(&photo.hash), "it is on its way");
    assert!(
        phone.delayed_photos().unwrap().is_empty(),
        "and was not given up"
    );
    syncing.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_at_the_same_time_share_one_connection() {
    let valley = Valley::enter(1).await;
    let phone = &valley.phones[0];
    valley.descend(phone);
    let hazard = valley.report(phone, Vec::new());
    let calls: Vec<_> = (0..8).map(|_| sync(phone)).collect();
    for call in calls {
        let outcome = call.await.unwrap().unwrap();
        assert!(
            matches!(outcome, SyncOutcome::UpToDate { .. }),
            "{outcome:?}"
        );
    }
    is_acknowledged(phone, hazard).await;
    let connections = valley.network.counts.connections.load(Ordering::Relaxed);
    assert_eq!(connections, 1);
}

#[derive(Default)]
struct States(Mutex<Vec<LiveState>>);

impl LiveObserver for States {
    fn on_state(&self, state: LiveState) {
        lock(&self.0).push(state);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_live_mode_carries_photos_beside_what_is_said() {
    let valley = Valley::enter(2).await;
    let [phone, other] = valley.phones.as_slice() else {
        unreachable!()
    };
    valley.descend(phone);
    let photo = take(phone, 2);
    valley.report(phone, vec![photo.clone()]);
    let states = Arc::new(States::default());
    let observer: Arc<dyn LiveObserver> = states.clone();
    let following = Arc::clone(phone).follow(Some(observer)).unwrap();
    is_stuck(phone, &valley, &photo).await;

    let mine = valley.report(phone, Vec::new());
    is_acknowledged(phone, mine).await;
    let theirs = valley.report(other, Vec::new());
    sync(other).await.unwrap().unwrap();
    is_acknowledged(phone, theirs).await;
    assert!(!valley.has(&photo.hash), "it is on its way");
    assert!(
        phone.delayed_photos().unwrap().is_empty(),
        "and was not given up"
    );
    let told = lock(&states.0).clone();
    assert_eq!(told, [LiveState::Connecting, LiveState::Live]);
    following.cancel().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_that_somebody_waits_for_waits_for_nothing_else() {
    let valley = Valley::enter(2).await;
    let [phone, other] = valley.phones.as_slice() else {
        unreachable!()
    };
    let theirs = take(other, 3);
    valley.report(other, vec![theirs.clone()]);
    sync(other).await.unwrap().unwrap();
    // Of this one the relay gets the record, and never the original.
    valley.descend(other);
    let nowhere = take(other, 4);
    valley.report(other, vec![nowhere.clone()]);
    let mut text = other.join_round().unwrap();
    text.text().await.unwrap();
    drop(text);
    sync(phone).await.unwrap().unwrap();

    valley.descend(phone);
    let stuck = take(phone, 5);
    valley.report(phone, vec![stuck.clone()]);
    let fetched = Arc::clone(phone).fetch_photo(theirs.thumbnail.hash.clone(), None);
    let path = fetched.await.unwrap();
    assert_eq!(
        hex(&vanguard_core::keys::sha256(&std::fs::read(path).unwrap())),
        theirs.thumbnail.hash
    );
    assert!(!valley.has(&stuck.hash), "it would never end");

    let fetched = Arc::clone(phone).fetch_photo(nowhere.hash.clone(), None);
    let missed = fetched.await;
    assert!(
        matches!(missed, Err(VanguardError::NotFound { .. })),
        "{missed:?}"
    );
    phone.write(|it| Ok(it.retry_photos())).unwrap().unwrap();
    let next = phone.read(|it| Ok(transfer::Round::new(RoundOptions::default()).next(it)));
    let next = next.unwrap().unwrap().unwrap();
    assert_ne!(
        hex(&next.hash),
        nowhere.hash,
        "nobody waits for it any more"
    );
}
