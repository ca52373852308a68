#!/usr/bin/env python3
"""Prints the user agents of the fetched collections, one JSON object a line: collect.py FOLDER

`kind` is `person` for what a browser or an app's window sends, `listed` for an instance of crawler-user-agents, `bot` for
one of Matomo's bots. `class` is the collection's word for the device. What apps, players and libraries fetch by
themselves is left out: it is neither.
"""

import glob
import json
import pathlib
import sys
import tarfile
import zipfile

import yaml

FIXTURES = "device_detector/tests/fixtures/upstream/"


def npm(folder, name, file):
    (path,) = glob.glob(f"{folder}/{name}-[0-9]*.tgz")
    with tarfile.open(path) as archive:
        return json.load(archive.extractfile(f"package/{file}"))


def wheel(folder, name):
    (path,) = glob.glob(f"{folder}/{name}-*.whl")
    return zipfile.ZipFile(path)


def matomo(folder):
    archive = wheel(folder, "device_detector")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for file in sorted(archive.namelist()):
        if not file.startswith(FIXTURES) or not file.endswith(".yml"):
            continue
        for entry in yaml.load(archive.read(file), Loader=loader) or []:
            text = entry["user_agent"]
            if file.endswith("/bots.yml"):
                yield text, "bot", ""
                continue
            client = (entry.get("client") or {}).get("type", "")
            window = client == "browser" or (client in ("mobile app", "") and text.startswith("Mozilla/"))
            if window and not entry.get("bot"):
                yield text, "person", (entry.get("device") or {}).get("type") or ""


def every(folder):
    for entry in npm(folder, "crawler-user-agents", "crawler-user-agents.json"):
        for text in entry["instances"]:
            yield text, "listed", ""
    yield from matomo(folder)
    for entry in npm(folder, "user-agents", "dist/user-agents.json"):
        yield entry["userAgent"], "person", entry["deviceCategory"]
    for line in wheel(folder, "fake_useragent").read("fake_useragent/data/browsers.jsonl").splitlines():
        entry = json.loads(line)
        yield entry["useragent"], "person", entry["type"]


def main(folder):
    seen = set()
    for text, kind, device in every(pathlib.Path(folder)):
        if text not in seen:
            seen.add(text)
            print(json.dumps({"user_agent": text, "kind": kind, "class": device}))


if __name__ == "__main__":
    main(*sys.argv[1:])
