//! A desk for the tests of photos: a relay over plain HTTP, phones of two branches, photos that
//! records name, and a tus client written by hand, that does right and wrong as it is told.

use std::path::Path;

use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;
use vanguard_core::Notebook;
use vanguard_core::http::{HttpError, HttpRelay};
use vanguard_core::id::{HazardId, OrgId};
use vanguard_core::keys::{Hash, hex, sha256};
use vanguard_core::model::hazard::{HazardFields, HazardNature};
use vanguard_core::model::photo::{Photo, Thumbnail};
use vanguard_core::photos::transfer::RoundOptions;
use vanguard_core::photos::{PhotoContext, PhotoOptions, Quota};
use vanguard_core::sync::Options;
use vanguard_server::{Config, Tls};

use crate::site::{Site, config};

/// A relay's options for these tests: no encryption, and no regard for how full the disk is.
pub fn plain_config(data: &Path) -> Config {
    let mut config = config(data);
    config.tls = Tls::Plain;
    config.relay.blobs.floor_bytes = 0;
    config
}

/// So many bytes that no other seed has.
pub fn bytes_of(seed: u64, length: usize) -> Vec<u8> {
    use rand::{Rng as _, SeedableRng as _};
    let mut bytes = vec![0; length];
    rand_chacha::ChaCha8Rng::seed_from_u64(seed).fill_bytes(&mut bytes);
    bytes
}

/// A photo of these files, as a record names it. What they are is not looked at by the relay.
pub fn named(original: &[u8], thumbnail: &[u8]) -> Photo {
    let small = Thumbnail {
        hash: hex(&sha256(thumbnail)),
        bytes: thumbnail.len() as u64,
    };
    let size = original.len() as u64;
    Photo::new(&sha256(original), size, (2_560, 1_920), small)
}

/// Somebody who talks to the relay's `/v1/blobs` with a device's credential.
#[derive(Clone)]
pub struct Sender {
    client: Client,
    url: String,
    bearer: String,
}

/// What the relay answered.
#[derive(Debug)]
pub struct Said {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Said {
    /// All of a response.
    pub async fn of(response: Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().into(),
        }
    }

    /// A header's text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// The end of a problem's `type`.
    pub fn problem(&self) -> String {
        let problem: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let kind = problem["type"].as_str().unwrap_or_default();
        kind.replace("urn:vanguard:problem:", "")
    }
}

impl Sender {
    /// With the credential of a notebook's device, at an address that may be a proxy's.
    pub fn of(notebook: &Notebook, url: &str) -> Self {
        let identity = notebook.identity().unwrap();
        Self {
            client: crate::plain_client(),
            url: url.to_owned(),
            bearer: format!("Bearer {}", hex(&identity.credential)),
        }
    }

    /// A request with the credential and the protocol's version.
    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.url))
            .header("authorization", &self.bearer)
            .header("accept-language", "en")
            .header("tus-resumable", "1.0.0")
    }

    /// Sends a request.
    pub async fn say(&self, request: RequestBuilder) -> Said {
        Said::of(request.send().await.unwrap()).await
    }

    /// `POST /v1/blobs`.
    pub async fn begin(&self, hash: &Hash, bytes: u64) -> Said {
        let request = self.ask(Method::POST, "/v1/blobs");
        let request = request
            .header("upload-length", bytes)
            .header("upload-metadata", metadata(hash));
        self.say(request).await
    }

    /// Begins an upload that must be allowed; gives its address.
    pub async fn begun(&self, photo: &[u8]) -> String {
        let said = self.begin(&sha256(photo), photo.len() as u64).await;
        assert_eq!(said.status, 201, "{}", said.problem());
        said.header("location").to_owned()
    }

    /// `HEAD`: where an upload stands.
    pub async fn stands(&self, upload: &str) -> Said {
        self.say(self.ask(Method::HEAD, upload)).await
    }

    /// A `PATCH` that is not sent yet.
    pub fn part(&self, upload: &str, offset: u64, bytes: &[u8]) -> RequestBuilder {
        self.ask(Method::PATCH, upload)
            .header("upload-offset", offset)
            .header("content-type", "application/offset+octet-stream")
            .body(bytes.to_vec())
    }

    /// `PATCH`.
    pub async fn send(&self, upload: &str, offset: u64, bytes: &[u8]) -> Said {
        self.say(self.part(upload, offset, bytes)).await
    }

    /// A whole photo at once.
    pub async fn put(&self, photo: &[u8]) -> Said {
        let upload = self.begun(photo).await;
        self.send(&upload, 0, photo).await
    }

    /// `GET` of a photo's bytes, with more headers.
    pub async fn get(&self, hash: &Hash, headers: &[(&'static str, &str)]) -> Said {
        let mut request = self.ask(Method::GET, &format!("/v1/blobs/{}", hex(hash)));
        for (name, value) in headers {
            request = request.header(HeaderName::from_static(name), *value);
        }
        self.say(request).await
    }
}

/// The metadata that names a photo.
pub fn metadata(hash: &Hash) -> String {
    format!("filename eA==,sha256 {}", base64(hex(hash).as_bytes()))
}

/// Base64 as RFC 4648 has it.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let three = [0, 1, 2].map(|at| u32::from(group.get(at).copied().unwrap_or(0)));
        let bits = three[0] << 16 | three[1] << 8 | three[2];
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at)) as usize & 63];
            text.push(if at <= group.len() {
                digit as char
            } else {
                '='
            });
        }
    }
    text
}

/// A relay with two branches, and two phones of the first and one of the second.
pub struct Desk {
    /// The relay.
    pub site: Site,
    /// The first branch.
    pub space: OrgId,
    /// Two phones of the first branch, and one of the second.
    pub phones: Vec<Notebook>,
}

impl Desk {
    /// A relay as configured, its phones in `folder`.
    pub async fn open(folder: &Path, config: Config) -> Self {
        let site = Site::start_as(config, None).await;
        let (space, mut paths) = site.enrol_branch(folder, 2).await;
        let other = folder.join("other");
        std::fs::create_dir(&other).unwrap();
        let (_, more) = site.enrol_branch(&other, 1).await;
        paths.extend(more);
        let phones = crate::site::open_all(&paths).unwrap();
        Self {
            site,
            space,
            phones,
        }
    }

    /// Who sends for a phone.
    pub fn sender(&self, phone: usize) -> Sender {
        Sender::of(&self.phones[phone], &self.site.url)
    }

    /// Syncs a phone.
    pub async fn sync(&mut self, phone: usize) {
        let notebook = &mut self.phones[phone];
        let http = HttpRelay::of(notebook).unwrap();
        http.sync(notebook, Options::default(), |_| {})
            .await
            .unwrap();
    }

    /// The first phone's owner reports a hazard with these photos, and syncs.
    pub async fn report(&mut self, photos: Vec<Photo>) -> HazardId {
        let mut fields = HazardFields::new("护栏松动", HazardNature::UnsafeCondition);
        fields.photos = photos;
        let hazard = self.phones[0].report_hazard(self.space, &fields).unwrap();
        self.sync(0).await;
        hazard
    }
}

/// A JPEG file of noise, which nothing makes smaller: about a byte for each of its pixels.
pub fn noise_jpeg(seed: u64, width_px: u16, height_px: u16) -> Vec<u8> {
    let pixels = bytes_of(seed, usize::from(width_px) * usize::from(height_px));
    let mut file = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut file, 80);
    encoder
        .encode(&pixels, width_px, height_px, jpeg_encoder::ColorType::Luma)
        .unwrap();
    file
}

/// A hazard with so many photos of noise, reported on a phone; gives the photos.
pub fn report_with_photos(
    notebook: &mut Notebook,
    space: OrgId,
    count: usize,
    (width_px, height_px): (u16, u16),
    seed: u64,
) -> Vec<Photo> {
    let mut fields = HazardFields::new("护栏松动", HazardNature::UnsafeCondition);
    let quota = Quota {
        keep_free_bytes: 0,
        ..Quota::default()
    };
    for number in 0..count as u64 {
        let file = noise_jpeg(seed * 1_000 + number, width_px, height_px);
        let photo = notebook.take_photo(
            &file,
            &PhotoContext::default(),
            &PhotoOptions::default(),
            &quota,
        );
        fields.photos.push(photo.unwrap());
    }
    notebook.report_hazard(space, &fields).unwrap();
    fields.photos
}

/// The files of photos, by their hashes, as a phone has them.
pub fn files_of(notebook: &Notebook, photos: &[Photo]) -> Vec<(String, Vec<u8>)> {
    let names = photos.iter().flat_map(Photo::files);
    names
        .map(|(_, hash, _)| (hash.to_owned(), notebook.photo_bytes(hash).unwrap()))
        .collect()
}

/// Whether the relay has acknowledged everything on a phone, photos included.
pub fn is_all_acknowledged(notebook: &Notebook) -> bool {
    let owed = vanguard_core::store::photos::owed(notebook.reader()).unwrap();
    owed.files == 0 && notebook.unsent().unwrap().changes == 0
}

/// Brings what a phone owes as far as the network lets it; nothing waits for a later try.
///
/// # Errors
/// What the network did.
pub async fn carry(http: &HttpRelay, notebook: &mut Notebook) -> Result<(), HttpError> {
    notebook.retry_photos().unwrap();
    let (text, photos) = (Options::default(), RoundOptions::default());
    http.sync_with_photos(notebook, text, photos).await?;
    Ok(())
}

/// The file of a photo at a relay, read from its folder.
pub fn stored(data: &Path, hash: &str) -> Option<Vec<u8>> {
    let (first, rest) = hash.split_at(2);
    std::fs::read(data.join("blobs").join(first).join(rest)).ok()
}
