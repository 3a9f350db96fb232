//! The demo from its beginning to its end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::runtime::Runtime;
use vanguard_core::calendar::{DAY_MS, Day, HOUR_MS};

use super::chance::{Dice, PhoneEnv};
use super::compare::{Findings, Places, compare};
use super::fleet::{Network, in_parallel, way_to};
use super::found::Founding;
use super::host::{Running, check, raise_file_limit, stay};
use super::phone::Phone;
use super::report::{self, Papers};
use super::sabotage;
use super::shift::{Today, work};
use super::site::{self, SiteState};
use super::summary::Summary;
use super::world::World;
use super::{DemoError, Options, Sabotage};
use crate::access::Session;
use crate::progress::Bar;

/// The first day of every demo, so that the same seed gives the same dates: the first working day
/// after the holidays of October.
pub(super) fn first_day() -> Day {
    Day::from_ymd(2026, 10, 9)
}

/// When the organisation is founded: the day before.
pub(super) fn founded_ms() -> i64 {
    first_day().start_ms() - DAY_MS
}

/// Carries the demo out; says whether everything agreed.
pub(super) fn run(options: &Options) -> Result<bool, DemoError> {
    check(options)?;
    raise_file_limit(options.members)?;
    let temporary = match &options.data {
        Some(_) => None,
        None => Some(
            tempfile::Builder::new()
                .prefix("vanguard-demo-")
                .tempdir()?,
        ),
    };
    let data = match (&options.data, &temporary) {
        (Some(data), _) => data.clone(),
        (None, Some(directory)) => directory.path().to_owned(),
        (None, None) => PathBuf::new(),
    };
    std::fs::create_dir_all(data.join("phones"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let running = Running::start(&runtime, options, &data)?;
    let agreed = play(&runtime, options, &running, &data);
    running.end(&runtime);
    agreed
}

/// Those whose eyes the console is looked at with: they reach the whole organisation.
fn guides(world: &World) -> Vec<(&'static str, Session)> {
    let office = &world.branches[0];
    let supervisor = world.supervisors.first().copied();
    let guides = [
        ("督查 supervisor", supervisor),
        ("支部书记 secretary", Some(office.secretary)),
        ("安全员 safety officer", Some(office.officer)),
    ];
    let guides = guides.into_iter().filter_map(|(title, who)| {
        let person = world.people.get(who?)?;
        let session = Session {
            member: person.id,
            number: person.number.clone(),
            name: person.name.clone(),
        };
        Some((title, session))
    });
    guides.collect()
}

/// What the demo is made of while it runs.
pub(super) struct Play<'a> {
    pub(super) options: &'a Options,
    pub(super) running: &'a Running,
    pub(super) world: World,
    pub(super) network: Network,
    pub(super) phones: Vec<Phone>,
    /// Who founds the organisation and hands posts over.
    pub(super) operator: Founding,
    pub(super) seconds: Vec<(&'static str, f64)>,
    data: &'a Path,
    dice: Dice,
}

fn play(
    runtime: &Runtime,
    options: &Options,
    running: &Running,
    data: &Path,
) -> Result<bool, DemoError> {
    let begun = Instant::now();
    let founded_ms = founded_ms();
    let world = World::new(options.members, options.days, options.seed, founded_ms);
    let mut play = Play {
        options,
        running,
        operator: Founding::of(&world, options.seed, founded_ms, first_day()),
        world,
        network: Network {
            runtime: runtime.handle().clone(),
            relay: Arc::clone(&running.env),
            pushes: 0,
            retries: 0.into(),
        },
        phones: Vec::new(),
        seconds: Vec::new(),
        data,
        dice: Dice::new(options.seed, "weather"),
    };
    play.found()?;
    play.enrol()?;
    play.live()?;
    if options.sabotage == Some(Sabotage::SkipReceipt) {
        spoilt(&sabotage::skip_receipt(&play.phones)?);
    }
    play.catch_up()?;
    let mut supervisor = play.supervisor()?;
    let findings = play.compare(&mut supervisor)?;
    let papers = Papers::of(&supervisor, first_day(), options.days)?;
    report::comparison(&findings);
    report::found(&findings);
    papers.print();
    let summary = play.summary(begun.elapsed().as_secs_f64());
    summary.print(&findings);
    if let Some(path) = &options.json {
        let whole = summary.json(options, &findings, &papers);
        std::fs::write(path, serde_json::to_vec_pretty(&whole).unwrap_or_default())?;
    }
    if !options.exit {
        running.env.release();
        stay(runtime, running, data, &guides(&play.world))?;
    }
    Ok(findings.agrees())
}

fn spoilt(what: &str) {
    eprintln!("故意破坏 · sabotage: {what}");
}

impl Play<'_> {
    fn found(&mut self) -> Result<(), DemoError> {
        let bar = Bar::new("建立组织 founding", "条 records", self.operator.len());
        self.operate(|count| bar.add(count))?;
        self.seconds.push(("founding", bar.finish()));
        Ok(())
    }

    /// Has the relay do what the operator has written down.
    fn operate(&mut self, observe: impl FnMut(usize)) -> Result<(), DemoError> {
        let operating = self.operator.carry_out(&self.running.relay, observe);
        Ok(self.network.runtime.block_on(operating)?)
    }

    fn enrol(&mut self) -> Result<(), DemoError> {
        let bar = Bar::new("登记手机 enrolling", "台 phones", self.world.people.len());
        for who in 0..self.world.people.len() {
            let mut phone = self.phone(who, &format!("{who:04}"))?;
            let (member, name) = (phone.member, self.world.people[who].name.clone());
            let invite = self.running.invite(member, &name)?;
            self.network
                .enrol(&mut phone, &invite, &format!("{name}的手机"))?;
            self.phones.push(phone);
        }
        let at_ms = first_day().start_ms() - 6 * HOUR_MS;
        self.network
            .sync(self.phones.iter_mut(), at_ms, || bar.add(1))?;
        self.seconds.push(("enrolling", bar.finish()));
        Ok(())
    }

    /// A new phone with its own notebook file; one in twelve clocks is wrong.
    fn phone(&mut self, who: usize, file: &str) -> Result<Phone, DemoError> {
        let offset_ms = match self.dice.below(48) {
            0 => 26 * HOUR_MS,
            1 => -31 * HOUR_MS,
            2 | 3 => self.dice.between(-40, 40) * 60_000,
            _ => self.dice.between(-20_000, 20_000),
        };
        let (seed, number) = (self.options.seed, self.phones.len());
        let env = Arc::new(PhoneEnv::new(seed, number, offset_ms));
        let path = self.data.join("phones").join(format!("{file}.db"));
        let https = way_to(
            &self.running.ready.public_url,
            &self.running.ready.relay_key,
        )?;
        let member = self.world.people[who].id;
        let dice = Dice::new(seed, &format!("person {file}"));
        Ok(Phone::new(who, member, path, env, dice, https)?)
    }

    /// The days, one after the other: a few phones sync in the morning, everybody on duty works
    /// offline, more phones sync late in the evening, the night shift works.
    fn live(&mut self) -> Result<(), DemoError> {
        let days = self.options.days;
        let bar = Bar::new("工作日 days", "人·日 phone-days", days * self.phones.len());
        let mut sites = vec![SiteState::default(); self.world.sites.len()];
        for index in 0..days {
            let day = Day(first_day().0 + i32::try_from(index).unwrap_or(0));
            self.sync_some(day.start_ms() + 7 * HOUR_MS, index, false)?;
            let next: Vec<SiteState> = (0..sites.len())
                .map(|at| {
                    let today = Today {
                        world: &self.world,
                        sites: &sites,
                        day,
                        index,
                    };
                    site::carry_on(&mut self.phones, &today, at, days)
                })
                .collect();
            sites = next;
            self.hand_over(day, index)?;
            let today = Today {
                world: &self.world,
                sites: &sites,
                day,
                index,
            };
            in_parallel(&mut self.phones, |phone| {
                work(phone, &today, false);
                bar.add(1);
            });
            self.sync_some(day.end_ms() - HOUR_MS / 6, index, true)?;
            let today = Today {
                world: &self.world,
                sites: &sites,
                day,
                index,
            };
            in_parallel(&mut self.phones, |phone| work(phone, &today, true));
            self.reopen_some()?;
        }
        self.seconds.push(("days", bar.finish()));
        Ok(())
    }

    /// Hands over the posts that pass to somebody else on this day.
    fn hand_over(&mut self, day: Day, index: usize) -> Result<(), DemoError> {
        let at_ms = day.start_ms() + 8 * HOUR_MS;
        for handover in self
            .world
            .handovers
            .iter()
            .filter(|handover| handover.day == index)
        {
            self.operator.hand_over(&self.world, handover, at_ms);
        }
        self.running.env.set(at_ms);
        self.operate(|_| {})
    }

    /// Syncs those phones that have a network now: office people nearly always, people on sites
    /// seldom.
    fn sync_some(&mut self, at_ms: i64, index: usize, is_evening: bool) -> Result<(), DemoError> {
        let world = &self.world;
        let dice = &mut self.dice;
        let online: Vec<bool> = world
            .people
            .iter()
            .enumerate()
            .map(|(who, person)| {
                let branch = &world.branches[person.home];
                let is_office = branch.secretary == who || branch.officer == who;
                let share = match (
                    is_office || !person.roles.is_empty(),
                    person.site,
                    is_evening,
                ) {
                    // Everybody on a site is enrolled and told before they leave coverage.
                    (_, Some(_), true) if index < 4 => 900,
                    (_, Some(_), _) => 70,
                    (true, None, false) => 550,
                    (true, None, true) => 750,
                    (false, None, false) => 80,
                    (false, None, true) => 300,
                };
                // Whoever hands a post over is out of reach meanwhile.
                let is_away = world.handovers.iter().any(|handover| {
                    handover.old == who && (handover.day..handover.day + 4).contains(&index)
                });
                dice.per_mille(share) && !is_away
            })
            .collect();
        let phones = self.phones.iter_mut().zip(online);
        let online = phones.filter_map(|(phone, is_online)| is_online.then_some(phone));
        let mut online: Vec<&mut Phone> = online.collect();
        let reborrowed = online.iter_mut().map(|phone| &mut **phone);
        self.network.sync(reborrowed, at_ms, || {})?;
        self.network.carry(online.into_iter())
    }

    /// Some batteries run flat over night.
    fn reopen_some(&mut self) -> Result<(), DemoError> {
        for phone in &mut self.phones {
            if let Some(error) = phone.broken.take() {
                return Err(error.into());
            }
            if self.dice.per_mille(12) {
                phone.reopen()?;
            }
        }
        Ok(())
    }

    /// In the end every phone syncs until nothing is left, twice: the second time brings what
    /// others brought in the first.
    fn catch_up(&mut self) -> Result<(), DemoError> {
        let bar = Bar::new("最后同步 final sync", "台 phones", 2 * self.phones.len());
        let last = Day(first_day().0 + i32::try_from(self.options.days).unwrap_or(0));
        for hour in [12, 18] {
            let at_ms = last.start_ms() + hour * HOUR_MS;
            self.network
                .sync(self.phones.iter_mut(), at_ms, || bar.add(1))?;
            self.network.carry(self.phones.iter_mut())?;
        }
        self.seconds.push(("final sync", bar.finish()));
        Ok(())
    }
    /// A supervisor's own notebook: a new phone that takes everything in; the last word before
    /// the comparison.
    fn supervisor(&mut self) -> Result<Phone, DemoError> {
        let relay = self.data.join("relay");
        match self.options.sabotage {
            Some(Sabotage::DropChange) => spoilt(&sabotage::drop_change(&relay)?),
            Some(Sabotage::FlipEvent) => {
                self.network.runtime.block_on(self.running.relay.close());
                spoilt(&sabotage::flip_event(&relay)?);
            }
            Some(Sabotage::LosePhoto) => spoilt(&sabotage::lose_photo(&relay)?),
            Some(Sabotage::SkipReceipt) | None => {}
        }
        let bar = Bar::new("督查手机 supervisor's notebook", "台 phone", 1);
        let who = self.world.supervisors[0];
        let mut phone = self.phone(who, "supervisor")?;
        let name = self.world.people[who].name.clone();
        let invite = self.running.invite(phone.member, &name)?;
        self.network
            .enrol(&mut phone, &invite, &format!("{name}的督查手机"))?;
        let last = Day(first_day().0 + i32::try_from(self.options.days).unwrap_or(0));
        let at_ms = last.start_ms() + 20 * HOUR_MS;
        self.network
            .sync(std::iter::once(&mut phone), at_ms, || bar.add(1))?;
        self.seconds.push(("supervisor", bar.finish()));
        Ok(phone)
    }

    fn compare(&mut self, supervisor: &mut Phone) -> Result<Findings, DemoError> {
        let begun = Instant::now();
        let findings = compare(Places {
            imported: &self.operator.entries,
            phones: &mut self.phones,
            supervisor,
            relay: &self.running.relay,
            data: &self.data.join("relay"),
            runtime: &self.network.runtime,
        })?;
        self.seconds
            .push(("comparison", begun.elapsed().as_secs_f64()));
        Ok(findings)
    }

    fn summary(&self, seconds: f64) -> Summary {
        let mut summary = Summary {
            phones: self.phones.len(),
            retries: self.network.retries.load(Ordering::Relaxed),
            pushes: self.network.pushes,
            phases: self.seconds.clone(),
            seconds,
            ..Summary::default()
        };
        for phone in &self.phones {
            summary.deeds += phone.entries.len();
            summary.stopped += phone.stopped;
            summary.syncs += phone.syncs;
            summary.traffic.add(&phone.traffic);
            summary.photos.add(phone);
            let wire = phone.https.traffic();
            summary.wire_bytes[0] += wire.up_bytes();
            summary.wire_bytes[1] += wire.down_bytes();
        }
        summary
    }
}
