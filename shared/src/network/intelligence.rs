//! What the data says of an address.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::database::Database;
use super::records::{AnonymityRecord, PlaceRecord, SystemRecord};
use super::{parse, special};
use crate::model::{Absence, Anonymity, AutonomousSystem, Facts, Located, Place};

/// The data about addresses that this deployment has.
#[derive(Debug, Clone, Default)]
pub struct Intelligence {
    data: Option<Arc<Data>>,
}

#[derive(Debug, Default)]
struct Data {
    places: Option<Database>,
    systems: Option<Database>,
    anonymity: Option<Database>,
    documentation: Option<Database>,
}

/// Where data may be found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources {
    /// `.mmdb` files, and folders of them. For each role the first file that has it is used, so an operator's own file
    /// goes before the folder it replaces a part of.
    pub paths: Vec<PathBuf>,
    /// Invented places for documentation addresses, which have none otherwise. For tests alone.
    pub documentation: Option<PathBuf>,
}

/// What a database tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Where addresses are.
    Places,
    /// The autonomous systems that announce them.
    Systems,
    /// What stands between them and persons.
    Anonymity,
    /// Invented places of documentation addresses.
    Documentation,
}

/// The data that could be opened, and what could not.
#[derive(Debug)]
pub struct Opened {
    /// The data.
    pub intelligence: Intelligence,
    /// What is missing or damaged. The service works without it.
    pub problems: Vec<Problem>,
}

/// A path that gives no data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The path.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.reason)
    }
}

impl Intelligence {
    /// No data: every address is as unknown as any other.
    pub const fn none() -> Self {
        Self { data: None }
    }

    /// Opens what is there.
    pub fn open(sources: &Sources) -> Opened {
        let mut opening = Opening::default();
        for path in &sources.paths {
            opening.path(path);
        }
        if let Some(path) = &sources.documentation {
            opening.file(path, &[Role::Documentation]);
        }
        let Opening { data, problems } = opening;
        let any = data.each().next().is_some();
        Opened {
            intelligence: Self {
                data: any.then(|| Arc::new(data)),
            },
            problems,
        }
    }

    /// The files in use: what each is for, where it is, what it calls itself, and when it was built in seconds since
    /// 1970.
    pub fn files(&self) -> impl Iterator<Item = (Role, &Path, &str, u64)> {
        self.data
            .iter()
            .flat_map(|data| data.each())
            .map(|(role, it)| (role, it.path(), it.kind(), it.built_at()))
    }

    /// What is known of the address in `text`, which may be none.
    pub fn look_up(&self, text: &str) -> Facts {
        let Some(address) = parse(text) else {
            return Facts::absent(Absence::Invalid);
        };
        let data = self.data.as_deref();
        match (special::absence(address), data) {
            (Some(Absence::Documentation), Some(data)) => Facts {
                place: located(data.documentation_place(address), Absence::Documentation),
                ..Facts::default()
            },
            (Some(why), _) => Facts::absent(why),
            (None, None) => Facts::absent(Absence::Unavailable),
            (None, Some(data)) => data.facts(address),
        }
    }
}

fn located(place: Option<Place>, otherwise: Absence) -> Located {
    place.map_or(Located::Nowhere(otherwise), |it| Located::At(Box::new(it)))
}

impl Data {
    fn facts(&self, address: IpAddr) -> Facts {
        let without = match self.places {
            Some(_) => Absence::Unknown,
            None => Absence::Unavailable,
        };
        Facts {
            place: located(place(self.places.as_ref(), address), without),
            system: self.system(address),
            anonymity: self.anonymity(address),
        }
    }

    fn documentation_place(&self, address: IpAddr) -> Option<Place> {
        place(self.documentation.as_ref(), address)
    }

    fn system(&self, address: IpAddr) -> Option<AutonomousSystem> {
        self.systems
            .as_ref()?
            .record::<SystemRecord<'_>>(address)?
            .system()
    }

    fn anonymity(&self, address: IpAddr) -> Anonymity {
        let Some(lists) = &self.anonymity else {
            return Anonymity::default();
        };
        anonymity(&lists.record(address).unwrap_or_default(), lists.kind())
    }

    fn each(&self) -> impl Iterator<Item = (Role, &Database)> {
        [
            (Role::Places, &self.places),
            (Role::Systems, &self.systems),
            (Role::Anonymity, &self.anonymity),
            (Role::Documentation, &self.documentation),
        ]
        .into_iter()
        .filter_map(|(role, it)| Some((role, it.as_ref()?)))
    }

    fn slot(&mut self, role: Role) -> &mut Option<Database> {
        match role {
            Role::Places => &mut self.places,
            Role::Systems => &mut self.systems,
            Role::Anonymity => &mut self.anonymity,
            Role::Documentation => &mut self.documentation,
        }
    }
}

fn place(places: Option<&Database>, address: IpAddr) -> Option<Place> {
    places?.record::<PlaceRecord<'_>>(address)?.place()
}

/// What lists of this kind say by a record, which is empty for an address that is on none of them: that it is none of
/// what they are complete for.
fn anonymity(record: &AnonymityRecord, kind: &str) -> Anonymity {
    let proxy = record.is_public_proxy || record.is_residential_proxy;
    let own = kind.starts_with(OWN);
    Anonymity {
        hosting: (record.is_hosting_provider || !own).then_some(record.is_hosting_provider),
        vpn: (record.is_anonymous_vpn || !own).then_some(record.is_anonymous_vpn),
        proxy: (proxy || !own).then_some(proxy),
        tor: Some(record.is_tor_exit_node),
        relay: (record.is_privacy_relay || own).then_some(record.is_privacy_relay),
    }
}

/// How kinds of databases begin that the builder of this project wrote. They list every exit of Tor and of privacy
/// relays, but only the largest hosting providers, two makers of VPNs and no proxies: of those they never say "no".
const OWN: &str = "Holdfast-";

/// What a database of this kind tells.
fn role(kind: &str) -> Option<Role> {
    let says = |word| kind.contains(word);
    if says("Documentation") {
        Some(Role::Documentation)
    } else if says("Anonymous") {
        Some(Role::Anonymity)
    } else if ["City", "Country", "Enterprise", "Location"]
        .into_iter()
        .any(says)
    {
        Some(Role::Places)
    } else if says("ASN") || says("ISP") {
        Some(Role::Systems)
    } else {
        None
    }
}

#[derive(Default)]
struct Opening {
    data: Data,
    problems: Vec<Problem>,
}

impl Opening {
    fn path(&mut self, path: &Path) {
        const ORDINARY: [Role; 3] = [Role::Places, Role::Systems, Role::Anonymity];
        if !path.is_dir() {
            return self.file(path, &ORDINARY);
        }
        let mut files: Vec<PathBuf> = match path.read_dir() {
            Ok(entries) => entries.flatten().map(|it| it.path()).collect(),
            Err(error) => return self.problem(path, error),
        };
        files.retain(|it| it.extension().is_some_and(|it| it == "mmdb"));
        // By name, so that the same folder is always read the same way; it also puts cities before countries.
        files.sort();
        if files.is_empty() {
            self.problem(path, "no .mmdb file in it");
        }
        for file in files {
            self.file(&file, &ORDINARY);
        }
    }

    fn file(&mut self, path: &Path, roles: &[Role]) {
        let database = match Database::open(path) {
            Ok(database) => database,
            Err(error) => return self.problem(path, error),
        };
        match role(database.kind()).filter(|it| roles.contains(it)) {
            Some(role) => {
                self.data.slot(role).get_or_insert(database);
            }
            None => self.problem(path, format_args!("{} is not used here", database.kind())),
        }
    }

    fn problem(&mut self, path: &Path, reason: impl fmt::Display) {
        self.problems.push(Problem {
            path: path.to_owned(),
            reason: reason.to_string(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_lists_never_say_of_an_address_that_it_is_no_data_centre_vpn_or_proxy() {
        let own = |record: &AnonymityRecord| anonymity(record, "Holdfast-Anonymous-IP");
        let unlisted = Anonymity {
            hosting: None,
            vpn: None,
            proxy: None,
            tor: Some(false),
            relay: Some(false),
        };
        assert_eq!(own(&AnonymityRecord::default()), unlisted);
        let listed = own(&AnonymityRecord {
            is_anonymous_vpn: true,
            ..AnonymityRecord::default()
        });
        assert_eq!((listed.vpn, listed.proxy), (Some(true), None));
        let complete = anonymity(&AnonymityRecord::default(), "GeoIP2-Anonymous-IP");
        assert_eq!(
            (complete.hosting, complete.vpn, complete.proxy, complete.relay),
            (Some(false), Some(false), Some(false), None)
        );
    }
}
