//! Every statement on `access.db`, and the numbered migrations that make its tables. Nothing here
//! knows what the statements are for; the modules beside it do.

/// The migrations of the file in order.
pub(super) const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE invite (
        secret_hash BLOB PRIMARY KEY,
        member BLOB NOT NULL,
        created_by BLOB NOT NULL,
        created_at_ms INTEGER NOT NULL,
        expires_at_ms INTEGER NOT NULL,
        used_at_ms INTEGER,
        device BLOB
    ) STRICT;
    CREATE TABLE device (
        id BLOB PRIMARY KEY,
        member BLOB NOT NULL,
        public_key BLOB NOT NULL UNIQUE,
        credential_hash BLOB NOT NULL UNIQUE,
        name TEXT NOT NULL,
        code TEXT NOT NULL,
        enrolled_at_ms INTEGER NOT NULL,
        confirmed_at_ms INTEGER,
        confirmed_by BLOB,
        first_sync_at_ms INTEGER,
        revoked_at_ms INTEGER,
        revoked_by BLOB
    ) STRICT;
    CREATE INDEX device_waiting ON device (code) WHERE confirmed_at_ms IS NULL;
    CREATE TABLE contact (
        device BLOB PRIMARY KEY,
        last_contact_ms INTEGER NOT NULL,
        unsent INTEGER NOT NULL,
        oldest_unsent_ms INTEGER,
        clock_offset_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE account (
        member BLOB PRIMARY KEY,
        password_hash TEXT NOT NULL,
        created_at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE session (
        token_hash BLOB PRIMARY KEY,
        member BLOB NOT NULL,
        number TEXT NOT NULL,
        name TEXT NOT NULL,
        created_at_ms INTEGER NOT NULL,
        expires_at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX session_expiry ON session (expires_at_ms);
    CREATE TABLE setup_link (
        token_hash BLOB PRIMARY KEY,
        created_at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
",
    "
    CREATE TABLE sign_in_link (
        token_hash BLOB PRIMARY KEY,
        member BLOB NOT NULL,
        number TEXT NOT NULL,
        name TEXT NOT NULL,
        expires_at_ms INTEGER NOT NULL
    ) STRICT;
",
    "
    ALTER TABLE contact ADD COLUMN photos_owed INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE contact ADD COLUMN photo_bytes_owed INTEGER NOT NULL DEFAULT 0;
",
];

pub(super) const INSERT_INVITE: &str =
    "INSERT INTO invite (secret_hash, member, created_by, created_at_ms, expires_at_ms)
     VALUES (?1, ?2, ?3, ?4, ?5)";
pub(super) const FIND_INVITE: &str =
    "SELECT member, expires_at_ms, device FROM invite WHERE secret_hash = ?1";
pub(super) const USE_INVITE: &str = "UPDATE invite SET used_at_ms = ?2, device = ?3
     WHERE secret_hash = ?1 AND used_at_ms IS NULL";

pub(super) const INSERT_DEVICE: &str =
    "INSERT INTO device (id, member, public_key, credential_hash, name, code, enrolled_at_ms,
                         confirmed_at_ms)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
pub(super) const DEVICE_COLUMNS: &str =
    "SELECT id, member, public_key, name, code, enrolled_at_ms, confirmed_at_ms,
            first_sync_at_ms, revoked_at_ms, last_contact_ms, unsent, oldest_unsent_ms,
            clock_offset_ms, photos_owed, photo_bytes_owed
     FROM device LEFT JOIN contact ON contact.device = device.id";
pub(super) const BY_CREDENTIAL: &str = "WHERE credential_hash = ?1";
pub(super) const BY_ID: &str = "WHERE id = ?1";
pub(super) const BY_KEY: &str = "WHERE public_key = ?1";
pub(super) const BY_WAITING_CODE: &str =
    "WHERE code = ?1 AND confirmed_at_ms IS NULL AND revoked_at_ms IS NULL";
pub(super) const ALL_DEVICES: &str = "ORDER BY enrolled_at_ms DESC, id";
pub(super) const REPLACE_CREDENTIAL: &str =
    "UPDATE device SET credential_hash = ?2 WHERE id = ?1 AND first_sync_at_ms IS NULL";
pub(super) const CONFIRM_DEVICE: &str = "UPDATE device SET confirmed_at_ms = ?2, confirmed_by = ?3
     WHERE id = ?1 AND confirmed_at_ms IS NULL AND revoked_at_ms IS NULL";
pub(super) const REVOKE_DEVICE: &str = "UPDATE device SET revoked_at_ms = ?2, revoked_by = ?3
     WHERE id = ?1 AND revoked_at_ms IS NULL";
pub(super) const NOTE_FIRST_SYNC: &str =
    "UPDATE device SET first_sync_at_ms = ?2 WHERE id = ?1 AND first_sync_at_ms IS NULL";
pub(super) const COUNT_DEVICES: &str =
    "SELECT count(*) FILTER (WHERE revoked_at_ms IS NULL AND confirmed_at_ms IS NOT NULL),
            count(*) FILTER (WHERE revoked_at_ms IS NULL AND confirmed_at_ms IS NULL),
            count(*) FILTER (WHERE revoked_at_ms IS NOT NULL)
     FROM device";
pub(super) const PUT_CONTACT: &str =
    "INSERT INTO contact (device, last_contact_ms, unsent, oldest_unsent_ms, clock_offset_ms,
                          photos_owed, photo_bytes_owed)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
     ON CONFLICT (device) DO UPDATE SET last_contact_ms = excluded.last_contact_ms,
        unsent = excluded.unsent, oldest_unsent_ms = excluded.oldest_unsent_ms,
        clock_offset_ms = excluded.clock_offset_ms, photos_owed = excluded.photos_owed,
        photo_bytes_owed = excluded.photo_bytes_owed";

pub(super) const PUT_ACCOUNT: &str =
    "INSERT INTO account (member, password_hash, created_at_ms) VALUES (?1, ?2, ?3)
     ON CONFLICT (member) DO UPDATE SET password_hash = excluded.password_hash";
pub(super) const FIND_ACCOUNT: &str = "SELECT password_hash FROM account WHERE member = ?1";
pub(super) const COUNT_ACCOUNTS: &str = "SELECT count(*) FROM account";
pub(super) const INSERT_SESSION: &str =
    "INSERT INTO session (token_hash, member, number, name, created_at_ms, expires_at_ms)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
pub(super) const FIND_SESSION: &str =
    "SELECT member, number, name FROM session WHERE token_hash = ?1 AND expires_at_ms > ?2";
pub(super) const DELETE_SESSION: &str = "DELETE FROM session WHERE token_hash = ?1";
pub(super) const DELETE_SESSIONS_OF: &str = "DELETE FROM session WHERE member = ?1";
pub(super) const DELETE_EXPIRED_SESSIONS: &str = "DELETE FROM session WHERE expires_at_ms <= ?1";

pub(super) const CLEAR_SETUP_LINKS: &str = "DELETE FROM setup_link";
pub(super) const INSERT_SETUP_LINK: &str =
    "INSERT INTO setup_link (token_hash, created_at_ms) VALUES (?1, ?2)";
pub(super) const FIND_SETUP_LINK: &str = "SELECT 1 FROM setup_link WHERE token_hash = ?1";

pub(super) const INSERT_SIGN_IN_LINK: &str =
    "INSERT INTO sign_in_link (token_hash, member, number, name, expires_at_ms)
     VALUES (?1, ?2, ?3, ?4, ?5)";
pub(super) const TAKE_SIGN_IN_LINK: &str = "DELETE FROM sign_in_link
     WHERE token_hash = ?1 RETURNING member, number, name, expires_at_ms > ?2";

pub(super) const PUT_SETTING: &str = "INSERT INTO setting (name, value) VALUES (?1, ?2)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value";
pub(super) const FIND_SETTING: &str = "SELECT value FROM setting WHERE name = ?1";
