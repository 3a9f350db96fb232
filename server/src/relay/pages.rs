//! What a device pulls: the tail after its cursor, the documents of spaces that it lacks, and
//! those that it wants by id. Read from the log, never from a replica that may lag.

use std::collections::{BTreeSet, HashMap, HashSet};

use minicbor::bytes::ByteVec;
use rusqlite::{Connection, OptionalExtension as _, params};
use vanguard_core::calendar::DAY_MS;
use vanguard_core::document::Admitted;
use vanguard_core::id::{DocumentId, MemberId, OrgId};
use vanguard_core::keys::Hash;
use vanguard_core::model::DocumentKind;
use vanguard_core::rules::Directory;
use vanguard_core::store::scope;
use vanguard_core::wire::{
    AdmittedChange, Bootstrap, BootstrapMark, BootstrapProgress, Cursor, DocumentChanges, Followed,
    SyncRequest, WANT_LIMIT,
};

use super::log::{self, DocumentRow};

/// What a device asks for, taken from its request.
pub(super) struct Asked {
    pub(super) member: MemberId,
    pub(super) cursor: Option<Cursor>,
    pub(super) held: HashSet<Hash>,
    pub(super) scope: [u8; 8],
    pub(super) bootstraps: Vec<Bootstrap>,
    pub(super) want: Vec<DocumentId>,
    pub(super) page_bytes: usize,
    pub(super) window_ms: i64,
}

/// The highest number of bytes of changes that a page brings, whatever is asked for.
const PAGE_LIMIT_BYTES: u32 = 8 << 20;

/// So many positions of one space are looked at for one page; a page of the smallest changes has
/// room for fewer.
const NEWS_LIMIT: usize = 16_384;

/// Marks of the directory's bootstrap from here on say up to which row that was given which is
/// assigned to the member outside their spaces. No log grows as long.
const ASSIGNED: u64 = 1 << 62;

impl Asked {
    /// What a request asks for; `pushed` are hashes that it brings itself.
    pub(super) fn of(
        request: &SyncRequest,
        member: MemberId,
        pushed: Vec<Hash>,
        window_days: u32,
    ) -> Self {
        let mut held: HashSet<Hash> = request.held.iter().map(|hash| hash.0).collect();
        held.extend(pushed);
        Self {
            member,
            cursor: request.cursor,
            held,
            scope: request.scope,
            bootstraps: request.bootstraps.clone(),
            want: request.want.iter().copied().take(WANT_LIMIT).collect(),
            page_bytes: request.page_bytes.clamp(1_024, PAGE_LIMIT_BYTES) as usize,
            window_ms: i64::from(request.window_days.clamp(1, window_days.max(1))) * DAY_MS,
        }
    }
}

/// What a device gets.
pub(super) struct Pulled {
    pub(super) cursor: Cursor,
    pub(super) is_diverged: bool,
    pub(super) tail: Vec<DocumentChanges>,
    pub(super) documents: Vec<DocumentChanges>,
    pub(super) bootstraps: Vec<BootstrapProgress>,
    pub(super) scope: Option<Vec<Followed>>,
    pub(super) absent: Vec<DocumentId>,
    pub(super) remaining: u64,
}

/// Reads a device's page at one moment of the log.
pub(super) fn pull(
    conn: &mut Connection,
    directory: &Directory,
    asked: &Asked,
    now_ms: i64,
) -> log::Result<Pulled> {
    let tx = conn.transaction()?;
    let head = log::head(&tx)?;
    let is_known = match &asked.cursor {
        Some(cursor) => log::cursor_at(&tx, cursor.seq)?.as_ref() == Some(cursor),
        None => false,
    };
    let spaces = directory.scope(asked.member);
    let mut page = Page {
        conn: &tx,
        directory,
        asked,
        scope: spaces.iter().copied().collect(),
        budget: asked.page_bytes,
        given: HashSet::new(),
    };
    let (mut cursor, mut tail) = (head.cursor(), Vec::new());
    if let Some(from) = asked.cursor.filter(|_| is_known) {
        let end;
        (end, tail) = page.tail(from.seq, head.seq)?;
        if end < head.seq {
            cursor = log::cursor_at(&tx, end)?.unwrap_or(from);
        }
    }
    let is_diverged = asked.cursor.is_some() && !is_known;
    let (mut documents, absent) = page.wanted()?;
    let mut bootstraps = Vec::new();
    if !is_diverged {
        let mut unread = page.scope.clone();
        for bootstrap in &asked.bootstraps {
            // Each space once, however often it is asked for.
            if page.budget > 0 && unread.remove(&bootstrap.space) {
                bootstraps.push(page.bootstrap(bootstrap, now_ms, &mut documents)?);
            }
        }
    }
    let remaining = head.seq - cursor.seq;
    let followed: Vec<Followed> = spaces
        .iter()
        .map(|space| Followed {
            space: *space,
            // Of somebody else: whoever is nobody recorded nothing.
            sees_violations: directory.may_read(
                asked.member,
                DocumentKind::Violation,
                *space,
                MemberId::from_bytes([0xff; 16]),
            ),
        })
        .collect();
    let scope = (scope::digest(&followed) != asked.scope).then_some(followed);
    Ok(Pulled {
        cursor,
        is_diverged,
        tail,
        documents,
        bootstraps,
        scope,
        absent,
        remaining,
    })
}

struct Page<'a> {
    conn: &'a Connection,
    directory: &'a Directory,
    asked: &'a Asked,
    scope: HashSet<OrgId>,
    budget: usize,
    given: HashSet<DocumentId>,
}

impl Page<'_> {
    fn may_read(&self, row: &DocumentRow) -> log::Result<bool> {
        let member = self.asked.member;
        if self.scope.contains(&row.space)
            && self
                .directory
                .may_read(member, row.kind, row.space, row.creator)
        {
            return Ok(true);
        }
        log::is_assigned(self.conn, member, row.doc)
    }

    /// Changes after `from` that the device may see and does not hold, document by document; and
    /// the position up to which there are no others.
    fn tail(&mut self, from: u64, head: u64) -> log::Result<(u64, Vec<DocumentChanges>)> {
        let (news, mut end) = self.news(from, head)?;
        let mut readable: HashMap<i64, Option<usize>> = HashMap::new();
        let mut tail: Vec<DocumentChanges> = Vec::new();
        for seq in news {
            if self.budget == 0 {
                end = seq - 1;
                break;
            }
            let (doc, change) = log::change_at(self.conn, seq)?;
            if self.asked.held.contains(&change.hash) {
                continue;
            }
            let place = match readable.get(&doc) {
                Some(place) => *place,
                None => {
                    let document = log::document_by_row(self.conn, doc)?;
                    let place = self.may_read(&document)?.then(|| {
                        tail.push(DocumentChanges {
                            document: document.id,
                            changes: Vec::new(),
                        });
                        tail.len() - 1
                    });
                    readable.insert(doc, place);
                    place
                }
            };
            if let Some(place) = place {
                self.budget = self.budget.saturating_sub(change.raw.len());
                let change = wire_change(change.admitted, change.raw);
                tail[place].changes.push(change);
            }
        }
        Ok((end, tail))
    }

    /// The positions after `from` in the device's spaces and in what was assigned to its member,
    /// in order; and the position up to which these are all.
    fn news(&self, from: u64, head: u64) -> log::Result<(BTreeSet<u64>, u64)> {
        let mut end = head;
        let mut news = BTreeSet::new();
        for space in &self.scope {
            let of_space = log::news_of_space(self.conn, *space, from, NEWS_LIMIT)?;
            if of_space.len() == NEWS_LIMIT {
                end = end.min(of_space.last().copied().unwrap_or(end));
            }
            news.extend(of_space);
        }
        news.extend(log::news_of_assigned(self.conn, self.asked.member, from)?);
        let _ = news.split_off(&(end + 1));
        Ok((news, end))
    }

    /// The documents wanted by id, as far as the page has room, and those that are not to be had.
    fn wanted(&mut self) -> log::Result<(Vec<DocumentChanges>, Vec<DocumentId>)> {
        let (mut documents, mut absent) = (Vec::new(), Vec::new());
        for id in &self.asked.want {
            match log::document(self.conn, *id)? {
                Some(row) if self.may_read(&row)? => {
                    if self.budget > 0 {
                        self.give(&row, &mut documents)?;
                    }
                }
                _ => absent.push(*id),
            }
        }
        Ok((documents, absent))
    }

    fn give(&mut self, row: &DocumentRow, into: &mut Vec<DocumentChanges>) -> log::Result<()> {
        if !self.given.insert(row.id) {
            return Ok(());
        }
        let changes: Vec<AdmittedChange> = log::changes_of(self.conn, row.doc)?
            .into_iter()
            .map(|change| wire_change(change.admitted, change.raw))
            .collect();
        let bytes: usize = changes.iter().map(|change| change.raw.len()).sum();
        self.budget = self.budget.saturating_sub(bytes);
        into.push(DocumentChanges {
            document: row.id,
            changes,
        });
        Ok(())
    }

    /// The next documents of a space: the open ones first, then those touched within the window,
    /// each from the latest on. The directory has no window, and before it comes what is assigned
    /// to the member from spaces that they do not follow.
    fn bootstrap(
        &mut self,
        bootstrap: &Bootstrap,
        now_ms: i64,
        into: &mut Vec<DocumentChanges>,
    ) -> log::Result<BootstrapProgress> {
        let space = bootstrap.space;
        let is_directory = space == OrgId::DIRECTORY;
        let since_ms = if is_directory {
            i64::MIN
        } else {
            now_ms - self.asked.window_ms
        };
        let mark_at = |seq| BootstrapMark {
            open_done: false,
            seq,
        };
        let start = mark_at(ASSIGNED - 1);
        let begin = if is_directory {
            mark_at(ASSIGNED)
        } else {
            start
        };
        let mut mark = bootstrap.after.unwrap_or(begin);
        if is_directory && mark.seq >= ASSIGNED {
            if let Some(given) = self.give_assigned(mark.seq - ASSIGNED, into)? {
                let remaining = self.count_of(space, start, since_ms)?;
                return Ok(BootstrapProgress {
                    space,
                    after: Some(mark_at(ASSIGNED + given)),
                    remaining,
                });
            }
            mark = start;
        }
        loop {
            let Some(row) = self.next_of(space, mark, since_ms)? else {
                if mark.open_done {
                    return Ok(BootstrapProgress {
                        space,
                        after: None,
                        remaining: 0,
                    });
                }
                mark = BootstrapMark {
                    open_done: true,
                    ..start
                };
                continue;
            };
            if self.budget == 0 {
                let remaining = self.count_of(space, mark, since_ms)?;
                return Ok(BootstrapProgress {
                    space,
                    after: Some(mark),
                    remaining,
                });
            }
            if self.may_read(&row)? {
                self.give(&row, into)?;
            }
            mark.seq = row.last_seq;
        }
    }

    fn next_of(
        &self,
        space: OrgId,
        mark: BootstrapMark,
        since_ms: i64,
    ) -> log::Result<Option<DocumentRow>> {
        let since_ms = if mark.open_done { since_ms } else { i64::MIN };
        self.conn
            .prepare_cached(
                "SELECT doc, id, kind, space, creator, last_seq FROM document
                 WHERE space = ?1 AND is_open = ?2 AND last_seq < ?3 AND touched_ms >= ?4
                 ORDER BY last_seq DESC LIMIT 1",
            )?
            .query_row(
                params![space, !mark.open_done, mark.seq, since_ms],
                log::read_document,
            )
            .optional()
    }

    fn count_of(&self, space: OrgId, mark: BootstrapMark, since_ms: i64) -> log::Result<u64> {
        let mut statement = self.conn.prepare_cached(
            "SELECT count(*) FROM document
             WHERE space = ?1 AND is_open = ?2 AND last_seq < ?3 AND touched_ms >= ?4",
        )?;
        let mut count = |is_open: bool, before: u64, since_ms: i64| -> log::Result<u64> {
            statement.query_row(params![space, is_open, before, since_ms], |row| row.get(0))
        };
        if mark.open_done {
            return count(false, mark.seq, since_ms);
        }
        Ok(count(true, mark.seq, i64::MIN)? + count(false, i64::MAX.unsigned_abs(), since_ms)?)
    }

    /// Gives what is assigned to the member outside their spaces, from after this document's row
    /// on; the row up to which it was given where the page has no room for all.
    fn give_assigned(
        &mut self,
        after: u64,
        into: &mut Vec<DocumentChanges>,
    ) -> log::Result<Option<u64>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT doc FROM assigned WHERE member = ?1 AND doc > ?2 ORDER BY doc",
        )?;
        let docs: Vec<u64> = statement
            .query_map(params![self.asked.member, after], |row| row.get(0))?
            .collect::<log::Result<_>>()?;
        let mut given = after;
        for doc in docs {
            if self.budget == 0 {
                return Ok(Some(given));
            }
            let row = log::document_by_row(self.conn, doc.cast_signed())?;
            if !self.scope.contains(&row.space) {
                self.give(&row, into)?;
            }
            given = doc;
        }
        Ok(None)
    }
}

fn wire_change(admitted: Admitted, raw: Vec<u8>) -> AdmittedChange {
    let Admitted {
        position,
        received_at_ms,
    } = admitted;
    AdmittedChange {
        position,
        received_at_ms,
        raw: ByteVec::from(raw),
    }
}
