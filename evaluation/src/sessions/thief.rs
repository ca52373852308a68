//! What thieves show, by what they have and where they are.

use std::net::IpAddr;

use shared::device::Traits;

use super::atlas::Atlas;
use super::person::{Event, Fingerprint, Person, Shows, Sources, Telemetry, fingerprint};
use super::rules::{DEVICE_AGE, OWN_FINGERPRINT, OWN_PROVIDER, SAME_PLACE};
use crate::device::Device;
use crate::random::{Random, mix};
use crate::visit::observe_start;

/// What a thief has, and from where it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    A1,
    A2,
    A3,
    A4,
    A5,
    A6,
}

impl Class {
    pub(crate) const ALL: [Self; 6] = [Self::A1, Self::A2, Self::A3, Self::A4, Self::A5, Self::A6];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::A1 => "A1 abroad, own browser",
            Self::A2 => "A2 abroad, user agent copied",
            Self::A3 => "A3 residential proxy, user agent copied",
            Self::A4 => "A4 residential proxy, all copied",
            Self::A5 => "A5 hosting or VPN, user agent copied",
            Self::A6 => "A6 the owner's device",
        }
    }
}

/// A thief of one session.
pub(crate) struct Thief {
    class: Class,
    address: IpAddr,
    own_agent: String,
    own_fingerprint: String,
    own_traits: Traits,
    sends_fingerprint: bool,
}

impl Thief {
    /// The thief of `person` in this class.
    pub(crate) fn draw(sources: Sources<'_>, class: Class, person: &Person) -> Self {
        let names = [sources.half, person.number, class as u64, 40];
        let mut random = Random::of(&names);
        let device = Device::any(sources.network, sources.half, mix(&names));
        let start = random.unit() * 30.0;
        let it = observe_start(&device, DEVICE_AGE + start);
        let own_agent = it.user_agent.clone().unwrap_or_default();
        Self {
            class,
            address: address(sources.atlas, class, person, &mut random),
            own_fingerprint: fingerprint(&it, person.fingerprint == Fingerprint::Wide),
            own_traits: Traits::of(&it, &own_agent),
            own_agent,
            sends_fingerprint: random.chance(OWN_FINGERPRINT),
        }
    }

    /// What a request shows after the owner's latest event.
    pub(crate) fn shows(&self, atlas: &Atlas, person: &Person, owner: &Event, random: &mut Random) -> Shows {
        let seen = &owner.shows;
        let has_fingerprint = person.fingerprint != Fingerprint::None;
        let own = || has_fingerprint.then(|| self.own_fingerprint.clone());
        if self.class == Class::A6 {
            let mut shows = seen.clone();
            if !random.chance(SAME_PLACE) && owner.link != "VPN" && owner.link != "relay" {
                shows.address = owner.at_home;
                shows.facts = atlas.facts(owner.at_home, None);
            }
            return shows;
        }
        let (user_agent, fingerprint, traits) = match self.class {
            Class::A1 => (&self.own_agent, own(), Some((self.own_traits, &self.own_agent))),
            Class::A2 => (&seen.user_agent, own(), None),
            Class::A3 | Class::A5 => (&seen.user_agent, own().filter(|_| self.sends_fingerprint), None),
            Class::A4 | Class::A6 => {
                let copied = seen.telemetry.as_ref().map(|it| (it.traits, &it.user_agent));
                (&seen.user_agent, seen.fingerprint.clone(), copied)
            }
        };
        Shows {
            address: self.address,
            facts: atlas.facts(self.address, None),
            user_agent: user_agent.clone(),
            fingerprint,
            telemetry: traits.map(|(traits, user_agent)| Telemetry {
                traits,
                user_agent: user_agent.clone(),
                address: self.address,
            }),
        }
    }
}

fn address(atlas: &Atlas, class: Class, person: &Person, random: &mut Random) -> IpAddr {
    let home = person.home;
    match class {
        Class::A1 | Class::A2 => {
            let country = atlas.abroad(home, random);
            atlas.access(country, random).any(random)
        }
        Class::A3 | Class::A4 | Class::A6 if random.chance(OWN_PROVIDER) => {
            atlas.system(home, person.provider, random).any(random)
        }
        Class::A3 | Class::A4 | Class::A6 => atlas.access(home, random).any(random),
        Class::A5 => atlas.exit(home, random),
    }
}
