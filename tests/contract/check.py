"""Runs schemathesis against the local cloud, as a user and as a backend."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from cloud import ROOT, local_cloud

RUN = pathlib.Path(__file__).with_name("run.py")


def check(url, *credential):
    """One run; returns schemathesis's exit code."""
    return subprocess.run([sys.executable, RUN, "--url", url, *credential], cwd=ROOT).returncode


with local_cloud("--port", "0") as service:
    codes = [
        check(service["url"], "--token", service["token"]),
        check(service["url"], "--token", service["api_key"], "--subject", "alice"),
    ]
    if any(codes):
        raise SystemExit("answers differ from openapi.yaml")
