use super::*;
use crate::id::OrgId;
use crate::model::Role;
use crate::model::hazard::{Hazard, HazardEvent, HazardFields, HazardNature, Rectification};
use crate::model::photo::{Untouched, sample};
use crate::store::testing::World;

const AT_MS: i64 = 1_790_000_000_000;

/// A hazard with two photos from before, of which one keeps its untouched file, and one from after.
fn world() -> (World, DocumentId, DeviceId) {
    let mut world = World::new(7);
    let space = OrgId(world.uuid(1));
    let author = world.author(Role::Member);
    let device = DeviceId(world.uuid(1));
    let mut fields = HazardFields::new("护栏松动", HazardNature::UnsafeCondition);
    let mut first = sample(0x10);
    first.device = Some(device);
    first.untouched = Some(Untouched {
        hash: crate::keys::hex(&[0x50; 32]),
        bytes: 5_000_000,
        media_type: "image/heic".into(),
    });
    fields.photos = vec![first, sample(0x20)];
    let reported = Some(&HazardEvent::Reported);
    let id = world.create::<Hazard>(author, space, &fields, reported, AT_MS);
    let rectified = HazardEvent::Rectified(Rectification {
        what: "已加固".into(),
        on_behalf_of: None,
        on_the_spot: true,
        photos: vec![sample(0x30)],
    });
    world.append::<Hazard>(id, author, &rectified, AT_MS + 1_000);
    (world, id, device)
}

#[test]
fn a_record_names_its_photos_files_once_each() {
    use PhotoPurpose::{Original, Thumbnail, Untouched};
    use PhotoStage::{After, Before};
    let (mut world, id, device) = world();
    let named = of_document(world.store.reader(), id).unwrap();
    let told: Vec<_> = named
        .iter()
        .map(|it| {
            (
                it.hash[0],
                it.purpose,
                it.stage,
                it.bytes,
                it.named_at_ms - AT_MS,
            )
        })
        .collect();
    let expected = [
        (0x11, Thumbnail, Before, 9_000, 0),
        (0x10, Original, Before, 400_000, 0),
        (0x50, Untouched, Before, 5_000_000, 0),
        (0x21, Thumbnail, Before, 9_000, 0),
        (0x20, Original, Before, 400_000, 0),
        (0x31, Thumbnail, After, 9_000, 1_000),
        (0x30, Original, After, 400_000, 1_000),
    ];
    assert_eq!(told, expected);
    assert!(named.iter().all(|it| it.document == id));
    let of_first: Vec<_> = named
        .iter()
        .filter(|it| it.original == [0x10; 32])
        .collect();
    assert!(of_first.len() == 3 && of_first.iter().all(|it| it.device == Some(device)));

    let naming_it = naming(world.store.reader(), &[0x31; 32]).unwrap();
    assert_eq!(naming_it, named[5..6]);
    assert_eq!(naming(world.store.reader(), &[0x99; 32]).unwrap(), []);

    world
        .store
        .transact(|conn| crate::store::project_all(conn).map(drop))
        .unwrap();
    assert_eq!(of_document(world.store.reader(), id).unwrap(), named);
    world
        .store
        .transact(|conn| {
            let key = crate::store::documents::find(conn, id)?.unwrap();
            crate::store::documents::remove(conn, key)
        })
        .unwrap();
    assert_eq!(missing(world.store.reader(), None, 100).unwrap(), []);
}

#[test]
fn what_is_missing_is_told_page_by_page() {
    let (mut world, _, _) = world();
    world
        .store
        .transact(|conn| put(conn, &[0x11; 32], 9_000, AT_MS, false))
        .unwrap();
    let conn = world.store.reader();
    let first: Vec<u8> = missing(conn, None, 3)
        .unwrap()
        .iter()
        .map(|it| it.hash[0])
        .collect();
    let rest: Vec<u8> = missing(conn, Some(&[first[2]; 32]), 9)
        .unwrap()
        .iter()
        .map(|it| it.hash[0])
        .collect();
    assert_eq!([first, rest].concat(), [0x10, 0x20, 0x21, 0x30, 0x31, 0x50]);
}

#[test]
fn only_a_receipt_settles_what_is_owed() {
    let (world, _, device) = world();
    let asked = |n: u8| ByteArray32([n; 32]);
    let conn = world.store.reader();
    put(conn, &[0x10; 32], 400_000, AT_MS, true).unwrap();
    put(conn, &[0x11; 32], 9_000, AT_MS + 1, true).unwrap();
    // Taken, and named by nothing yet: it is kept, and nobody waits for it.
    put(conn, &[0x99; 32], 9_000, AT_MS, true).unwrap();
    let both = FileCount {
        files: 2,
        bytes: 409_000,
    };
    assert_eq!(owed(conn).unwrap(), both);
    assert_eq!(unconfirmed(conn, 500).unwrap(), []);
    sent(conn, &[0x10; 32]).unwrap();
    sent(conn, &[0x11; 32]).unwrap();
    let told = unconfirmed(conn, 500).unwrap();
    assert_eq!(told, [asked(0x10), asked(0x11)]);

    // The relay holds one of them; the other is to be sent again.
    let (count, records) = confirm(conn, &told, &[asked(0x11)], AT_MS).unwrap();
    assert_eq!((count, records.len()), (1, 1));
    assert_eq!(owed(conn).unwrap().files, 1);
    assert_eq!(unconfirmed(conn, 500).unwrap(), []);

    // Another log: what this device took is asked about again, whatever an old receipt said.
    super::owe_again(conn, device).unwrap();
    assert_eq!(unconfirmed(conn, 500).unwrap(), [asked(0x10), asked(0x11)]);
}

#[test]
fn questions_about_photos_have_their_indexes() {
    let world = World::new(1);
    for (sql, index) in [
        (
            "SELECT 1 FROM photo p WHERE p.hash = x'00'",
            "photo_by_hash",
        ),
        (
            "SELECT p.bytes FROM photo p WHERE p.hash > x'00'
             AND NOT EXISTS (SELECT 1 FROM blob b WHERE b.hash = p.hash)
             GROUP BY p.hash ORDER BY p.hash LIMIT 5",
            "photo_by_hash",
        ),
        (
            "SELECT hash FROM blob WHERE is_owed AND is_sent ORDER BY at_ms LIMIT 5",
            "blob_owed",
        ),
    ] {
        let plan = format!("EXPLAIN QUERY PLAN {sql}");
        let mut statement = world.store.reader().prepare(&plan).unwrap();
        let steps: Vec<String> = statement
            .query_map([], |row| row.get(3))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap();
        let told = steps.join("; ");
        assert!(
            told.contains(index) && !told.contains("TEMP B-TREE"),
            "{told}"
        );
    }
}
