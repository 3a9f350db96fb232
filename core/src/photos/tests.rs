mod keeping;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use exif::experimental::Writer;
use exif::{Field, In, Rational, Tag, Value};
use jpeg_encoder::{ColorType, Encoder};

use super::transfer::{End, Job, Round, RoundOptions, Way};
use super::*;
use crate::env::SystemEnv;
use crate::model::photo::PhotoPurpose;

/// A picture whose left half is red and whose lower half is dark, with an EXIF block.
fn jpeg(width: u16, height: u16, exif: Option<&[u8]>) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(usize::from(width) * usize::from(height) * 3);
    for y in 0..height {
        for x in 0..width {
            let light = if y < height / 2 { 250 } else { 90 };
            let is_left = x < width / 2;
            pixels.extend(if is_left {
                [light, 0, 0]
            } else {
                [0, light, 0]
            });
        }
    }
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 90);
    if let Some(exif) = exif {
        encoder.add_exif_metadata(exif).unwrap();
    }
    encoder
        .encode(&pixels, width, height, ColorType::Rgb)
        .unwrap();
    file
}

fn exif_block(orientation: u16) -> Vec<u8> {
    let degrees = |parts: [u32; 3]| {
        let rational = |num| Rational { num, denom: 1 };
        Value::Rational(parts.map(rational).to_vec())
    };
    let ascii = |text: &str| Value::Ascii(vec![text.as_bytes().to_vec()]);
    let fields = [
        (Tag::Orientation, Value::Short(vec![orientation])),
        (Tag::DateTimeOriginal, ascii("2026:11:20 08:05:09")),
        (Tag::OffsetTimeOriginal, ascii("+08:00")),
        (Tag::GPSLatitudeRef, ascii("N")),
        (Tag::GPSLatitude, degrees([36, 30, 36])),
        (Tag::GPSLongitudeRef, ascii("W")),
        (Tag::GPSLongitude, degrees([103, 15, 0])),
    ];
    let fields = fields.map(|(tag, value)| Field {
        tag,
        ifd_num: In::PRIMARY,
        value,
    });
    let mut writer = Writer::new();
    for field in &fields {
        writer.push_field(field);
    }
    let mut block = std::io::Cursor::new(Vec::new());
    writer.write(&mut block, false).unwrap();
    block.into_inner()
}

fn decoded(file: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut decoder = jpeg_decoder::Decoder::new(file);
    let pixels = decoder.decode().unwrap();
    assert!(
        decoder.exif_data().is_none(),
        "what the camera wrote is stripped"
    );
    let info = decoder.info().unwrap();
    (info.width.into(), info.height.into(), pixels)
}

/// Whether the picture's corner is red and light.
fn corner(picture: &(u32, u32, Vec<u8>), right: bool, bottom: bool) -> (bool, bool) {
    let (width, height, pixels) = picture;
    let x = if right { width - 5 } else { 4 };
    let y = if bottom { height - 5 } else { 4 };
    let at = ((y * width + x) * 3) as usize;
    let (red, green) = (pixels[at], pixels[at + 1]);
    (red > green, red.max(green) > 170)
}

fn notebook() -> (Notebook, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notebook.db");
    (Notebook::open(&path, Arc::new(SystemEnv)).unwrap(), dir)
}

/// As if a record that is acknowledged named it.
fn name(notebook: &mut Notebook, number: i64, photo: &Photo) {
    let staged = crate::model::photo::StagedPhoto {
        stage: crate::model::photo::PhotoStage::Before,
        named_at_ms: 1,
        photo: photo.clone(),
    };
    notebook
        .store
        .transact(|conn| {
            conn.execute(
                "INSERT INTO document (doc, id, kind, space, touched_ms) VALUES (?1, ?2, 'hazard', x'00', 0)",
                rusqlite::params![number, [u8::try_from(number).unwrap(); 16]],
            )?;
            photos::project(conn, crate::store::documents::DocKey(number), &[staged])
        })
        .unwrap();
}

fn take(notebook: &mut Notebook, file: &[u8]) -> Photo {
    let (context, options) = (PhotoContext::default(), PhotoOptions::default());
    notebook
        .take_photo(file, &context, &options, &Quota::default())
        .unwrap()
}

#[test]
fn a_photo_is_on_disk_small_upright_and_told_of_when_the_verb_returns() {
    let (mut notebook, _dir) = notebook();
    let file = jpeg(3_000, 2_000, Some(&exif_block(6)));
    let options = PhotoOptions {
        keeps_untouched: true,
        ..PhotoOptions::default()
    };
    let photo = notebook
        .take_photo(&file, &PhotoContext::default(), &options, &Quota::default())
        .unwrap();
    assert_eq!((photo.width_px, photo.height_px), (1_707, 2_560));
    assert_eq!(photo.taken_at_ms, Some(1_795_133_109_000), "00:05:09 UTC");
    assert_eq!(photo.utc_offset_min, Some(480));
    let position = photo.position.unwrap();
    assert!((position.latitude_deg - 36.51).abs() < 1e-9);
    assert!((position.longitude_deg + 103.25).abs() < 1e-9);
    crate::model::photo::check_photos(std::slice::from_ref(&photo)).unwrap();

    for (purpose, hash, bytes) in photo.files() {
        let kept = std::fs::read(notebook.photo_path(hash).unwrap()).unwrap();
        assert_eq!(kept.len() as u64, bytes);
        assert_eq!(crate::keys::hex(&sha256(&kept)), hash);
        if purpose == PhotoPurpose::Untouched {
            assert_eq!(kept, file);
            continue;
        }
        let picture = decoded(&kept);
        let longest = picture.0.max(picture.1);
        assert_eq!(
            longest,
            if purpose == PhotoPurpose::Thumbnail {
                320
            } else {
                2_560
            }
        );
        // Turned by a quarter clockwise: the left side is now above, the lower side left.
        assert_eq!(corner(&picture, false, false), (true, false));
        assert_eq!(corner(&picture, true, false), (true, true));
        assert_eq!(corner(&picture, false, true), (false, false));
        assert_eq!(corner(&picture, true, true), (false, true));
    }
    let used = notebook.storage_use().unwrap();
    let bytes: u64 = photo.files().map(|(_, _, bytes)| bytes).sum();
    assert_eq!((used.photo_files, used.photo_bytes), (3, bytes));
}

#[test]
fn every_orientation_is_made_upright() {
    // Which corner of the upright picture the file's upper left corner becomes: right, bottom.
    for (orientation, right, bottom) in [
        (1, false, false),
        (2, true, false),
        (3, true, true),
        (4, false, true),
        (5, false, false),
        (6, true, false),
        (7, true, true),
        (8, false, true),
    ] {
        let file = jpeg(64, 32, Some(&exif_block(orientation)));
        let picture = Picture::of(&file, &PhotoOptions::default()).unwrap();
        let upright = decoded(picture.original());
        let is_turned = orientation >= 5;
        assert_eq!(
            (upright.0, upright.1),
            if is_turned { (32, 64) } else { (64, 32) }
        );
        assert_eq!(
            corner(&upright, right, bottom),
            (true, true),
            "{orientation}"
        );
        // The file's lower left corner is red and dark: mirrored pictures have it elsewhere.
        let (right, bottom) = if is_turned {
            (orientation == 5 || orientation == 8, bottom)
        } else {
            (right, !bottom)
        };
        let (right, bottom) = match orientation {
            5 => (true, false),
            6 => (false, false),
            7 => (false, true),
            8 => (true, true),
            _ => (right, bottom),
        };
        assert_eq!(
            corner(&upright, right, bottom),
            (true, false),
            "{orientation}"
        );
    }
}

/// The same file with other dimensions in its header.
fn claiming(mut file: Vec<u8>, width: u16, height: u16) -> Vec<u8> {
    let frame = file.windows(2).position(|it| it == [0xff, 0xc0]).unwrap();
    file[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    file[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    file
}

#[test]
fn what_is_no_picture_is_refused_in_words() {
    let good = jpeg(640, 480, None);
    let of = |file: &[u8]| Picture::of(file, &PhotoOptions::default());
    assert!(of(&good).is_ok());
    assert!(matches!(of(b"%PDF-1.7"), Err(PhotoError::NotAPicture)));
    assert!(matches!(of(b""), Err(PhotoError::NotAPicture)));
    for length in [3, 100, good.len() / 2, good.len() - 200] {
        let cut = of(&good[..length]);
        assert!(
            matches!(cut, Err(PhotoError::Damaged(_))),
            "{length}: {cut:?}"
        );
    }
    let huge = of(&claiming(good.clone(), 20_000, 20_000));
    let expected = (20_000, 20_000);
    assert!(
        matches!(huge, Err(PhotoError::TooManyPixels { width_px, height_px })
            if (width_px, height_px) == expected),
        "{huge:?}"
    );
    let mut large = good;
    large.resize((UNTOUCHED_LIMIT_BYTES + 1).try_into().unwrap(), 0);
    assert!(matches!(of(&large), Err(PhotoError::TooLarge { .. })));
}

#[test]
fn the_shutter_asks_for_room_and_nothing_owed_makes_it() {
    let (mut notebook, _dir) = notebook();
    let photo = take(&mut notebook, &jpeg(400, 300, None));
    let tight = Quota {
        photo_bytes: PHOTO_ROOM_BYTES + 10,
        keep_free_bytes: 0,
    };
    let refused = notebook.room_for_photo(&tight);
    assert!(
        matches!(refused, Err(PhotoError::NoRoom { .. })),
        "{refused:?}"
    );
    let full_volume = Quota {
        photo_bytes: u64::MAX,
        keep_free_bytes: u64::MAX,
    };
    assert!(notebook.room_for_photo(&full_volume).is_err());
    notebook.room_for_photo(&Quota::default()).unwrap();

    assert_eq!(
        notebook.let_go_of_photos(u64::MAX).unwrap(),
        0,
        "it is owed"
    );
    let hash = parse_hash(&photo.hash).unwrap();
    name(&mut notebook, 1, &photo);
    photos::confirm(notebook.reader(), &[], &[crate::wire::ByteArray32(hash)], 0).unwrap();
    assert_eq!(notebook.let_go_of_photos(1).unwrap(), photo.bytes);
    assert!(matches!(
        notebook.photo_path(&photo.hash),
        Err(PhotoError::NotHere)
    ));
    notebook.photo_path(&photo.thumbnail.hash).unwrap();
}

fn next(round: &mut Round, notebook: &Notebook) -> Option<(bool, PhotoPurpose, String)> {
    let job = round.next(notebook).unwrap()?;
    let is_up = matches!(job.way, Way::Up { .. });
    Some((is_up, job.purpose, crate::keys::hex(&job.hash)))
}

fn end(round: &mut Round, notebook: &mut Notebook, end: End) -> Job {
    let job = round.next(notebook).unwrap().unwrap();
    round.ended(notebook, &job, end).unwrap();
    job
}

#[test]
fn thumbnails_go_first_and_one_broken_photo_blocks_nothing() {
    use PhotoPurpose::{Original, Thumbnail};
    let (mut notebook, _dir) = notebook();
    let first = take(&mut notebook, &jpeg(400, 300, None));
    let second = take(&mut notebook, &jpeg(410, 300, None));
    let mut round = Round::new(RoundOptions::default());
    assert_eq!(next(&mut round, &notebook), None, "no record names them");
    name(&mut notebook, 1, &first);
    name(&mut notebook, 2, &second);
    let elsewhere = crate::model::photo::sample(0x40);
    name(&mut notebook, 3, &elsewhere);
    notebook
        .want_photo(&elsewhere.thumbnail.hash, false)
        .unwrap();
    notebook
        .want_photo(&crate::keys::hex(&[9; 32]), false)
        .unwrap();

    let metered = RoundOptions {
        conditions: Conditions {
            is_metered: true,
            ..Conditions::default()
        },
        ..RoundOptions::default()
    };
    let mut round = Round::new(metered);
    let job = end(&mut round, &mut notebook, End::Refused("413".into()));
    assert_eq!(
        (job.purpose, job.hash),
        (Thumbnail, parse_hash(&first.thumbnail.hash).unwrap())
    );
    end(&mut round, &mut notebook, End::Arrived);
    assert_eq!(
        next(&mut round, &notebook),
        Some((false, Thumbnail, elsewhere.thumbnail.hash.clone()))
    );
    end(&mut round, &mut notebook, End::Cut("tunnel".into()));
    assert_eq!(
        next(&mut round, &notebook),
        None,
        "originals wait, the failed ones too"
    );
    // Which of them is tried again first is left to chance: see the back-off.
    let reasons: BTreeMap<String, String> = notebook
        .delayed_photos()
        .unwrap()
        .into_iter()
        .map(|it| (crate::keys::hex(&it.hash), it.problem))
        .collect();
    let expected = [
        (first.thumbnail.hash, "413".to_owned()),
        (elsewhere.thumbnail.hash.clone(), "tunnel".to_owned()),
    ];
    assert_eq!(reasons, BTreeMap::from(expected));
    assert_eq!(
        photos::unconfirmed(notebook.reader(), 9).unwrap(),
        [crate::wire::ByteArray32(
            parse_hash(&second.thumbnail.hash).unwrap()
        )]
    );

    notebook.retry_photos().unwrap();
    let mut round = Round::new(RoundOptions::default());
    end(&mut round, &mut notebook, End::Arrived);
    assert!(!round.is_offline());
    for _ in 0..3 {
        end(&mut round, &mut notebook, End::Cut("no network".into()));
    }
    assert!(round.is_offline());
    assert_eq!(next(&mut round, &notebook), None);

    // What somebody waits for comes before all else, whatever the connection costs.
    notebook.retry_photos().unwrap();
    notebook.want_photo(&elsewhere.hash, true).unwrap();
    let mut round = Round::new(metered);
    assert_eq!(
        next(&mut round, &notebook),
        Some((false, Original, elsewhere.hash))
    );
}

#[test]
fn on_a_full_phone_uploads_go_on() {
    use PhotoPurpose::{Original, Thumbnail};
    let (mut notebook, _dir) = notebook();
    let mine = take(&mut notebook, &jpeg(400, 300, None));
    name(&mut notebook, 1, &mine);
    let theirs = crate::model::photo::sample(0x40);
    name(&mut notebook, 2, &theirs);
    for hash in [&theirs.thumbnail.hash, &theirs.hash] {
        notebook.want_photo(hash, false).unwrap();
    }
    let mut round = Round::new(RoundOptions::default());
    end(&mut round, &mut notebook, End::Arrived);
    let job = end(
        &mut round,
        &mut notebook,
        io::Error::from(io::ErrorKind::StorageFull).into(),
    );
    let Way::Down(_) = job.way else {
        panic!("{job:?}")
    };
    assert_eq!(job.purpose, Thumbnail);
    let job = end(&mut round, &mut notebook, End::Arrived);
    assert_eq!((job.purpose, round.progress().sent), (Original, 2));
    assert_eq!(next(&mut round, &notebook), None, "there is no room for it");
    let wait = notebook.photos_wait().unwrap().unwrap();
    assert!(wait.as_millis() <= 15_000, "{wait:?}");
}

#[test]
fn what_came_is_taken_only_if_it_is_what_the_record_names() {
    let (mut notebook, _dir) = notebook();
    let bytes = b"a thumbnail from elsewhere".to_vec();
    let mut photo = crate::model::photo::sample(0x40);
    photo.thumbnail.hash = crate::keys::hex(&sha256(&bytes));
    photo.thumbnail.bytes = bytes.len() as u64;
    name(&mut notebook, 1, &photo);
    notebook.want_photo(&photo.thumbnail.hash, false).unwrap();
    let folder = notebook.photo_folder();
    let hash = sha256(&bytes);
    let put = |text: &[u8]| {
        let (mut file, _) = folder.go_on(&hash).unwrap();
        std::io::Write::write_all(&mut file, text).unwrap();
    };
    let mut round = Round::new(RoundOptions::default());
    put(b"a thumbnail from nowhere..");
    end(&mut round, &mut notebook, End::Arrived);
    assert!(notebook.photo_path(&photo.thumbnail.hash).is_err());
    assert_eq!(notebook.delayed_photos().unwrap().len(), 1);

    notebook.retry_photos().unwrap();
    put(&bytes[..9]);
    put(&bytes[9..]);
    end(&mut round, &mut notebook, End::Arrived);
    assert_eq!(notebook.photo_bytes(&photo.thumbnail.hash).unwrap(), bytes);
    assert_eq!(notebook.delayed_photos().unwrap(), []);
    assert_eq!(photos::owed(notebook.reader()).unwrap().files, 0);
    assert_eq!(next(&mut round, &notebook), None);
}
