//! What a camera writes into its file of time, place and which way is up. Nothing here can fail:
//! what cannot be read is not told.

use exif::{DateTime, Exif, In, Reader, Tag, Value};

use crate::calendar::{DAY_MS, Day};
use crate::model::photo::GeoPosition;

/// What a file told.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Told {
    /// EXIF's orientation, 1 to 8; 0 where it does not say.
    pub(super) orientation: u8,
    /// How far local time was ahead of UTC, in minutes.
    pub(super) utc_offset_min: Option<i16>,
    /// Local time, as milliseconds from 1970-01-01T00:00:00 of that place.
    local_ms: Option<i64>,
    pub(super) position: Option<GeoPosition>,
}

impl Told {
    /// When it was taken, in milliseconds, where local time was so far ahead of UTC.
    pub(super) fn taken_at_ms(&self, utc_offset_min: Option<i16>) -> Option<i64> {
        Some(self.local_ms? - i64::from(utc_offset_min?) * 60_000)
    }
}

/// Reads an EXIF block, which begins as a TIFF file does.
pub(super) fn read(block: &[u8]) -> Told {
    let Ok(exif) = Reader::new().read_raw(block.to_vec()) else {
        return Told::default();
    };
    let orientation = exif
        .get_field(Tag::Orientation, In::PRIMARY)
        .and_then(|field| field.value.get_uint(0))
        .and_then(|value| u8::try_from(value).ok());
    let time = ascii(&exif, Tag::DateTimeOriginal).and_then(|text| DateTime::from_ascii(text).ok());
    let offset = ascii(&exif, Tag::OffsetTimeOriginal).and_then(offset_min);
    Told {
        orientation: orientation.unwrap_or(0),
        utc_offset_min: offset,
        local_ms: time.as_ref().and_then(local_ms),
        position: position(&exif),
    }
}

fn ascii(exif: &Exif, tag: Tag) -> Option<&[u8]> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(lines) => lines.first().map(Vec::as_slice),
        _ => None,
    }
}

/// `+08:00` in minutes.
fn offset_min(text: &[u8]) -> Option<i16> {
    let mut time = DateTime::from_ascii(b"2000:01:01 00:00:00").ok()?;
    time.parse_offset(text).ok()?;
    time.offset.filter(|minutes| minutes.abs() <= 14 * 60)
}

fn local_ms(time: &DateTime) -> Option<i64> {
    let is_a_time = (1..=12).contains(&time.month)
        && (1..=31).contains(&time.day)
        && time.hour < 24
        && time.minute < 60
        && time.second < 61;
    let is_possible = (1990..=9999).contains(&time.year);
    if !is_a_time || !is_possible {
        return None;
    }
    let day = Day::from_ymd(time.year.into(), time.month.into(), time.day.into());
    let hours = i64::from(time.hour) * 60 + i64::from(time.minute);
    Some(i64::from(day.0) * DAY_MS + (hours * 60 + i64::from(time.second)) * 1_000)
}

fn position(exif: &Exif) -> Option<GeoPosition> {
    let latitude_deg = degrees(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, b'S')?;
    let longitude_deg = degrees(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, b'W')?;
    let is_on_earth = latitude_deg.abs() <= 90.0 && longitude_deg.abs() <= 180.0;
    is_on_earth.then(|| GeoPosition {
        latitude_deg,
        longitude_deg,
        accuracy_m: number(exif, Tag::GPSHPositioningError).filter(|metres| *metres >= 0.0),
    })
}

fn degrees(exif: &Exif, tag: Tag, reference: Tag, negative: u8) -> Option<f64> {
    let Value::Rational(parts) = &exif.get_field(tag, In::PRIMARY)?.value else {
        return None;
    };
    let [degrees, minutes, seconds] = parts.get(..3)? else {
        return None;
    };
    let all = degrees.to_f64() + minutes.to_f64() / 60.0 + seconds.to_f64() / 3_600.0;
    let is_negative = ascii(exif, reference)?.first() == Some(&negative);
    let signed = if is_negative { -all } else { all };
    signed.is_finite().then_some(signed)
}

fn number(exif: &Exif, tag: Tag) -> Option<f64> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Rational(parts) => parts.first().map(exif::Rational::to_f64),
        _ => None,
    }
    .filter(|number| number.is_finite())
}
