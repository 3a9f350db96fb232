//! Files by their SHA-256, in a folder beside the notebook: `notebook.photos/ab/cdef…`. A file
//! that is there under its name is whole: it is written under another, synced, and renamed.

use std::fs::{self, DirEntry, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sha2::{Digest as _, Sha256};

use crate::disk::{self, sync_folder};
use crate::keys::{Hash, hex};
use crate::model::photo::parse_hash;

/// The folder of a notebook's photos.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder beside the notebook at `path`; it is made when something is written.
    pub fn beside(path: &Path) -> Self {
        Self {
            root: path.with_extension("photos"),
        }
    }

    /// Where a file lies, or would.
    pub fn path(&self, hash: &Hash) -> PathBuf {
        let name = hex(hash);
        self.root.join(&name[..2]).join(&name[2..])
    }

    /// Where a file is gathered that has not come whole.
    pub fn partial_path(&self, hash: &Hash) -> PathBuf {
        self.root.join("partial").join(hex(hash))
    }

    /// Writes a file; when this returns it is on disk, with its name.
    ///
    /// # Errors
    /// The file system's; then the name is not there, or was before.
    pub fn write(&self, hash: &Hash, bytes: &[u8]) -> io::Result<()> {
        let partial = self.partial_path(hash);
        make_parent(&partial)?;
        let mut file = File::create(&partial)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        drop(file);
        if let Err(error) = written {
            let _ = fs::remove_file(&partial); // a full disk: give back what was taken
            return Err(error);
        }
        self.adopt(hash)
    }

    /// Opens the partial file to go on with it, and says how much of it there is. What was never
    /// synced may be anything after a crash; the hash tells in the end.
    ///
    /// # Errors
    /// The file system's.
    pub fn go_on(&self, hash: &Hash) -> io::Result<(File, u64)> {
        let partial = self.partial_path(hash);
        make_parent(&partial)?;
        let file = OpenOptions::new().append(true).create(true).open(partial)?;
        let length = file.metadata()?.len();
        Ok((file, length))
    }

    /// Takes the partial file as whole if its hash says so; else removes it, and says false.
    ///
    /// # Errors
    /// The file system's.
    pub fn finish(&self, hash: &Hash) -> io::Result<bool> {
        let partial = self.partial_path(hash);
        if hash_of(&partial)? != *hash {
            fs::remove_file(&partial)?;
            return Ok(false);
        }
        OpenOptions::new().append(true).open(&partial)?.sync_all()?;
        self.adopt(hash)?;
        Ok(true)
    }

    fn adopt(&self, hash: &Hash) -> io::Result<()> {
        let path = self.path(hash);
        make_parent(&path)?;
        fs::rename(self.partial_path(hash), &path)?;
        path.parent().map_or(Ok(()), sync_folder)
    }

    /// Removes a file; one that is not there is no mistake.
    ///
    /// # Errors
    /// The file system's.
    pub fn remove(&self, hash: &Hash) -> io::Result<()> {
        unless_absent((), fs::remove_file(self.path(hash)))
    }

    /// Removes what was gathered of a file; nothing is no mistake.
    ///
    /// # Errors
    /// The file system's.
    pub fn remove_partial(&self, hash: &Hash) -> io::Result<()> {
        unless_absent((), fs::remove_file(self.partial_path(hash)))
    }

    /// The whole files that lie here, with their bytes.
    ///
    /// # Errors
    /// The file system's.
    pub fn whole(&self) -> io::Result<Vec<(Hash, u64)>> {
        let mut found = Vec::new();
        for (first, entry) in entries(&self.root)? {
            if first.len() != 2 || !entry.file_type()?.is_dir() {
                continue;
            }
            for (rest, file) in entries(&entry.path())? {
                if let Some(hash) = parse_hash(&format!("{first}{rest}")) {
                    found.push((hash, file.metadata()?.len()));
                }
            }
        }
        Ok(found)
    }

    /// What is gathered of files, and when it was last written to, by the system's clock, in
    /// milliseconds.
    ///
    /// # Errors
    /// The file system's.
    pub fn partial(&self) -> io::Result<Vec<(Hash, i64)>> {
        let mut found = Vec::new();
        for (name, file) in entries(&self.root.join("partial"))? {
            let Some(hash) = parse_hash(&name) else {
                continue;
            };
            let touched = file.metadata()?.modified()?;
            let since = touched.duration_since(UNIX_EPOCH).unwrap_or_default();
            found.push((hash, i64::try_from(since.as_millis()).unwrap_or(i64::MAX)));
        }
        Ok(found)
    }

    /// Whether a file is there and has the content that its name says.
    ///
    /// # Errors
    /// The file system's, but for its absence.
    pub fn is_sound(&self, hash: &Hash) -> io::Result<bool> {
        unless_absent(false, hash_of(&self.path(hash)).map(|found| found == *hash))
    }

    /// How many bytes of the volume are free for this app; `None` where the system does not say.
    ///
    /// # Errors
    /// The file system's.
    pub fn free_bytes(&self) -> io::Result<Option<u64>> {
        let beside = self.root.parent().unwrap_or(Path::new("."));
        let beside = if beside.as_os_str().is_empty() {
            Path::new(".")
        } else {
            beside
        };
        disk::free_bytes(beside)
    }
}

/// What was done; `otherwise` where there was nothing to do it with.
fn unless_absent<T>(otherwise: T, done: io::Result<T>) -> io::Result<T> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(otherwise),
        done => done,
    }
}

/// What lies in a folder, with its names; nothing where there is no such folder.
fn entries(folder: &Path) -> io::Result<Vec<(String, DirEntry)>> {
    let Some(found) = unless_absent(None, fs::read_dir(folder).map(Some))? else {
        return Ok(Vec::new());
    };
    let named = |entry: io::Result<DirEntry>| {
        entry.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry))
    };
    found.map(named).collect()
}

fn hash_of(path: &Path) -> io::Result<Hash> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().into()),
            read => hasher.update(&buffer[..read]),
        }
    }
}

/// Makes the folder that a path lies in, and puts its name on disk.
fn make_parent(path: &Path) -> io::Result<()> {
    let Some(parent) = path.parent() else {
        return Ok(());
    };
    if parent.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(parent)?;
    for above in parent.ancestors().skip(1).take(2) {
        if !above.as_os_str().is_empty() {
            sync_folder(above)?;
        }
    }
    Ok(())
}
