//! Console accounts, their sessions, and the one-time link that makes the first of them.

use rusqlite::{OptionalExtension as _, TransactionBehavior, params};
use vanguard_core::id::MemberId;
use vanguard_core::keys::{hex, sha256};

use super::{Access, AccessError, sql};

/// How long a session lasts, in milliseconds: a working day.
pub const SESSION_MS: i64 = 12 * 3_600_000;

/// How long a screen in the hall stays signed in, in milliseconds: a quarter.
pub const HALL_MS: i64 = 92 * 24 * 3_600_000;

/// What the token of a hall's session begins with.
const HALL: &str = "hall-";

/// Whether a token is of a session that only looks. The token says so itself: it is known by the
/// hash of all of it, so that nobody makes another kind of it.
pub fn is_hall(token: &str) -> bool {
    token.starts_with(HALL)
}

/// Somebody who is signed in at the console.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who.
    pub member: MemberId,
    /// Their number in the enterprise.
    pub number: String,
    /// Their name.
    pub name: String,
}

impl Access {
    /// Whether nobody has an account yet.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn has_no_account(&self) -> Result<bool, AccessError> {
        let db = self.db();
        let count: i64 = db.query_row(sql::COUNT_ACCOUNTS, [], |row| row.get(0))?;
        Ok(count == 0)
    }

    /// Makes the one-time token of the first administrator; an earlier one ends.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn create_setup_token(&self) -> Result<String, AccessError> {
        let token = hex(&self.env.random_32());
        let now = self.env.now_ms();
        let mut db = self.db();
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute(sql::CLEAR_SETUP_LINKS, [])?;
        let hash = sha256(token.as_bytes());
        tx.execute(sql::INSERT_SETUP_LINK, params![hash.as_slice(), now])?;
        tx.commit()?;
        Ok(token)
    }

    /// Whether this is the one-time token, and nobody has used it.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn is_setup_token(&self, token: &str) -> Result<bool, AccessError> {
        let hash = sha256(token.as_bytes());
        let db = self.db();
        let found = db.query_row(sql::FIND_SETUP_LINK, [hash.as_slice()], |_| Ok(()));
        Ok(found.optional()?.is_some())
    }

    /// Makes the first account, and ends the one-time token with it. False, and nothing is done,
    /// where the token was used meanwhile.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn create_first_account(
        &self,
        token: &str,
        member: MemberId,
        password_hash: &str,
    ) -> Result<bool, AccessError> {
        let now = self.env.now_ms();
        let mut db = self.db();
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let hash = sha256(token.as_bytes());
        let found = tx
            .query_row(sql::FIND_SETUP_LINK, [hash.as_slice()], |_| Ok(()))
            .optional()?;
        if found.is_none() {
            return Ok(false);
        }
        tx.execute(sql::CLEAR_SETUP_LINKS, [])?;
        tx.execute(sql::PUT_ACCOUNT, params![member, password_hash, now])?;
        tx.commit()?;
        Ok(true)
    }

    /// Gives a member a password, or another one, which ends their sessions.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn put_account(&self, member: MemberId, password_hash: &str) -> Result<(), AccessError> {
        let now = self.env.now_ms();
        let mut db = self.db();
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute(sql::PUT_ACCOUNT, params![member, password_hash, now])?;
        tx.execute(sql::DELETE_SESSIONS_OF, [member])?;
        tx.commit()?;
        Ok(())
    }

    /// The hash of a member's password.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn password_hash(&self, member: MemberId) -> Result<Option<String>, AccessError> {
        let db = self.db();
        let hash = db.query_row(sql::FIND_ACCOUNT, [member], |row| row.get(0));
        Ok(hash.optional()?)
    }

    /// Begins a session and gives its token. Sessions whose time has run out are cleared away.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn create_session(&self, session: &Session) -> Result<String, AccessError> {
        self.begin_session(session, "", SESSION_MS)
    }

    /// Begins a session for a screen in the hall, which only looks, and gives its token.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn create_hall_session(&self, session: &Session) -> Result<String, AccessError> {
        self.begin_session(session, HALL, HALL_MS)
    }

    fn begin_session(
        &self,
        session: &Session,
        kind: &str,
        lasts_ms: i64,
    ) -> Result<String, AccessError> {
        let token = format!("{kind}{}", hex(&self.env.random_32()));
        let now = self.env.now_ms();
        let mut db = self.db();
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute(sql::DELETE_EXPIRED_SESSIONS, [now])?;
        tx.execute(
            sql::INSERT_SESSION,
            params![
                sha256(token.as_bytes()).as_slice(),
                session.member,
                session.number,
                session.name,
                now,
                now + lasts_ms
            ],
        )?;
        tx.commit()?;
        Ok(token)
    }

    /// The session of a token, unless its time has run out.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn session(&self, token: &str) -> Result<Option<Session>, AccessError> {
        let hash = sha256(token.as_bytes());
        let now = self.env.now_ms();
        let db = self.db();
        let mut statement = db.prepare_cached(sql::FIND_SESSION)?;
        let session = statement.query_row(params![hash.as_slice(), now], |row| {
            Ok(Session {
                member: row.get(0)?,
                number: row.get(1)?,
                name: row.get(2)?,
            })
        });
        Ok(session.optional()?)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn end_session(&self, token: &str) -> Result<(), AccessError> {
        let hash = sha256(token.as_bytes());
        self.db().execute(sql::DELETE_SESSION, [hash.as_slice()])?;
        Ok(())
    }

    /// Ends all sessions of a member.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn end_sessions_of(&self, member: MemberId) -> Result<(), AccessError> {
        self.db().execute(sql::DELETE_SESSIONS_OF, [member])?;
        Ok(())
    }

    /// Makes a one-time token that signs somebody in within `valid_ms` milliseconds.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn create_sign_in_link(
        &self,
        session: &Session,
        valid_ms: i64,
    ) -> Result<String, AccessError> {
        let token = hex(&self.env.random_32());
        let hash = sha256(token.as_bytes());
        let Session {
            member,
            number,
            name,
        } = session;
        self.db().execute(
            sql::INSERT_SIGN_IN_LINK,
            params![
                hash.as_slice(),
                member,
                number,
                name,
                self.env.now_ms() + valid_ms
            ],
        )?;
        Ok(token)
    }

    /// Whom a one-time token signs in; it holds no more afterwards.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn take_sign_in_link(&self, token: &str) -> Result<Option<Session>, AccessError> {
        let hash = sha256(token.as_bytes());
        let now = self.env.now_ms();
        let db = self.db();
        let taken = db.query_row(
            sql::TAKE_SIGN_IN_LINK,
            params![hash.as_slice(), now],
            |row| {
                let session = Session {
                    member: row.get(0)?,
                    number: row.get(1)?,
                    name: row.get(2)?,
                };
                Ok((session, row.get::<_, bool>(3)?))
            },
        );
        let taken = taken.optional()?;
        Ok(taken.and_then(|(session, is_in_time)| is_in_time.then_some(session)))
    }
}
