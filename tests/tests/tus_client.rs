//! A tus client that nobody here wrote uploads to the relay, is cut, and goes on.

#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use vanguard_core::keys::{hex, sha256};
use vanguard_tests::blobs::{Desk, bytes_of, named, plain_config};
use vanguard_tests::proxy::{Plan, Proxy};
use vanguard_tests::scratch;

/// Runs the client; `NODE` names the program where it is not `node`.
async fn upload(
    url: &str,
    credential: &[u8; 32],
    folder: &Path,
    photo: &[u8],
    mode: &str,
) -> Output {
    let node = std::env::var_os("NODE").unwrap_or_else(|| "node".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("uploads/upload.mjs");
    let name = hex(&sha256(photo));
    let file = folder.join(&name);
    if !file.exists() {
        std::fs::write(&file, photo).unwrap(); // its date is a part of what the client knows it by
    }
    let mut command = Command::new(node);
    command
        .arg(script)
        .arg(format!("{url}/v1/blobs"))
        .arg(format!("Bearer {}", hex(credential)))
        .arg(file)
        .arg(name)
        .arg(folder.join("uploads.json"))
        .arg(mode);
    let run = tokio::task::spawn_blocking(move || command.output().unwrap());
    run.await.unwrap()
}

/// The upload's address and how much of it was there already.
fn succeeded(output: &Output) -> (String, usize) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let said = String::from_utf8_lossy(&output.stdout);
    let (url, found) = said.trim().split_once(' ').unwrap();
    (url.to_owned(), found.parse().unwrap_or(0))
}

#[tokio::test(flavor = "multi_thread")]
async fn tus_js_client_uploads_is_killed_and_goes_on() {
    let folder = scratch();
    let mut desk = Desk::open(folder.path(), plain_config(&folder.path().join("relay"))).await;
    let photos: Vec<Vec<u8>> = (0..5).map(|at| bytes_of(at, 1_000_000)).collect();
    let small = bytes_of(9, 9_000);
    let names = photos[..4]
        .iter()
        .map(|photo| named(photo, &small))
        .collect();
    desk.report(names).await;
    let (url, sender) = (desk.site.url.clone(), desk.sender(0));
    let credential = desk.phones[0].identity().unwrap().credential;
    let run = |url: String, photo: &[u8], mode: &'static str| {
        let (photo, folder) = (photo.to_vec(), folder.path().to_owned());
        async move { upload(&url, &credential, &folder, &photo, mode).await }
    };
    let arrived = async |photo: &[u8]| {
        let said = sender.get(&sha256(photo), &[]).await;
        assert_eq!(said.body, photo);
    };

    // Killed when half is there, and gone on from there.
    let killed = run(url.clone(), &photos[0], "cut").await;
    assert_eq!(killed.status.code(), None, "killed");
    assert_eq!(sender.get(&sha256(&photos[0]), &[]).await.status, 404);
    let (_, found) = succeeded(&run(url.clone(), &photos[0], "resume").await);
    assert!(found >= 500_000, "{found} bytes were there");
    arrived(&photos[0]).await;

    // As `POST`, for proxies that know no `PATCH`.
    succeeded(&run(url.clone(), &photos[1], "override").await);
    arrived(&photos[1]).await;

    // Through a network that cuts every 64 KB and sends much twice.
    let plan = Plan {
        cut_bytes: Some(64 << 10),
        delay: Duration::from_millis(1),
        twice_percent: 20,
        seed: 3,
        ..Plan::default()
    };
    let proxy = Proxy::start(([127, 0, 0, 1], 0).into(), desk.site.address, plan).await;
    succeeded(&run(proxy.url(), &photos[2], "whole").await);
    arrived(&photos[2]).await;

    // Thrown away by its owner.
    let (address, _) = succeeded(&run(url.clone(), &photos[3], "abort").await);
    let path = address.strip_prefix(&url).unwrap_or(&address).to_owned();
    assert_eq!(sender.stands(&path).await.status, 404);
    assert_eq!(desk.site.relay.blobs().counts().unwrap().held, 3);

    // What no record names is not taken, and the client says so.
    let refused = run(url, &photos[4], "whole").await;
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && errors.contains("photo-not-named"),
        "{errors}"
    );
    desk.site.stop().await;
}
