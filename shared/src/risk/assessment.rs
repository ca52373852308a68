//! The factors of one request, and their sum.

use serde::Serialize;

use crate::device::Component;
use crate::model::HeldSession;
use crate::policy::RiskPolicy;

use super::acceptance;
use super::decision::{Action, decide};
use super::evidence::Evidence;
use super::factor::Factor;
use super::score::Score;
use super::user_agent::Agent;
use super::weights::{
    ANONYMIZER_NEW, ANONYMIZER_OTHER, BROWSER_NEWER, COMPONENTS_COUNTED, COMPONENTS_SAME,
    COMPONENTS_SAME_KIND, COMPONENTS_SAME_TOO, FINGERPRINT_CHANGED, FINGERPRINT_CHANGED_ABROAD,
    FINGERPRINT_COUNTED, FINGERPRINT_DRAWN, FINGERPRINT_MATCH, FINGERPRINT_UNVOUCHED, FINGERPRINT_UPGRADED,
    FINGERPRINT_VOUCHED, FINGERPRINT_WITHHELD, TELEMETRY_ELSEWHERE, TELEMETRY_LEFT_BEHIND,
    USER_AGENT_COUNTED, Weight,
};
use super::{Explanation, components, fingerprint, guessing, network, reputation, travel, user_agent};

/// Whether record and profile have something to say about a request: its user agent, or what is known of its subject.
///
/// When not, [`assess`] gives the same assessment with and without them.
pub fn needs_history(evidence: &Evidence<'_>) -> bool {
    if evidence.told.is_some() || !user_agent::is_same(evidence) {
        return true;
    }
    let place = network::place(evidence);
    let print = fingerprint::weigh(evidence, false, place);
    network::is_for_profile(evidence, place)
        || fingerprint::is_for_profile(evidence, print)
        || reputation::weigh(evidence, place)
            .is_some_and(|it| [ANONYMIZER_NEW, ANONYMIZER_OTHER].contains(&it))
}

/// What each group says of a request, before the views of the device are counted as one.
#[derive(Debug, Clone)]
pub(super) struct Weighed {
    /// How the network stands to the session, whoever shares the address.
    pub(super) place: Weight,
    pub(super) network: Weight,
    pub(super) reputation: Option<Weight>,
    pub(super) travel: Option<Weight>,
    pub(super) agent: Agent,
    pub(super) fingerprint: Weight,
    pub(super) components: Option<(Weight, Vec<Component>)>,
    pub(super) guessing: Option<Weight>,
}

impl Weighed {
    fn of(evidence: &Evidence<'_>) -> Self {
        let agent = user_agent::judge(evidence);
        let place = network::place(evidence);
        let mut components = components::judge(evidence, place, &agent);
        let telemetry = components.as_ref().map(|(weight, _)| *weight);
        // Settings and journeys change a fingerprint; what the machine is made of they do not.
        let vouched = match telemetry {
            Some(COMPONENTS_SAME) => true,
            Some(COMPONENTS_SAME_KIND) => network::is_own(place),
            _ => false,
        };
        let redrawn = components.as_ref().is_some_and(components::is_redrawn);
        let fingerprint = match fingerprint::weigh(evidence, agent.explains, place) {
            FINGERPRINT_CHANGED
            | FINGERPRINT_CHANGED_ABROAD
            | FINGERPRINT_UPGRADED
            | FINGERPRINT_WITHHELD
                if vouched =>
            {
                FINGERPRINT_VOUCHED
            }
            FINGERPRINT_CHANGED if redrawn && network::is_located(place) => FINGERPRINT_DRAWN,
            FINGERPRINT_CHANGED | FINGERPRINT_WITHHELD if telemetry.is_some_and(components::is_missed) => {
                FINGERPRINT_UNVOUCHED
            }
            weight => weight,
        };
        if let Some((told, _)) = &mut components
            && fingerprint == FINGERPRINT_MATCH
        {
            *told = match *told {
                // A page that was loaded at home goes on asking from the street.
                TELEMETRY_ELSEWHERE => TELEMETRY_LEFT_BEHIND,
                COMPONENTS_SAME => COMPONENTS_SAME_TOO,
                told => told,
            };
        }
        Self {
            place,
            components,
            network: network::weigh(evidence, &agent),
            reputation: reputation::weigh(evidence, place),
            travel: travel::weigh(evidence, place),
            agent,
            fingerprint,
            guessing: guessing::weigh(evidence, fingerprint),
        }
    }

    /// The weight of the telemetry.
    pub(super) fn telemetry(&self) -> Option<Weight> {
        self.components.as_ref().map(|(weight, _)| *weight)
    }

    /// User agent, fingerprint and telemetry are three views of one device: the gravest counts, the first of equals.
    /// A fingerprint that matches speaks for nothing where another view speaks against the device.
    fn views(&self) -> [Option<Weight>; 3] {
        let views = [Some(self.agent.weight), Some(self.fingerprint), self.telemetry()];
        let gravest = views.iter().flatten().map(|it| it.points).max().unwrap_or(0);
        let mut counted = false;
        views.map(|view| {
            let weight = view?;
            let beaten = if weight.points < 0 {
                BROWSER_NEWER.points < gravest
            } else {
                0 < weight.points && (weight.points < gravest || counted)
            };
            counted |= weight.points == gravest;
            Some(if beaten { counted_elsewhere(weight) } else { weight })
        })
    }

    fn factors(&self, evidence: &Evidence<'_>) -> Vec<Factor> {
        let [agent, print, told] = self.views();
        let named = |counted: Weight, weight: Weight| counted.factor(Some(weight.name.to_owned()), None);
        let agent = agent.map(|it| {
            if it == self.agent.weight {
                self.agent.clone().factor()
            } else {
                named(it, self.agent.weight)
            }
        });
        let print = print.map(|it| {
            if it == self.fingerprint {
                it.factor(None, None)
            } else {
                named(it, self.fingerprint)
            }
        });
        let told = self.components.as_ref().zip(told).map(|((weight, changed), it)| {
            if it == *weight {
                components::factor(evidence, it, changed)
            } else {
                named(it, *weight)
            }
        });
        [
            Some(network::factor(evidence, self.network)),
            self.reputation.map(|it| reputation::factor(evidence, it)),
            self.travel.map(|it| travel::factor(evidence, it)),
            agent,
            print,
            told,
            self.guessing.map(|it| it.factor(None, None)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn confidence(&self, evidence: &Evidence<'_>) -> Confidence {
        let weights = [
            Some(self.network),
            self.reputation,
            self.travel,
            Some(self.agent.weight),
            Some(self.fingerprint),
            self.telemetry(),
            self.guessing,
        ];
        let weights = || weights.iter().flatten();
        let compared = weights().filter(|weight| weight.compared).count();
        let unsure = evidence.profile_is_young() && weights().any(|weight| weight.by_profile);
        if evidence.context.trusted && 2 <= compared && !unsure {
            Confidence::Medium
        } else {
            Confidence::Low
        }
    }

    fn assessed(&self, evidence: &Evidence<'_>) -> Assessment {
        Assessment {
            factors: self.factors(evidence),
            confidence: self.confidence(evidence),
        }
    }
}

/// What stands for a view of the device that a graver one, or an earlier one as grave, has counted already.
fn counted_elsewhere(weight: Weight) -> Weight {
    match weight.group {
        super::Group::UserAgent => USER_AGENT_COUNTED,
        super::Group::Fingerprint => FINGERPRINT_COUNTED,
        _ => COMPONENTS_COUNTED,
    }
}

/// Judges a request by what its session remembers and its subject is known by.
///
/// A record or profile that is not at hand counts as missing data.
pub fn assess(evidence: &Evidence<'_>) -> Assessment {
    Weighed::of(evidence).assessed(evidence)
}

/// Judges a request, decides what is done about it, and says what the session remembers of it.
pub fn judge(evidence: &Evidence<'_>, policy: &RiskPolicy) -> Judgement {
    let weighed = Weighed::of(evidence);
    let assessment = weighed.assessed(evidence);
    let score = assessment.score();
    let action = decide(score, policy);
    let kept = if action == Action::Refuse {
        acceptance::refused(evidence, &weighed, score)
    } else {
        acceptance::seen(evidence, &weighed, score, *policy)
    };
    Judgement {
        assessment,
        action,
        next: kept.next,
        user_agent_moved: kept.user_agent_moved,
        telemetry_moved: kept.telemetry_moved,
    }
}

/// What follows from a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The reasons.
    pub assessment: Assessment,
    /// What is done about it.
    pub action: Action,
    /// The session as it is from now on, where it is not revoked.
    pub next: HeldSession,
    /// Whether the session is held by the request's user agent from now on.
    pub user_agent_moved: bool,
    /// Whether the session's telemetry is compared with the request's from now on.
    pub telemetry_moved: bool,
}

/// How much there was to judge by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Fewer than two groups had something to compare, or the request is only its caller's own word, or something was
    /// called new or known by a profile that has learnt little yet.
    Low,
    /// None of these.
    Medium,
}

/// The factors of one request, one of each group that has data. The score is their sum, whatever they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    factors: Vec<Factor>,
    confidence: Confidence,
}

impl Assessment {
    /// The reasons, in the order of [`super::Group::ALL`].
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// The sum of the factors' points, before it is brought into 0 to 100.
    pub fn sum(&self) -> i32 {
        self.factors.iter().map(|factor| factor.points).sum()
    }

    /// The score.
    pub fn score(&self) -> Score {
        Score::of(self.sum())
    }

    /// How much there was to judge by.
    pub const fn confidence(&self) -> Confidence {
        self.confidence
    }

    /// What a caller with an API key is told.
    pub fn explain(&self, policy: &RiskPolicy) -> Explanation<'_> {
        Explanation::new(self, *policy)
    }
}
