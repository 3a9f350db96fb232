//! A real bad network: two network namespaces, a link of limited rate between them that loses one
//! packet in twenty in each direction, and a proxy that cuts every 64 KB. Only root can make one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use vanguard_tests::blobs::{files_of, plain_config, report_with_photos, stored};
use vanguard_tests::site::{Site, open_all};
use vanguard_tests::{scratch, skipped};

/// Two namespaces with a link between them, until they are dropped.
struct Link {
    phones: String,
    relay: String,
}

/// Where the relay's end of the link is. The phones' end is beside it.
const RELAY_ADDRESS: &str = "10.203.77.2";
const PHONES_ADDRESS: &str = "10.203.77.1";

impl Link {
    /// `None`, with the reason printed, where this process may not make one.
    fn make() -> Option<Self> {
        let number = std::process::id();
        let link = Self {
            phones: format!("vg-phones-{number}"),
            relay: format!("vg-relay-{number}"),
        };
        let (phones, relay) = (&link.phones, &link.relay);
        let steps = [
            format!("ip netns add {phones}"),
            format!("ip netns add {relay}"),
            format!("ip link add link0 netns {phones} type veth peer name link0 netns {relay}"),
            format!("ip -n {phones} addr add {PHONES_ADDRESS}/24 dev link0"),
            format!("ip -n {relay} addr add {RELAY_ADDRESS}/24 dev link0"),
            // Packets as large as on a real link, so that one lost is one packet lost.
            format!("ip -n {phones} link set link0 up gso_max_segs 1"),
            format!("ip -n {relay} link set link0 up gso_max_segs 1"),
            format!("ip -n {relay} link set lo up"),
            format!(
                "tc -n {phones} qdisc add dev link0 root tbf rate 20mbit burst 32kb latency 200ms"
            ),
            format!(
                "tc -n {relay} qdisc add dev link0 root tbf rate 20mbit burst 32kb latency 200ms"
            ),
        ];
        for step in steps {
            if let Err(reason) = run(&step, "") {
                skipped(&format!("no network of one's own: `{step}`: {reason}"));
                return None;
            }
        }
        let loses = "table inet weak {
            chain input { type filter hook input priority 0;
                iifname \"link0\" numgen random mod 100 < 5 counter drop; }
            chain output { type filter hook output priority 0;
                oifname \"link0\" numgen random mod 100 < 5 counter drop; }
        }";
        if let Err(reason) = run(&format!("ip netns exec {relay} nft -f -"), loses) {
            skipped(&format!("nftables loses no packets: {reason}"));
            return None;
        }
        Some(link)
    }

    /// How many packets were lost.
    fn lost(&self) -> u64 {
        let list = format!("ip netns exec {} nft list table inet weak", self.relay);
        let listed = run(&list, "").unwrap();
        let mut counts = listed.split("packets ").skip(1);
        let number = |text: &str| text.split(' ').next().unwrap().parse::<u64>().unwrap();
        counts.by_ref().map(number).sum()
    }

    /// A program of the tests within a namespace.
    fn start(namespace: &str, program: &str, arguments: &[&str]) -> Child {
        Command::new("ip")
            .args(["netns", "exec", namespace, program])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        for namespace in [&self.phones, &self.relay] {
            let _ = run(&format!("ip netns del {namespace}"), "");
        }
    }
}

/// Runs a command; gives what it printed.
fn run(command: &str, input: &str) -> Result<String, String> {
    let mut words = command.split(' ');
    let mut child = Command::new(words.next().unwrap())
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut stdin = child.stdin.take().unwrap();
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child
        .wait_with_output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

/// A process that ends with the test.
struct Ended(Child);

impl Ended {
    fn line(&mut self) -> String {
        let mut line = String::new();
        let said = self.0.stdout.as_mut().unwrap();
        BufReader::new(said).read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Phones that upload at a time, and how many photos each has.
const PHONES: usize = 4;
const PHOTOS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn forty_photos_arrive_over_a_link_that_loses_and_is_cut_and_cost_little_more_than_themselves()
 {
    let seed = super::seed();
    let Some(link) = Link::make() else { return };
    let folder = scratch();
    let data = folder.path().join("relay");
    let site = Site::start_as(plain_config(&data), None).await;
    let (space, notebooks) = site.enrol_branch(folder.path(), PHONES).await;
    site.stop().await;
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for (number, notebook) in open_all(&notebooks).unwrap().iter_mut().enumerate() {
        let seed = seed * 10 + number as u64;
        let photos = report_with_photos(notebook, space, PHOTOS, (1_300, 880), seed);
        files.extend(files_of(notebook, &photos));
    }
    let content: u64 = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();

    let measured = tokio::task::spawn_blocking(move || {
        let relay_at = "127.0.0.1:8443";
        let proxy_at = format!("{RELAY_ADDRESS}:8444");
        let relay = [data.to_str().unwrap(), relay_at, "plain"];
        let mut relay = Ended(Link::start(
            &link.relay,
            env!("CARGO_BIN_EXE_relay"),
            &relay,
        ));
        assert_eq!(relay.line(), "ready");
        let proxy = [proxy_at.as_str(), relay_at, "65536"];
        let mut proxy = Ended(Link::start(
            &link.relay,
            env!("CARGO_BIN_EXE_proxy"),
            &proxy,
        ));
        assert_eq!(proxy.line(), "ready");
        let url = format!("http://{proxy_at}");
        let started = std::time::Instant::now();
        let mut phones: Vec<Ended> = notebooks
            .iter()
            .map(|notebook| {
                let arguments = [notebook.to_str().unwrap(), url.as_str()];
                Ended(Link::start(
                    &link.phones,
                    env!("CARGO_BIN_EXE_carrier"),
                    &arguments,
                ))
            })
            .collect();
        for phone in &mut phones {
            assert_eq!(phone.line(), "there");
        }
        let seconds = started.elapsed().as_secs_f64();
        proxy.0.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        let counts: Vec<u64> = proxy
            .line()
            .split(' ')
            .map(|it| it.parse().unwrap())
            .collect();
        let lost = link.lost();
        for (hash, bytes) in &files {
            assert_eq!(stored(&data, hash).as_ref(), Some(bytes));
        }
        (counts, lost, seconds, files.len())
    });
    let (counts, lost, seconds, count) = measured.await.unwrap();
    let [connections, cuts, sent] = counts[..] else {
        panic!("{counts:?}");
    };
    println!(
        "{count} files of {content} bytes cost {sent} bytes of bodies in {seconds:.0} s over \
         {connections} connections, {cuts} of them cut; {lost} packets were lost"
    );
    assert!(lost > 100 && cuts > content / 65_536 / 2);
    assert!(
        sent * 100 <= content * super::MOST_PERCENT,
        "{sent} for {content}"
    );
}
