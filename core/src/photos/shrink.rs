//! A camera's JPEG file made into a reduced original and a thumbnail: the header is judged before
//! anything is decoded, large pictures are decoded at a half, a quarter or an eighth, and what is
//! kept is pixels, upright, and nothing else of the file.

use std::panic::catch_unwind;

use jpeg_decoder::{CodingProcess, Decoder, ImageInfo, PixelFormat};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use vanguard_reduce::{Size, reduce};

use super::camera::{self, Told};
use super::{PhotoError, PhotoOptions};
use crate::model::photo::THUMBNAIL_EDGE_PX;

/// What a file was made into.
pub(super) struct Shrunk {
    pub(super) original: Vec<u8>,
    pub(super) thumbnail: Vec<u8>,
    pub(super) size_px: (u32, u32),
    pub(super) told: Told,
}

/// How well a thumbnail is kept, as JPEG counts.
const THUMBNAIL_QUALITY: u8 = 75;
/// Bytes of a pixel, red, green and blue.
const PIXEL_BYTES: u64 = 3;

pub(super) fn shrink(file: &[u8], options: &PhotoOptions) -> Result<Shrunk, PhotoError> {
    // Decoders read what nobody has vouched for: a panic in one is a damaged picture.
    catch_unwind(|| shrink_unguarded(file, options))
        .unwrap_or_else(|_| Err(PhotoError::Damaged("it cannot be decoded".into())))
}

fn shrink_unguarded(file: &[u8], options: &PhotoOptions) -> Result<Shrunk, PhotoError> {
    if !file.starts_with(&[0xff, 0xd8, 0xff]) {
        return Err(PhotoError::NotAPicture);
    }
    let mut decoder = Decoder::new(file);
    decoder.read_info().map_err(decoding)?;
    let info = decoder.info().ok_or(PhotoError::NotAPicture)?;
    let edge = options.longest_edge_px.clamp(THUMBNAIL_EDGE_PX, 16_384);
    let requested = u16::try_from(edge).unwrap_or(u16::MAX);
    let (width, height) = decoder.scale(requested, requested).map_err(decoding)?;
    fits(info, (width, height), options.memory_limit_bytes)?;
    let told = decoder.exif_data().map(camera::read).unwrap_or_default();
    let decoded = decoder.decode().map_err(decoding)?;
    let pixels = rgb(decoded, info.pixel_format)?;
    let decoded = Image {
        width: u32::from(width),
        height: u32::from(height),
        pixels,
    };
    let original = decoded.within(edge)?.upright(told.orientation);
    let thumbnail = original.clone().within(THUMBNAIL_EDGE_PX)?;
    Ok(Shrunk {
        thumbnail: thumbnail.encoded(THUMBNAIL_QUALITY)?,
        original: original.encoded(options.quality.clamp(1, 100))?,
        size_px: (original.width, original.height),
        told,
    })
}

/// Refuses what decoding would take too much memory for, by what the header says.
fn fits(info: ImageInfo, scaled: (u16, u16), limit: u64) -> Result<(), PhotoError> {
    let all = u64::from(info.width) * u64::from(info.height);
    let decoded = u64::from(scaled.0) * u64::from(scaled.1) * PIXEL_BYTES;
    // A progressive file is gathered whole, two bytes for each coefficient, before it is scaled.
    let gathered = match info.coding_process {
        CodingProcess::DctSequential => 0,
        CodingProcess::DctProgressive => all * PIXEL_BYTES * 2,
        CodingProcess::Lossless => return Err(PhotoError::Unsupported("lossless JPEG")),
    };
    // Planes and the picture that is made of them; the reduced one and what it is resized by.
    let needed = gathered + 4 * decoded;
    if all > PIXELS_LIMIT || needed > limit {
        return Err(PhotoError::TooManyPixels {
            width_px: info.width.into(),
            height_px: info.height.into(),
        });
    }
    Ok(())
}

/// More than any phone's camera has: 256 megapixels.
const PIXELS_LIMIT: u64 = 256_000_000;

#[allow(clippy::needless_pass_by_value)] // made for `map_err`
fn decoding(error: jpeg_decoder::Error) -> PhotoError {
    match error {
        jpeg_decoder::Error::Unsupported(_) => PhotoError::Unsupported("this kind of JPEG"),
        jpeg_decoder::Error::Format(reason) => PhotoError::Damaged(reason),
        jpeg_decoder::Error::Io(error) => PhotoError::Damaged(error.to_string()),
        jpeg_decoder::Error::Internal(error) => PhotoError::Damaged(error.to_string()),
    }
}

fn rgb(decoded: Vec<u8>, format: PixelFormat) -> Result<Vec<u8>, PhotoError> {
    match format {
        PixelFormat::RGB24 => Ok(decoded),
        PixelFormat::L8 => Ok(decoded.iter().flat_map(|grey| [*grey; 3]).collect()),
        PixelFormat::L16 | PixelFormat::CMYK32 => {
            Err(PhotoError::Unsupported("pictures made for print"))
        }
    }
}

/// Pixels, red, green and blue, row by row.
#[derive(Clone)]
struct Image {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

impl Image {
    /// The same with no edge longer than `edge`; never enlarged.
    fn within(self, edge: u32) -> Result<Self, PhotoError> {
        let longest = self.width.max(self.height);
        if longest <= edge {
            return Ok(self);
        }
        let scaled = |length: u32| {
            let length = u64::from(length) * u64::from(edge) + u64::from(longest / 2);
            u32::try_from(length / u64::from(longest))
                .unwrap_or(edge)
                .max(1)
        };
        let (width, height) = (scaled(self.width), scaled(self.height));
        let size = |width: u32, height: u32| Size {
            width: width as usize,
            height: height as usize,
        };
        let (from, to) = (size(self.width, self.height), size(width, height));
        let pixels = reduce(&self.pixels, from, to)
            .ok_or_else(|| PhotoError::Damaged("it is not as large as it says".into()))?;
        Ok(Self {
            width,
            height,
            pixels,
        })
    }

    /// Turned and mirrored as EXIF's orientation 1 to 8 says.
    fn upright(self, orientation: u8) -> Self {
        let is_turned = (5..=8).contains(&orientation);
        let (width, height) = if is_turned {
            (self.height, self.width)
        } else {
            (self.width, self.height)
        };
        if !(2..=8).contains(&orientation) {
            return self;
        }
        let (right, bottom) = (self.width as usize - 1, self.height as usize - 1);
        let row = self.width as usize;
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for y in 0..height as usize {
            for x in 0..width as usize {
                let (from_x, from_y) = match orientation {
                    2 => (right - x, y),
                    3 => (right - x, bottom - y),
                    4 => (x, bottom - y),
                    5 => (y, x),
                    6 => (y, bottom - x),
                    7 => (right - y, bottom - x),
                    _ => (right - y, x),
                };
                let at = (from_y * row + from_x) * 3;
                pixels.extend_from_slice(&self.pixels[at..at + 3]);
            }
        }
        Self {
            width,
            height,
            pixels,
        }
    }

    fn encoded(&self, quality: u8) -> Result<Vec<u8>, PhotoError> {
        let size = |length| u16::try_from(length).unwrap_or(u16::MAX);
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, quality);
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
        encoder
            .encode(
                &self.pixels,
                size(self.width),
                size(self.height),
                ColorType::Rgb,
            )
            .map_err(|error| PhotoError::Damaged(error.to_string()))?;
        Ok(file)
    }
}
