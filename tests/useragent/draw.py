#!/usr/bin/env python3
"""Draws user agents from public collections and records what uap-core says of each.

Run where the packages named in README.md are installed; writes corpus.json beside this file:

    python3 draw.py path/to/user-agents.json path/to/crawler-user-agents.json
"""

import json
import pathlib
import random
import sys

import fake_useragent
from ua_parser import parse

BROWSERS = 400
CRAWLERS = 200


def family(part):
    return part.family if part else None


def version(part):
    """Major and minor, as far as uap-core names them."""
    numbers = [part.major, part.minor] if part else []
    return ".".join(number for number in numbers if number) or None


def judged(user_agent, device_class):
    seen = parse(user_agent)
    return {
        "user_agent": user_agent,
        "crawler": device_class == "crawler",
        "device_class": device_class,
        "browser": family(seen.user_agent),
        "browser_version": version(seen.user_agent),
        "os": family(seen.os),
        "os_version": version(seen.os),
        "device": family(seen.device),
    }


def in_turns(rows, count):
    """One of each kind of browser and system in turn, so that the rare ones are not lost among the common."""
    kinds = {}
    for row in rows:
        kinds.setdefault((row["browser"] or "", row["os"] or ""), []).append(row)
    drawn = []
    while len(drawn) < count and any(kinds.values()):
        drawn += [kind.pop() for _, kind in sorted(kinds.items()) if kind]
    return drawn[:count]


def main(user_agents, crawlers):
    chance = random.Random(20260801)
    data = pathlib.Path(fake_useragent.__file__).parent / "data" / "browsers.jsonl"
    rows = [json.loads(line) for line in data.read_text().splitlines()]
    classes = {row["useragent"]: row["type"] for row in rows}
    rows = json.loads(pathlib.Path(user_agents).read_text())
    classes |= {row["userAgent"]: row["deviceCategory"] for row in rows}
    bots = {text for row in json.loads(pathlib.Path(crawlers).read_text()) for text in row["instances"]}
    browsers, bots = sorted(classes), sorted(bots - classes.keys())
    chance.shuffle(browsers)
    rows = in_turns([judged(text, classes[text]) for text in browsers], BROWSERS)
    rows += [judged(text, "crawler") for text in chance.sample(bots, CRAWLERS)]
    rows.sort(key=lambda row: (row["crawler"], row["user_agent"]))
    lines = ",\n".join(json.dumps(row, ensure_ascii=True) for row in rows)
    pathlib.Path(__file__).with_name("corpus.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
