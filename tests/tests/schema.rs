//! The API as others meet it: schemathesis tries every operation of its OpenAPI document with
//! generated input, good and bad, and spreadsheet programs that nobody here wrote read the ledger's
//! workbook; both against a running relay with an organisation in it.

#![allow(clippy::unwrap_used, missing_docs)]

use std::path::PathBuf;
use std::process::Command;

use reqwest::Client;
use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, SET_COOKIE};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use vanguard_core::SystemEnv;
use vanguard_server::{Config, Server, Tls, import};

const PASSWORD: &str = "安全生产人人有责2026";

async fn post(client: &Client, url: String, cookie: &str, body: Value) -> reqwest::Response {
    let response = client
        .post(url)
        .header(CONTENT_TYPE, "application/json")
        .header("Sec-Fetch-Site", "same-origin")
        .header(COOKIE, cookie)
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    let status = response.status();
    assert!(
        status.is_success(),
        "{status}: {}",
        response.text().await.unwrap()
    );
    response
}

/// A relay with the samples' organisation and somebody signed in.
struct Desk {
    url: String,
    cookie: String,
    client: Client,
    directory: TempDir,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl Desk {
    async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config::new(directory.path().join("relay"));
        config.tls = Tls::Plain;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server::start(listener, config).unwrap();
        let (relay, ready) = (server.relay(), server.ready().clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(server.run(async move {
            let _ = stopped.await;
        }));

        let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/samples");
        let files: Vec<_> = std::fs::read_dir(samples)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "csv"))
            .collect();
        import::run(&relay, &files, &SystemEnv).await.unwrap();

        let client = vanguard_tests::plain_client();
        let (url, setup) = (ready.public_url, ready.setup_url.unwrap());
        let (_, token) = setup.split_once("token=").unwrap();
        let administrator = json!({
            "token": token, "organisation": "中共远山铝业公司委员会", "name": "陈安", "number": "90001",
            "password": PASSWORD,
        });
        post(&client, format!("{url}/api/setup"), "", administrator).await;
        let sign_in = json!({"number": "90001", "password": PASSWORD});
        let signed_in = post(&client, format!("{url}/api/sessions"), "", sign_in).await;
        let cookie = signed_in.headers()[SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Self {
            url,
            cookie,
            client,
            directory,
            stop,
            running,
        }
    }

    async fn close(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap();
    }
}

/// A program of the virtual environment that the test command makes.
fn tool(name: &str) -> PathBuf {
    let schemathesis = std::env::var_os("SCHEMATHESIS");
    let hint = "SCHEMATHESIS must name the program: run `cargo xtask test openapi`";
    assert!(schemathesis.is_some(), "{hint}");
    let schemathesis = schemathesis.unwrap_or_default();
    PathBuf::from(schemathesis).with_file_name(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_keeps_to_its_own_description() {
    let desk = Desk::open().await;
    let described = format!("{}/api/openapi.json", desk.url);
    let cookie = desk.cookie.clone();
    let checked = tokio::task::spawn_blocking(move || {
        Command::new(tool("schemathesis"))
            .args(["run", &described])
            .args(["--header", &format!("Cookie: {cookie}")])
            .args(["--header", "Sec-Fetch-Site: same-origin"])
            .args(["--seed", "2026", "--max-examples", "20", "--workers", "2"])
            // Signing out would end the session that all the others need.
            .args(["--exclude-path", "/sessions/current"])
            .args(["--exclude-operation-id", "sign_out_everywhere"])
            .args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance"])
            .args(["--suppress-health-check", "all", "--no-color"])
            .status()
            .unwrap()
    });
    let status = checked.await.unwrap();
    desk.close().await;
    assert!(status.success(), "schemathesis: {status}");
}

/// What a workbook says, read by openpyxl: frozen panes, widths, and the cells with their types.
const READ_BACK: &str = r#"
import json, sys
from openpyxl import load_workbook
sheet = load_workbook(sys.argv[1]).active
print(json.dumps({
    "freeze": sheet.freeze_panes,
    "widths": [sheet.column_dimensions[cell.column_letter].width for cell in sheet[1]],
    "header": [cell.value for cell in sheet[1]],
    "rows": [[[cell.data_type, cell.is_date, str(cell.value)] for cell in row] for row in sheet.iter_rows(min_row=2)],
    "links": [row[0].hyperlink.target for row in sheet.iter_rows(min_row=2)],
}))
"#;

/// Descriptions that a careless export would spoil: a formula, a leading zero, lines, quotes.
const DESCRIPTIONS: [&str; 3] = ["=1+1", "007号槽", "护栏缺失，“二号”门\n第二行"];

#[tokio::test(flavor = "multi_thread")]
async fn the_ledgers_workbook_reads_in_other_programs() {
    let desk = Desk::open().await;
    let get = |path: &str, accept: &'static str| {
        let request = desk.client.get(format!("{}/api{path}", desk.url));
        let request = request.header(COOKIE, &desk.cookie).header(ACCEPT, accept);
        request.header("Accept-Language", "zh-CN").send()
    };
    let orgs = get("/organisations?limit=200", "application/json").await;
    let orgs = orgs.unwrap().bytes().await.unwrap();
    let orgs: Value = serde_json::from_slice(&orgs).unwrap();
    let space = orgs["rows"][0]["id"].as_str().unwrap();
    for description in DESCRIPTIONS {
        let photo = json!({
            "hash": "ab".repeat(32), "bytes": 9, "width_px": 3, "height_px": 2,
            "thumbnail": {"hash": "cd".repeat(32), "bytes": 5},
        });
        let hazard = json!({
            "description": description, "nature": "unsafe_condition", "photos": [photo],
        });
        let url = format!("{}/api/hazards?space={space}", desk.url);
        post(&desk.client, url, &desk.cookie, hazard).await;
    }
    let media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let book = get("/ledger", media).await.unwrap().bytes().await.unwrap();
    let file = desk.directory.path().join("ledger.xlsx");
    std::fs::write(&file, &book).unwrap();

    let mut python = Command::new(tool("python3"));
    let read = python.args(["-c", READ_BACK]).arg(&file).output().unwrap();
    let complaint = String::from_utf8_lossy(&read.stderr);
    assert!(read.status.success(), "openpyxl: {complaint}");
    let read: Value = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!(
        read["freeze"], "B2",
        "the header and the number stay in sight"
    );
    assert_eq!(read["header"][0], "编号");
    assert_eq!(read["header"][1], "检查时间");
    let widths = read["widths"].as_array().unwrap();
    assert!(widths.iter().all(|width| width.as_f64().unwrap() > 9.0));
    let rows = read["rows"].as_array().unwrap();
    let mut descriptions: Vec<&str> = rows
        .iter()
        .map(|row| {
            assert_eq!(row[1][1], true, "a time is a date, not a text: {row}");
            assert_eq!(
                row[6][0], "s",
                "a description is a text, not a formula: {row}"
            );
            let [.., before, after] = row.as_array().unwrap().as_slice() else {
                panic!("{row}");
            };
            assert_eq!(
                (before, after),
                (&json!(["n", false, "1"]), &json!(["n", false, "0"]))
            );
            row[6][2].as_str().unwrap()
        })
        .collect();
    descriptions.sort_unstable();
    let mut written = DESCRIPTIONS;
    written.sort_unstable();
    assert_eq!(descriptions, written);
    for link in read["links"].as_array().unwrap() {
        let page = link.as_str().unwrap();
        let id = page
            .strip_prefix(&format!("{}/hazards/", desk.url))
            .unwrap();
        let found = get(&format!("/hazards/{id}"), "application/json").await;
        assert!(found.unwrap().status().is_success(), "{page}");
    }

    let office = Command::new("soffice")
        .arg(format!(
            "-env:UserInstallation=file://{}/office",
            desk.directory.path().display()
        ))
        .args([
            "--headless",
            "--convert-to",
            // Commas, UTF-8, from the first row on; texts in quotes, and only they.
            "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true",
        ])
        .arg("--outdir")
        .arg(desk.directory.path())
        .arg(&file)
        .output()
        .expect("LibreOffice reads workbooks: `cargo xtask test openapi` installs it");
    assert!(office.status.success(), "{office:?}");
    let text = std::fs::read_to_string(desk.directory.path().join("ledger.csv")).unwrap();
    let text = text.trim_start_matches('\u{feff}');
    assert!(text.starts_with("\"编号\",\"检查时间\""), "{text}");
    for description in ["\"=1+1\"", "\"007号槽\"", "“二号”门\n第二行\""] {
        assert!(text.contains(description), "{description}: {text}");
    }
    let numbered = text.lines().filter(|line| line.starts_with("\"20"));
    let times: Vec<&str> = numbered.filter_map(|row| row.split(',').nth(1)).collect();
    assert_eq!(times.len(), DESCRIPTIONS.len(), "{text}");
    for time in times {
        assert!(
            time.starts_with("20"),
            "a time is a date, not a text: {text}"
        );
    }
    let photos = text.lines().filter(|line| line.ends_with(",1,0"));
    assert_eq!(photos.count(), DESCRIPTIONS.len(), "{text}");
    desk.close().await;
}
