//! Photos: taken, kept, looked at, and carried with every sync, as core does it all.

use std::path::PathBuf;
#[cfg(feature = "http")]
use std::sync::Arc;

use vanguard_core::id::ZoneId;
use vanguard_core::keys::hex;
use vanguard_core::model::photo::{GeoPosition, Photo};
use vanguard_core::photos::{
    Conditions, PhotoContext, PhotoError, PhotoOptions, Picture, Quota, SyncPolicy,
};

use crate::error::{Result, VanguardError};
#[cfg(feature = "http")]
use crate::handles::CancelHandle;
use crate::notebook::Notebook;
#[cfg(feature = "http")]
use crate::runtime;
#[cfg(feature = "http")]
use crate::sync::Listening;

/// What an app knows of a photo that its file does not say.
#[uniffi::remote(Record)]
pub struct PhotoContext {
    /// How far local time is ahead of UTC here, in minutes.
    #[uniffi(default = None)]
    pub utc_offset_min: Option<i16>,
    /// The device's own fix.
    #[uniffi(default = None)]
    pub position: Option<GeoPosition>,
    /// The responsibility zone whose tag was read.
    #[uniffi(default = None)]
    pub zone: Option<ZoneId>,
}

/// What the phone's owner allows. Text always travels, thumbnails nearly always.
#[uniffi::remote(Record)]
pub struct SyncPolicy {
    /// Originals go over a connection that costs by the byte.
    #[uniffi(default = false)]
    pub allows_metered_originals: bool,
    /// Photos go while the phone is in another operator's network.
    #[uniffi(default = false)]
    pub allows_roaming: bool,
    /// Originals go while the battery is low.
    #[uniffi(default = false)]
    pub allows_low_battery: bool,
}

/// How the phone is.
#[uniffi::remote(Record)]
pub struct Conditions {
    /// Its connection costs by the byte.
    #[uniffi(default = false)]
    pub is_metered: bool,
    /// It is in another operator's network.
    #[uniffi(default = false)]
    pub is_roaming: bool,
    /// Its battery is low, and it is not being charged.
    #[uniffi(default = false)]
    pub is_battery_low: bool,
}

/// A file of a photo that could not travel, and waits.
#[derive(Clone, Debug, uniffi::Record)]
pub struct DelayedPhoto {
    /// SHA-256 of the file, in hexadecimal.
    pub hash: String,
    /// How often it was tried in vain.
    pub attempts: u32,
    /// When it is tried again, by the device's clock, in milliseconds.
    pub not_before_ms: i64,
    /// Why, for logs and support.
    pub reason: String,
}

impl From<PhotoError> for VanguardError {
    fn from(error: PhotoError) -> Self {
        let reason = error.to_string();
        match error {
            PhotoError::Notebook(error) => error.into(),
            PhotoError::NoRoom { .. } | PhotoError::File(_) => Self::Storage { reason },
            PhotoError::NotHere => Self::NotFound { reason },
            _ => Self::Invalid { reason },
        }
    }
}

#[uniffi::export]
impl Notebook {
    /// Whether there is room for another photo: to be asked before the shutter.
    ///
    /// # Errors
    /// `Storage` where there is none: sync, or let go of what the relay holds. `Paused`.
    pub fn room_for_photo(&self) -> Result<()> {
        Ok(self.read(|it| Ok(it.room_for_photo(&Quota::default())))??)
    }

    /// Takes a camera's JPEG file in. When this returns, a reduced original and a thumbnail are on
    /// disk and synced; write the photo into a record's `photos` then. Takes most of a second: call
    /// it beside the main thread.
    ///
    /// # Errors
    /// `Invalid` where it is no picture or too large a one, `Storage`, `Paused`.
    #[uniffi::method(default(keeps_untouched = false))]
    #[allow(clippy::needless_pass_by_value)] // borrowed bytes are no array in Kotlin
    pub fn take_photo(
        &self,
        jpeg: Vec<u8>,
        context: PhotoContext,
        keeps_untouched: bool,
    ) -> Result<Photo> {
        let options = PhotoOptions {
            keeps_untouched,
            ..PhotoOptions::default()
        };
        // Not while the notebook is held: others read and write meanwhile.
        let picture = Picture::of(&jpeg, &options)?;
        let quota = Quota::default();
        Ok(self.write(|it| Ok(it.keep_photo(&picture, &context, &quota)))??)
    }

    /// The same of a file, such as the camera wrote; it is left where it is.
    ///
    /// # Errors
    /// Those of `take_photo`.
    #[uniffi::method(default(keeps_untouched = false))]
    pub fn take_photo_from_file(
        &self,
        path: String,
        context: PhotoContext,
        keeps_untouched: bool,
    ) -> Result<Photo> {
        let path = PathBuf::from(path);
        // A video of gigabytes is refused before it is in memory.
        let length = path.metadata().map_err(PhotoError::File)?.len();
        Picture::check_length(length)?;
        let jpeg = std::fs::read(path).map_err(PhotoError::File)?;
        self.take_photo(jpeg, context, keeps_untouched)
    }

    /// Where a photo's file lies, by the hash of its thumbnail or original; nothing where it is not
    /// on this device (yet), see `want_photo` and `fetch_photo`.
    ///
    /// # Errors
    /// `Paused`, `Storage`.
    pub fn photo_path(&self, hash: &str) -> Result<Option<String>> {
        match self.read(|it| Ok(it.photo_path(hash)))? {
            Ok(path) => Ok(Some(path.to_string_lossy().into_owned())),
            Err(PhotoError::NotHere) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The bytes of a photo's file, a JPEG picture; nothing where it is not on this device (yet).
    ///
    /// # Errors
    /// `Paused`, `Storage`.
    pub fn photo_bytes(&self, hash: &str) -> Result<Option<Vec<u8>>> {
        let Some(path) = self.photo_path(hash)? else {
            return Ok(None);
        };
        Ok(Some(std::fs::read(path).map_err(PhotoError::File)?))
    }

    /// Wants a photo's file here with one of the next syncs: a thumbnail that a list shows.
    ///
    /// # Errors
    /// `Paused`, `Storage`.
    pub fn want_photo(&self, hash: &str) -> Result<()> {
        Ok(self.write(|it| Ok(it.want_photo(hash, false)))??)
    }

    /// Lets go of photos that the relay holds, the oldest first and thumbnails last, until so many
    /// bytes are freed. What the relay does not hold stays. Gives how many bytes were freed.
    ///
    /// # Errors
    /// `Paused`, `Storage`.
    pub fn let_go_of_photos(&self, bytes: u64) -> Result<u64> {
        Ok(self.write(|it| Ok(it.let_go_of_photos(bytes)))??)
    }

    /// The hashes of files that nothing on this device names, the oldest first: shots that were
    /// taken and not used, or whose record a lost notebook had.
    ///
    /// # Errors
    /// `Paused`, `Storage`.
    pub fn unnamed_photos(&self) -> Result<Vec<String>> {
        Ok(self.read(|it| Ok(it.unnamed_photos()))??)
    }

    /// Lets go of a file of a photo that is not used after all: of a cancelled shot both
    /// `thumbnail.hash` and `hash`.
    ///
    /// # Errors
    /// `Invalid` where a record, a draft, or something unsent or in the tray names it; `NotFound`
    /// where it is not here; `Paused`, `Storage`.
    pub fn discard_photo(&self, hash: &str) -> Result<()> {
        Ok(self.write(|it| Ok(it.discard_photo(hash)))??)
    }

    /// The files of photos that could not travel and wait, with the reason.
    ///
    /// # Errors
    /// `Paused`, `Storage`.
    pub fn delayed_photos(&self) -> Result<Vec<DelayedPhoto>> {
        let delayed = self.read(|it| Ok(it.delayed_photos()))??;
        let told = delayed.into_iter().map(|it| DelayedPhoto {
            hash: hex(&it.hash),
            attempts: it.attempts,
            not_before_ms: it.not_before_ms,
            reason: it.problem,
        });
        Ok(told.collect())
    }
}

#[cfg(feature = "http")]
#[uniffi::export]
impl Notebook {
    /// Says what the owner allows and how the phone is: from now on syncs carry photos by this, and
    /// what waits after a failure is tried again. Before it is said, nothing holds photos back.
    ///
    /// # Errors
    /// `Paused`, `Storage`.
    pub fn photos_may_travel(&self, policy: SyncPolicy, conditions: Conditions) -> Result<()> {
        self.wire.may_travel(policy, conditions);
        Ok(self.write(|it| Ok(it.retry_photos()))??)
    }

    /// Fetches a photo's file that somebody waits for, whatever the policy says, and gives where it
    /// lies as soon as it is here. Whoever leaves or fails wants it no more urgently than others.
    ///
    /// # Errors
    /// `NotFound` where no record here names it, or it does not come now: the relay does not hold it
    /// yet, or too little of it came through; those of `sync`.
    #[uniffi::method(default(cancel = None))]
    pub async fn fetch_photo(
        self: Arc<Self>,
        hash: String,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<String> {
        runtime::carry_out(async move {
            if let Some(path) = self.photo_path(&hash)? {
                return Ok(path);
            }
            self.write(|it| Ok(it.want_photo(&hash, true)))??;
            let mut wish = Wish {
                notebook: &self,
                hash: &hash,
                is_granted: false,
            };
            let mut round = self.join_round()?;
            let sought = wish.wait(&mut round, cancel.as_deref()).await;
            round.leave().await;
            sought
        })
        .await
    }
}

/// A photo that somebody waits for, in front of all others for as long.
#[cfg(feature = "http")]
struct Wish<'a> {
    notebook: &'a Notebook,
    hash: &'a str,
    is_granted: bool,
}

#[cfg(feature = "http")]
impl Wish<'_> {
    /// Waits until the photo is here, or cannot come now, whatever else the round does.
    async fn wait(
        &mut self,
        round: &mut Listening,
        cancel: Option<&CancelHandle>,
    ) -> Result<String> {
        let cancelled = async {
            match cancel {
                Some(cancel) => cancel.cancelled().await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(cancelled);
        let mut settled = None;
        loop {
            let (done, end) = tokio::select! {
                biased;
                () = &mut cancelled => return Err(PhotoError::NotHere.into()),
                news = round.news() => news,
            };
            let now = (done.photos_received, done.photos_failed);
            if settled.replace(now) != Some(now) || end.is_some() {
                if let Some(path) = self.notebook.photo_path(self.hash)? {
                    self.is_granted = true;
                    return Ok(path);
                }
                let delayed = self.notebook.delayed_photos()?;
                let failed = |it: &&DelayedPhoto| it.hash == self.hash && it.not_before_ms > 0;
                if let Some(DelayedPhoto { reason, .. }) =
                    delayed.into_iter().find(|it| failed(&it))
                {
                    return Err(VanguardError::NotFound { reason });
                }
            }
            match end {
                Some(Ok(())) => return Err(PhotoError::NotHere.into()),
                Some(Err(error)) => return Err(error),
                None => {}
            }
        }
    }
}

#[cfg(feature = "http")]
impl Drop for Wish<'_> {
    fn drop(&mut self) {
        if !self.is_granted {
            let calmed = self.notebook.write(|it| Ok(it.calm_photo(self.hash)));
            drop(calmed); // paused: nobody can be told, and the next wish is in front all the same
        }
    }
}
