//! Owns what is known of endpoints and profiles beyond the capability table: verdicts in Postgres,
//! which all instances share, and the suspects among the betas, which each finds for itself.

use std::collections::HashMap;
use std::sync::Arc;

use actix::{Actor, ActorFutureExt as _, AsyncContext, Context, Handler, Message, WrapFuture as _};
use arc_swap::ArcSwap;
use chrono::{TimeDelta, Utc};
use uuid::Uuid;

use super::reload::{self, Reload};
use super::tree::{Name, Tombstone};
use crate::domain::capability::{Feature, Features, Lesson, Suspects, Verdicts};
use crate::storage::verdicts::VerdictRow;
use crate::storage::{self, Database};

/// How long what was learned holds: what Bedrock takes changes from day to day.
const LASTS: TimeDelta = TimeDelta::hours(24);
/// Places of which suspects are kept.
const MAX_PLACES: usize = 1_000;

/// Where a verdict holds: an endpoint's name, and a profile's id or ARN.
pub type Place = (String, String);

/// What is known of one place.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The verdicts.
    pub verdicts: Verdicts,
    /// Betas of which one is at fault.
    pub suspects: Suspects,
}

type Table = HashMap<Place, Known>;

/// How requests reach what is known.
#[derive(Clone)]
pub struct Learned {
    /// The owner.
    pub name: Name<Teacher>,
    published: Arc<ArcSwap<Table>>,
}

impl Default for Learned {
    fn default() -> Self {
        Self { name: Name::new("verdicts"), published: Arc::default() }
    }
}

impl Learned {
    /// What is known of a place; `None` where that is nothing.
    #[must_use]
    pub fn of(&self, endpoint: &str, profile: &str) -> Option<Known> {
        let table = self.published.load();
        if table.is_empty() {
            return None;
        }
        table.get(&(endpoint.to_owned(), profile.to_owned())).cloned()
    }

    /// How many verdicts there are: kind, whether it is taken, count.
    #[must_use]
    pub fn count(&self) -> [(&'static str, bool, usize); 4] {
        let table = self.published.load();
        let sum =
            |of: fn(&Verdicts) -> usize| table.values().map(|known| of(&known.verdicts)).sum();
        [
            ("feature", true, sum(|verdicts| verdicts.counts().0)),
            ("feature", false, sum(|verdicts| verdicts.counts().1)),
            ("beta", true, sum(|verdicts| verdicts.counts().2)),
            ("field", false, sum(|verdicts| verdicts.counts().3)),
        ]
    }

    /// The owner, built anew after each crash; the snapshot stays.
    #[must_use]
    pub fn owner(&self, database: Database, tombstone: Tombstone) -> Teacher {
        Teacher { database, published: Arc::clone(&self.published), _tombstone: tombstone }
    }
}

/// The actor.
pub struct Teacher {
    database: Database,
    published: Arc<ArcSwap<Table>>,
    _tombstone: Tombstone,
}

impl Actor for Teacher {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        reload::keep_fresh(ctx);
    }
}

impl Handler<Reload> for Teacher {
    type Result = ();

    fn handle(&mut self, _: Reload, ctx: &mut Context<Self>) {
        let database = self.database.clone();
        let read = async move { storage::verdicts::valid(&database).await };
        reload::read(self, ctx, "verdicts", read, Self::publish);
    }
}

/// A request was refused, and served once it did without what the lesson names.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Taught {
    /// Where.
    pub place: Place,
    /// What the refusal said.
    pub lesson: Lesson,
    /// The features whose betas the refused request had.
    pub sent: Features,
}

impl Handler<Taught> for Teacher {
    type Result = ();

    fn handle(&mut self, taught: Taught, ctx: &mut Context<Self>) {
        let Taught { place, lesson, sent } = taught;
        match lesson {
            Lesson::Features(features) => features
                .iter()
                .for_each(|feature| self.learn(place.clone(), "feature", feature.id(), ctx)),
            Lesson::Field(field) => self.learn(place, "field", &field, ctx),
            Lesson::SomeBeta => {
                let found = self.change(&place, |known| known.suspects.refused(sent));
                self.convict(place, found, ctx);
            }
            Lesson::Signature => {}
        }
    }
}

/// A request was served at a place where a beta is at fault.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Served {
    /// Where.
    pub place: Place,
    /// The features whose betas it had.
    pub sent: Features,
}

impl Handler<Served> for Teacher {
    type Result = ();

    fn handle(&mut self, Served { place, sent }: Served, ctx: &mut Context<Self>) {
        let found = self.change(&place, |known| known.suspects.served(sent));
        self.convict(place, found, ctx);
    }
}

impl Teacher {
    fn publish(&self, rows: Vec<VerdictRow>) {
        let mut table = Table::new();
        for row in rows {
            let known = table.entry((row.endpoint, row.profile)).or_default();
            apply(&mut known.verdicts, &row.kind, &row.name, row.taken);
        }
        for (place, before) in self.published.load().iter() {
            if !before.suspects.is_empty() {
                table.entry(place.clone()).or_default().suspects = before.suspects;
            }
        }
        self.published.store(Arc::new(table));
    }

    /// Changes what is known of a place.
    fn change<T>(&self, place: &Place, change: impl FnOnce(&mut Known) -> T) -> Option<T> {
        let mut table = Table::clone(&self.published.load());
        if table.len() >= MAX_PLACES && !table.contains_key(place) {
            return None;
        }
        let changed = change(table.entry(place.clone()).or_default());
        self.published.store(Arc::new(table));
        Some(changed)
    }

    fn convict(&self, place: Place, found: Option<Option<Feature>>, ctx: &mut Context<Self>) {
        if let Some(feature) = found.flatten() {
            self.learn(place, "feature", feature.id(), ctx);
        }
    }

    /// Holds from now on that a place does not take something, and has every instance know it.
    fn learn(&self, place: Place, kind: &'static str, name: &str, ctx: &mut Context<Self>) {
        let now = Utc::now();
        tracing::warn!(
            endpoint = place.0,
            profile = place.1,
            kind,
            name,
            "Bedrock refuses this here."
        );
        self.change(&place, |known| apply(&mut known.verdicts, kind, name, false));
        let row = VerdictRow {
            id: Uuid::now_v7(),
            endpoint: place.0,
            profile: place.1,
            kind: kind.to_owned(),
            name: name.to_owned(),
            taken: false,
            source: "learned".to_owned(),
            reason: "Bedrock refused it.".to_owned(),
            expires_at: Some(now + LASTS),
            updated_at: now,
        };
        let database = self.database.clone();
        let write = async move { storage::verdicts::learn(&database, row).await };
        ctx.spawn(write.into_actor(self).map(|written, _, _| {
            if let Err(error) = written {
                tracing::warn!(%error, "A verdict cannot be stored; only this instance knows it.");
            }
        }));
    }
}

fn apply(verdicts: &mut Verdicts, kind: &str, name: &str, taken: bool) {
    match (kind, Feature::by_id(name), taken) {
        ("feature", Some(feature), true) => verdicts.allow(feature),
        ("feature", Some(feature), false) => verdicts.refuse(feature),
        ("beta", _, true) => verdicts.allow_beta(name),
        ("field", _, false) => verdicts.refuse_field(name),
        _ => tracing::warn!(kind, name, "A stored verdict means nothing to this version."),
    }
}

#[cfg(feature = "chaos")]
super::tree::chaos::crashable!(Teacher);
