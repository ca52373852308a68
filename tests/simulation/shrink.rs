//! The smallest history that still breaks a promise.

use crate::check::check;
use crate::mutant::Mutant;
use crate::network::Weather;
use crate::plan::{Clock, Plan};
use crate::run::Stage;

/// What a plan breaks.
pub(crate) fn breaks(stage: &Stage, plan: &Plan, mutant: Option<Mutant>) -> Vec<String> {
    check(plan, &stage.run(plan, mutant))
}

/// Leaves out what is not needed, one thing after the other, as long as a promise stays broken.
pub(crate) fn shrink(stage: &Stage, plan: &Plan, mutant: Option<Mutant>) -> Plan {
    let mut smallest = plan.clone();
    loop {
        let smaller = smaller(&smallest)
            .into_iter()
            .find(|it| !breaks(stage, it, mutant).is_empty());
        match smaller {
            Some(plan) => smallest = plan,
            None => return smallest,
        }
    }
}

fn smaller(plan: &Plan) -> Vec<Plan> {
    let mut plans = Vec::new();
    let mut with = |change: &dyn Fn(&mut Plan)| {
        let mut next = plan.clone();
        change(&mut next);
        if next != *plan {
            plans.push(next);
        }
    };
    for at in 0..plan.steps.len() {
        with(&|it| {
            it.steps.remove(at);
        });
    }
    with(&|it| it.weather = Weather::FAIR);
    for host in 0..plan.hosts.len() {
        with(&|it| it.hosts[host] = Clock::RIGHT);
    }
    for at in 0..plan.steps.len() {
        with(&|it| it.steps[at].dies = None);
    }
    plans
}
