//! Photos from phone to phone: taken by the core's own verbs, carried by its own client to a relay
//! over HTTPS, acknowledged by receipt, fetched by somebody else.

// axum takes handlers that are async, whether they wait or not.
#![allow(clippy::unwrap_used, clippy::unused_async, missing_docs)]

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::extract;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{patch, post};
use jpeg_encoder::{ColorType, Encoder};
use vanguard_core::env::{Env as _, SystemEnv};
use vanguard_core::http::{HttpError, HttpRelay};
use vanguard_core::id::{DocumentId, EventId, HazardId, OrgId};
use vanguard_core::model::hazard::{Hazard, HazardFields, HazardNature};
use vanguard_core::model::photo::{Photo, PhotoPurpose, parse_hash};
use vanguard_core::model::{Author, SyncState};
use vanguard_core::photos::transfer::{End, Job, Round, RoundOptions, Way};
use vanguard_core::photos::{Conditions, PhotoContext, PhotoError, PhotoOptions, Quota};
use vanguard_core::store::photos;
use vanguard_core::sync::Options;
use vanguard_core::{NewEvent, Notebook, NotebookError, Verb};
use vanguard_server::relay::Act;
use vanguard_tests::blobs::bytes_of;
use vanguard_tests::site::{Site, open_all};

const METERED: RoundOptions = RoundOptions {
    policy: vanguard_core::photos::SyncPolicy {
        allows_metered_originals: false,
        allows_roaming: false,
        allows_low_battery: false,
    },
    conditions: Conditions {
        is_metered: true,
        is_roaming: false,
        is_battery_low: false,
    },
};

/// What a camera might see: noise, so that no two are the same and none is small.
fn camera(seed: u64) -> Vec<u8> {
    let (width, height) = (800_u16, 600_u16);
    let pixels = bytes_of(seed, usize::from(width) * usize::from(height) * 3);
    let mut file = Vec::new();
    Encoder::new(&mut file, 70)
        .encode(&pixels, width, height, ColorType::Rgb)
        .unwrap();
    file
}

fn take(notebook: &mut Notebook, seed: u64) -> Photo {
    let (context, options) = (PhotoContext::default(), PhotoOptions::default());
    notebook
        .take_photo(&camera(seed), &context, &options, &Quota::default())
        .unwrap()
}

fn report(notebook: &mut Notebook, org: OrgId, photos: Vec<Photo>) -> HazardId {
    let mut fields = HazardFields::new("护栏松动", HazardNature::UnsafeCondition);
    fields.photos = photos;
    notebook.report_hazard(org, &fields).unwrap()
}

fn state(notebook: &Notebook, hazard: HazardId) -> SyncState {
    notebook.get::<Hazard>(hazard).unwrap().sync_state
}

async fn two_phones(folder: &Path) -> (Site, OrgId, Vec<Notebook>) {
    let site = Site::start(&folder.join("relay"), None).await;
    let (org, paths) = site.enrol_branch(folder, 2).await;
    let notebooks = open_all(&paths).unwrap();
    (site, org, notebooks)
}

async fn sync(notebook: &mut Notebook) {
    let http = HttpRelay::of(notebook).unwrap();
    http.sync(notebook, Options::default(), |_| ())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn text_goes_first_thumbnails_next_and_acknowledged_means_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (site, org, mut notebooks) = two_phones(folder.path()).await;
    let [taker, viewer] = notebooks.as_mut_slice() else {
        unreachable!()
    };
    let taken = vec![take(taker, 1), take(taker, 2)];
    let hazard = report(taker, org, taken.clone());
    assert_eq!(state(taker, hazard), SyncState::LocalOnly);
    let job = Round::new(RoundOptions::default()).next(taker).unwrap();
    assert_eq!(job, None, "not before the text");

    sync(taker).await;
    assert_eq!(state(taker, hazard), SyncState::MediaPending);
    assert_eq!(photos::owed(taker.reader()).unwrap().files, 4);

    let http = HttpRelay::of(taker).unwrap();
    let carried = http.carry_photos(taker, METERED, |_| ()).await.unwrap();
    let small: u64 = taken.iter().map(|photo| photo.thumbnail.bytes).sum();
    assert_eq!((carried.sent, carried.bytes_up), (2, small));
    sync(taker).await;
    assert_eq!(
        photos::owed(taker.reader()).unwrap().files,
        2,
        "two receipts"
    );
    assert_eq!(state(taker, hazard), SyncState::MediaPending);

    let (_, carried) = http
        .sync_with_photos(taker, Options::default(), RoundOptions::default())
        .await
        .unwrap();
    let large: u64 = taken.iter().map(|photo| photo.bytes).sum();
    assert_eq!((carried.sent, carried.bytes_up), (2, large));
    assert_eq!(state(taker, hazard), SyncState::Acknowledged);
    assert_eq!(photos::owed(taker.reader()).unwrap().files, 0);

    sync(viewer).await;
    let shown = viewer.get::<Hazard>(hazard).unwrap().view.fields.photos;
    assert_eq!(shown, taken);
    let (first, second) = (&shown[0], &shown[1]);
    let missing = viewer.photo_bytes(&first.thumbnail.hash);
    assert!(matches!(missing, Err(PhotoError::NotHere)));
    viewer.want_photo(&first.thumbnail.hash, false).unwrap();
    viewer.want_photo(&first.hash, false).unwrap();
    viewer.want_photo(&second.hash, true).unwrap();
    let http = HttpRelay::of(viewer).unwrap();
    let carried = http.carry_photos(viewer, METERED, |_| ()).await.unwrap();
    assert_eq!(
        carried.received, 2,
        "a thumbnail, and what somebody waits for"
    );
    let carried = http
        .carry_photos(viewer, RoundOptions::default(), |_| ())
        .await
        .unwrap();
    assert_eq!(carried.received, 1);
    for hash in [&first.thumbnail.hash, &first.hash, &second.hash] {
        assert_eq!(
            viewer.photo_bytes(hash).unwrap(),
            taker.photo_bytes(hash).unwrap()
        );
    }
    assert_eq!(photos::owed(viewer.reader()).unwrap().files, 0);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_broken_photo_blocks_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (site, org, mut notebooks) = two_phones(folder.path()).await;
    let taker = &mut notebooks[0];
    let taken: Vec<Photo> = (10..13).map(|seed| take(taker, seed)).collect();
    let hazard = report(taker, org, taken.clone());
    // One file is shortened on the phone; of another a byte is turned, which only the relay sees.
    let path = |hash: &str| taker.photo_path(hash).unwrap();
    let (short, turned) = (path(&taken[0].hash), path(&taken[1].hash));
    let mut bytes = std::fs::read(&turned).unwrap();
    std::fs::write(short, &bytes[..100]).unwrap();
    bytes[500] ^= 1;
    std::fs::write(turned, bytes).unwrap();

    let http = HttpRelay::of(taker).unwrap();
    let (_, carried) = http
        .sync_with_photos(taker, Options::default(), RoundOptions::default())
        .await
        .unwrap();
    assert_eq!((carried.sent, carried.failed), (4, 2));
    assert_eq!(state(taker, hazard), SyncState::MediaPending);
    let delayed = taker.delayed_photos().unwrap();
    let mut reasons: Vec<&str> = delayed.iter().map(|it| it.problem.as_str()).collect();
    reasons.sort_unstable();
    assert!(
        reasons[0].starts_with("photo-hash-mismatch") && reasons[1].starts_with("the photo's file"),
        "{reasons:?}"
    );
    let whole = parse_hash(&taken[2].hash).unwrap();
    assert!(site.relay.blobs().has(&whole));
    site.stop().await;
}

/// Uploads at a relay that is ill: the first that is begun never gets on.
#[derive(Clone, Default)]
struct Ill(Arc<Mutex<Vec<Upload>>>);

#[derive(Clone, Copy, Default)]
struct Upload {
    offset: usize,
    asked: u32,
}

type Answer = (StatusCode, [(&'static str, String); 1]);

impl Ill {
    /// So often it is asked before it takes the first upload after all, so that a client that asks
    /// for ever is seen to.
    const PATIENCE: u32 = 20;

    async fn begin(extract::State(Self(uploads)): extract::State<Self>) -> Answer {
        let mut uploads = uploads.lock().unwrap();
        uploads.push(Upload::default());
        let location = format!("/v1/blobs/uploads/{}", uploads.len() - 1);
        (StatusCode::CREATED, [("Location", location)])
    }

    async fn stands(
        extract::State(Self(uploads)): extract::State<Self>,
        extract::Path(number): extract::Path<usize>,
    ) -> Answer {
        let offset = uploads.lock().unwrap()[number].offset;
        (StatusCode::OK, [("Upload-Offset", offset.to_string())])
    }

    async fn append(
        extract::State(Self(uploads)): extract::State<Self>,
        extract::Path(number): extract::Path<usize>,
        headers: HeaderMap,
        body: axum::body::Bytes,
    ) -> Answer {
        let upload = &mut uploads.lock().unwrap()[number];
        assert_eq!(headers["Upload-Offset"], upload.offset.to_string().as_str());
        upload.asked += 1;
        let is_ill = number == 0 && upload.asked < Self::PATIENCE;
        upload.offset += if is_ill { 0 } else { body.len() };
        let status = if is_ill {
            StatusCode::INTERNAL_SERVER_ERROR
        } else {
            StatusCode::NO_CONTENT
        };
        (status, [("Upload-Offset", upload.offset.to_string())])
    }

    /// Answers until the test is over; gives its address.
    async fn start(self) -> String {
        let uploads = patch(Self::append).head(Self::stands);
        let routes = axum::Router::new()
            .route("/v1/blobs", post(Self::begin))
            .route("/v1/blobs/uploads/{number}", uploads)
            .with_state(self);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        url
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_gets_nowhere_ends_though_the_relay_says_where_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let (site, org, mut notebooks) = two_phones(folder.path()).await;
    let taker = &mut notebooks[0];
    let photos = vec![take(taker, 40), take(taker, 41)];
    report(taker, org, photos);
    sync(taker).await;
    let ill = Ill::default();
    let key = taker.identity().unwrap().relay_key;
    let http = HttpRelay::new(&ill.clone().start().await, &key).unwrap();
    let carried = http
        .carry_photos(taker, RoundOptions::default(), |_| ())
        .await
        .unwrap();
    assert_eq!((carried.sent, carried.failed), (3, 1));
    assert_eq!(taker.delayed_photos().unwrap().len(), 1);
    assert_eq!(ill.0.lock().unwrap()[0].asked, 3);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_phone_cannot_write_and_what_records_say_wrongly_hold_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    let (site, org, mut notebooks) = two_phones(folder.path()).await;
    let [taker, viewer] = notebooks.as_mut_slice() else {
        unreachable!()
    };
    let photos = vec![take(taker, 50), take(taker, 51)];
    report(taker, org, photos.clone());
    let http = HttpRelay::of(taker).unwrap();
    http.sync_with_photos(taker, Options::default(), RoundOptions::default())
        .await
        .unwrap();
    sync(viewer).await;

    // A folder lies where the first file would be gathered.
    let [first, second] =
        [&photos[0], &photos[1]].map(|it| parse_hash(&it.thumbnail.hash).unwrap());
    let lies = viewer.photo_folder().partial_path(&first);
    std::fs::create_dir_all(lies).unwrap();
    // Another record names the second's thumbnail smaller than it is, and one larger, and as an
    // original.
    let [mut smaller, mut larger] = [(); 2].map(|()| photos[1].clone());
    smaller.thumbnail.bytes -= 1;
    larger.thumbnail = photos[0].thumbnail.clone();
    larger.hash.clone_from(&photos[1].thumbnail.hash);
    report(viewer, org, vec![smaller]);
    report(viewer, org, vec![larger]);
    for photo in &photos {
        viewer.want_photo(&photo.thumbnail.hash, false).unwrap();
    }
    let http = HttpRelay::of(viewer).unwrap();
    let carried = http.carry_photos(viewer, METERED, |_| ()).await.unwrap();
    assert_eq!((carried.received, carried.failed), (1, 1));
    let delayed = viewer.delayed_photos().unwrap();
    assert_eq!(delayed[0].hash, first);
    let path = viewer.photo_path(&photos[1].thumbnail.hash).unwrap();
    assert_eq!(path.metadata().unwrap().len(), photos[1].thumbnail.bytes);
    let held = photos::held(viewer.reader(), &second).unwrap();
    assert_eq!(held, Some(photos[1].thumbnail.bytes), "by the file itself");

    // Where nothing but a lie is known, it is the file's fault and not the network's.
    let credential = vanguard_core::keys::hex(&viewer.identity().unwrap().credential);
    let job = Job {
        hash: parse_hash(&photos[0].hash).unwrap(),
        bytes: photos[0].bytes - 1,
        purpose: PhotoPurpose::Original,
        way: Way::Down(viewer.photo_folder()),
    };
    let end = http
        .carry(&credential, &job, &mut |_| Ok(()))
        .await
        .unwrap();
    assert!(matches!(end, End::Refused(_)), "{end:?}");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_network_photos_wait_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let (site, org, mut notebooks) = two_phones(folder.path()).await;
    let taker = &mut notebooks[0];
    let photos: Vec<Photo> = (20..24).map(|seed| take(taker, seed)).collect();
    let hazard = report(taker, org, photos);
    sync(taker).await;
    let data = folder.path().join("relay");
    let address = site.address;
    site.stop().await;
    let http = HttpRelay::of(taker).unwrap();
    let ended = http
        .carry_photos(taker, RoundOptions::default(), |_| ())
        .await;
    assert!(matches!(ended, Err(HttpError::Unreachable(_))), "{ended:?}");
    assert_eq!(
        taker.delayed_photos().unwrap().len(),
        3,
        "then it is given up"
    );

    let site = Site::start(&data, Some(address)).await;
    taker.retry_photos().unwrap();
    http.sync_with_photos(taker, Options::default(), RoundOptions::default())
        .await
        .unwrap();
    assert_eq!(state(taker, hazard), SyncState::Acknowledged);
    let purposes = photos::of_document(taker.reader(), hazard.into()).unwrap();
    let originals = purposes
        .iter()
        .filter(|it| it.purpose == PhotoPurpose::Original);
    assert_eq!(originals.count(), 4);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_took_a_photo_may_send_it_when_its_record_is_no_longer_theirs_to_see() {
    let folder = tempfile::tempdir().unwrap();
    let (site, org, mut notebooks) = two_phones(folder.path()).await;
    let taker = &mut notebooks[0];
    let photo = take(taker, 30);
    let hazard = report(taker, org, vec![photo.clone()]);
    let member = taker.member().unwrap();
    let grants = taker.directory().grants_of(member);
    let (grant, _) = grants.first().unwrap();
    let ended = NewEvent {
        id: EventId(SystemEnv::shared().uuid_v7()),
        at_ms: SystemEnv.now_ms(),
        body: [("event", "ended"), ("reason", "调离")]
            .map(|(key, value)| (key.to_owned(), value.into()))
            .into_iter()
            .collect(),
    };
    let act = Act {
        document: DocumentId::from(*grant),
        verb: Verb::Append { event: ended },
    };
    site.relay.act(Author::OPERATOR, vec![act]).await.unwrap();

    sync(taker).await;
    assert_eq!(taker.unsent().unwrap().changes, 0);
    assert_eq!(state(taker, hazard), SyncState::MediaPending);
    let http = HttpRelay::of(taker).unwrap();
    http.sync_with_photos(taker, Options::default(), RoundOptions::default())
        .await
        .unwrap();
    for (_, hash, _) in photo.files() {
        assert!(site.relay.blobs().has(&parse_hash(hash).unwrap()));
    }
    assert_eq!(taker.delayed_photos().unwrap(), []);
    let gone = taker.get::<Hazard>(hazard);
    assert!(
        matches!(gone, Err(NotebookError::NotFound(_))),
        "now it is let go"
    );
    site.stop().await;
}
