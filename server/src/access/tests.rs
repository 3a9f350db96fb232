use std::sync::atomic::{AtomicI64, Ordering};

use rusqlite::Connection;
use vanguard_core::SystemEnv;
use vanguard_core::id::{DeviceId, MemberId};
use vanguard_core::keys::SoftwareKey;
use vanguard_core::wire::Health;

use super::*;

/// A clock that a test turns by hand.
struct Clock(AtomicI64);

impl Env for Clock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        SystemEnv.fill_random(bytes);
    }
}

struct Book {
    access: Access,
    clock: Arc<Clock>,
    folder: tempfile::TempDir,
}

const HOUR_MS: i64 = 3_600_000;

fn book() -> Book {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Clock(AtomicI64::new(1_700_000_000_000)));
    let access = Access::open(folder.path(), clock.clone()).unwrap();
    Book {
        access,
        clock,
        folder,
    }
}

impl Book {
    fn pass(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::Relaxed);
    }
}

fn member() -> MemberId {
    let env: &dyn Env = &SystemEnv;
    MemberId(env.uuid_v7())
}

fn enrolment(secret: [u8; 32]) -> Enrolment {
    Enrolment {
        secret,
        public_key: SoftwareKey::generate(&SystemEnv).public_key(),
        name: "手机".into(),
        code: "123456".into(),
        is_confirmed: false,
    }
}

#[test]
fn an_invite_enrols_one_device_once() {
    let book = book();
    let wang = member();
    let secret = book
        .access
        .create_invite(wang, HOUR_MS, MemberId::OPERATOR)
        .unwrap();
    let first = enrolment(secret);
    let enrolled = book.access.enrol(&first).unwrap();
    assert_eq!(enrolled.member, wang);
    let second = book.access.enrol(&enrolment(secret));
    assert!(matches!(second, Err(EnrolError::Used)));
    let guess = book.access.enrol(&enrolment([7; 32]));
    assert!(matches!(guess, Err(EnrolError::Unknown)));

    let other = book
        .access
        .create_invite(wang, HOUR_MS, MemberId::OPERATOR)
        .unwrap();
    let same_key = Enrolment {
        secret: other,
        ..first
    };
    let again = book.access.enrol(&same_key);
    assert!(matches!(again, Err(EnrolError::KeyInUse)));
}

#[test]
fn a_phone_whose_answer_was_lost_asks_again_until_it_has_synced() {
    let book = book();
    let secret = book
        .access
        .create_invite(member(), HOUR_MS, MemberId::OPERATOR)
        .unwrap();
    let phone = enrolment(secret);
    let lost = book.access.enrol(&phone).unwrap();
    let again = book.access.enrol(&phone).unwrap();
    assert_eq!(again.device, lost.device);
    let find = |credential| book.access.device_by_credential(credential).unwrap();
    assert!(
        find(&lost.credential).is_none(),
        "the lost one no longer holds"
    );
    assert_eq!(find(&again.credential).unwrap().id, lost.device);

    book.access.note_first_sync(lost.device).unwrap();
    let late = book.access.enrol(&phone);
    assert!(matches!(late, Err(EnrolError::Used)));
    assert!(find(&again.credential).is_some());
}

#[test]
fn an_invite_runs_out() {
    let book = book();
    let secret = book
        .access
        .create_invite(member(), HOUR_MS, MemberId::OPERATOR)
        .unwrap();
    book.pass(HOUR_MS);
    let late = book.access.enrol(&enrolment(secret));
    assert!(matches!(late, Err(EnrolError::Expired)));
}

#[test]
fn the_command_line_confirms_and_revokes_while_a_relay_runs() {
    let book = book();
    let secret = book
        .access
        .create_invite(member(), HOUR_MS, MemberId::OPERATOR)
        .unwrap();
    let enrolled = book.access.enrol(&enrolment(secret)).unwrap();
    let status = || {
        let row = book.access.device_by_credential(&enrolled.credential);
        row.unwrap().unwrap().status()
    };
    assert_eq!(status(), DeviceStatus::Unconfirmed);

    let other = Access::open(book.folder.path(), book.clock.clone()).unwrap();
    let waiting = other.devices_waiting_with("123456").unwrap();
    assert_eq!(waiting.len(), 1);
    assert!(other.devices_waiting_with("654321").unwrap().is_empty());
    let id = enrolled.device;
    assert!(other.confirm_device(id, MemberId::OPERATOR).unwrap());
    assert_eq!(status(), DeviceStatus::Confirmed);
    assert!(other.devices_waiting_with("123456").unwrap().is_empty());
    assert!(other.revoke_device(id, MemberId::OPERATOR).unwrap());
    assert!(!other.revoke_device(id, MemberId::OPERATOR).unwrap());
    assert_eq!(status(), DeviceStatus::Revoked);
    let counts = book.access.count_devices().unwrap();
    assert_eq!(
        (counts.confirmed, counts.unconfirmed, counts.revoked),
        (0, 0, 1)
    );
    let nobody = DeviceId(member().0);
    assert!(!other.confirm_device(nobody, MemberId::OPERATOR).unwrap());
}

#[test]
fn the_last_contact_is_written_a_little_later() {
    let book = book();
    let secret = book
        .access
        .create_invite(member(), HOUR_MS, MemberId::OPERATOR)
        .unwrap();
    let id = book.access.enrol(&enrolment(secret)).unwrap().device;
    let health = Health {
        device_time_ms: book.clock.now_ms() - 5_000,
        unsent: 3,
        oldest_unsent_ms: Some(7),
        photos_owed: 2,
        photo_bytes_owed: 800_000,
    };
    book.access.note_contact(id, health);
    assert_eq!(book.access.device(id).unwrap().unwrap().contact, None);
    book.access.flush_contacts().unwrap();
    let expected = Contact {
        at_ms: book.clock.now_ms(),
        unsent: 3,
        oldest_unsent_ms: Some(7),
        photos_owed: 2,
        photo_bytes_owed: 800_000,
        clock_offset_ms: 5_000,
    };
    let row = book.access.device(id).unwrap().unwrap();
    assert_eq!(row.contact, Some(expected));
}

#[test]
fn a_session_ends_by_itself_by_sign_out_and_by_a_new_password() {
    let book = book();
    let session = Session {
        member: member(),
        number: "1001".into(),
        name: "王建国".into(),
    };
    let is_in = |token: &str| book.access.session(token).unwrap().is_some();
    let token = book.access.create_session(&session).unwrap();
    assert!(is_in(&token));
    book.access.end_session(&token).unwrap();
    assert!(!is_in(&token));
    let token = book.access.create_session(&session).unwrap();
    book.access
        .put_account(session.member, "$argon2id$")
        .unwrap();
    assert!(!is_in(&token));
    let token = book.access.create_session(&session).unwrap();
    book.pass(SESSION_MS);
    assert!(!is_in(&token));
}

#[test]
fn the_setup_link_works_once_and_only_the_latest() {
    let book = book();
    assert!(book.access.has_no_account().unwrap());
    let first = book.access.create_setup_token().unwrap();
    let second = book.access.create_setup_token().unwrap();
    assert!(!book.access.is_setup_token(&first).unwrap());
    assert!(book.access.is_setup_token(&second).unwrap());
    let made = book.access.create_first_account(&second, member(), "hash");
    assert!(made.unwrap());
    let again = book.access.create_first_account(&second, member(), "hash");
    assert!(!again.unwrap());
    assert!(!book.access.has_no_account().unwrap());
}

#[test]
fn no_secret_is_in_the_file() {
    let book = book();
    let secret = book
        .access
        .create_invite(member(), HOUR_MS, MemberId::OPERATOR)
        .unwrap();
    let credential = book.access.enrol(&enrolment(secret)).unwrap().credential;
    let token = book.access.create_setup_token().unwrap();
    let mut bytes = std::fs::read(book.folder.path().join("access.db")).unwrap();
    bytes.extend(std::fs::read(book.folder.path().join("access.db-wal")).unwrap());
    for needle in [&secret[..], &credential[..], token.as_bytes()] {
        assert!(!bytes.windows(needle.len()).any(|window| window == needle));
    }
}

#[test]
fn a_file_of_a_newer_program_is_left_alone() {
    let book = book();
    let path = book.folder.path().join("access.db");
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    let opened = Access::open(book.folder.path(), book.clock.clone());
    assert!(opened.is_err());
}

#[test]
fn what_every_request_asks_for_has_an_index() {
    let book = book();
    let db = book.access.db();
    let queries = [
        format!("{} {}", sql::DEVICE_COLUMNS, sql::BY_CREDENTIAL),
        format!("{} {}", sql::DEVICE_COLUMNS, sql::BY_ID),
        format!("{} {}", sql::DEVICE_COLUMNS, sql::BY_WAITING_CODE),
        sql::FIND_SESSION.to_owned(),
    ];
    for query in queries {
        let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
        let unbound = vec![rusqlite::types::Null; statement.parameter_count()];
        let steps = statement
            .query_map(rusqlite::params_from_iter(unbound), |row| {
                row.get::<_, String>(3)
            })
            .unwrap();
        for step in steps {
            let step = step.unwrap();
            assert!(!step.starts_with("SCAN"), "{query}: {step}");
        }
    }
}
