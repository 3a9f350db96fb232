//! The network of the walk: syncs that are cut, repeated, delayed, reordered and interleaved.

use vanguard_core::sync::{Options, Session, Step};

use super::World;

impl World {
    pub(super) async fn network(&mut self, at: usize) -> (&'static str, bool) {
        match self.dice.below(10) {
            0 | 1 => ("sync", self.sync_some(at, 10_000).await),
            2 => {
                let exchanges = 1 + self.dice.below(3);
                ("cut sync", self.sync_some(at, exchanges).await)
            }
            3 | 4 => ("slow sync", self.go_on(at).await),
            5 => ("lost answer", self.send_and_forget(at).await),
            6 => ("lost request", self.request(at).is_some()),
            7 => ("doubled request", self.send_twice(at).await),
            8 => ("late request", self.send_late(at).await),
            _ => ("crossing requests", self.cross(at).await),
        }
    }

    /// The next request of a new sync; `None` where it needs none.
    fn request(&mut self, at: usize) -> Option<(Session, Vec<u8>)> {
        let options = self.options(at);
        self.walkers[at].open = None; // one sync at a time
        self.begin(at, Session::new(options))
    }

    fn begin(&mut self, at: usize, mut session: Session) -> Option<(Session, Vec<u8>)> {
        match session
            .next(&mut self.phone(at).notebook)
            .expect("a sync goes on")
        {
            Step::Exchange(body) => Some((session, body)),
            Step::Done(_) => None,
            Step::Sign(_) => unreachable!("the notebook has its key"),
        }
    }

    async fn relay_answers(&mut self, at: usize, body: &[u8]) -> Vec<u8> {
        let device = self.phone(at).device;
        self.fleet.exchange(&device, body).await
    }

    fn take_answer(&mut self, at: usize, session: &mut Session, answer: &[u8]) {
        let notebook = &mut self.phone(at).notebook;
        session
            .answered(notebook, answer)
            .expect("an answer is taken");
    }

    /// At most so many exchanges.
    async fn sync_some(&mut self, at: usize, exchanges: usize) -> bool {
        let mut next = self.request(at);
        let mut left = exchanges;
        while let Some((mut session, body)) = next {
            if left == 0 {
                return session.progress().taken > 0;
            }
            left -= 1;
            let answer = self.relay_answers(at, &body).await;
            self.take_answer(at, &mut session, &answer);
            next = self.begin(at, session);
        }
        true
    }

    /// Half a step of a sync that verbs come between: a request, or taking its answer.
    async fn go_on(&mut self, at: usize) -> bool {
        match self.walkers[at].open.take() {
            Some((mut session, Some(answer))) => {
                self.take_answer(at, &mut session, &answer);
                self.walkers[at].open = Some((session, None));
                true
            }
            open => {
                let session = match open {
                    Some((session, _)) => session,
                    None => Session::new(self.options(at)),
                };
                let Some((session, body)) = self.begin(at, session) else {
                    return false;
                };
                let answer = self.relay_answers(at, &body).await;
                self.walkers[at].open = Some((session, Some(answer)));
                true
            }
        }
    }

    async fn send_and_forget(&mut self, at: usize) -> bool {
        let Some((_, body)) = self.request(at) else {
            return false;
        };
        self.relay_answers(at, &body).await;
        true
    }

    async fn send_twice(&mut self, at: usize) -> bool {
        let Some((mut session, body)) = self.request(at) else {
            return false;
        };
        let first = self.relay_answers(at, &body).await;
        let second = self.relay_answers(at, &body).await;
        let answer = if self.dice.percent(50) { first } else { second };
        self.take_answer(at, &mut session, &answer);
        true
    }

    /// A request that reaches the relay later; then others that were late arrive.
    async fn send_late(&mut self, at: usize) -> bool {
        if let Some((_, body)) = self.request(at) {
            self.late.push((at, body));
        }
        while self.late.len() > 4 || (!self.late.is_empty() && self.dice.percent(30)) {
            let which = self.dice.below(self.late.len());
            let (from, body) = self.late.swap_remove(which);
            self.relay_answers(from, &body).await;
        }
        true
    }

    /// Everything late arrives now.
    pub(super) async fn let_arrive(&mut self) {
        for (from, body) in std::mem::take(&mut self.late) {
            self.relay_answers(from, &body).await;
        }
    }

    /// Two phones' requests at the same time, judged beside each other and committed together.
    async fn cross(&mut self, at: usize) -> bool {
        let other = (at + 1) % self.walkers.len();
        let (Some((mut mine, my_body)), Some((mut theirs, their_body))) =
            (self.request(at), self.request(other))
        else {
            return false;
        };
        let (me, them) = (self.phone(at).device, self.phone(other).device);
        let fleet = &self.fleet;
        let (their_answer, my_answer) = tokio::join!(
            fleet.exchange(&them, &their_body),
            fleet.exchange(&me, &my_body)
        );
        self.take_answer(at, &mut mine, &my_answer);
        self.take_answer(other, &mut theirs, &their_answer);
        true
    }

    /// A sync to its end; says whether it brought anything to either side.
    pub(super) async fn sync_fully(&mut self, at: usize) -> bool {
        let window_days = self.walkers[at].window_days;
        let options = Options {
            window_days,
            ..Options::default()
        };
        let mut session = Session::new(options);
        for _ in 0..1_000 {
            let Some((mut going_on, body)) = self.begin(at, session) else {
                let progress = self.last_progress;
                return progress.taken + progress.acknowledged + progress.refused > 0;
            };
            let answer = self.relay_answers(at, &body).await;
            self.take_answer(at, &mut going_on, &answer);
            self.last_progress = going_on.progress();
            session = going_on;
        }
        panic!("a sync of phone {at} does not end");
    }
}
