//! The limits: what the same machine does with the same bytes when nothing is checked.

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use rusqlite::Connection;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// About what a record is as JSON, in bytes.
const RECORD_BYTES: usize = 1_160;

fn full(path: &Path) -> Connection {
    let conn = Connection::open(path).unwrap();
    conn.pragma_update(None, "journal_mode", "WAL").unwrap();
    conn.pragma_update(None, "synchronous", "FULL").unwrap();
    conn
}

type Job = (Bytes, oneshot::Sender<()>);

/// As many requests as there are devices, each with their records in it, taken by a bare axum
/// handler and committed in groups by one SQLite writer with `synchronous=FULL`; seconds.
pub(crate) async fn bare_storm(directory: &Path, devices: usize, each: usize) -> f64 {
    let conn = full(&directory.join("bare-storm.db"));
    conn.execute_batch("CREATE TABLE record (id INTEGER PRIMARY KEY, body BLOB)")
        .unwrap();
    let (jobs, inbox) = channel::<Job>();
    let writer = std::thread::spawn(move || write_groups(conn, &inbox));
    let app = Router::new()
        .route(
            "/",
            post(
                |State(jobs): State<std::sync::mpsc::Sender<Job>>, body: Bytes| async move {
                    let (done, wait) = oneshot::channel();
                    jobs.send((body, done)).unwrap();
                    wait.await.unwrap();
                },
            ),
        )
        .with_state(jobs);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let clients: Vec<_> = (0..devices)
        .map(|_| vanguard_tests::plain_client())
        .collect();
    let begun = Instant::now();
    let requests: Vec<_> = clients
        .into_iter()
        .map(|client| {
            let body = vec![b'x'; RECORD_BYTES * each];
            let request = client.post(&url).body(body).send();
            tokio::spawn(async move { request.await.unwrap().error_for_status().unwrap() })
        })
        .collect();
    for request in requests {
        request.await.unwrap();
    }
    let took = begun.elapsed().as_secs_f64();
    server.abort();
    let _ = server.await;
    writer.join().unwrap();
    took
}

fn write_groups(mut conn: Connection, inbox: &Receiver<Job>) {
    while let Ok(first) = inbox.recv() {
        let group: Vec<Job> = std::iter::once(first).chain(inbox.try_iter()).collect();
        let tx = conn.transaction().unwrap();
        {
            let mut insert = tx
                .prepare_cached("INSERT INTO record (body) VALUES (?1)")
                .unwrap();
            for record in group.iter().flat_map(|(body, _)| body.chunks(RECORD_BYTES)) {
                insert.execute([record]).unwrap();
            }
        }
        tx.commit().unwrap();
        for (_, done) in group {
            let _ = done.send(());
        }
    }
}

/// The same number of rows inserted and indexed for full-text search, in one transaction for each
/// thousand; seconds.
pub(crate) fn bare_catch_up(directory: &Path, total: usize) -> f64 {
    let mut conn = full(&directory.join("bare-catch-up.db"));
    conn.execute_batch(
        "CREATE TABLE record (id INTEGER PRIMARY KEY, body TEXT);
         CREATE VIRTUAL TABLE search USING fts5 (text, content = '');",
    )
    .unwrap();
    let body = "{".repeat(RECORD_BYTES);
    let text = "电 解 槽 护 栏 完 好 ".repeat(8);
    let begun = Instant::now();
    for first in (0..total).step_by(1_000) {
        let tx = conn.transaction().unwrap();
        for id in first..(first + 1_000).min(total) {
            tx.prepare_cached("INSERT INTO record VALUES (?1, ?2)")
                .unwrap()
                .execute((id, &body))
                .unwrap();
            tx.prepare_cached("INSERT INTO search (rowid, text) VALUES (?1, ?2)")
                .unwrap()
                .execute((id, &text))
                .unwrap();
        }
        tx.commit().unwrap();
    }
    begun.elapsed().as_secs_f64()
}

/// One `FULL` transaction of so many bytes, so many times; seconds for each.
pub(crate) fn bare_commits(directory: &Path, bytes: usize, times: usize) -> Vec<f64> {
    let mut conn = full(&directory.join("bare-commits.db"));
    conn.execute_batch("CREATE TABLE record (id INTEGER PRIMARY KEY, body BLOB)")
        .unwrap();
    let body = vec![b'x'; bytes];
    let mut took = Vec::with_capacity(times);
    for _ in 0..times {
        let begun = Instant::now();
        let tx = conn.transaction().unwrap();
        tx.prepare_cached("INSERT INTO record (body) VALUES (?1)")
            .unwrap()
            .execute([&body])
            .unwrap();
        tx.commit().unwrap();
        took.push(begun.elapsed().as_secs_f64());
    }
    took
}
