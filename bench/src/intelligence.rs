//! What is known of addresses: the first answer of a process, on a cold and a warm page cache, and those after it.

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use shared::network::{Intelligence, Sources};

use crate::Result;
use crate::report::{Table, say};
use crate::samples::{Samples, ms, us};

/// Spread over the world and both families.
const ADDRESSES: [&str; 8] = [
    "81.2.69.142",
    "185.220.101.1",
    "103.21.244.9",
    "200.1.2.3",
    "41.0.0.1",
    "2001:4860:4860::8888",
    "2a02:26f0:10::1",
    "2400:cb00:2049::1",
];
const LOOKUPS: u32 = 20_000;

/// Measures the data in `folder` and prints the tables.
pub(crate) fn run(folder: &Path) -> Result<()> {
    let files: Vec<PathBuf> = folder
        .read_dir()
        .map(|entries| entries.flatten().map(|it| it.path()).collect())
        .unwrap_or_default();
    if files.is_empty() {
        return Ok(say(
            "## Data about addresses\n\nNone is built: `cargo local intel`.",
        )?);
    }
    say(
        "## Data about addresses\n\nA process of its own for each reading: from its start to its first answer (it opens \
         the files, looks one address up and ends). Cold: the files dropped from the page cache before. ms. Aim: 30 ms \
         cold, 3 us a further lookup, 5 MB of memory of its own.",
    )?;
    let mut table = Table::new(&["page cache", "readings", "p50", "max", "own memory, kB"]);
    for cold in [true, false] {
        let mut memory = 0;
        let mut readings = Vec::new();
        for address in ADDRESSES {
            for file in files.iter().filter(|_| cold) {
                forget(file)?;
            }
            let (took, own) = answer(folder, address)?;
            memory = memory.max(own);
            readings.push(took);
        }
        let samples: Samples = readings.into_iter().collect();
        table.row([
            if cold { "cold" } else { "warm" }.to_owned(),
            samples.len().to_string(),
            ms(samples.percentile(50)),
            ms(samples.percentile(100)),
            memory.to_string(),
        ]);
    }
    say(table)?;

    let intelligence = open(folder);
    let addresses: Vec<String> = (0..LOOKUPS)
        // Evenly over 1.0.0.0 to 223.255.255.255, in no order.
        .map(|it| Ipv4Addr::from_bits(0x0100_0000 + it.wrapping_mul(2_654_435_761) % 0xdf00_0000).to_string())
        .collect();
    let time = |address: &String| {
        let begun = Instant::now();
        black_box(intelligence.look_up(black_box(address)));
        begun.elapsed()
    };
    // The first round brings the pages in.
    let _: Samples = addresses.iter().map(time).collect();
    let samples: Samples = addresses.iter().map(time).collect();
    let mut table = Table::new(&["further lookups", "p50, us", "p99, us"]);
    table.row([
        format!("{} IPv4 addresses, all facts", samples.len()),
        us(samples.percentile(50)),
        us(samples.percentile(99)),
    ]);
    Ok(say(table)?)
}

/// The measured process: looks `address` up, and prints its own memory in kB.
pub(crate) fn first_answer(folder: &Path, address: &str) -> Result<()> {
    let intelligence = open(folder);
    black_box(intelligence.look_up(address));
    let status = std::fs::read_to_string("/proc/self/status")?;
    let own = status.lines().find_map(|it| it.strip_prefix("RssAnon:"));
    say(own.unwrap_or_default().trim().trim_end_matches(" kB"))?;
    Ok(())
}

fn answer(folder: &Path, address: &str) -> Result<(Duration, u64)> {
    let begun = Instant::now();
    let output = Command::new(std::env::current_exe()?)
        .args(["--first-answer", address, "--intelligence"])
        .arg(folder)
        .stderr(Stdio::inherit())
        .output()?;
    let took = begun.elapsed();
    Ok((took, String::from_utf8(output.stdout)?.trim().parse()?))
}

fn open(folder: &Path) -> Intelligence {
    Intelligence::open(&Sources {
        paths: vec![folder.to_owned()],
        documentation: None,
    })
    .intelligence
}

/// Drops a file from the page cache: GNU dd calls `posix_fadvise` for it.
fn forget(file: &Path) -> Result<()> {
    let of = format!("of={}", file.display());
    let done = Command::new("dd")
        .args([
            of.as_str(),
            "oflag=nocache",
            "conv=notrunc,fdatasync",
            "count=0",
            "status=none",
        ])
        .status()?;
    if done.success() {
        Ok(())
    } else {
        Err("dd cannot drop a file from the page cache".into())
    }
}
