//! What is held: promised by receipts, dropped only when nothing has named it for long, and still
//! there after a kill.

use std::process::{Child, Command};
use std::sync::Arc;

use serde_json::{Map, json};
use vanguard_core::env::Env;
use vanguard_core::keys::{hex, sha256};
use vanguard_core::wire::{self, ByteArray32, SyncRequest, SyncResponse};
use vanguard_tests::blobs::{Desk, Sender, bytes_of, named, plain_config};
use vanguard_tests::dice::Dice;
use vanguard_tests::{TestEnv, scratch, site};

const DAY_MS: i64 = 24 * 3_600_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_names_what_is_held_and_seen_and_nothing_else() {
    let folder = scratch();
    let mut desk = Desk::open(folder.path(), plain_config(&folder.path().join("relay"))).await;
    let (photo, small) = (bytes_of(1, 20_000), bytes_of(2, 9_000));
    desk.report(vec![named(&photo, &small)]).await;
    desk.sender(0).put(&photo).await;
    let asked = [sha256(&photo), sha256(&small), sha256(b"nothing")].map(ByteArray32);
    for (phone, expected) in [(0, &asked[..1]), (1, &asked[..1]), (2, &[])] {
        let identity = desk.phones[phone].identity().unwrap().clone();
        let request = request(&asked);
        let device = vanguard_server::relay::Device {
            id: identity.device,
            member: identity.member,
            public_key: identity.public_key,
        };
        let response: SyncResponse = desk.site.relay.sync(&device, request).await.unwrap();
        assert_eq!(response.photos_held, expected, "phone {phone}");
        let statement = vanguard_core::batch::receipt_statement(
            identity.relay_key.fingerprint(),
            identity.device,
            response.relay_time_ms,
            &[],
            &response.photos_held,
        );
        match response.receipt {
            Some(receipt) => identity.relay_key.verify(&statement, &receipt).unwrap(),
            None => assert!(expected.is_empty()),
        }
    }
    let device = desk.phones[0].identity().unwrap().clone();
    let device = vanguard_server::relay::Device {
        id: device.device,
        member: device.member,
        public_key: device.public_key,
    };
    let many = vec![asked[0]; wire::PHOTOS_ASKED_LIMIT + 1];
    assert!(desk.site.relay.sync(&device, request(&many)).await.is_err());
    desk.site.stop().await;
}

fn request(photos: &[ByteArray32]) -> SyncRequest {
    SyncRequest {
        photos: photos.to_vec(),
        ..SyncRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_nothing_names_goes_and_only_after_long() {
    let folder = scratch();
    let env = TestEnv::new(7);
    let mut config = plain_config(&folder.path().join("relay"));
    config.env = Arc::clone(&env) as Arc<dyn Env>;
    let mut desk = Desk::open(folder.path(), config).await;
    let (kept, dropped, small) = (bytes_of(1, 20_000), bytes_of(2, 20_000), bytes_of(3, 9_000));
    let photos = vec![named(&kept, &small), named(&dropped, &small)];
    let hazard = desk.report(photos.clone()).await;
    let sender = desk.sender(0);
    for photo in [&kept, &dropped, &small] {
        assert_eq!(sender.put(photo).await.status, 204);
    }
    let sweep = async || desk.site.relay.sweep_photos().await.unwrap().blobs;
    env.advance(1_000 * DAY_MS);
    assert_eq!(sweep().await, 0, "however old: it is named");
    let fewer = Map::from_iter([("photos".to_owned(), json!(photos[..1]))]);
    desk.phones[0].edit(hazard, fewer).unwrap();
    desk.sync(0).await;
    let sweep = async || desk.site.relay.sweep_photos().await.unwrap().blobs;
    assert_eq!(sweep().await, 0);
    env.advance(89 * DAY_MS);
    assert_eq!(sweep().await, 0);
    env.advance(2 * DAY_MS);
    assert_eq!(sweep().await, 1);
    let blobs = desk.site.relay.blobs();
    assert!(!blobs.has(&sha256(&dropped)));
    assert!(blobs.surely_has(&sha256(&kept)).unwrap());
    assert!(blobs.surely_has(&sha256(&small)).unwrap());
    desk.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_ends_when_its_owner_says_so_or_forgets_it() {
    let folder = scratch();
    let env = TestEnv::new(7);
    let mut config = plain_config(&folder.path().join("relay"));
    config.env = Arc::clone(&env) as Arc<dyn Env>;
    config.relay.blobs.uploads = 2;
    config.relay.blobs.storage_bytes = Some(70_000);
    let mut desk = Desk::open(folder.path(), config).await;
    let photos: Vec<Vec<u8>> = (0..4).map(|at| bytes_of(at, 20_000)).collect();
    let small = bytes_of(9, 9_000);
    let names = photos.iter().map(|photo| named(photo, &small)).collect();
    desk.report(names).await;
    let (one, colleague) = (desk.sender(0), desk.sender(1));
    let first = one.begun(&photos[0]).await;
    one.begun(&photos[1]).await;
    let said = one.begin(&sha256(&photos[2]), 20_000).await;
    assert_eq!((said.status, &*said.problem()), (429, "too-many-uploads"));
    colleague.begun(&photos[2]).await;
    let said = colleague.begin(&sha256(&photos[3]), 20_000).await;
    assert_eq!((said.status, &*said.problem()), (507, "photo-storage-full"));

    let ended = one.say(one.ask(reqwest::Method::DELETE, &first)).await;
    assert_eq!(ended.status, 204);
    assert_eq!(one.stands(&first).await.status, 404);
    let upload = one.begun(&photos[3]).await;
    one.send(&upload, 0, &photos[3][..5_000]).await;
    env.advance(8 * DAY_MS);
    assert_eq!(one.stands(&upload).await.status, 404);
    let swept = desk.site.relay.sweep_photos().await.unwrap();
    assert_eq!(swept.uploads, 3);
    assert_eq!(desk.site.relay.blobs().counts().unwrap().uploads, 0);
    assert_eq!(one.put(&photos[3]).await.status, 204);
    desk.site.stop().await;
}

/// A relay in a process of its own.
fn start(data: &std::path::Path, address: std::net::SocketAddr) -> Child {
    let mut program = Command::new(env!("CARGO_BIN_EXE_relay"));
    site::start_program(program.arg(data).args([&address.to_string(), "plain"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_killed_at_any_byte_goes_on_from_what_it_had() {
    let folder = scratch();
    let data = folder.path().join("relay");
    let mut desk = Desk::open(folder.path(), plain_config(&data)).await;
    let photos: Vec<Vec<u8>> = (0..3).map(|at| bytes_of(at, 900_000)).collect();
    let small = bytes_of(9, 9_000);
    let names = photos.iter().map(|photo| named(photo, &small)).collect();
    desk.report(names).await;
    let sender = desk.sender(0);
    let address = desk.site.address;
    desk.site.stop().await;

    let seed = std::env::var("VANGUARD_SEED").map_or(1, |seed| seed.parse().unwrap());
    println!("VANGUARD_SEED={seed}");
    let mut dice = Dice::new(seed);
    let mut kills = 0;
    for photo in &photos {
        let mut told = 0;
        let mut upload = None;
        while told < photo.len() {
            let relay = start(&data, address);
            if upload.is_none() {
                upload = Some(sender.begun(photo).await);
            }
            let address = upload.clone().unwrap();
            let stands = sender.stands(&address).await;
            let offset: usize = stands.header("upload-offset").parse().unwrap();
            assert!(offset >= told, "told {told}, and has {offset}");
            told = offset;
            let pushed = push_and_kill(&sender, &address, photo, offset, relay, &mut dice).await;
            told = told.max(pushed);
            kills += 1;
        }
    }
    println!("{kills} kills");
    assert!(kills >= 6);
    let mut relay = start(&data, address);
    for photo in &photos {
        assert_eq!(&sender.get(&sha256(photo), &[]).await.body, photo);
        let name = hex(&sha256(photo));
        let file = data.join("blobs").join(&name[..2]).join(&name[2..]);
        assert_eq!(&std::fs::read(file).unwrap(), photo);
    }
    relay.kill().unwrap();
    relay.wait().unwrap();
}

/// Sends some requests, and kills the relay in the middle of one; gives the last offset that it
/// answered.
async fn push_and_kill(
    sender: &Sender,
    upload: &str,
    photo: &[u8],
    mut offset: usize,
    mut relay: Child,
    dice: &mut Dice,
) -> usize {
    use tokio::io::AsyncWriteExt as _;
    // However slow the machine is, every life of the relay brings the photo forward.
    if offset < photo.len() {
        let end = photo.len().min(offset + 60_000 + dice.below(150_000));
        let said = sender
            .send(upload, offset as u64, &photo[offset..end])
            .await;
        assert_eq!(said.status, 204);
        offset = end;
    }
    if offset < photo.len() {
        // As much as may come in before the kill; the rest never does.
        let length = 1 + dice.below(photo.len() - offset);
        let request = sender
            .part(upload, offset as u64, &photo[offset..])
            .build()
            .unwrap();
        let host = request.url().socket_addrs(|| None).unwrap()[0];
        let bearer = request.headers()["authorization"].to_str().unwrap();
        let head = format!(
            "PATCH {upload} HTTP/1.1\r\nhost: x\r\nauthorization: {bearer}\r\n\
             tus-resumable: 1.0.0\r\nupload-offset: {offset}\r\n\
             content-type: application/offset+octet-stream\r\ncontent-length: {}\r\n\r\n",
            photo.len() - offset
        );
        let mut connection = tokio::net::TcpStream::connect(host).await.unwrap();
        connection.write_all(head.as_bytes()).await.unwrap();
        connection
            .write_all(&photo[offset..offset + length])
            .await
            .unwrap();
        // Any moment is as good as another: this one has no condition to wait for.
        let micros = dice.below(30_000) as u64;
        tokio::time::sleep(std::time::Duration::from_micros(micros)).await;
    }
    relay.kill().unwrap();
    relay.wait().unwrap();
    offset
}
