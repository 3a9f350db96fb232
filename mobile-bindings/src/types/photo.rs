//! 照片: how a record names a photo.

use vanguard_core::id::{DeviceId, ZoneId};
use vanguard_core::model::photo::{GeoPosition, Photo, PhotoStage, Thumbnail, Untouched};

/// What a photo shows of its record.
#[uniffi::remote(Enum)]
pub enum PhotoStage {
    Before,
    After,
    Evidence,
}

/// A photo as a record names it.
#[uniffi::remote(Record)]
pub struct Photo {
    /// SHA-256 of the kept original, a JPEG file, in hexadecimal: the photo's name everywhere.
    pub hash: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its width in pixels, as people see it.
    pub width_px: u32,
    /// Its height in pixels, as people see it.
    pub height_px: u32,
    /// The small picture for lists.
    pub thumbnail: Thumbnail,
    /// The file as the camera wrote it, where it is kept too.
    pub untouched: Option<Untouched>,
    /// When it was taken, in milliseconds.
    pub taken_at_ms: Option<i64>,
    /// How far local time was ahead of UTC there, in minutes.
    pub utc_offset_min: Option<i16>,
    /// Where it was taken.
    pub position: Option<GeoPosition>,
    /// The responsibility zone whose tag was read there.
    pub zone: Option<ZoneId>,
    /// The device that took it.
    pub device: Option<DeviceId>,
}

/// The small picture of a photo, its longest edge 320 pixels.
#[uniffi::remote(Record)]
pub struct Thumbnail {
    /// SHA-256 of the JPEG file, in hexadecimal.
    pub hash: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// A photo's file as the camera wrote it.
#[uniffi::remote(Record)]
pub struct Untouched {
    /// SHA-256 of the file, in hexadecimal.
    pub hash: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// What it is, such as `image/jpeg`.
    pub media_type: String,
}

/// A place on the earth (WGS 84).
#[uniffi::remote(Record)]
pub struct GeoPosition {
    /// Degrees north of the equator, −90 to 90.
    pub latitude_deg: f64,
    /// Degrees east of Greenwich, −180 to 180.
    pub longitude_deg: f64,
    /// How far it may be off, in metres, where known.
    pub accuracy_m: Option<f64>,
}
