//! The figures of photos: what it takes to take one, and how fast they travel beside the disk's own
//! limit: the same files, written and synced one after the other.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use jpeg_encoder::{ColorType, Encoder};
use vanguard_core::model::hazard::{HazardFields, HazardNature};
use vanguard_core::model::photo::Photo;
use vanguard_core::photos::transfer::RoundOptions;
use vanguard_core::photos::{PhotoContext, PhotoOptions, Picture, Quota};
use vanguard_core::sync::Options;
use vanguard_tests::blobs::bytes_of;

use crate::fleet::Device;
use crate::places;
use crate::relay::{RelayProcess, Spaces, peak_bytes};
use crate::table::Table;

/// The first argument of a process that takes one photo and says what it needed.
pub(crate) const COMMAND: &str = "take-photo";

/// How many photos travel.
const PHOTOS: usize = 100;
/// So many photos a record.
const EACH: usize = 10;
/// How often the photo of 12 megapixels is taken.
const TIMES: usize = 7;

/// A camera's file: slow colours with the grain of a sensor.
fn camera(seed: u64, width: u16, height: u16, quality: u8) -> Vec<u8> {
    let noise = bytes_of(seed, usize::from(width) * usize::from(height));
    let mut pixels = Vec::with_capacity(noise.len() * 3);
    for (at, grain) in noise.into_iter().enumerate() {
        let (x, y) = (at % usize::from(width), at / usize::from(width));
        for base in [x / 24, y / 16, (x + y) / 40] {
            let base = u8::try_from(base % 200).unwrap();
            pixels.push(base.saturating_add(grain / 8));
        }
    }
    let mut file = Vec::new();
    Encoder::new(&mut file, quality)
        .encode(&pixels, width, height, ColorType::Rgb)
        .unwrap();
    file
}

/// Takes a photo in this process and prints the median of its seconds, and the most memory that it
/// added.
pub(crate) fn take_one(file: &str) {
    let file = std::fs::read(file).unwrap();
    let before = peak_bytes("self");
    let mut took: Vec<f64> = (0..TIMES)
        .map(|_| {
            let begun = Instant::now();
            Picture::of(&file, &PhotoOptions::default()).unwrap();
            begun.elapsed().as_secs_f64()
        })
        .collect();
    took.sort_by(f64::total_cmp);
    println!("{} {}", took[TIMES / 2], peak_bytes("self") - before);
}

/// Measures.
pub(crate) async fn measure(table: &mut Table) {
    let directory = places::passing();
    let large = directory.path().join("camera.jpg");
    std::fs::write(&large, camera(0, 4_000, 3_000, 90)).unwrap();
    let program = std::env::current_exe().unwrap();
    let output = std::process::Command::new(program)
        .arg(COMMAND)
        .arg(&large)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let told: Vec<f64> = told
        .split_whitespace()
        .map(|it| it.parse().unwrap())
        .collect();
    table.put("a photo of 12 megapixels, made small", "ms", told[0] * 1e3);
    table.put("memory for it, at most", "MB", told[1] / 1e6);
    travel(directory.path(), table).await;
}

async fn travel(directory: &Path, table: &mut Table) {
    let relay = RelayProcess::start(&directory.join("relay"), 1, 1, Spaces::Apart);
    let ready = &relay.ready;
    let mut taker = Device::enrol(directory, "phone-taker", &ready.invites[0]).await;
    let mut viewer = Device::enrol(directory, "phone-viewer", &ready.invites[1]).await;
    taker.sync().await;
    let (context, options) = (PhotoContext::default(), PhotoOptions::default());
    let mut photos: Vec<Photo> = Vec::new();
    for seed in 0..PHOTOS {
        let file = camera(seed as u64 + 1, 1_280, 960, 90);
        let taken = taker
            .notebook
            .take_photo(&file, &context, &options, &Quota::default());
        photos.push(taken.unwrap());
    }
    for some in photos.chunks(EACH) {
        let mut fields = HazardFields::new("护栏松动", HazardNature::UnsafeCondition);
        fields.photos = some.to_vec();
        let branch = ready.branches[0];
        taker.notebook.report_hazard(branch, &fields).unwrap();
    }
    let files: Vec<Vec<u8>> = photos
        .iter()
        .flat_map(|photo| [&photo.thumbnail.hash, &photo.hash])
        .map(|hash| taker.notebook.photo_bytes(hash).unwrap())
        .collect();
    let bytes: usize = files.iter().map(Vec::len).sum();
    eprintln!("{PHOTOS} photos, {} files, {bytes} bytes", files.len());
    let each_ms = |seconds: f64| seconds * 1e3 / PHOTOS as f64;
    let limit = each_ms(bare(&directory.join("bare"), &files));
    let limit = ("the same files written and synced", limit);

    let sync = Options::default();
    taker
        .http
        .sync(&mut taker.notebook, sync, |_| ())
        .await
        .unwrap();
    let begun = Instant::now();
    let round = RoundOptions::default();
    let sent = taker
        .http
        .carry_photos(&mut taker.notebook, round, |_| ())
        .await;
    assert_eq!(sent.unwrap().sent, files.len() as u64);
    let took_ms = each_ms(begun.elapsed().as_secs_f64());
    table.put("photos in a second, one phone", "", 1e3 / took_ms);
    table.put_beside("a photo in", "ms", took_ms, limit, 10.0);

    viewer
        .http
        .sync(&mut viewer.notebook, sync, |_| ())
        .await
        .unwrap();
    for photo in &photos {
        viewer
            .notebook
            .want_photo(&photo.thumbnail.hash, false)
            .unwrap();
        viewer.notebook.want_photo(&photo.hash, false).unwrap();
    }
    let begun = Instant::now();
    let fetched = viewer
        .http
        .carry_photos(&mut viewer.notebook, round, |_| ())
        .await;
    assert_eq!(fetched.unwrap().received, files.len() as u64);
    let took_ms = each_ms(begun.elapsed().as_secs_f64());
    table.put("photos out a second, one phone", "", 1e3 / took_ms);
    table.put_beside("a photo out, on disk", "ms", took_ms, limit, 10.0);
}

/// The disk's own limit: each file written, synced and named, its folder synced; in seconds.
fn bare(folder: &Path, files: &[Vec<u8>]) -> f64 {
    std::fs::create_dir_all(folder).unwrap();
    let begun = Instant::now();
    for (number, bytes) in files.iter().enumerate() {
        let partial = folder.join("partial");
        let mut file = File::create(&partial).unwrap();
        file.write_all(bytes).unwrap();
        file.sync_all().unwrap();
        std::fs::rename(partial, folder.join(number.to_string())).unwrap();
        File::open(folder).unwrap().sync_all().unwrap();
    }
    begun.elapsed().as_secs_f64()
}
