//! Photos on a phone: made small enough to travel, kept in a folder beside the notebook, owed to
//! the relay until its receipt names them.
//!
//! [`Picture::of`] does what takes time and memory, and needs no notebook; the notebook's
//! [`keep_photo`](Notebook::keep_photo) puts the files on disk and gives the [`Photo`] that a verb
//! then writes into its record. [`transfer`] says what travels next; [`http`](crate::http) carries.

mod camera;
mod folder;
mod keeping;
pub mod policy;
mod shrink;
pub mod transfer;
mod waiting;

use std::path::PathBuf;

use crate::id::ZoneId;
use crate::keys::{Hash, sha256};
use crate::model::photo::{
    GeoPosition, ORIGINAL_LIMIT_BYTES, Photo, THUMBNAIL_LIMIT_BYTES, Thumbnail,
    UNTOUCHED_LIMIT_BYTES, Untouched, parse_hash,
};
use crate::notebook::{Notebook, NotebookError};
use crate::store::{StoreError, photos};

pub use folder::Folder;
pub(crate) use keeping::tidy;
pub use policy::{Conditions, SyncPolicy};

/// Why a photo was not taken, or cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum PhotoError {
    /// The bytes are no JPEG file.
    #[error("this is not a JPEG picture")]
    NotAPicture,
    /// It began as a picture and breaks off, or makes no sense.
    #[error("the picture is damaged: {0}")]
    Damaged(String),
    /// A JPEG of a kind that no camera writes.
    #[error("pictures of this kind are not supported: {0}")]
    Unsupported(&'static str),
    /// The file is larger than any that is taken in.
    #[error("the file has {bytes} bytes, and at most {limit} are taken")]
    TooLarge {
        /// Its bytes.
        bytes: u64,
        /// The most that are taken.
        limit: u64,
    },
    /// It has more pixels than this device decodes.
    #[error("the picture is {width_px} × {height_px} pixels, too many for this device")]
    TooManyPixels {
        /// Its width.
        width_px: u32,
        /// Its height.
        height_px: u32,
    },
    /// There is no room for another photo: sync, or let go of what the relay holds.
    #[error("no room for another photo: {needed} bytes are needed and {free} are free")]
    NoRoom {
        /// Bytes that one more photo may need.
        needed: u64,
        /// Bytes that are free for photos.
        free: u64,
    },
    /// The file is not on this device.
    #[error("the photo is not on this device")]
    NotHere,
    /// It stays: something on this device names it.
    #[error("a record, a draft, or something unsent or returned names the photo")]
    InUse,
    /// The folder cannot be read or written.
    #[error("the folder of the photos: {0}")]
    File(#[from] std::io::Error),
    /// The notebook failed.
    #[error(transparent)]
    Notebook(#[from] NotebookError),
}

impl From<rusqlite::Error> for PhotoError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Notebook(error.into())
    }
}

impl From<StoreError> for PhotoError {
    fn from(error: StoreError) -> Self {
        Self::Notebook(error.into())
    }
}

/// How photos are made and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhotoOptions {
    /// The longest edge of a kept original, in pixels.
    pub longest_edge_px: u32,
    /// How well it is kept, 1 to 100 as JPEG counts.
    pub quality: u8,
    /// Whether the file is kept as the camera wrote it, too.
    pub keeps_untouched: bool,
    /// At most how much memory decoding one may take, in bytes.
    pub memory_limit_bytes: u64,
}

impl Default for PhotoOptions {
    fn default() -> Self {
        Self {
            longest_edge_px: 2_560,
            quality: 80,
            keeps_untouched: false,
            memory_limit_bytes: 256 << 20,
        }
    }
}

/// How much of the device's storage photos may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// At most so many bytes of photos.
    pub photo_bytes: u64,
    /// At least so many bytes of the volume stay free.
    pub keep_free_bytes: u64,
}

impl Default for Quota {
    fn default() -> Self {
        Self {
            photo_bytes: 8 << 30,
            keep_free_bytes: 256 << 20,
        }
    }
}

/// What an app knows of a photo that its file does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PhotoContext {
    /// How far local time is ahead of UTC here, in minutes.
    pub utc_offset_min: Option<i16>,
    /// The device's own fix.
    pub position: Option<GeoPosition>,
    /// The responsibility zone whose tag was read.
    pub zone: Option<ZoneId>,
}

/// A photo's files, made and not kept yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    original: Vec<u8>,
    thumbnail: Vec<u8>,
    untouched: Option<Vec<u8>>,
    size_px: (u32, u32),
    told: camera::Told,
}

impl Picture {
    /// Makes a thumbnail and a reduced original of a camera's JPEG file, upright, and without
    /// anything but pixels; what the file says of time and place is kept for the record. Takes
    /// most of a second of a phone's time for 12 megapixels, and no notebook.
    ///
    /// # Errors
    /// [`PhotoError`] but for rooms and folders; what is refused for its size is refused by its
    /// header, before it is decoded.
    pub fn of(file: &[u8], options: &PhotoOptions) -> Result<Self, PhotoError> {
        Self::check_length(file.len() as u64)?;
        let shrunk = shrink::shrink(file, options)?;
        for (made, limit) in [
            (&shrunk.original, ORIGINAL_LIMIT_BYTES),
            (&shrunk.thumbnail, THUMBNAIL_LIMIT_BYTES),
        ] {
            let bytes = made.len() as u64;
            if bytes > limit {
                return Err(PhotoError::TooLarge { bytes, limit });
            }
        }
        Ok(Self {
            original: shrunk.original,
            thumbnail: shrunk.thumbnail,
            untouched: options.keeps_untouched.then(|| file.to_vec()),
            size_px: shrunk.size_px,
            told: shrunk.told,
        })
    }

    /// Whether a file of this length is taken in, to be asked before it is read.
    ///
    /// # Errors
    /// [`PhotoError::TooLarge`].
    pub fn check_length(bytes: u64) -> Result<(), PhotoError> {
        let limit = UNTOUCHED_LIMIT_BYTES;
        if bytes > limit {
            return Err(PhotoError::TooLarge { bytes, limit });
        }
        Ok(())
    }

    /// The kept original, a JPEG file.
    pub fn original(&self) -> &[u8] {
        &self.original
    }

    /// The thumbnail, a JPEG file.
    pub fn thumbnail(&self) -> &[u8] {
        &self.thumbnail
    }

    fn files(&self) -> impl Iterator<Item = &[u8]> {
        let both = [self.thumbnail.as_slice(), self.original.as_slice()];
        both.into_iter().chain(self.untouched.as_deref())
    }
}

/// What one more photo may need, in bytes: a full one with its thumbnail, and room for the record.
pub const PHOTO_ROOM_BYTES: u64 = 4 << 20;

impl Notebook {
    /// The folder that this notebook's photos lie in.
    pub fn photo_folder(&self) -> Folder {
        Folder::beside(self.store.path())
    }

    /// Whether there is room for another photo: to be asked before the shutter.
    ///
    /// # Errors
    /// [`PhotoError::NoRoom`], and the store's.
    pub fn room_for_photo(&self, quota: &Quota) -> Result<(), PhotoError> {
        self.room_for(PHOTO_ROOM_BYTES, quota)
    }

    fn room_for(&self, needed: u64, quota: &Quota) -> Result<(), PhotoError> {
        let stored = photos::stored(self.reader())?;
        let of_quota = quota.photo_bytes.saturating_sub(stored.bytes);
        let of_volume = match self.photo_folder().free_bytes()? {
            Some(free) => free.saturating_sub(quota.keep_free_bytes),
            None => u64::MAX,
        };
        let free = of_quota.min(of_volume);
        if free < needed {
            return Err(PhotoError::NoRoom { needed, free });
        }
        Ok(())
    }

    /// Keeps a photo: when this returns, its files are on disk and synced, and owed to the relay
    /// from when a record names them.
    ///
    /// # Errors
    /// [`PhotoError::NoRoom`] and [`PhotoError::File`]; then nothing of it is kept.
    pub fn keep_photo(
        &mut self,
        picture: &Picture,
        context: &PhotoContext,
        quota: &Quota,
    ) -> Result<Photo, PhotoError> {
        let needed = picture.files().map(|file| file.len() as u64).sum();
        self.room_for(needed, quota)?;
        let folder = self.photo_folder();
        let mut kept: Vec<(Hash, u64)> = Vec::with_capacity(3);
        let mut new: Vec<Hash> = Vec::with_capacity(3);
        for file in picture.files() {
            let hash = sha256(file);
            if photos::held(self.reader(), &hash)?.is_none() {
                new.push(hash);
            }
            kept.push((hash, file.len() as u64));
        }
        let now_ms = self.env.now_ms();
        let mut files = kept.iter().zip(picture.files());
        let written = files.try_for_each(|((hash, _), file)| folder.write(hash, file));
        let noted = written.map_err(PhotoError::from).and_then(|()| {
            self.store.transact(|conn| {
                kept.iter().try_for_each(|(hash, bytes)| {
                    Ok(photos::put(conn, hash, *bytes, now_ms, true)?)
                })
            })
        });
        if let Err(error) = noted {
            for hash in new {
                let _ = folder.remove(&hash); // what failed is told; a later opening finds the rest
            }
            return Err(error);
        }
        let told = &picture.told;
        let thumbnail = Thumbnail {
            hash: crate::keys::hex(&kept[0].0),
            bytes: kept[0].1,
        };
        let mut photo = Photo::new(&kept[1].0, kept[1].1, picture.size_px, thumbnail);
        photo.untouched = kept.get(2).map(|(hash, bytes)| Untouched {
            hash: crate::keys::hex(hash),
            bytes: *bytes,
            media_type: "image/jpeg".into(),
        });
        photo.utc_offset_min = told.utc_offset_min.or(context.utc_offset_min);
        let told_at_ms = told.taken_at_ms(photo.utc_offset_min);
        photo.taken_at_ms = Some(told_at_ms.unwrap_or(now_ms));
        photo.position = told.position.or(context.position);
        photo.zone = context.zone;
        photo.device = self.identity().map(|identity| identity.device);
        Ok(photo)
    }

    /// Makes and keeps a photo of a camera's JPEG file, see [`Picture::of`] and
    /// [`Notebook::keep_photo`], which an app with several threads calls one after the other.
    ///
    /// # Errors
    /// Those of both.
    pub fn take_photo(
        &mut self,
        file: &[u8],
        context: &PhotoContext,
        options: &PhotoOptions,
        quota: &Quota,
    ) -> Result<Photo, PhotoError> {
        let picture = Picture::of(file, options)?;
        self.keep_photo(&picture, context, quota)
    }

    /// Where a photo's file lies, by its hash in hexadecimal.
    ///
    /// # Errors
    /// [`PhotoError::NotHere`] where it is not on this device (yet), and the store's.
    pub fn photo_path(&self, hash: &str) -> Result<PathBuf, PhotoError> {
        let hash = parse_hash(hash).ok_or(PhotoError::NotHere)?;
        let path = self.photo_folder().path(&hash);
        if photos::held(self.reader(), &hash)?.is_none() || !path.is_file() {
            return Err(PhotoError::NotHere);
        }
        Ok(path)
    }

    /// The bytes of a photo's file, by its hash in hexadecimal.
    ///
    /// # Errors
    /// [`PhotoError::NotHere`] where it is not on this device (yet), and the folder's.
    pub fn photo_bytes(&self, hash: &str) -> Result<Vec<u8>, PhotoError> {
        Ok(std::fs::read(self.photo_path(hash)?)?)
    }

    /// Lets go of photos' files that the relay holds, the oldest first and thumbnails last, until
    /// `bytes` are freed or nothing is left that may go. What is owed to the relay stays, always.
    /// Gives how many bytes were freed.
    ///
    /// # Errors
    /// The store's and the folder's.
    pub fn let_go_of_photos(&mut self, bytes: u64) -> Result<u64, PhotoError> {
        let folder = self.photo_folder();
        let mut freed = 0;
        for (hash, size) in photos::may_go(self.reader())? {
            if freed >= bytes {
                break;
            }
            // First the row: a file without one is only waste, a row without its file a lie.
            self.store.transact(|conn| photos::remove(conn, &hash))?;
            folder.remove(&hash)?;
            freed += size;
        }
        Ok(freed)
    }
}

#[cfg(test)]
mod tests;
