//! The default store: a folder of files. `parts/` has what is coming in; a blob of hash `abcd…` is
//! the file `ab/cd…`. A rename within the folder makes the one the other, so that a file under a
//! blob's name is always whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use vanguard_core::disk::{self, sync_folder};
use vanguard_core::keys::{Hash, hex};
use vanguard_core::model::photo::parse_hash;

use super::store::{Blob, BlobStore, Held, PartId};

/// A folder of blobs.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    parts: PathBuf,
}

impl Folder {
    /// The store in a folder, which is made where it is missing.
    ///
    /// # Errors
    /// Where the folder cannot be made.
    pub fn open(root: &Path) -> io::Result<Self> {
        let parts = root.join("parts");
        fs::create_dir_all(&parts)?;
        sync_folder(root)?;
        Ok(Self {
            root: root.to_owned(),
            parts,
        })
    }

    fn part(&self, part: PartId) -> PathBuf {
        self.parts.join(part.to_string())
    }

    /// Where a blob lies: its folder and its file.
    fn place(&self, hash: &Hash) -> (PathBuf, PathBuf) {
        let name = hex(hash);
        let (first, rest) = name.split_at(2);
        let folder = self.root.join(first);
        let file = folder.join(rest);
        (folder, file)
    }
}

impl BlobStore for Folder {
    fn write(&self, part: PartId, at: u64, bytes: &[u8]) -> io::Result<()> {
        let path = self.part(part);
        let mut file = match OpenOptions::new().write(true).open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let file = File::create(&path)?;
                sync_folder(&self.parts)?;
                file
            }
            file => file?,
        };
        if file.metadata()?.len() > at {
            file.set_len(at)?;
        }
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)
    }

    fn settle(&self, part: PartId) -> io::Result<u64> {
        let file = match File::open(self.part(part)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
            file => file?,
        };
        file.sync_all()?;
        Ok(file.metadata()?.len())
    }

    fn read_part(&self, part: PartId) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(File::open(self.part(part))?))
    }

    fn keep(&self, part: PartId, hash: &Hash) -> io::Result<()> {
        let (folder, file) = self.place(hash);
        if !folder.is_dir() {
            fs::create_dir_all(&folder)?;
            sync_folder(&self.root)?;
        }
        fs::rename(self.part(part), file)?;
        sync_folder(&folder)
    }

    fn discard(&self, part: PartId) -> io::Result<()> {
        gone(fs::remove_file(self.part(part)))
    }

    fn parts(&self) -> io::Result<Vec<PartId>> {
        Ok(names(&self.parts)?
            .iter()
            .filter_map(|name| PartId::parse(name))
            .collect())
    }

    fn open(&self, hash: &Hash) -> io::Result<Option<Blob>> {
        let file = match File::open(self.place(hash).1) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let bytes = file.metadata()?.len();
        let reader = Box::new(file);
        Ok(Some(Blob { bytes, reader }))
    }

    fn list(&self, after: Option<&Hash>, limit: usize) -> io::Result<Vec<Held>> {
        let first = after.map_or(0, |after| after[0]);
        let mut found = Vec::new();
        for prefix in first..=u8::MAX {
            let prefix = hex(&[prefix]);
            let mut blobs: Vec<(Hash, PathBuf)> = names(&self.root.join(&prefix))?
                .iter()
                .filter_map(|name| {
                    let hash = parse_hash(&format!("{prefix}{name}"))?;
                    Some((hash, self.place(&hash).1))
                })
                .filter(|(hash, _)| after.is_none_or(|after| hash > after))
                .collect();
            blobs.sort_unstable();
            for (hash, path) in blobs {
                if found.len() == limit {
                    return Ok(found);
                }
                let bytes = fs::metadata(path)?.len();
                found.push(Held { hash, bytes });
            }
        }
        Ok(found)
    }

    fn remove(&self, hash: &Hash) -> io::Result<()> {
        let (folder, file) = self.place(hash);
        gone(fs::remove_file(file))?;
        gone(sync_folder(&folder))
    }

    fn free_bytes(&self) -> io::Result<Option<u64>> {
        disk::free_bytes(&self.root)
    }
}

/// What was to be removed and is not there is removed.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The names in a folder; none where it is missing.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    entries
        .filter_map(|entry| {
            let name = entry.map(|entry| entry.file_name().into_string().ok());
            name.transpose()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(blob: Option<Blob>) -> Vec<u8> {
        let mut bytes = Vec::new();
        blob.unwrap().reader.read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_part_grows_is_cut_and_becomes_a_blob() {
        let folder = tempfile::tempdir().unwrap();
        let store = Folder::open(folder.path()).unwrap();
        let (part, hash) = (PartId([1; 16]), [0xab; 32]);
        assert_eq!(store.settle(part).unwrap(), 0);
        store.write(part, 0, b"hello, wrong").unwrap();
        store.write(part, 7, b"world").unwrap();
        assert_eq!(store.settle(part).unwrap(), 12);
        store.write(part, 5, b"!").unwrap();
        assert_eq!(store.settle(part).unwrap(), 6, "what lay beyond is cut off");
        assert_eq!(store.parts().unwrap(), [part]);
        assert!(store.open(&hash).unwrap().is_none());
        store.keep(part, &hash).unwrap();
        assert!(store.parts().unwrap().is_empty());
        assert_eq!(bytes_of(store.open(&hash).unwrap()), b"hello!");
        store.remove(&hash).unwrap();
        store.remove(&hash).unwrap();
        assert!(store.open(&hash).unwrap().is_none());
        store.write(part, 0, b"x").unwrap();
        store.discard(part).unwrap();
        store.discard(part).unwrap();
        assert!(store.parts().unwrap().is_empty());
        assert!(store.free_bytes().unwrap().unwrap() > 0);
    }

    #[test]
    fn blobs_are_listed_in_the_order_of_their_hashes_page_by_page() {
        let folder = tempfile::tempdir().unwrap();
        let store = Folder::open(folder.path()).unwrap();
        let hashes: Vec<Hash> = [3_u8, 200, 3, 90, 255, 0]
            .iter()
            .zip(0_u8..)
            .map(|(first, last)| {
                let mut hash = [7; 32];
                (hash[0], hash[31]) = (*first, last);
                hash
            })
            .collect();
        for hash in &hashes {
            let part = PartId([9; 16]);
            store.write(part, 0, &[0; 5]).unwrap();
            store.settle(part).unwrap();
            store.keep(part, hash).unwrap();
        }
        fs::write(folder.path().join("03/notes.txt"), "not ours").unwrap();
        let mut sorted = hashes;
        sorted.sort_unstable();
        let mut listed: Vec<Hash> = Vec::new();
        loop {
            let page = store.list(listed.last(), 2).unwrap();
            assert!(page.iter().all(|held| held.bytes == 5));
            if page.is_empty() {
                break;
            }
            listed.extend(page.iter().map(|held| held.hash));
        }
        assert_eq!(listed, sorted);
    }
}
