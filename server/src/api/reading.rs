//! Who reads: what the person signed in may see, and queries of the replica under that.

use std::sync::Arc;

use rusqlite::Connection;
use vanguard_core::id::{DocumentId, MemberId, OrgId};
use vanguard_core::model::{DocumentKind, Record, View};
use vanguard_core::rules::{Directory, is_name_visible};
use vanguard_core::store::StoreError;
use vanguard_core::store::query::{self, Filter};

use super::extract::Positioned;
use super::filters::{ListParameters, cursor_text};
use super::records::Shown;
use crate::http::auth::ConsoleAuth;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::App;

/// Somebody who reads, and the directory by which it is judged what.
#[derive(Clone)]
pub(super) struct Reader {
    pub(super) member: MemberId,
    pub(super) directory: Arc<Directory>,
}

impl Reader {
    pub(super) fn of(app: &App, auth: &ConsoleAuth) -> Self {
        Self {
            member: auth.session.member,
            directory: app.relay.directory(),
        }
    }

    /// Those of the asked spaces that are in reach, all in reach where none are asked for. Never
    /// empty, since that would mean all.
    pub(super) fn spaces(&self, asked: &[OrgId]) -> Vec<OrgId> {
        let mut spaces = self.directory.scope(self.member);
        if !asked.is_empty() {
            spaces.retain(|space| asked.contains(space));
        }
        if spaces.is_empty() {
            spaces.push(OrgId::DIRECTORY);
        }
        spaces
    }

    /// Narrows a filter to what the reader may see of a kind.
    pub(super) fn narrow(&self, kind: DocumentKind, filter: &mut Filter) {
        if kind.is_directory() {
            filter.spaces = vec![OrgId::DIRECTORY];
            return;
        }
        // What is assigned to somebody reaches them wherever it is.
        let is_own = filter.assignee == Some(self.member.0) && kind == DocumentKind::Hazard;
        if !is_own || !filter.spaces.is_empty() {
            filter.spaces = self.spaces(&filter.spaces);
        }
        if kind == DocumentKind::Violation {
            let handled = filter.spaces.iter().copied();
            let handled = handled.filter(|space| self.handles(*space)).collect();
            filter.by_or_in = Some((self.member, handled));
        }
    }

    /// Whether the reader handles violations in a space, and so sees the names in them.
    fn handles(&self, space: OrgId) -> bool {
        let directory = &self.directory;
        directory
            .grants_of(self.member)
            .into_iter()
            .any(|(_, g)| is_name_visible(g.role) && directory.reaches(g.org, g.role, space))
    }

    fn may_read<R: Record>(&self, view: &View<R>) -> bool {
        let header = &view.header;
        R::assignee(&view.state) == Some(self.member)
            || self
                .directory
                .may_read(self.member, header.kind, header.space, header.creator)
    }

    /// A record, where there is one that the reader may see.
    ///
    /// # Errors
    /// The store's.
    pub(super) fn find<R: Record>(
        &self,
        conn: &Connection,
        id: DocumentId,
    ) -> Result<Option<View<R>>, StoreError> {
        let found = query::get::<R>(conn, id)?;
        Ok(found.map(|row| row.view).filter(|view| self.may_read(view)))
    }
}

/// A page of a kind. Names in violations are not in lists.
///
/// # Errors
/// The parameter that makes no sense, and the relay's.
pub(super) async fn list<R: Shown>(
    app: &App,
    auth: &ConsoleAuth,
    parameters: &impl ListParameters,
) -> Result<Positioned<R::Page>, Problem> {
    let mut filter = parameters.filter(app.env.now_ms())?;
    let (after, limit) = parameters.page()?;
    let reader = Reader::of(app, auth);
    reader.narrow(R::KIND, &mut filter);
    let replica = app.relay.replica();
    let position = replica.position();
    let page = replica.read(move |conn| {
        let page = query::list::<R>(conn, &filter, after, limit)?;
        let rows = page.rows.into_iter().map(|mut row| {
            R::conceal(&mut row.view);
            R::show(row.view)
        });
        Ok((rows.collect::<Vec<_>>(), page.next))
    });
    let (rows, next) = page.await?;
    let page = R::page(rows, next.map(cursor_text));
    Ok(Positioned::ok(position, page))
}

/// One record of a kind; of a violation with the name, for those who handle it.
///
/// # Errors
/// [`ProblemKind::NotFound`] where there is none that may be seen, and the relay's.
pub(super) async fn one<R: Shown>(
    app: &App,
    auth: &ConsoleAuth,
    id: DocumentId,
) -> Result<Positioned<R::Shape>, Problem> {
    let reader = Reader::of(app, auth);
    // Whoever acts on what they saw names this position: nothing later may be in it.
    let found = app.relay.replica().read_at(move |conn| {
        let found = reader.find::<R>(conn, id)?;
        Ok(found.map(|mut view| {
            if !reader.handles(view.header.space) {
                R::conceal(&mut view);
            }
            R::show(view)
        }))
    });
    let (position, shape) = found.await?;
    Ok(Positioned::ok(
        position,
        shape.ok_or(ProblemKind::NotFound)?,
    ))
}
