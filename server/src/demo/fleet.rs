//! All phones together: enrolment, and syncing over HTTPS in waves whose result does not depend on
//! which thread is faster. In a wave every phone makes its request ready at the same time; those
//! that bring something then reach the relay one after the other in a fixed order; those that only
//! fetch come after them, side by side; answers are taken in on all cores.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use tokio::runtime::Handle;
use vanguard_core::http::{HttpError, HttpRelay};
use vanguard_core::keys::hex;
use vanguard_core::photos::transfer::RoundOptions;
use vanguard_core::store::outbox;
use vanguard_core::sync::{Options, Session, Step, SyncError};
use vanguard_core::{NotebookError, Verb};

use super::DemoError;
use super::chance::RelayEnv;
use super::phone::Phone;
use super::record::Deed;

/// How many threads work at the phones: more than cores, since they wait for the disk as well.
const THREADS: usize = 6;
/// How long the relay's clock goes on from one bringing request to the next.
const TURN_MS: i64 = 25;
/// How often a request is tried.
const TRIES: usize = 6;

/// Does `work` for each item on several threads.
pub(super) fn in_parallel<T: Send>(items: &mut [T], work: impl Fn(&mut T) + Sync) {
    let queue = Mutex::new(items.iter_mut());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(item) = next() {
                    work(item);
                }
            });
        }
    });
}

/// The network that the phones reach now and then.
pub(super) struct Network {
    pub(super) runtime: Handle,
    pub(super) relay: Arc<RelayEnv>,
    /// Requests so far that brought something.
    pub(super) pushes: u64,
    /// Requests that had to be made again.
    pub(super) retries: AtomicUsize,
}

/// One phone's part in a wave.
struct Call<'a> {
    phone: &'a mut Phone,
    session: Session,
    body: Option<Vec<u8>>,
    /// The request's number, where it brings something.
    push: Option<u64>,
    answer: Option<Vec<u8>>,
    is_done: bool,
    failure: Option<DemoError>,
}

impl Network {
    /// Syncs phones at a moment of the simulation until none has anything left, telling `observe`
    /// of each that is done.
    pub(super) fn sync<'a>(
        &mut self,
        phones: impl Iterator<Item = &'a mut Phone>,
        at_ms: i64,
        observe: impl Fn() + Sync,
    ) -> Result<(), DemoError> {
        let mut calls: Vec<Call<'_>> = phones
            .map(|phone| {
                phone.at(at_ms);
                phone.syncs += 1;
                Call {
                    phone,
                    session: Session::new(Options::default()),
                    body: None,
                    push: None,
                    answer: None,
                    is_done: false,
                    failure: None,
                }
            })
            .collect();
        self.relay.set(at_ms);
        while !calls.is_empty() {
            self.round(&mut calls);
            for call in &mut calls {
                if let Some(failure) = call.failure.take() {
                    return Err(failure);
                }
            }
            calls.retain_mut(|call| {
                if call.is_done {
                    call.finish();
                    observe();
                }
                !call.is_done
            });
        }
        Ok(())
    }

    /// Carries the photos of phones, side by side: which comes first decides nothing.
    pub(super) fn carry<'a>(
        &self,
        phones: impl Iterator<Item = &'a mut Phone>,
    ) -> Result<(), DemoError> {
        let mut carried: Vec<_> = phones.map(|phone| (phone, Ok(()))).collect();
        in_parallel(&mut carried, |(phone, done)| {
            let options = RoundOptions::default();
            for tried in 1.. {
                let carrying = phone
                    .https
                    .carry_photos(&mut phone.notebook, options, |_| ());
                match self.runtime.block_on(carrying) {
                    Ok(progress) => {
                        phone.photos.sent += progress.sent;
                        phone.photos.bytes_up += progress.bytes_up;
                        return;
                    }
                    Err(HttpError::Unreachable(_)) if tried < TRIES => {
                        self.retries.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(error) => {
                        *done = Err(error);
                        return;
                    }
                }
            }
        });
        carried.into_iter().try_for_each(|(_, done)| Ok(done?))
    }

    fn round(&mut self, calls: &mut [Call<'_>]) {
        in_parallel(calls, Call::prepare);
        let (queue, jobs) = mpsc::channel::<&mut Call<'_>>();
        let jobs = Mutex::new(jobs);
        let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let (pushing, fetching): (Vec<_>, Vec<_>) = calls
            .iter_mut()
            .filter(|call| !call.is_done && call.failure.is_none())
            .partition(|call| call.push.is_some());
        let Self {
            runtime,
            relay,
            pushes,
            retries,
        } = self;
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    while let Ok(call) = next() {
                        call.complete(runtime, retries);
                    }
                });
            }
            for call in pushing {
                *pushes += 1;
                call.push = Some(*pushes);
                relay.set(vanguard_core::Env::now_ms(relay.as_ref()) + TURN_MS);
                call.exchange(runtime, retries);
                let _ = queue.send(call); // the workers outlive the queue
            }
            for call in fetching {
                let _ = queue.send(call);
            }
            drop(queue);
        });
    }

    /// Enrols a phone by its invite.
    pub(super) fn enrol(
        &self,
        phone: &mut Phone,
        invite: &vanguard_core::invite::Invite,
        name: &str,
    ) -> Result<(), HttpError> {
        let enrolling = phone.https.enrol(&mut phone.notebook, invite, name);
        self.runtime.block_on(enrolling).map(|_| ())
    }
}

impl Call<'_> {
    /// Makes the next request ready.
    fn prepare(&mut self) {
        match self.session.next(&mut self.phone.notebook) {
            Ok(Step::Exchange(body)) => self.body = Some(body),
            Ok(Step::Done(_)) => self.is_done = true,
            Ok(Step::Sign(_)) => {
                self.failure = Some(DemoError::Phone(NotebookError::NotEnrolled));
            }
            Err(error) => self.failure = Some(error.into()),
        }
        match self.phone.notebook.unsent() {
            Ok(unsent) => self.push = (unsent.changes > 0).then_some(0),
            Err(error) => self.failure = Some(error.into()),
        }
    }

    /// Posts the request; the same bytes again where the connection was cut.
    fn exchange(&mut self, runtime: &Handle, retries: &AtomicUsize) {
        let (Some(body), Some(identity)) = (self.body.take(), self.phone.notebook.identity())
        else {
            return;
        };
        let credential = hex(&identity.credential);
        for tried in 1.. {
            let posting = self
                .phone
                .https
                .post("/v1/sync", Some(&credential), body.clone());
            match runtime.block_on(posting) {
                Ok(answer) => {
                    self.answer = Some(answer);
                    return;
                }
                Err(HttpError::Unreachable(_)) if tried < TRIES => {
                    retries.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(50 * tried as u64));
                }
                Err(error) => {
                    self.failure = Some(error.into());
                    return;
                }
            }
        }
    }

    /// Takes the answer in, asking for it first where that is left to do.
    fn complete(&mut self, runtime: &Handle, retries: &AtomicUsize) {
        if self.answer.is_none() {
            self.exchange(runtime, retries);
        }
        let Some(answer) = self.answer.take() else {
            return;
        };
        let taken = self.session.answered(&mut self.phone.notebook, &answer);
        let settled = taken
            .map_err(DemoError::from)
            .and_then(|()| match self.push {
                Some(number) => self.phone.settle(number).map_err(DemoError::from),
                None => Ok(()),
            });
        self.failure = settled.err();
    }

    /// Adds the session's traffic to the phone's.
    fn finish(&mut self) {
        self.phone.traffic.add(&self.session.progress());
    }
}

impl Phone {
    /// Notes in the record what the request of this number has settled: all that the phone does
    /// not keep for sending.
    fn settle(&mut self, number: u64) -> Result<(), NotebookError> {
        let unsent = self.notebook.unsent()?;
        let waiting = if unsent.changes == 0 {
            Vec::new()
        } else {
            outbox::after(self.notebook.reader(), 0, usize::from(u16::MAX))?
        };
        for entry in &mut self.entries[self.settled..] {
            let is_waiting = waiting.iter().any(|kept| {
                kept.document == entry.document
                    && match (&kept.verb, &entry.deed) {
                        (Verb::Create { .. }, Deed::Created { .. }) => true,
                        (Verb::Append { event }, Deed::Happened { id, .. }) => {
                            id.is_none_or(|id| id == event.id)
                        }
                        (
                            Verb::Edit { fields },
                            Deed::Edited {
                                fields: written, ..
                            },
                        ) => kept.made_at_ms == entry.at_ms && fields == written,
                        _ => false,
                    }
            });
            if entry.sent.is_none() && !is_waiting {
                entry.sent = Some(number);
            }
        }
        if waiting.is_empty() {
            self.settled = self.entries.len();
        }
        Ok(())
    }
}

impl From<SyncError> for DemoError {
    fn from(error: SyncError) -> Self {
        Self::Https(error.into())
    }
}

/// A phone's way to the relay.
pub(super) fn way_to(
    url: &str,
    key: &vanguard_core::keys::PublicKey,
) -> Result<HttpRelay, DemoError> {
    Ok(HttpRelay::new(url, key)?)
}
