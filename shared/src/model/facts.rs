//! What is known of an IP address, and why something is not.

/// What is known of an address at the time it was seen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// Where the address is, or why that is not known.
    pub place: Located,
    /// The network it is announced by.
    pub system: Option<AutonomousSystem>,
    /// What stands between the address and the person.
    pub anonymity: Anonymity,
}

/// Where an address is, or why that is not known.
#[derive(Debug, Clone, PartialEq)]
pub enum Located {
    /// It is there.
    At(Box<Place>),
    /// It is not known where.
    Nowhere(Absence),
}

impl Default for Located {
    fn default() -> Self {
        Self::Nowhere(Absence::Unavailable)
    }
}

impl Facts {
    /// No facts, for this reason.
    pub fn absent(why: Absence) -> Self {
        Self {
            place: Located::Nowhere(why),
            ..Self::default()
        }
    }

    /// The place, where there is one.
    pub fn place(&self) -> Option<&Place> {
        match &self.place {
            Located::At(place) => Some(place),
            Located::Nowhere(_) => None,
        }
    }

    /// Why there is no place.
    pub fn absence(&self) -> Option<Absence> {
        match self.place {
            Located::At(_) => None,
            Located::Nowhere(why) => Some(why),
        }
    }

    /// The country, ISO 3166-1 alpha-2.
    pub fn country(&self) -> Option<&str> {
        self.place()?.country_code.as_deref()
    }

    /// The country, where it is the two letters that an alpha-2 code has.
    pub fn alpha_2(&self) -> Option<&str> {
        self.country()
            .filter(|it| it.len() == 2 && it.bytes().all(|byte| byte.is_ascii_uppercase()))
    }

    /// The number of the autonomous system.
    pub fn asn(&self) -> Option<u32> {
        self.system.as_ref().map(|system| system.number)
    }
}

/// Why an address has no place. A text of the caller's that is no address at all is `Invalid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Absence {
    /// No address.
    Invalid,
    /// Documentation, RFC 5737 and RFC 3849.
    Documentation,
    /// Private or unique local, RFC 1918 and RFC 4193.
    Private,
    /// Shared by a carrier's customers, RFC 6598.
    Shared,
    /// The host itself, RFC 1122 and RFC 4291.
    Loopback,
    /// One link only, RFC 3927 and RFC 4291.
    LinkLocal,
    /// Benchmarks, RFC 2544 and RFC 5180.
    Benchmarking,
    /// Multicast, RFC 5771 and RFC 4291.
    Multicast,
    /// Reserved, unspecified, broadcast or for protocols, RFC 6890.
    Reserved,
    /// A public address the data does not hold.
    Unknown,
    /// No data is loaded.
    Unavailable,
}

impl Absence {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::Invalid,
        Self::Documentation,
        Self::Private,
        Self::Shared,
        Self::Loopback,
        Self::LinkLocal,
        Self::Benchmarking,
        Self::Multicast,
        Self::Reserved,
        Self::Unknown,
        Self::Unavailable,
    ];

    /// The reason as answers and stored items spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Documentation => "documentation",
            Self::Private => "private",
            Self::Shared => "shared",
            Self::Loopback => "loopback",
            Self::LinkLocal => "link_local",
            Self::Benchmarking => "benchmarking",
            Self::Multicast => "multicast",
            Self::Reserved => "reserved",
            Self::Unknown => "unknown",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Where an address is, as precisely as the data says. Absent parts are not known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Place {
    /// Country, ISO 3166-1 alpha-2.
    pub country_code: Option<String>,
    /// Country, in English.
    pub country: Option<String>,
    /// First subdivision of the country, in English.
    pub region: Option<String>,
    /// First subdivision, the part of its ISO 3166-2 code behind the hyphen.
    pub region_code: Option<String>,
    /// City, in English.
    pub city: Option<String>,
    /// Where on the map.
    pub point: Option<Point>,
    /// Time zone, IANA name.
    pub time_zone: Option<String>,
}

/// A point on the map and how wide of it the truth may lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Latitude in degrees, -90 to 90.
    pub latitude: f64,
    /// Longitude in degrees, -180 to 180.
    pub longitude: f64,
    /// Radius of the circle the address is believed to be in, kilometres.
    pub radius_km: u16,
}

/// The network that announces an address (RFC 1930).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutonomousSystem {
    /// Its number, from 1.
    pub number: u32,
    /// Its holder.
    pub organisation: Option<String>,
}

/// What stands between an address and the person behind it. Absent means that the data cannot tell, never "no".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Anonymity {
    /// In a data centre.
    pub hosting: Option<bool>,
    /// An exit of a virtual private network.
    pub vpn: Option<bool>,
    /// An open or residential proxy.
    pub proxy: Option<bool>,
    /// An exit of Tor.
    pub tor: Option<bool>,
    /// A privacy relay of a system's maker, such as iCloud Private Relay.
    pub relay: Option<bool>,
}

impl Anonymity {
    /// Whether any of these stands in between: the address tells little of where its user is.
    pub fn any(self) -> bool {
        [self.hosting, self.vpn, self.proxy, self.tor, self.relay].contains(&Some(true))
    }

    /// Whether a relay of a system's maker stands in between, and nothing else.
    pub fn relayed_only(self) -> bool {
        self.relay == Some(true) && !self.for_hire() && self.tor != Some(true)
    }

    /// Whether a data centre, a VPN or a proxy stands in between. A relay of a system's maker does so for anyone who
    /// uses that system, so it speaks against nobody.
    pub fn for_hire(self) -> bool {
        [self.hosting, self.vpn, self.proxy].contains(&Some(true))
    }
}

/// What a text is that was sent as an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AddressForm {
    /// An address and nothing else.
    #[default]
    Plain,
    /// An address with a port, brackets, quotes, blanks, a zone or the like around it.
    Decorated,
    /// Nothing: empty, blank, or a text that stands for nothing.
    Missing,
    /// Several addresses or names.
    List,
    /// The name of a host, or one that hides it (RFC 7239).
    Name,
    /// Anything else.
    Junk,
}

impl AddressForm {
    /// Every form.
    pub const ALL: [Self; 6] = [
        Self::Plain,
        Self::Decorated,
        Self::Missing,
        Self::List,
        Self::Name,
        Self::Junk,
    ];

    /// The form as explanations and warnings spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Decorated => "decorated",
            Self::Missing => "missing",
            Self::List => "list",
            Self::Name => "name",
            Self::Junk => "not_an_address",
        }
    }
}
