//! The log's one writer: a thread that commits whatever has come in together, in one transaction
//! (group commit), and only then answers. Nothing is acknowledged that is not on disk.

mod page;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{oneshot, watch};
use vanguard_core::admission;
use vanguard_core::env::Env;
use vanguard_core::model::DocumentKind;
use vanguard_core::rules::{Directory, Refusal};
use vanguard_core::wire::BatchOutcome;

use crate::relay::RelayError;
use crate::relay::judge::{self, Basis, Judged};
use crate::relay::log;
use crate::relay::pusher::{Pusher, Verified};

use page::Page;

/// A push on its way into the log.
pub(super) struct Job {
    pub(super) pusher: Pusher,
    pub(super) batches: Vec<Verified>,
    /// The decisions that were made outside, and what they rested on.
    pub(super) judged: Vec<Vec<Judged>>,
    pub(super) basis: Basis,
    pub(super) directory: Arc<Directory>,
    /// For the console: nothing is written where anything would be refused.
    pub(super) is_all_or_nothing: bool,
    pub(super) reply: oneshot::Sender<Answer>,
}

/// What became of a job.
pub(super) enum Answer {
    /// One outcome for each batch, and when the relay received them.
    Done {
        outcomes: Vec<BatchOutcome>,
        received_at_ms: i64,
    },
    /// An all-or-nothing job was refused at this change.
    Refused { index: usize, refusal: Refusal },
    /// The disk failed; nothing is in the log.
    Failed(RelayError),
}

/// The writer's shared face.
pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    directory: watch::Receiver<Arc<Directory>>,
    head: watch::Receiver<u64>,
}

impl Writer {
    /// Starts the writer's thread on its connection.
    pub(super) fn start(conn: Connection, env: Arc<dyn Env>, grace_ms: i64) -> log::Result<Self> {
        let directory = Arc::new(read_directory(&conn)?);
        let head = log::head(&conn)?.seq;
        let (jobs, inbox) = channel();
        let (directory_news, directory_seen) = watch::channel(directory);
        let (head_news, head_seen) = watch::channel(head);
        let mut desk = Desk {
            conn,
            env,
            grace_ms,
            directory_news,
            head_news,
            data_version: 0,
        };
        desk.data_version = desk.read_data_version()?;
        let thread = std::thread::Builder::new()
            .name("log-writer".into())
            .spawn(move || desk.run(&inbox))
            .map_err(|_| rusqlite::Error::InvalidQuery)?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
            directory: directory_seen,
            head: head_seen,
        })
    }

    /// Hands a job in; false when the writer has stopped.
    pub(super) fn submit(&self, job: Job) -> bool {
        self.jobs
            .as_ref()
            .is_some_and(|jobs| jobs.send(job).is_ok())
    }

    /// The directory as of the last commit.
    pub(super) fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory.borrow())
    }

    /// The end of the log as of the last commit.
    pub(super) fn head(&self) -> watch::Receiver<u64> {
        self.head.clone()
    }
}

impl Drop for Writer {
    /// Answers what was handed in, then stops.
    fn drop(&mut self) {
        self.jobs.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The writer's thread.
struct Desk {
    conn: Connection,
    env: Arc<dyn Env>,
    grace_ms: i64,
    directory_news: watch::Sender<Arc<Directory>>,
    head_news: watch::Sender<u64>,
    data_version: i64,
}

/// At most so many jobs share a transaction, so that the first does not wait for ever.
const GROUP_LIMIT: usize = 256;
/// How often the writer looks whether another process (an import) has written to the log.
const LOOK_ROUND: std::time::Duration = std::time::Duration::from_millis(500);

impl Desk {
    fn run(&mut self, inbox: &Receiver<Job>) {
        loop {
            match inbox.recv_timeout(LOOK_ROUND) {
                Ok(first) => {
                    let mut group = vec![first];
                    group.extend(inbox.try_iter().take(GROUP_LIMIT - 1));
                    self.commit_group(group);
                }
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                    // A failed look is made again; nothing rests on it but freshness.
                    let _ = self.notice_others();
                }
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn commit_group(&mut self, group: Vec<Job>) {
        let mut replies = Vec::with_capacity(group.len());
        let written = self.write_group(group, &mut replies);
        match written {
            Ok((directory, head)) => {
                if let Some(directory) = directory {
                    self.directory_news.send_replace(directory);
                }
                self.head_news
                    .send_if_modified(|seen| std::mem::replace(seen, head) != head);
                for (reply, answer) in replies {
                    let _ = reply.send(answer); // whoever asked may have gone
                }
            }
            Err(error) => {
                for (reply, _) in replies {
                    let _ = reply.send(Answer::Failed((&error).into()));
                }
            }
        }
    }

    fn write_group(
        &mut self,
        group: Vec<Job>,
        replies: &mut Vec<(oneshot::Sender<Answer>, Answer)>,
    ) -> log::Result<(Option<Arc<Directory>>, u64)> {
        // Every job gets an answer, also when the transaction does not even begin.
        let mut work = Vec::with_capacity(group.len());
        for job in group {
            let Job {
                pusher,
                batches,
                judged,
                basis,
                directory,
                is_all_or_nothing,
                reply,
            } = job;
            replies.push((reply, Answer::Failed(RelayError::Stopped)));
            work.push((pusher, batches, judged, basis, directory, is_all_or_nothing));
        }
        self.notice_others()?;
        let now_ms = self.env.now_ms();
        let known = Arc::clone(&self.directory_news.borrow());
        let tx = self
            .conn
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut page = Page {
            conn: &tx,
            head: log::head(&tx)?,
            directory: known,
            is_directory_changed: false,
            now_ms,
            grace_ms: self.grace_ms,
            work_left: judge::WORK_LIMIT,
        };
        for (at, (pusher, batches, judged, basis, directory, is_all)) in
            work.into_iter().enumerate()
        {
            let is_fresh =
                Arc::ptr_eq(&directory, &page.directory) && judge::still_stands(&tx, &basis)?;
            let judged = if is_fresh {
                judged
            } else {
                page.judge_again(&pusher, &batches)?
            };
            replies[at].1 = page.write_job(&pusher, &batches, judged, is_all)?;
        }
        log::set_head(&tx, &page.head)?;
        let Page {
            head,
            directory,
            is_directory_changed,
            ..
        } = page;
        #[cfg(feature = "defects")]
        if vanguard_core::defects::Defect::ReceiptBeforeLog.is_planted() {
            for (reply, answer) in replies.drain(..) {
                let _ = reply.send(answer);
            }
            vanguard_core::defects::Defect::ReceiptBeforeLog.linger();
        }
        tx.commit()?;
        Ok((is_directory_changed.then_some(directory), head.seq))
    }

    fn read_data_version(&self) -> log::Result<i64> {
        self.conn
            .query_row("PRAGMA data_version", [], |row| row.get(0))
    }

    /// Takes in what another process has written to the log.
    fn notice_others(&mut self) -> log::Result<()> {
        let version = self.read_data_version()?;
        if version != self.data_version {
            self.directory_news
                .send_replace(Arc::new(read_directory(&self.conn)?));
            let head = log::head(&self.conn)?.seq;
            self.head_news
                .send_if_modified(|seen| std::mem::replace(seen, head) != head);
            self.data_version = version;
        }
        Ok(())
    }
}

/// The directory as the log has it.
fn read_directory(conn: &Connection) -> log::Result<Directory> {
    let mut directory = Directory::default();
    let mut statement = conn.prepare("SELECT doc FROM document WHERE kind IN (?1, ?2)")?;
    let kinds = (DocumentKind::Organisation, DocumentKind::Grant);
    let docs: Vec<i64> = statement
        .query_map(kinds, |row| row.get(0))?
        .collect::<log::Result<_>>()?;
    for doc in docs {
        if let Some(subject) = judge::load_subject(conn, doc)? {
            let _ = admission::note_in_directory(&mut directory, &subject);
        }
    }
    Ok(directory)
}
