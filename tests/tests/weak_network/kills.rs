//! Either side killed at any byte.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use vanguard_core::http::HttpRelay;
use vanguard_tests::blobs::{
    Desk, carry, files_of, is_all_acknowledged, plain_config, report_with_photos, stored,
};
use vanguard_tests::dice::Dice;
use vanguard_tests::proxy::{Plan, Proxy};
use vanguard_tests::{scratch, site};

/// How often something is killed.
const KILLS: usize = 30;

fn relay(data: &Path, address: SocketAddr) -> Child {
    let mut program = Command::new(env!("CARGO_BIN_EXE_relay"));
    site::start_program(program.arg(data).args([&address.to_string(), "plain"]))
}

fn carrier(notebook: &Path, url: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_carrier"))
        .arg(notebook)
        .arg(url)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_survive_when_phones_and_relays_are_killed_at_any_byte() {
    let seed = super::seed();
    let mut dice = Dice::new(seed);
    let folder = scratch();
    let data = folder.path().join("relay");
    let mut desk = Desk::open(folder.path(), plain_config(&data)).await;
    let photos = report_with_photos(&mut desk.phones[0], desk.space, 10, (600, 500), seed);
    let files = files_of(&desk.phones[0], &photos);
    let (address, notebook) = (desk.site.address, folder.path().join("phone-0.db"));
    desk.site.stop().await;
    drop(desk.phones);

    // Slow enough that a kill meets a file under way.
    let plan = Plan {
        cut_bytes: Some(200 << 10),
        bytes_per_s: Some(2 << 20),
        seed,
        ..Plan::default()
    };
    let proxy = Proxy::start(([127, 0, 0, 1], 0).into(), address, plan).await;
    let (mut server, mut phone) = (relay(&data, address), carrier(&notebook, &proxy.url()));
    let mut kills = [0, 0];
    let mut promised: Vec<String> = Vec::new();
    while kills[0] + kills[1] < KILLS {
        // Any moment is as good as another: this one has no condition to wait for.
        let micros = dice.below(120_000) as u64;
        tokio::time::sleep(Duration::from_micros(micros)).await;
        let is_relay = dice.percent(50);
        kills[usize::from(is_relay)] += 1;
        if is_relay {
            server.kill().unwrap();
            server.wait().unwrap();
            server = relay(&data, address);
        } else {
            phone.kill().unwrap();
            phone.wait().unwrap();
            promised = check(&notebook, &data, &files, &promised);
            phone = carrier(&notebook, &proxy.url());
        }
    }
    phone.kill().unwrap();
    phone.wait().unwrap();
    let acknowledged = check(&notebook, &data, &files, &promised).len();
    println!("{kills:?} kills of phones and relays, {acknowledged} files acknowledged meanwhile");
    let mut notebooks = site::open_all(&[notebook]).unwrap();
    let key = notebooks[0].identity().unwrap().relay_key;
    let http = HttpRelay::new(&proxy.url(), &key).unwrap();
    let mut rounds = 0;
    while !is_all_acknowledged(&notebooks[0]) {
        rounds += 1;
        assert!(rounds < 500, "it does not end");
        let _ = carry(&http, &mut notebooks[0]).await;
    }
    server.kill().unwrap();
    server.wait().unwrap();
    for (hash, bytes) in &files {
        assert_eq!(stored(&data, hash).as_ref(), Some(bytes));
    }
}

/// After a phone was killed: it has every file still, and what it holds a receipt for, now or at an
/// earlier kill, is whole at the relay. Gives what it holds receipts for.
fn check(
    notebook: &Path,
    data: &Path,
    files: &[(String, Vec<u8>)],
    before: &[String],
) -> Vec<String> {
    let notebooks = site::open_all(&[notebook.to_owned()]).unwrap();
    for (hash, bytes) in files {
        assert_eq!(&notebooks[0].photo_bytes(hash).unwrap(), bytes);
    }
    let mut statement = notebooks[0]
        .reader()
        .prepare("SELECT lower(hex(hash)) FROM blob WHERE NOT is_owed")
        .unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    let acknowledged: Vec<String> = rows.map(Result::unwrap).collect();
    assert!(before.iter().all(|hash| acknowledged.contains(hash)));
    for hash in &acknowledged {
        let (_, bytes) = files.iter().find(|(it, _)| it == hash).unwrap();
        assert_eq!(stored(data, hash).as_ref(), Some(bytes), "acknowledged");
    }
    acknowledged
}
