//! A member's phone: a notebook on its own file, and the hand that uses it. Whatever is done goes
//! through the notebook's verbs and is written down in the plain record beside it.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};
use vanguard_core::calendar::Day;
use vanguard_core::http::HttpRelay;
use vanguard_core::id::{DocumentId, EventId, InspectionId, MemberId, OrgId, ZoneId};
use vanguard_core::model::inspection::{Inspection, InspectionFields};
use vanguard_core::model::photo::Photo;
use vanguard_core::model::{DocumentKind, Record, Role};
use vanguard_core::photos::transfer::PhotoProgress;
use vanguard_core::photos::{PhotoContext, PhotoError, PhotoOptions, Quota};
use vanguard_core::rules::Refusal;
use vanguard_core::store::StoreError;
use vanguard_core::{Env, Notebook, NotebookError};

use super::camera;
use super::chance::{Dice, PhoneEnv};
use super::record::{Deed, Entry};
use super::summary::Traffic;
use crate::acts::object;

/// How many in a thousand occasions for a photo are taken.
const PHOTO_SHARE: usize = 700;

/// A member's phone.
pub(super) struct Phone {
    /// Its member's place in the world.
    pub(super) who: usize,
    pub(super) member: MemberId,
    pub(super) path: PathBuf,
    pub(super) notebook: Notebook,
    pub(super) env: Arc<PhoneEnv>,
    pub(super) dice: Dice,
    /// What its owner did with it.
    pub(super) entries: Vec<Entry>,
    /// Entries before this one have arrived, or have come back.
    pub(super) settled: usize,
    /// The temporary branch that it works in, once it knows of it.
    pub(super) site_org: Option<OrgId>,
    /// What the phone itself would not let its owner do.
    pub(super) stopped: usize,
    pub(super) traffic: Traffic,
    pub(super) syncs: u64,
    /// What it has sent of photos.
    pub(super) photos: PhotoProgress,
    pub(super) https: HttpRelay,
    /// What broke; the demo ends with it.
    pub(super) broken: Option<NotebookError>,
    true_ms: i64,
    now_ms: i64,
}

impl Phone {
    pub(super) fn new(
        who: usize,
        member: MemberId,
        path: PathBuf,
        env: Arc<PhoneEnv>,
        dice: Dice,
        https: HttpRelay,
    ) -> Result<Self, NotebookError> {
        let notebook = Notebook::open(&path, Arc::clone(&env) as Arc<dyn Env>)?;
        Ok(Self {
            who,
            member,
            path,
            notebook,
            env,
            dice,
            entries: Vec::new(),
            settled: 0,
            site_org: None,
            stopped: 0,
            traffic: Traffic::default(),
            syncs: 0,
            photos: PhotoProgress::default(),
            https,
            broken: None,
            true_ms: 0,
            now_ms: 0,
        })
    }

    /// Moves the clock to the true time, never back.
    pub(super) fn at(&mut self, true_ms: i64) {
        self.true_ms = self.true_ms.max(true_ms);
        self.now_ms = self.env.set(self.true_ms);
    }

    /// Lets so many seconds pass, and a few more.
    pub(super) fn pass(&mut self, seconds: i64) {
        let some = self.dice.between(0, 1_000 * seconds.max(2) / 2);
        self.at(self.true_ms + seconds * 1_000 + some);
    }

    /// What its clock shows.
    pub(super) fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// What its clock shows, as people write it into a text: `10-09 08:15`.
    pub(super) fn time_text(&self) -> String {
        let day = Day::at(self.now_ms);
        let (_, month, of_month) = day.ymd();
        let minutes = (self.now_ms - day.start_ms()) / 60_000;
        format!(
            "{month:02}-{of_month:02} {:02}:{:02}",
            minutes / 60,
            minutes % 60
        )
    }

    /// Whether its owner holds a role in an organisation, as far as the phone knows.
    pub(super) fn holds(&self, role: Role, org: OrgId) -> bool {
        let held = self.notebook.directory().grants_of(self.member);
        held.iter()
            .any(|(_, grant)| grant.role == role && grant.org == org)
    }

    /// Closes the notebook and opens its file again, as after a flat battery.
    pub(super) fn reopen(&mut self) -> Result<(), NotebookError> {
        self.notebook = Notebook::open(&self.path, Arc::clone(&self.env) as Arc<dyn Env>)?;
        Ok(())
    }

    /// Takes a photo in a zone, most of the time: people forget, and hands are full.
    pub(super) fn photograph(
        &mut self,
        zone: Option<(ZoneId, &str)>,
        is_after: bool,
    ) -> Vec<Photo> {
        if !self.dice.per_mille(PHOTO_SHARE) {
            return Vec::new();
        }
        let seed = self.dice.below(usize::MAX) as u64;
        let (time, code) = (self.time_text(), zone.map_or("", |zone| zone.1));
        let seen = camera::photo(seed, code, &time, is_after);
        let context = PhotoContext {
            utc_offset_min: Some(8 * 60),
            position: None,
            zone: zone.map(|zone| zone.0),
        };
        let (options, quota) = (PhotoOptions::default(), Quota::default());
        let taken = seen
            .map_err(|error| PhotoError::Damaged(error.to_string()))
            .and_then(|file| self.notebook.take_photo(&file, &context, &options, &quota));
        let taken = taken.map_err(|error| match error {
            PhotoError::Notebook(error) => error,
            other => StoreError::from(std::io::Error::other(other.to_string())).into(),
        });
        self.take(taken).into_iter().collect()
    }

    /// Makes a record; `first` is the event that its kind begins with.
    pub(super) fn create<R: Record>(
        &mut self,
        space: OrgId,
        fields: &R::Fields,
        first: Option<(&'static str, &R::Event)>,
    ) -> Option<DocumentId> {
        let event = first.map(|(_, event)| event);
        let made = self.notebook.create::<R>(space, fields, event);
        let id = self.take(made)?;
        self.note_creation::<R>(id, fields, first.map(|(name, _)| name));
        Some(id)
    }

    /// Does something about a record.
    pub(super) fn append<R: Record>(
        &mut self,
        id: impl Into<DocumentId>,
        event: &R::Event,
    ) -> Option<EventId> {
        let document = id.into();
        let made = self.notebook.append::<R>(document, event);
        let id = self.take(made)?;
        let (on, body) = (R::KIND, object(event));
        self.note(
            document,
            Deed::Happened {
                on,
                id: Some(id),
                body,
            },
        );
        Some(id)
    }

    /// Writes over one field of a record.
    pub(super) fn edit(
        &mut self,
        on: DocumentKind,
        id: impl Into<DocumentId>,
        field: &str,
        value: Value,
    ) -> Option<()> {
        let document = id.into();
        let fields: Map<String, Value> = [(field.to_owned(), value)].into_iter().collect();
        let made = self.notebook.edit(document, fields.clone());
        self.take(made)?;
        self.note(document, Deed::Edited { on, fields });
        Some(())
    }

    /// Submits an inspection's draft, of which the record expects `fields`.
    pub(super) fn submit(&mut self, id: InspectionId, mut fields: InspectionFields) -> Option<()> {
        let made = self.notebook.submit_inspection(id);
        self.take(made)?;
        fields.submitted_ms = self.now_ms;
        self.note_creation::<Inspection>(id.into(), &fields, None);
        Some(())
    }

    /// Writes down that a record was made.
    pub(super) fn note_creation<R: Record>(
        &mut self,
        id: DocumentId,
        fields: &R::Fields,
        first: Option<&'static str>,
    ) {
        let (kind, fields) = (R::KIND, object(fields));
        self.note(
            id,
            Deed::Created {
                kind,
                fields,
                first,
            },
        );
    }

    /// Writes down what was done just now.
    pub(super) fn note(&mut self, document: DocumentId, deed: Deed) {
        self.entries.push(Entry {
            author: self.member,
            at_ms: self.now_ms,
            document,
            deed,
            sent: None,
        });
    }

    /// A verb's result: what the phone does not allow is counted and not done.
    pub(super) fn take<T>(&mut self, result: Result<T, NotebookError>) -> Option<T> {
        match result {
            Ok(done) => Some(done),
            Err(NotebookError::Refused(refusal)) => {
                debug_assert!(
                    refusal != Refusal::Malformed,
                    "the demo writes no malformed event"
                );
                self.stopped += 1;
                None
            }
            Err(error) => {
                self.broken.get_or_insert(error);
                None
            }
        }
    }
}
