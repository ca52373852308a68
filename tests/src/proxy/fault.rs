//! What goes wrong, and when: seeded rules over the requests that pass.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use fastrand::Rng;

use super::request::Request;

/// One way for a request to fail, as DynamoDB and the network between make it fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 400 `ProvisionedThroughputExceededException`; not applied.
    ThroughputExceeded,
    /// 400 `ThrottlingException`; not applied.
    Throttled,
    /// 500 `InternalServerError`; not applied.
    InternalError,
    /// 503 without a body; not applied.
    Unavailable,
    /// Applied, and 200 with the first half of the answer's JSON; the one fault the SDK does not retry.
    TruncatedJson,
    /// The connection is reset (TCP RST); not applied.
    Reset,
    /// No answer for as long as the caller waits; not applied.
    Hang,
    /// The connection is closed without an answer; not applied.
    LostBeforeCommit,
    /// Applied, then the connection is closed without an answer.
    LostAfterCommit,
    /// Applied, then no answer for as long as the caller waits.
    HangAfterCommit,
    /// Applied after a wait.
    Delay(Duration),
    /// Half of a batch, rounded up, is applied; the rest is returned as unprocessed. Changes no other request.
    Unprocessed,
}

/// Which requests a fault or a hook meets.
///
/// Narrowed by operation, tag and a condition; of those that match, it meets all, some or one.
pub struct When {
    operation: Option<String>,
    tag: Option<String>,
    condition: Option<Condition>,
    pick: Pick,
}

type Condition = Box<dyn Fn(&Request) -> bool + Send>;

#[derive(Clone, Copy, Debug)]
enum Pick {
    All,
    First(u64),
    Nth(u64),
    Chance(f64),
}

impl When {
    /// Every request that matches.
    pub fn always() -> Self {
        Self::picking(Pick::All)
    }

    /// The first `count` that match.
    pub fn first(count: u64) -> Self {
        Self::picking(Pick::First(count))
    }

    /// The `place`-th that matches, counted from 1 since the rule was made.
    pub fn nth(place: u64) -> Self {
        Self::picking(Pick::Nth(place))
    }

    /// Each that matches, with a probability from 0 to 1; drawn from the seed, in the order of arrival.
    pub fn chance(probability: f64) -> Self {
        Self::picking(Pick::Chance(probability))
    }

    /// Only this operation, such as `UpdateItem`.
    #[must_use]
    pub fn operation(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// Only from this caller.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.tag = Some(tag.to_owned());
        self
    }

    /// Only what the condition accepts, such as one item's key.
    #[must_use]
    pub fn matching(mut self, condition: impl Fn(&Request) -> bool + Send + 'static) -> Self {
        self.condition = Some(Box::new(condition));
        self
    }

    fn picking(pick: Pick) -> Self {
        Self {
            operation: None,
            tag: None,
            condition: None,
            pick,
        }
    }

    fn matches(&self, request: &Request) -> bool {
        self.operation
            .as_ref()
            .is_none_or(|operation| *operation == request.operation)
            && self.tag.as_ref().is_none_or(|tag| *tag == request.tag)
            && self.condition.as_ref().is_none_or(|condition| condition(request))
    }
}

impl fmt::Debug for When {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("When")
            .field("operation", &self.operation)
            .field("tag", &self.tag)
            .field("pick", &self.pick)
            .finish_non_exhaustive()
    }
}

/// Work done in the middle of a request.
pub(super) type Hook = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// What happens to one request.
#[derive(Default)]
pub(super) struct Fate {
    pub(super) fault: Option<Fault>,
    pub(super) before: Vec<Hook>,
    pub(super) after: Vec<Hook>,
}

/// The rules in force.
#[derive(Default)]
pub(super) struct Plan {
    seed: u64,
    rules: Vec<Rule>,
}

struct Rule {
    when: When,
    seen: u64,
    random: Rng,
    effect: Effect,
}

enum Effect {
    OneOf(Vec<Fault>),
    Before(Option<Hook>),
    After(Option<Hook>),
}

impl Plan {
    pub(super) fn reset(&mut self, seed: u64) {
        *self = Self {
            seed,
            rules: Vec::new(),
        };
    }

    pub(super) fn fault(&mut self, when: When, faults: Vec<Fault>) {
        self.add(when, Effect::OneOf(faults));
    }

    pub(super) fn before(&mut self, when: When, hook: Hook) {
        self.add(when, Effect::Before(Some(hook)));
    }

    pub(super) fn after(&mut self, when: When, hook: Hook) {
        self.add(when, Effect::After(Some(hook)));
    }

    fn add(&mut self, when: When, effect: Effect) {
        let random = Rng::with_seed(self.seed.wrapping_add(self.rules.len() as u64));
        self.rules.push(Rule {
            when,
            seen: 0,
            random,
            effect,
        });
    }

    /// Every rule counts every request it matches; of the faults that fall due, the first made wins.
    pub(super) fn decide(&mut self, request: &Request) -> Fate {
        let mut fate = Fate::default();
        for rule in self.rules.iter_mut().filter(|rule| rule.when.matches(request)) {
            rule.seen += 1;
            let due = match rule.when.pick {
                Pick::All => true,
                Pick::First(count) => rule.seen <= count,
                Pick::Nth(place) => rule.seen == place,
                Pick::Chance(probability) => rule.random.f64() < probability,
            };
            if !due {
                continue;
            }
            match &mut rule.effect {
                Effect::OneOf(faults) => fate.fault = fate.fault.or(rule.random.choice(faults).copied()),
                Effect::Before(hook) => fate.before.extend(hook.take()),
                Effect::After(hook) => fate.after.extend(hook.take()),
            }
        }
        fate
    }
}
