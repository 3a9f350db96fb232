//! Who gets a photo, and how much of it.

use reqwest::Method;
use vanguard_core::keys::{hex, sha256};
use vanguard_core::model::photo::Untouched;
use vanguard_tests::blobs::{Desk, Said, bytes_of, named, plain_config};
use vanguard_tests::scratch;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sees_the_record_gets_the_photo_and_nobody_else() {
    let folder = scratch();
    let mut desk = Desk::open(folder.path(), plain_config(&folder.path().join("relay"))).await;
    let (photo, small) = (bytes_of(1, 200_000), bytes_of(2, 9_000));
    let raw = b"<script>alert(1)</script>".to_vec();
    let mut naming = named(&photo, &small);
    naming.untouched = Some(Untouched {
        hash: hex(&sha256(&raw)),
        bytes: raw.len() as u64,
        media_type: "text/html".into(),
    });
    desk.report(vec![naming]).await;
    for bytes in [&photo, &small, &raw] {
        assert_eq!(desk.sender(0).put(bytes).await.status, 204);
    }
    let hash = sha256(&photo);
    let tag = format!("\"{}\"", hex(&hash));
    let colleague = desk.sender(1);
    let said = colleague.get(&hash, &[]).await;
    assert_eq!((said.status, &said.body), (200, &photo));
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("content-length", "200000"),
        ("etag", tag.as_str()),
        ("cache-control", "private, max-age=31536000, immutable"),
        ("accept-ranges", "bytes"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("content-disposition", "inline"),
    ] {
        assert_eq!(said.header(name), value, "{name}");
    }
    let path = format!("/v1/blobs/{}", hex(&hash));
    let head = colleague.say(colleague.ask(Method::HEAD, &path)).await;
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, "200000")
    );
    assert!(head.body.is_empty());
    // What a camera wrote is nothing that a browser opens, whatever the record says that it is.
    let said = colleague.get(&sha256(&raw), &[]).await;
    assert_eq!(said.header("content-type"), "application/octet-stream");
    assert_eq!(said.header("content-disposition"), "attachment");

    let stranger = desk.sender(2);
    let refused = stranger.get(&hash, &[]).await;
    let absent = stranger.get(&sha256(b"no such photo"), &[]).await;
    assert_eq!((refused.status, absent.status), (404, 404));
    assert_eq!(refused.body, absent.body, "as for one that does not exist");
    let conditional = stranger.get(&hash, &[("if-none-match", &tag)]).await;
    assert_eq!(conditional.status, 404);
    for wrong in ["0", "..%2f..%2flog.db", &hex(&hash).to_uppercase()] {
        let request = colleague.ask(Method::GET, &format!("/v1/blobs/{wrong}"));
        assert_eq!(colleague.say(request).await.status, 404, "{wrong}");
    }
    desk.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_goes_on_where_it_was_cut() {
    let folder = scratch();
    let mut desk = Desk::open(folder.path(), plain_config(&folder.path().join("relay"))).await;
    let photo = bytes_of(1, 200_000);
    desk.report(vec![named(&photo, &bytes_of(2, 9_000))]).await;
    let (hash, sender) = (sha256(&photo), desk.sender(0));
    sender.put(&photo).await;
    let tag = format!("\"{}\"", hex(&hash));
    let mut taken = Vec::new();
    while taken.len() < photo.len() {
        let range = format!("bytes={}-{}", taken.len(), taken.len() + 70_000 - 1);
        let asked = [("range", range.as_str()), ("if-range", tag.as_str())];
        let said = sender.get(&hash, &asked).await;
        let (first, last) = (taken.len(), (taken.len() + 70_000).min(photo.len()) - 1);
        assert_eq!(said.status, 206);
        let expected = format!("bytes {first}-{last}/200000");
        assert_eq!(said.header("content-range"), expected);
        taken.extend(said.body);
    }
    assert_eq!(taken, photo);
    let suffix = sender.get(&hash, &[("range", "bytes=-5")]).await;
    assert_eq!(suffix.body, photo[photo.len() - 5..]);
    let other = [("range", "bytes=0-9"), ("if-range", "\"other\"")];
    assert_eq!(sender.get(&hash, &other).await.status, 200);
    let outside = sender.get(&hash, &[("range", "bytes=200000-")]).await;
    assert_eq!(
        (outside.status, &*outside.problem()),
        (416, "range-not-satisfiable")
    );
    assert_eq!(outside.header("content-range"), "bytes */200000");
    let had = sender.get(&hash, &[("if-none-match", &tag)]).await;
    assert_eq!(
        (had.status, had.body.len(), had.header("etag")),
        (304, 0, tag.as_str())
    );
    desk.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_shows_photos_sends_them_and_knows_which_are_missing() {
    let folder = scratch();
    let mut desk = Desk::open(folder.path(), plain_config(&folder.path().join("relay"))).await;
    let (photo, small) = (bytes_of(1, 200_000), bytes_of(2, 9_000));
    let identity = desk.phones[0].identity().unwrap().clone();
    let mut naming = named(&photo, &small);
    naming.device = Some(identity.device);
    desk.report(vec![naming]).await;
    desk.sender(0).put(&small).await;

    let client = vanguard_tests::plain_client();
    let url = desk.site.url.clone();
    let get = async |path: &str, session: &str| {
        let request = client.get(format!("{url}{path}")).header("cookie", session);
        Said::of(request.send().await.unwrap()).await
    };
    let session = desk.site.session(identity.member);
    let stranger = desk.site.session(desk.phones[2].identity().unwrap().member);
    let hash = sha256(&photo);
    let path = format!("/api/photos/{}", hex(&hash));
    let listed = get("/api/photos/missing", &session).await;
    let page: serde_json::Value = serde_json::from_slice(&listed.body).unwrap();
    let row = &page["rows"][0];
    assert_eq!(row["device"], serde_json::json!(identity.device));
    assert_eq!(row["member"], serde_json::json!(identity.member));
    assert_eq!((&row["files"], &row["bytes"]), (&1.into(), &200_000.into()));
    assert_eq!(page["rows"].as_array().unwrap().len(), 1);
    let none = get("/api/photos/missing", &stranger).await;
    let none: serde_json::Value = serde_json::from_slice(&none.body).unwrap();
    assert_eq!(none["rows"], serde_json::json!([]));
    assert_eq!(get(&path, &session).await.status, 404);

    // The supervisor has the file as well, and sends it from the browser.
    let begin = |site: &str| {
        client
            .post(format!("{url}/v1/blobs"))
            .header("cookie", &session)
            .header("sec-fetch-site", site)
            .header("tus-resumable", "1.0.0")
            .header("upload-length", photo.len())
            .header("upload-metadata", vanguard_tests::blobs::metadata(&hash))
    };
    let refused = Said::of(begin("cross-site").send().await.unwrap()).await;
    assert_eq!((refused.status, &*refused.problem()), (403, "cross-origin"));
    let begun = Said::of(begin("same-origin").send().await.unwrap()).await;
    assert_eq!(begun.status, 201);
    let upload = begun.header("location");
    assert_eq!(
        desk.sender(0).stands(upload).await.status,
        404,
        "not the phone's"
    );
    let sent = client
        .patch(format!("{url}{upload}"))
        .header("cookie", &session)
        .header("tus-resumable", "1.0.0")
        .header("upload-offset", 0)
        .header("content-type", "application/offset+octet-stream")
        .body(photo.clone());
    assert_eq!(sent.send().await.unwrap().status(), 204);
    assert_eq!(get(&path, &session).await.body, photo);
    assert_eq!(get(&path, &stranger).await.status, 404);
    assert_eq!(get(&path, "").await.status, 401);
    let listed = get("/api/photos/missing", &session).await;
    let page: serde_json::Value = serde_json::from_slice(&listed.body).unwrap();
    assert_eq!(page["rows"], serde_json::json!([]));
    desk.site.stop().await;
}
