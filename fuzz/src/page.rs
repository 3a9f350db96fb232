//! A relay's answer committed into a notebook: it is taken whole or not at all, whatever it says,
//! and the notebook works on.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use minicbor::bytes::ByteVec;
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;
use vanguard_core::batch::{change_hash, receipt_statement};
use vanguard_core::env::Env;
use vanguard_core::id::{DeviceId, DocumentId, HazardId, OrgId};
use vanguard_core::invite::Invite;
use vanguard_core::keys::SoftwareKey;
use vanguard_core::model::hazard::{HazardEvent, HazardFields, HazardNature};
use vanguard_core::model::{DocumentKind, Role};
use vanguard_core::sync::{Options, Session, Step};
use vanguard_core::wire::{
    self, AdmittedChange, BatchOutcome, BootstrapProgress, ByteArray32, ChangeOutcome, Cursor,
    DocumentChanges, EnrolResponse, Followed, SyncRequest, SyncResponse,
};
use vanguard_core::{Notebook, Verb};

use super::life::{self, NOW_MS, SPACE};
use super::made_to_fit;

/// Time stands still but for a tick at each look; randomness repeats itself.
struct Still {
    now_ms: AtomicI64,
}

impl Env for Still {
    fn now_ms(&self) -> i64 {
        self.now_ms.fetch_add(1, Ordering::Relaxed)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        let mut state = self.now_ms().cast_unsigned();
        for byte in bytes {
            state = state
                .wrapping_mul(0x5851_f42d_4c95_7f2d)
                .wrapping_add(0x1405_7b7e_f767_814f);
            *byte = (state >> 56) as u8;
        }
    }
}

fn env(from_ms: i64) -> Arc<dyn Env> {
    Arc::new(Still {
        now_ms: AtomicI64::new(from_ms),
    })
}

fn device() -> DeviceId {
    DeviceId(Uuid::from_u128(4))
}

/// A notebook with something acknowledged and something unsent, to begin from each time.
struct Template {
    folder: TempDir,
    relay: SoftwareKey,
}

thread_local! {
    static TEMPLATE: Template = Template::make().expect("a notebook can be made");
}

type Failed = Box<dyn std::error::Error>;

impl Template {
    fn path(&self) -> PathBuf {
        self.folder.path().join("template.db")
    }

    fn make() -> Result<Self, Failed> {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() {
            tempfile::tempdir_in(memory)?
        } else {
            tempfile::tempdir()?
        };
        let relay = SoftwareKey::generate(env(1).as_ref());
        let template = Self { folder, relay };
        let mut notebook = Notebook::open(&template.path(), env(NOW_MS))?;
        let invite = Invite {
            relay_url: "http://nowhere".into(),
            relay_key: template.relay.public_key(),
            secret: [1; 32],
            member_name: "王建国".into(),
        };
        notebook.begin_enrolment(&invite, "手机")?;
        let response = EnrolResponse {
            device: device(),
            member: life::author(1).member,
            credential: [2; 32],
            is_confirmed: true,
        };
        notebook.finish_enrolment(&invite, &response)?;
        template.answer(&mut notebook, first_page())?;
        let fields = HazardFields::new("尚未发送", HazardNature::UnsafeAct);
        let hazard = notebook.report_hazard(SPACE, &fields)?;
        let comment = HazardEvent::Commented {
            text: "备注".into(),
        };
        notebook.act_on_hazard(hazard, &comment)?;
        notebook.act_on_hazard(HazardId(Uuid::from_u128(0xd0c)), &comment)?;
        notebook
            .reader()
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(template)
    }

    /// Gives a notebook an answer to its next request, with the receipt that belongs to it.
    fn answer(&self, notebook: &mut Notebook, mut answer: SyncResponse) -> Result<bool, Failed> {
        let mut session = Session::new(Options::default());
        let Step::Exchange(body) = session.next(notebook)? else {
            return Ok(false);
        };
        let request: SyncRequest = wire::decode(&body)?;
        let mut admitted = Vec::new();
        for (batch, outcome) in request.batches.iter().zip(&answer.outcomes) {
            let BatchOutcome::Judged(outcomes) = outcome else {
                continue;
            };
            let raws = batch.entries.iter().flat_map(|entry| &entry.changes);
            for (raw, outcome) in raws.zip(outcomes) {
                if let ChangeOutcome::Admitted { position, .. } = outcome {
                    let hash = change_hash(raw).unwrap_or_default();
                    admitted.push((ByteArray32(hash), *position));
                }
            }
        }
        let relay = self.relay.public_key().fingerprint();
        let statement = receipt_statement(
            relay,
            device(),
            answer.relay_time_ms,
            &admitted,
            &answer.photos_held,
        );
        if !admitted.is_empty() || !answer.photos_held.is_empty() {
            answer.receipt = Some(self.relay.sign(&statement));
        }
        let before = contents(notebook);
        let taken = session.answered(notebook, &wire::encode(&answer)).is_ok();
        if !taken {
            assert_eq!(
                contents(notebook),
                before,
                "what was not taken left something"
            );
        }
        Ok(taken)
    }
}

/// Commits a page, and works on.
///
/// # Panics
/// Where the notebook is not whole afterwards.
pub fn run(data: &[u8]) {
    let Ok(mut answer) = wire::decode::<SyncResponse>(data) else {
        return;
    };
    for document in answer.tail.iter_mut().chain(&mut answer.documents) {
        for change in &mut document.changes {
            if let Some(raw) = made_to_fit(&change.raw) {
                change.raw = ByteVec::from(raw);
            }
        }
    }
    TEMPLATE.with(|template| run_on(template, answer).expect("the notebook works on"));
}

fn run_on(template: &Template, answer: SyncResponse) -> Result<(), Failed> {
    let path = template.folder.path().join("notebook.db");
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.clone().into_os_string();
        name.push(suffix);
        let _ = std::fs::remove_file(name);
    }
    std::fs::copy(template.path(), &path)?;
    let mut notebook = Notebook::open(&path, env(NOW_MS + 1_000_000))?;
    template.answer(&mut notebook, answer)?;
    // Whole, and of use: the next request, and the next verb where there is a role for it.
    let orphans = notebook
        .reader()
        .prepare("PRAGMA foreign_key_check")?
        .exists([])?;
    assert!(!orphans, "rows without their documents");
    Session::new(Options::default()).next(&mut notebook)?;
    let fields = HazardFields::new("还能写", HazardNature::UnsafeAct);
    match notebook.report_hazard(SPACE, &fields) {
        Ok(_) | Err(vanguard_core::NotebookError::Refused(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// What a notebook holds, in few numbers.
fn contents(notebook: &Notebook) -> Vec<(i64, i64)> {
    let sums = [
        "SELECT count(*), coalesce(sum(length(raw) + coalesce(position, 0) % 1000), 0) FROM change",
        "SELECT count(*), coalesce(sum(directory_position % 1000), 0) FROM outbox",
        "SELECT count(*), coalesce(sum(touched_ms % 1000), 0) FROM document",
        "SELECT count(*), coalesce(sum(length(view)), 0) FROM record",
        "SELECT count(*), coalesce(sum(length(reason)), 0) FROM wanted",
        "SELECT count(*), coalesce(sum(length(statement)), 0) FROM receipt",
        "SELECT count(*), coalesce(sum(length(value)), 0) FROM meta",
        "SELECT count(*), coalesce(sum(is_complete), 0) FROM space",
        "SELECT count(*), coalesce(sum(length(verb)), 0) FROM returned",
    ];
    let sum = |sql: &&str| {
        let row = notebook
            .reader()
            .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)));
        row.unwrap_or((-1, -1))
    };
    sums.iter().map(sum).collect()
}

fn change(position: u64, raw: Vec<u8>) -> AdmittedChange {
    AdmittedChange {
        position,
        received_at_ms: NOW_MS,
        raw: raw.into(),
    }
}

fn cursor(seq: u64) -> Cursor {
    Cursor {
        epoch: [1; 8],
        seq,
        chain: [2; 8],
    }
}

/// An answer that says nothing.
fn nothing() -> SyncResponse {
    SyncResponse {
        relay_time_ms: NOW_MS,
        cursor: cursor(20),
        is_diverged: false,
        outcomes: Vec::new(),
        receipt: None,
        tail: Vec::new(),
        documents: Vec::new(),
        bootstraps: Vec::new(),
        scope: None,
        absent: Vec::new(),
        remaining: 0,
        is_cloned: false,
        photos_held: Vec::new(),
    }
}

/// The directory and the first half of a hazard's life.
fn first_page() -> SyncResponse {
    let mut position = 0;
    let mut whole = |id: Uuid, kind: DocumentKind, fields: serde_json::Value| {
        let verb = Verb::Create {
            header: life::header(id, kind, OrgId::DIRECTORY),
            fields: life::map(fields),
            event: None,
        };
        let made = life::composer(1).perform(&mut automerge::Automerge::new(), &verb, &[]);
        position += 1;
        DocumentChanges {
            document: DocumentId(id),
            changes: vec![change(position, made.expect("a verb is done").raw)],
        }
    };
    let branch = json!({"name": "一支部", "org_kind": "branch"});
    let mut documents = vec![whole(SPACE.0, DocumentKind::Organisation, branch)];
    for n in 1..4 {
        let author = life::author(n);
        let fields = json!({"member": author.member, "role": Role::SafetyOfficer, "org": SPACE});
        documents.push(whole(author.grant.0, DocumentKind::Grant, fields));
    }
    let life = life::life();
    documents.push(DocumentChanges {
        document: DocumentId(Uuid::from_u128(0xd0c)),
        changes: (10..)
            .zip(&life[..5])
            .map(|(at, step)| change(at, step.raw.clone()))
            .collect(),
    });
    let followed = |space| Followed {
        space,
        sees_violations: true,
    };
    SyncResponse {
        documents,
        scope: Some(vec![followed(OrgId::DIRECTORY), followed(SPACE)]),
        ..nothing()
    }
}

/// The seeds: pages of every kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let life = life::life();
    let hazard = DocumentId(Uuid::from_u128(0xd0c));
    let of = |from: u64, steps: &[life::Step]| DocumentChanges {
        document: hazard,
        changes: (from..)
            .zip(steps)
            .map(|(at, step)| change(at, step.raw.clone()))
            .collect(),
    };
    let admitted = |position| ChangeOutcome::Admitted {
        position,
        received_at_ms: None,
    };
    let refused = |reason: &str| ChangeOutcome::Refused {
        reason: reason.into(),
    };
    let judged = |outcomes: [ChangeOutcome; 3]| vec![BatchOutcome::Judged(outcomes.into())];
    let pages = [
        nothing(),
        first_page(),
        SyncResponse {
            tail: vec![of(15, &life[5..])],
            remaining: 3,
            ..nothing()
        },
        SyncResponse {
            tail: vec![of(17, &life[7..])], // its dependencies are missing
            ..nothing()
        },
        SyncResponse {
            documents: vec![of(10, &life)],
            absent: vec![DocumentId(Uuid::from_u128(3))],
            ..nothing()
        },
        SyncResponse {
            outcomes: judged([admitted(21), admitted(22), admitted(23)]),
            ..nothing()
        },
        SyncResponse {
            outcomes: judged([
                refused("role"),
                refused("builds_on_refused"),
                ChangeOutcome::Held,
            ]),
            ..nothing()
        },
        SyncResponse {
            outcomes: vec![BatchOutcome::OutOfOrder { expected: 3 }],
            is_cloned: true,
            ..nothing()
        },
        SyncResponse {
            outcomes: vec![BatchOutcome::Rejected {
                reason: "forged".into(),
            }],
            ..nothing()
        },
        SyncResponse {
            is_diverged: true,
            cursor: Cursor {
                epoch: [9; 8],
                ..cursor(2)
            },
            ..nothing()
        },
        SyncResponse {
            scope: Some(vec![Followed {
                space: OrgId::DIRECTORY,
                sees_violations: false,
            }]),
            bootstraps: vec![BootstrapProgress {
                space: OrgId::DIRECTORY,
                after: None,
                remaining: 0,
            }],
            ..nothing()
        },
    ];
    pages.iter().map(wire::encode).collect()
}
