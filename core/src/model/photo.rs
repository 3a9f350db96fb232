//! 照片: how a record names a photo. The bytes lie in a folder beside the notebook and at the
//! relay, under the SHA-256 of each file; what is here travels inside the signed change, and so
//! binds hash, time, place and zone to the record and its author.

use serde::{Deserialize, Serialize};

use super::{View, enumeration};
use crate::id::{DeviceId, ZoneId};
use crate::keys::Hash;
use crate::rules::{Refusal, Ruling, require};

/// The highest number of photos in one list: a record's own, or those of one rectification.
pub const PHOTOS_LIMIT: usize = 20;
/// The highest number of bytes of a kept original.
pub const ORIGINAL_LIMIT_BYTES: u64 = 16 << 20;
/// The highest number of bytes of a thumbnail.
pub const THUMBNAIL_LIMIT_BYTES: u64 = 256 << 10;
/// The highest number of bytes of an untouched original.
pub const UNTOUCHED_LIMIT_BYTES: u64 = 64 << 20;
/// The longest edge that a kept original may have, in pixels.
pub const EDGE_LIMIT_PX: u32 = 16_384;
/// The longest edge of a thumbnail, in pixels.
pub const THUMBNAIL_EDGE_PX: u32 = 320;

/// A photo as a record names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Photo {
    /// SHA-256 of the kept original, a JPEG file, in 64 lower-case hexadecimal digits.
    pub hash: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its width in pixels, as people see it.
    pub width_px: u32,
    /// Its height in pixels, as people see it.
    pub height_px: u32,
    /// The small picture for lists, which travels first.
    pub thumbnail: Thumbnail,
    /// The file as the camera wrote it, where it is kept too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untouched: Option<Untouched>,
    /// When it was taken, in milliseconds: as the camera wrote into the file, else by the clock of
    /// the device when it was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at_ms: Option<i64>,
    /// How far local time was ahead of UTC there, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utc_offset_min: Option<i16>,
    /// Where it was taken: as the camera wrote into the file, else as the device knew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<GeoPosition>,
    /// The responsibility zone whose tag was read there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneId>,
    /// The device that took it, and has it until the relay holds it; `None` from the console.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
}

/// The small picture of a photo, longest edge [`THUMBNAIL_EDGE_PX`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Thumbnail {
    /// SHA-256 of the JPEG file, in 64 lower-case hexadecimal digits.
    pub hash: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// A photo's file as the camera wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Untouched {
    /// SHA-256 of the file, in 64 lower-case hexadecimal digits.
    pub hash: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// What it is, such as `image/jpeg`.
    pub media_type: String,
}

/// A place on the earth (WGS 84).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GeoPosition {
    /// Degrees north of the equator, −90 to 90.
    pub latitude_deg: f64,
    /// Degrees east of Greenwich, −180 to 180.
    pub longitude_deg: f64,
    /// How far it may be off, in metres, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_m: Option<f64>,
}

enumeration! {
    /// Which of a photo's files it is. They travel in this order.
    PhotoPurpose, "photo_purpose" {
        Thumbnail = "thumbnail",
        Original = "original",
        Untouched = "untouched",
    }
}

enumeration! {
    /// What a photo shows of its record.
    PhotoStage, "photo_stage" {
        Before = "before",
        After = "after",
        Evidence = "evidence",
    }
}

/// A photo with what it shows of its record, as a record's [`photos`](super::Record::photos) name it.
#[derive(Clone, Debug, PartialEq)]
pub struct StagedPhoto {
    /// What it shows.
    pub stage: PhotoStage,
    /// When it was named, by the clock of the device that named it, in milliseconds.
    pub named_at_ms: i64,
    /// The photo.
    pub photo: Photo,
}

impl Photo {
    /// A photo of which only its files are known.
    pub fn new(
        hash: &Hash,
        bytes: u64,
        (width_px, height_px): (u32, u32),
        thumbnail: Thumbnail,
    ) -> Self {
        Self {
            hash: crate::keys::hex(hash),
            bytes,
            width_px,
            height_px,
            thumbnail,
            untouched: None,
            taken_at_ms: None,
            utc_offset_min: None,
            position: None,
            zone: None,
            device: None,
        }
    }

    /// The files that it consists of, in the order in which they travel.
    pub fn files(&self) -> impl Iterator<Item = (PhotoPurpose, &str, u64)> {
        let thumbnail = &self.thumbnail;
        let untouched = self.untouched.as_ref();
        [
            (
                PhotoPurpose::Thumbnail,
                thumbnail.hash.as_str(),
                thumbnail.bytes,
            ),
            (PhotoPurpose::Original, self.hash.as_str(), self.bytes),
        ]
        .into_iter()
        .chain(untouched.map(|it| (PhotoPurpose::Untouched, it.hash.as_str(), it.bytes)))
    }

    /// Whether what it says can be true: digests of the right form, sizes within their limits, a
    /// place that is on the earth.
    fn is_sound(&self) -> bool {
        let is_file = |(purpose, hash, bytes): (PhotoPurpose, &str, u64)| {
            let limit = match purpose {
                PhotoPurpose::Thumbnail => THUMBNAIL_LIMIT_BYTES,
                PhotoPurpose::Original => ORIGINAL_LIMIT_BYTES,
                PhotoPurpose::Untouched => UNTOUCHED_LIMIT_BYTES,
            };
            parse_hash(hash).is_some() && (1..=limit).contains(&bytes)
        };
        let edges = 1..=EDGE_LIMIT_PX;
        let is_on_earth = self.position.is_none_or(|at| {
            (-90.0..=90.0).contains(&at.latitude_deg)
                && (-180.0..=180.0).contains(&at.longitude_deg)
                && at.accuracy_m.is_none_or(|metres| metres >= 0.0)
        });
        let is_named_type = self.untouched.as_ref().is_none_or(|it| {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "/+-.".contains(c);
            it.media_type.len() <= 64 && it.media_type.chars().all(is_plain)
        });
        self.files().all(is_file)
            && edges.contains(&self.width_px)
            && edges.contains(&self.height_px)
            && self.utc_offset_min.is_none_or(|min| min.abs() <= 24 * 60)
            && is_on_earth
            && is_named_type
    }
}

/// Whether a record may name these photos.
///
/// # Errors
/// [`Refusal::TooManyPhotos`] beyond [`PHOTOS_LIMIT`]; [`Refusal::Malformed`] where one says what
/// cannot be.
pub fn check_photos(photos: &[Photo]) -> Ruling {
    require(photos.len() <= PHOTOS_LIMIT, Refusal::TooManyPhotos)?;
    require(photos.iter().all(Photo::is_sound), Refusal::Malformed)
}

/// The hash that 64 lower-case hexadecimal digits spell.
pub fn parse_hash(text: &str) -> Option<Hash> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut hash = [0; 32];
    if text.len() != 2 * hash.len() {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
    }
    Some(hash)
}

/// The photos that a record's field `photos` names: those that are shown and, where several people
/// edited it at once, those of every value.
pub(super) fn of_field<R: super::Record>(
    view: &View<R>,
    stage: PhotoStage,
    shown: &[Photo],
) -> Vec<StagedPhoto> {
    let named = |photo: Photo| StagedPhoto {
        stage,
        named_at_ms: view.header.created_ms,
        photo,
    };
    let mut photos: Vec<StagedPhoto> = shown.iter().cloned().map(named).collect();
    let conflicts = view.conflicts.iter().filter(|it| it.field == "photos");
    for value in conflicts.flat_map(|conflict| &conflict.values) {
        let others: Vec<Photo> = serde_json::from_value(value.value.clone()).unwrap_or_default();
        for other in others {
            if !photos.iter().any(|known| known.photo.hash == other.hash) {
                photos.push(named(other));
            }
        }
    }
    photos
}

/// A photo for tests, whose original has the hash of 32 bytes `n`, and whose thumbnail the next.
#[cfg(test)]
pub(crate) fn sample(n: u8) -> Photo {
    let thumbnail = Thumbnail {
        hash: crate::keys::hex(&[n + 1; 32]),
        bytes: 9_000,
    };
    Photo::new(&[n; 32], 400_000, (2_560, 1_920), thumbnail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::sha256;

    #[test]
    fn a_hash_is_64_lower_case_hexadecimal_digits() {
        assert_eq!(parse_hash(&"ab".repeat(32)), Some([0xab; 32]));
        let hash = sha256(b"photo");
        assert_eq!(parse_hash(&crate::keys::hex(&hash)), Some(hash));
        for bad in [
            "ab".repeat(31),
            "AB".repeat(32),
            "xy".repeat(32),
            "照片".repeat(11),
        ] {
            assert_eq!(parse_hash(&bad), None, "{bad}");
        }
    }

    #[test]
    fn only_photos_that_can_be_are_named() {
        type Harm = fn(&mut Photo);
        assert_eq!(check_photos(&vec![sample(0xab); PHOTOS_LIMIT]), Ok(()));
        let too_many = vec![sample(0xab); PHOTOS_LIMIT + 1];
        assert_eq!(check_photos(&too_many), Err(Refusal::TooManyPhotos));
        let harms: [Harm; 12] = [
            |it| it.hash = "ab".into(),
            |it| it.hash = it.hash.to_uppercase(),
            |it| it.bytes = 0,
            |it| it.bytes = ORIGINAL_LIMIT_BYTES + 1,
            |it| it.thumbnail.bytes = THUMBNAIL_LIMIT_BYTES + 1,
            |it| it.thumbnail.hash = String::new(),
            |it| it.width_px = 0,
            |it| it.height_px = EDGE_LIMIT_PX + 1,
            |it| it.utc_offset_min = Some(24 * 60 + 1),
            |it| {
                it.position = Some(GeoPosition {
                    latitude_deg: 90.5,
                    longitude_deg: 0.0,
                    accuracy_m: None,
                });
            },
            |it| {
                it.untouched = Some(Untouched {
                    hash: it.hash.clone(),
                    bytes: UNTOUCHED_LIMIT_BYTES + 1,
                    media_type: "image/jpeg".into(),
                });
            },
            |it| {
                it.untouched = Some(Untouched {
                    hash: it.hash.clone(),
                    bytes: 1,
                    media_type: "text/html\r\nx".into(),
                });
            },
        ];
        for (number, harm) in harms.iter().enumerate() {
            let mut bad = sample(0xab);
            harm(&mut bad);
            assert_eq!(check_photos(&[bad]), Err(Refusal::Malformed), "{number}");
        }
    }
}
