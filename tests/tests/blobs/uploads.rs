//! Uploads that are right, wrong, cut, and twice.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use vanguard_core::keys::{hex, sha256};
use vanguard_tests::blobs::{Desk, base64, bytes_of, metadata, named, plain_config};
use vanguard_tests::scratch;

#[tokio::test(flavor = "multi_thread")]
async fn what_records_name_is_taken_and_nothing_else() {
    let folder = scratch();
    let mut desk = Desk::open(folder.path(), plain_config(&folder.path().join("relay"))).await;
    let (photo, small) = (bytes_of(1, 300_000), bytes_of(2, 9_000));
    let (one, colleague, stranger) = (desk.sender(0), desk.sender(1), desk.sender(2));
    let size = photo.len() as u64;
    let early = one.begin(&sha256(&photo), size).await;
    assert_eq!((early.status, &*early.problem()), (409, "photo-not-named"));
    desk.report(vec![named(&photo, &small)]).await;
    for wrong in [size - 1, size + 1, small.len() as u64] {
        let said = one.begin(&sha256(&photo), wrong).await;
        assert_eq!((said.status, &*said.problem()), (409, "photo-not-named"));
    }
    let said = stranger.begin(&sha256(&photo), size).await;
    assert_eq!((said.status, &*said.problem()), (409, "photo-not-named"));
    let said = one.begin(&sha256(&photo), 65 << 20).await;
    assert_eq!((said.status, &*said.problem()), (413, "photo-too-large"));

    let upload = one.begun(&photo).await;
    assert_eq!(
        one.begun(&photo).await,
        upload,
        "the same, if the answer was lost"
    );
    let said = one.send(&upload, 0, &photo[..100_000]).await;
    assert_eq!((said.status, said.header("upload-offset")), (204, "100000"));
    assert!(said.header("upload-expires").ends_with(" GMT"));
    assert_eq!(said.header("tus-resumable"), "1.0.0");
    let stands = one.stands(&upload).await;
    assert_eq!(stands.status, 200);
    assert_eq!(stands.header("upload-offset"), "100000");
    assert_eq!(stands.header("upload-length"), "300000");
    assert_eq!(stands.header("cache-control"), "no-store");
    assert!(metadata(&sha256(&photo)).ends_with(stands.header("upload-metadata")));
    for other in [&colleague, &stranger] {
        assert_eq!(other.stands(&upload).await.status, 404);
        let said = other.send(&upload, 100_000, &photo[100_000..]).await;
        assert_eq!((said.status, &*said.problem()), (404, "upload-unknown"));
    }
    let missing = one.get(&sha256(&photo), &[]).await;
    assert_eq!(missing.status, 404, "not before it is whole");
    let said = one.send(&upload, 100_000, &photo[100_000..]).await;
    assert_eq!((said.status, said.header("upload-offset")), (204, "300000"));
    assert_eq!(one.get(&sha256(&photo), &[]).await.body, photo);
    let stands = one.stands(&upload).await;
    assert_eq!(stands.header("upload-offset"), "300000");

    // A colleague's phone has the same file: it sends nothing.
    let said = colleague.begin(&sha256(&photo), size).await;
    assert_eq!((said.status, said.header("upload-offset")), (201, "300000"));
    let location = said.header("location").to_owned();
    let said = colleague.send(&location, 0, &photo).await;
    assert_eq!((said.status, &*said.problem()), (409, "upload-elsewhere"));
    assert_eq!(said.header("upload-offset"), "300000");
    desk.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_and_changes_nothing() {
    let folder = scratch();
    let mut desk = Desk::open(folder.path(), plain_config(&folder.path().join("relay"))).await;
    let (photo, small) = (bytes_of(1, 50_000), bytes_of(2, 9_000));
    desk.report(vec![named(&photo, &small)]).await;
    let sender = desk.sender(0);
    let upload = sender.begun(&photo).await;
    sender.send(&upload, 0, &photo[..1_000]).await;
    let rest = &photo[1_000..];
    let part = |offset: &str| {
        let request = sender.ask(Method::PATCH, &upload);
        let request = request.header("upload-offset", offset.to_owned());
        request.header("content-type", "application/offset+octet-stream")
    };
    let older = HeaderMap::from_iter([(
        HeaderName::from_static("tus-resumable"),
        HeaderValue::from_static("0.2.2"),
    )]);
    let cases = [
        (part("999").body(rest.to_vec()), 409, "upload-elsewhere"),
        (part("1001").body(rest.to_vec()), 409, "upload-elsewhere"),
        (part("-1").body(rest.to_vec()), 400, "bad-request"),
        (part("1000").body(photo.clone()), 413, "photo-too-large"),
        (
            sender
                .ask(Method::PATCH, &upload)
                .header("upload-offset", 1_000)
                .body(rest.to_vec()),
            415,
            "unsupported-media-type",
        ),
        (
            part("1000")
                .header("content-encoding", "gzip")
                .body(rest.to_vec()),
            415,
            "unsupported-media-type",
        ),
        (
            part("1000")
                .header("upload-checksum", "md5 AAAA")
                .body(rest.to_vec()),
            400,
            "bad-request",
        ),
        (
            part("1000")
                .header("upload-checksum", format!("sha256 {}", base64(&[7; 32])))
                .body(rest.to_vec()),
            460,
            "checksum-mismatch",
        ),
        (
            part("1000").headers(older).body(rest.to_vec()),
            412,
            "tus-version",
        ),
        (sender.ask(Method::PUT, &upload), 405, "method-not-allowed"),
        (sender.ask(Method::POST, &upload), 405, "method-not-allowed"),
        (
            sender
                .ask(Method::POST, "/v1/blobs")
                .header("upload-length", 5),
            400,
            "bad-request",
        ),
        (
            sender
                .ask(Method::POST, "/v1/blobs")
                .header("upload-metadata", metadata(&sha256(&photo)))
                .header("upload-defer-length", 1),
            400,
            "bad-request",
        ),
        (
            sender.ask(Method::PATCH, "/v1/blobs/uploads/..%2f..%2frelay.key"),
            412,
            "",
        ),
    ];
    for (number, (request, status, problem)) in cases.into_iter().enumerate() {
        if problem.is_empty() {
            let request = request
                .header("upload-offset", 0)
                .header("content-type", "application/offset+octet-stream");
            let said = sender.say(request.body("x")).await;
            assert_eq!((said.status, &*said.problem()), (404, "upload-unknown"));
            continue;
        }
        let said = sender.say(request).await;
        assert_eq!(
            (said.status, &*said.problem()),
            (status, problem),
            "{number}"
        );
        let stands = sender.stands(&upload).await;
        assert_eq!(stands.header("upload-offset"), "1000", "{number}");
    }
    // The bytes of another photo: thrown away, and begun anew.
    let mut harmed = rest.to_vec();
    harmed[7] ^= 1;
    let said = sender.send(&upload, 1_000, &harmed).await;
    assert_eq!(
        (said.status, &*said.problem()),
        (422, "photo-hash-mismatch")
    );
    assert_eq!(sender.stands(&upload).await.status, 404);
    assert_eq!(sender.get(&sha256(&photo), &[]).await.status, 404);

    // A checksum that is right, over the method that every proxy knows.
    let upload = sender.begun(&photo).await;
    let request = sender
        .ask(Method::POST, &upload)
        .header("x-http-method-override", "PATCH")
        .header("upload-offset", 0)
        .header("content-type", "application/offset+octet-stream")
        .header(
            "upload-checksum",
            format!("sha256 {}", base64(&sha256(&photo))),
        );
    let said = sender.say(request.body(photo.clone())).await;
    assert_eq!((said.status, said.header("upload-offset")), (204, "50000"));
    assert_eq!(sender.get(&sha256(&photo), &[]).await.body, photo);
    desk.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_relay_can_do_is_told_to_everybody() {
    let folder = scratch();
    let desk = Desk::open(folder.path(), plain_config(&folder.path().join("relay"))).await;
    let url = format!("{}/v1/blobs", desk.site.url);
    let client = vanguard_tests::plain_client();
    let said = client.request(Method::OPTIONS, &url).send().await.unwrap();
    assert_eq!(said.status(), 204);
    let header = |name: &str| said.headers()[name].to_str().unwrap();
    assert_eq!(header("tus-version"), "1.0.0");
    assert_eq!(
        header("tus-extension"),
        "creation,checksum,expiration,termination"
    );
    assert_eq!(header("tus-checksum-algorithm"), "sha1,sha256");
    assert_eq!(header("tus-max-size"), (64 << 20).to_string());
    let unknown = client.post(&url).send().await.unwrap();
    assert_eq!(unknown.status(), 401);
    desk.site.stop().await;
}

/// The bytes of a request that breaks off, or dawdles, in its body.
fn cut_request(upload: &str, bearer: &str, length: usize, checksum: &str) -> String {
    format!(
        "PATCH {upload} HTTP/1.1\r\nhost: x\r\nauthorization: {bearer}\r\ntus-resumable: 1.0.0\r\n\
         upload-offset: 0\r\ncontent-type: application/offset+octet-stream\r\n{checksum}\
         content-length: {length}\r\n\r\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_a_cut_counts_unless_it_has_a_checksum() {
    let folder = scratch();
    let mut config = plain_config(&folder.path().join("relay"));
    // Long enough for bodies that do come to come in time on a machine with much else to do.
    config.limits.body_idle = Duration::from_secs(3);
    let mut desk = Desk::open(folder.path(), config).await;
    let photo = bytes_of(1, 500_000);
    desk.report(vec![named(&photo, &bytes_of(2, 9_000))]).await;
    let sender = desk.sender(0);
    let upload = sender.begun(&photo).await;
    let credential = hex(&desk.phones[0].identity().unwrap().credential);
    let bearer = format!("Bearer {credential}");
    let checksum = format!("upload-checksum: sha256 {}\r\n", base64(&sha256(&photo)));

    for (number, checksum) in [checksum.as_str(), ""].into_iter().enumerate() {
        let head = cut_request(&upload, &bearer, photo.len(), checksum);
        let mut connection = TcpStream::connect(desk.site.address).await.unwrap();
        connection.write_all(head.as_bytes()).await.unwrap();
        connection.write_all(&photo[..300_000]).await.unwrap();
        if number == 0 {
            drop(connection); // cut
        } else {
            // Silent: the relay gives up, and says so.
            let mut said = String::new();
            let _ = connection.read_to_string(&mut said).await;
            assert!(said.starts_with("HTTP/1.1 408"), "{said}");
        }
        let expected = if number == 0 { "0" } else { "300000" };
        let stands = sender.stands(&upload).await;
        assert_eq!(stands.header("upload-offset"), expected);
    }

    // A connection that hangs does not hold up the next one.
    let head = cut_request(&upload, &bearer, 200_000, "").replace("offset: 0", "offset: 300000");
    let mut hanging = TcpStream::connect(desk.site.address).await.unwrap();
    hanging.write_all(head.as_bytes()).await.unwrap();
    hanging.write_all(&photo[300_000..400_000]).await.unwrap();
    let mut offset = 300_000;
    for _ in 0..1_000 {
        let stands = sender.stands(&upload).await;
        offset = stands.header("upload-offset").parse().unwrap();
        let said = sender.send(&upload, offset as u64, &photo[offset..]).await;
        if said.status == 204 {
            break;
        }
    }
    assert!(offset >= 300_000);
    assert_eq!(sender.get(&sha256(&photo), &[]).await.body, photo);
    desk.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_and_twice_end_with_each_photo_once() {
    let folder = scratch();
    let mut desk = Desk::open(folder.path(), plain_config(&folder.path().join("relay"))).await;
    let photos: Vec<Vec<u8>> = (0..6).map(|at| bytes_of(at, 200_000)).collect();
    let small = bytes_of(99, 9_000);
    let named = photos.iter().map(|photo| named(photo, &small)).collect();
    desk.report(named).await;
    let mut sending = tokio::task::JoinSet::new();
    for (at, photo) in photos.iter().cloned().enumerate() {
        for phone in 0..2 {
            let (sender, photo) = (desk.sender(phone), photo.clone());
            sending.spawn(async move {
                let upload = sender.begun(&photo).await;
                let piece = 40_000 + at * 7_000;
                while !is_whole(&sender, &upload, &photo, piece).await {}
            });
        }
    }
    while let Some(sent) = sending.join_next().await {
        sent.unwrap();
    }
    for photo in &photos {
        assert_eq!(&desk.sender(1).get(&sha256(photo), &[]).await.body, photo);
    }
    let counts = desk.site.relay.blobs().counts().unwrap();
    assert_eq!(
        (counts.held, counts.held_bytes, counts.uploads),
        (6, 1_200_000, 0)
    );
    desk.site.stop().await;
}

/// Sends the next piece from where the upload stands; says whether it is whole.
async fn is_whole(
    sender: &vanguard_tests::blobs::Sender,
    upload: &str,
    photo: &[u8],
    piece: usize,
) -> bool {
    let stands = sender.stands(upload).await;
    let offset: usize = stands.header("upload-offset").parse().unwrap();
    if offset == photo.len() {
        return true;
    }
    let end = photo.len().min(offset + piece);
    sender
        .send(upload, offset as u64, &photo[offset..end])
        .await;
    false
}
