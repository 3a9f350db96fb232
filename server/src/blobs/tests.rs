//! The blobs of a relay on a real folder.

use std::sync::atomic::{AtomicI64, Ordering};

use sha1::Digest as _;
use tempfile::TempDir;
use vanguard_core::keys::sha256;

use super::*;

struct Clock(AtomicI64);

impl Env for Clock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}

/// Blobs on a folder of their own.
struct Rig {
    blobs: Arc<Blobs>,
    clock: Arc<Clock>,
    folder: TempDir,
    limits: BlobLimits,
}

const ME: Owner = Owner([1; 17]);
const OTHER: Owner = Owner([2; 17]);

impl Rig {
    fn new(limits: BlobLimits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Clock(AtomicI64::new(1_000_000)));
        let blobs = Blobs::open(folder.path(), limits, clock.clone()).unwrap();
        Self {
            blobs: Arc::new(blobs),
            clock,
            folder,
            limits,
        }
    }

    /// As after a crash: what was in memory is gone.
    fn reopened(self) -> Self {
        let blobs = Blobs::open(self.folder.path(), self.limits, self.clock.clone()).unwrap();
        Self {
            blobs: Arc::new(blobs),
            ..self
        }
    }

    fn begin(&self, owner: Owner, photo: &[u8]) -> Result<Upload, BlobError> {
        self.blobs.begin(owner, sha256(photo), photo.len() as u64)
    }

    /// Sends bytes to an upload as one request does; gives where it stands then.
    async fn send(&self, upload: &Upload, bytes: &[u8]) -> Result<u64, BlobError> {
        let mut turn = self.blobs.turn(upload.owner, upload.id).await?;
        turn.push(bytes).await?;
        turn.finish(true).await.map(|(_, at)| at)
    }

    async fn put(&self, photo: &[u8]) -> Hash {
        let upload = self.begin(ME, photo).unwrap();
        self.send(&upload, photo).await.unwrap();
        upload.hash
    }

    fn stored(&self, hash: &Hash) -> Vec<u8> {
        use std::io::Read as _;
        let mut bytes = Vec::new();
        let blob = self.blobs.read(hash).unwrap().unwrap();
        { blob.reader }.read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn advance(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::Relaxed);
    }
}

fn photo(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| (at * 7 + at / 251).to_le_bytes()[0])
        .collect()
}

#[tokio::test]
async fn an_upload_goes_on_where_it_was_cut_by_whichever_side() {
    let mut rig = Rig::new(BlobLimits::default());
    let photo = photo(700_000);
    let upload = rig.begin(ME, &photo).unwrap();
    for (number, piece) in photo.chunks(150_001).enumerate() {
        let turn = rig.blobs.turn(ME, upload.id).await.unwrap();
        assert_eq!(turn.offset(), (number * 150_001) as u64);
        drop(turn);
        rig.send(&upload, piece).await.unwrap();
        if number == 2 {
            rig = rig.reopened();
        }
    }
    assert_eq!(rig.stored(&upload.hash), photo);
    let again = rig.begin(ME, &photo).unwrap();
    assert_eq!(again.id, upload.id, "the answer was lost: the same upload");
    let turn = rig.blobs.turn(ME, upload.id).await.unwrap();
    assert_eq!(turn.offset(), photo.len() as u64);
    drop(turn);
    let rig = rig.reopened();
    assert!(rig.blobs.surely_has(&upload.hash).unwrap());
    let counts = rig.blobs.counts().unwrap();
    assert_eq!(
        (counts.held, counts.held_bytes, counts.uploads),
        (1, 700_000, 0)
    );
}

#[tokio::test]
async fn bytes_of_another_hash_are_thrown_away() {
    let rig = Rig::new(BlobLimits::default());
    let (right, mut wrong) = (photo(1_000), photo(1_000));
    wrong[999] ^= 1;
    let upload = rig.begin(ME, &right).unwrap();
    let sent = rig.send(&upload, &wrong).await;
    assert!(matches!(sent, Err(BlobError::WrongHash)));
    assert!(!rig.blobs.has(&upload.hash));
    let gone = rig.blobs.turn(ME, upload.id).await;
    assert!(matches!(gone, Err(BlobError::Unknown)));
    assert!(rig.blobs.store.parts().unwrap().is_empty());
    rig.put(&right).await;
    assert_eq!(rig.stored(&upload.hash), right);
}

#[tokio::test]
async fn nothing_is_taken_beyond_the_whole() {
    let rig = Rig::new(BlobLimits::default());
    let photo = photo(1_000);
    let upload = rig.begin(ME, &photo).unwrap();
    let mut turn = rig.blobs.turn(ME, upload.id).await.unwrap();
    turn.push(&photo[..999]).await.unwrap();
    let over = turn.push(&photo[..2]).await;
    assert!(matches!(over, Err(BlobError::TooLarge)));
    turn.push(&photo[999..]).await.unwrap();
    turn.finish(true).await.unwrap();
    assert_eq!(rig.stored(&upload.hash), photo);
}

#[tokio::test]
async fn bytes_with_a_checksum_count_all_or_not_at_all() {
    let rig = Rig::new(BlobLimits::default());
    let photo = photo(400_000);
    let upload = rig.begin(ME, &photo).unwrap();
    rig.send(&upload, &photo[..100]).await.unwrap();
    let right = Checksum::Sha1(sha1::Sha1::digest(&photo[100..]).into());
    for (bytes, is_whole, checksum) in [
        (&photo[100..], true, Checksum::Sha256([0; 32])),
        (&photo[100..300_000], true, right),
        (&photo[100..300_000], false, right),
    ] {
        let mut turn = rig.blobs.turn(ME, upload.id).await.unwrap();
        assert_eq!(turn.offset(), 100);
        turn.expect(checksum).await.unwrap();
        turn.push(bytes).await.unwrap();
        assert!(turn.finish(is_whole).await.is_err());
    }
    // Killed in the middle of one.
    let mut turn = rig.blobs.turn(ME, upload.id).await.unwrap();
    turn.expect(right).await.unwrap();
    turn.push(&photo[100..300_000]).await.unwrap();
    drop(turn);
    let rig = rig.reopened();
    let mut turn = rig.blobs.turn(ME, upload.id).await.unwrap();
    assert_eq!(turn.offset(), 100);
    turn.expect(right).await.unwrap();
    turn.push(&photo[100..]).await.unwrap();
    turn.finish(true).await.unwrap();
    assert_eq!(rig.stored(&upload.hash), photo);
}

#[tokio::test]
async fn whoever_asks_later_has_the_turn() {
    let rig = Rig::new(BlobLimits::default());
    let photo = photo(1_000);
    let upload = rig.begin(ME, &photo).unwrap();
    let mut first = rig.blobs.turn(ME, upload.id).await.unwrap();
    first.push(&photo[..10]).await.unwrap();
    let blobs = Arc::clone(&rig.blobs);
    let second = tokio::spawn(async move { blobs.turn(ME, upload.id).await });
    first.is_asked_for().await;
    first.finish(false).await.unwrap();
    let second = second.await.unwrap().unwrap();
    assert_eq!(second.offset(), 10, "what came before the cut counts");
}

#[tokio::test]
async fn the_same_photo_from_two_is_kept_once() {
    let rig = Rig::new(BlobLimits::default());
    let photo = photo(5_000);
    let mine = rig.begin(ME, &photo).unwrap();
    let theirs = rig.begin(OTHER, &photo).unwrap();
    assert_ne!(mine.id, theirs.id);
    let stolen = rig.blobs.turn(OTHER, mine.id).await;
    assert!(matches!(stolen, Err(BlobError::Unknown)));
    let mut late = rig.blobs.turn(OTHER, theirs.id).await.unwrap();
    late.push(&photo).await.unwrap();
    rig.send(&mine, &photo).await.unwrap();
    late.finish(true).await.unwrap();
    assert_eq!(rig.stored(&mine.hash), photo);
    let counts = rig.blobs.counts().unwrap();
    assert_eq!((counts.held, counts.held_bytes), (1, 5_000));
    assert_eq!(rig.blobs.turn(ME, mine.id).await.unwrap().offset(), 5_000);
    let third = rig.begin(Owner([3; 17]), &photo).unwrap();
    let turn = rig.blobs.turn(third.owner, third.id).await.unwrap();
    assert_eq!(turn.offset(), 5_000, "held already: done at once");
    turn.end().await.unwrap();
    assert!(rig.blobs.has(&mine.hash), "an upload ends, not the photo");
}

#[tokio::test]
async fn bounds_are_kept() {
    let rig = Rig::new(BlobLimits {
        file_bytes: 1_000,
        storage_bytes: Some(2_500),
        floor_bytes: 0,
        uploads: 2,
        ..BlobLimits::default()
    });
    let error = |begun: Result<Upload, BlobError>| begun.map(|_| ()).unwrap_err();
    assert!(matches!(
        error(rig.begin(ME, &photo(1_001))),
        BlobError::TooLarge
    ));
    assert!(matches!(error(rig.begin(ME, &[])), BlobError::TooLarge));
    rig.put(&photo(900)).await;
    let first = rig.begin(ME, &photo(800)).unwrap();
    assert!(matches!(
        error(rig.begin(OTHER, &photo(801))),
        BlobError::Full
    ));
    rig.begin(ME, &photo(700)).unwrap();
    assert!(matches!(
        error(rig.begin(ME, &photo(1))),
        BlobError::TooMany
    ));
    rig.begin(OTHER, &photo(1)).unwrap();
    rig.blobs
        .turn(ME, first.id)
        .await
        .unwrap()
        .end()
        .await
        .unwrap();
    rig.begin(ME, &photo(2)).unwrap();

    let crowded = Rig::new(BlobLimits {
        floor_bytes: u64::MAX / 2,
        ..BlobLimits::default()
    });
    assert!(matches!(
        error(crowded.begin(ME, &photo(1))),
        BlobError::Full
    ));
}

#[tokio::test]
async fn an_upload_that_rests_for_too_long_is_given_up() {
    let rig = Rig::new(BlobLimits {
        upload_ms: 1_000,
        ..BlobLimits::default()
    });
    let photo = photo(300);
    let upload = rig.begin(ME, &photo).unwrap();
    rig.send(&upload, &photo[..100]).await.unwrap();
    rig.advance(900);
    rig.send(&upload, &photo[100..200]).await.unwrap();
    rig.advance(900);
    assert_eq!(
        rig.blobs.sweep_uploads().unwrap(),
        0,
        "it went on meanwhile"
    );
    assert!(rig.blobs.turn(ME, upload.id).await.is_ok());
    rig.advance(200);
    let late = rig.send(&upload, &photo[200..]).await;
    assert!(matches!(late, Err(BlobError::Unknown)));
    assert_eq!(rig.blobs.sweep_uploads().unwrap(), 1);
    assert!(rig.blobs.store.parts().unwrap().is_empty());
    rig.put(&photo).await;
}

#[tokio::test]
async fn a_blob_goes_only_after_nothing_has_named_it_for_long() {
    let rig = Rig::new(BlobLimits {
        unnamed_ms: 1_000,
        ..BlobLimits::default()
    });
    let hash = rig.put(&photo(300)).await;
    assert_eq!(rig.blobs.held_after(None), Some(hash));
    assert_eq!(rig.blobs.held_after(Some(&hash)), None);
    rig.advance(1_000_000);
    let note = |is_named| rig.blobs.note_named(&hash, is_named).unwrap();
    assert!(!note(true));
    assert!(!note(false), "first seen now, however old it is");
    rig.advance(900);
    assert!(!note(false));
    assert!(!note(true), "named again");
    rig.advance(200);
    assert!(!note(false));
    rig.advance(1_000);
    assert!(note(false));
    assert!(!rig.blobs.has(&hash));
    assert!(rig.blobs.read(&hash).unwrap().is_none());
    rig.put(&photo(300)).await;
    assert!(rig.blobs.surely_has(&hash).unwrap());
}

#[tokio::test]
async fn a_file_that_is_gone_is_not_said_to_be_held() {
    let rig = Rig::new(BlobLimits::default());
    let hash = rig.put(&photo(300)).await;
    rig.blobs.store.remove(&hash).unwrap();
    assert!(!rig.blobs.surely_has(&hash).unwrap());
    assert!(!rig.blobs.has(&hash));
    rig.put(&photo(300)).await;
    assert!(rig.blobs.surely_has(&hash).unwrap());
}

#[tokio::test]
async fn a_damaged_book_costs_uploads_and_no_photo() {
    let rig = Rig::new(BlobLimits::default());
    let hash = rig.put(&photo(300)).await;
    let begun = rig.begin(ME, &photo(500)).unwrap();
    rig.send(&begun, &photo(500)[..100]).await.unwrap();
    let (folder, limits) = (rig.folder, rig.limits);
    drop(rig.blobs);
    std::fs::write(folder.path().join("blobs.db"), "no database".repeat(100)).unwrap();
    let blobs = Blobs::open(folder.path(), limits, rig.clock.clone()).unwrap();
    assert!(blobs.surely_has(&hash).unwrap());
    assert!(blobs.store.parts().unwrap().is_empty());
    assert!(blobs.begin(ME, sha256(&photo(500)), 500).is_ok());
}
