//! Files that nothing names, and files that no row knows.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::*;
use crate::id::{OrgId, ZoneId};
use crate::keys::hex;
use crate::model::Shift;
use crate::model::inspection::InspectionKind;

fn hashes(photo: &Photo) -> Vec<Hash> {
    let files = photo.files();
    files
        .map(|(_, hash, _)| parse_hash(hash).unwrap())
        .collect()
}

fn open(path: &Path) -> Notebook {
    Notebook::open(path, Arc::new(SystemEnv)).unwrap()
}

#[test]
fn a_cancelled_shot_is_let_go_of_and_a_named_one_is_not() {
    let (mut notebook, _dir) = notebook();
    let [cancelled, drafted, named] =
        [400, 410, 420].map(|width| take(&mut notebook, &jpeg(width, 300, None)));
    let zone = ZoneId(notebook.env.uuid_v7());
    let space = OrgId(notebook.env.uuid_v7());
    let draft = notebook
        .start_inspection(space, zone, InspectionKind::NoViolation, Shift::Day)
        .unwrap();
    notebook
        .edit_draft(draft, |fields| fields.photos.push(drafted.clone()))
        .unwrap();
    name(&mut notebook, 1, &named);

    let used = notebook.storage_use().unwrap();
    let bytes = cancelled.bytes + cancelled.thumbnail.bytes;
    assert_eq!(
        (used.photo_files_unnamed, used.photo_bytes_unnamed),
        (2, bytes)
    );
    for (_, hash, _) in drafted.files().chain(named.files()) {
        let refused = notebook.discard_photo(hash);
        assert!(matches!(refused, Err(PhotoError::InUse)), "{refused:?}");
    }
    let mut unnamed = notebook.unnamed_photos().unwrap();
    unnamed.sort();
    let mut expected: Vec<String> = hashes(&cancelled).iter().map(|hash| hex(hash)).collect();
    expected.sort();
    assert_eq!(unnamed, expected);
    for hash in &unnamed {
        let path = notebook.photo_path(hash).unwrap();
        notebook.discard_photo(hash).unwrap();
        assert!(!path.exists());
        let gone = notebook.discard_photo(hash);
        assert!(matches!(gone, Err(PhotoError::NotHere)), "{gone:?}");
    }
    assert_eq!(notebook.storage_use().unwrap().photo_files, 4);
    let exported = notebook.export_unsent().unwrap();
    assert_eq!(exported["photos"].as_array().unwrap().len(), 4);

    notebook.discard_draft(draft).unwrap();
    notebook.discard_photo(&drafted.hash).unwrap();
}

#[test]
fn a_shot_that_cannot_be_kept_leaves_nothing() {
    let (mut notebook, _dir) = notebook();
    let picture = Picture::of(&jpeg(400, 300, None), &PhotoOptions::default()).unwrap();
    let folder = notebook.photo_folder();
    // A folder lies where the second file would be written.
    let second = folder.partial_path(&sha256(picture.original()));
    fs::create_dir_all(&second).unwrap();
    let (context, quota) = (PhotoContext::default(), Quota::default());
    let failed = notebook.keep_photo(&picture, &context, &quota);
    assert!(matches!(failed, Err(PhotoError::File(_))), "{failed:?}");
    assert_eq!(folder.whole().unwrap(), []);

    fs::remove_dir(second).unwrap();
    notebook.keep_photo(&picture, &context, &quota).unwrap();
    // Taken once more it is the same photo, and what fails then takes nothing from the first.
    fs::create_dir_all(folder.partial_path(&sha256(picture.original()))).unwrap();
    notebook.keep_photo(&picture, &context, &quota).unwrap_err();
    assert_eq!(folder.whole().unwrap().len(), 2);
}

#[test]
fn what_a_crash_left_is_found_when_the_notebook_is_opened_and_nothing_unsent_is_lost() {
    let (mut notebook, dir) = notebook();
    let path = dir.path().join("notebook.db");
    let photo = take(&mut notebook, &jpeg(400, 300, None));
    let elsewhere = crate::model::photo::sample(0x40);
    name(&mut notebook, 1, &elsewhere);
    notebook.want_photo(&elsewhere.hash, false).unwrap();
    let folder = notebook.photo_folder();
    drop(notebook);

    // Pieces: of a file that is wanted, of one that nobody gathers, and of one written just now.
    let wanted = parse_hash(&elsewhere.hash).unwrap();
    let long_ago = SystemTime::now() - Duration::from_hours(48);
    for (hash, is_old) in [(wanted, true), ([1; 32], true), ([2; 32], false)] {
        let partial = folder.partial_path(&hash);
        fs::create_dir_all(partial.parent().unwrap()).unwrap();
        let file = File::create(partial).unwrap();
        if is_old {
            file.set_modified(long_ago).unwrap();
        }
    }
    drop(open(&path));
    let left = [wanted, [1; 32], [2; 32]].map(|hash| folder.partial_path(&hash).exists());
    assert_eq!(left, [true, false, true]);

    // The notebook is lost, and the photo was not sent yet.
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(dir.path().join(format!("notebook.db{suffix}")));
    }
    let mut again = open(&path);
    assert_eq!(again.unnamed_photos().unwrap().len(), 2);
    let asked = photos::unconfirmed(again.reader(), 9).unwrap();
    assert_eq!(asked.len(), 2, "the relay may hold it");
    photos::confirm(again.reader(), &asked, &[], 0).unwrap();
    name(&mut again, 1, &photo);
    again.retry_photos().unwrap();
    let mut round = Round::new(RoundOptions::default());
    let job = end(&mut round, &mut again, End::Arrived);
    assert_eq!(job.purpose, PhotoPurpose::Thumbnail, "it is sent after all");
    assert_eq!(open(&path).unnamed_photos().unwrap(), Vec::<String>::new());
}
