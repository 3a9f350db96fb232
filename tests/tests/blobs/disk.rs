//! A disk that is full: a small real filesystem, which only root can mount.

use std::path::{Path, PathBuf};
use std::process::Command;

use vanguard_core::http::{HttpError, HttpRelay};
use vanguard_core::keys::sha256;
use vanguard_core::model::hazard::{HazardFields, HazardNature};
use vanguard_core::sync::Options;
use vanguard_tests::blobs::{Desk, bytes_of, named, plain_config};
use vanguard_tests::{scratch, skipped};

/// A filesystem of some megabytes in memory, until it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where this process may not mount one.
    fn mount(at: &Path, mebibytes: u32) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let size = format!("size={mebibytes}m");
        let mounted = run(&["mount", "-t", "tmpfs", "-o", &size, "tmpfs"], at);
        mounted.then(|| Self(at.to_owned()))
    }

    fn grow(&self, mebibytes: u32) {
        let options = format!("remount,size={mebibytes}m");
        assert!(run(&["mount", "-o", &options], &self.0));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run(&["umount", "-l"], &self.0);
    }
}

fn run(command: &[&str], at: &Path) -> bool {
    let mut call = Command::new(command[0]);
    let output = call.args(&command[1..]).arg(at).output();
    output.is_ok_and(|output| output.status.success())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_and_what_came_before_stays() {
    let folder = scratch();
    let data = folder.path().join("relay");
    let Some(disk) = SmallDisk::mount(&data.join("blobs"), 3) else {
        skipped("only root can mount a small filesystem");
        return;
    };
    let mut desk = Desk::open(folder.path(), plain_config(&data)).await;
    let photos = [bytes_of(1, 2_000_000), bytes_of(2, 2_000_000)];
    let small = bytes_of(3, 9_000);
    let names = photos.iter().map(|photo| named(photo, &small)).collect();
    desk.report(names).await;
    let sender = desk.sender(0);
    // Both fit when they begin, and only one when it comes to it.
    disk.grow(5);
    let uploads = [
        sender.begun(&photos[0]).await,
        sender.begun(&photos[1]).await,
    ];
    disk.grow(3);
    let first = sender.send(&uploads[0], 0, &photos[0]).await;
    assert_eq!(first.status, 204);
    let full = sender.send(&uploads[1], 0, &photos[1]).await;
    assert_eq!((full.status, &*full.problem()), (507, "photo-storage-full"));
    let again = sender.begin(&sha256(&small), small.len() as u64).await;
    assert_eq!(
        (again.status, &*again.problem()),
        (507, "photo-storage-full")
    );
    // Text goes on all the while.
    desk.report(vec![]).await;
    assert_eq!(sender.get(&sha256(&photos[0]), &[]).await.body, photos[0]);

    disk.grow(6);
    let stands = sender.stands(&uploads[1]).await;
    let offset: usize = stands.header("upload-offset").parse().unwrap();
    assert!(offset > 0, "what fitted counts");
    let rest = sender
        .send(&uploads[1], offset as u64, &photos[1][offset..])
        .await;
    assert_eq!(rest.status, 204);
    assert_eq!(sender.get(&sha256(&photos[1]), &[]).await.body, photos[1]);
    desk.site.stop().await;
    drop(disk);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_without_room_for_text_is_said_and_nothing_is_lost() {
    let folder = scratch();
    let data = folder.path().join("relay");
    let Some(disk) = SmallDisk::mount(&data, 3) else {
        skipped("only root can mount a small filesystem");
        return;
    };
    let mut desk = Desk::open(folder.path(), plain_config(&data)).await;
    let http = HttpRelay::of(&desk.phones[0]).unwrap();
    let mut reported = Vec::new();
    let full = loop {
        assert!(reported.len() < 500, "three megabytes hold more than that");
        let text = vanguard_core::keys::hex(&bytes_of(reported.len() as u64, 10_000));
        let fields = HazardFields::new(text, HazardNature::UnsafeCondition);
        let phone = &mut desk.phones[0];
        reported.push(phone.report_hazard(desk.space, &fields).unwrap());
        if let Err(error) = http.sync(phone, Options::default(), |_| {}).await {
            break error;
        }
    };
    assert!(
        matches!(&full, HttpError::Problem { status: 507, kind, .. }
            if kind == "urn:vanguard:problem:storage-full"),
        "{full}"
    );
    assert!(desk.phones[0].unsent().unwrap().changes > 0, "it is kept");
    // Nobody who signs in meanwhile waits for what cannot come.
    assert!(desk.site.relay.find_member("00000").await.is_ok());

    disk.grow(30);
    desk.sync(0).await;
    assert_eq!(desk.phones[0].unsent().unwrap().changes, 0);
    desk.sync(1).await;
    for hazard in reported {
        let there = desk.phones[1].get::<vanguard_core::model::hazard::Hazard>(hazard);
        assert!(there.is_ok());
    }
    // What people read catches up by itself.
    let head = *desk.site.relay.head().borrow();
    desk.site.relay.replica().wait_for(head).await;
    desk.site.stop().await;
    drop(disk);
}
