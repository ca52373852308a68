"""Runs schemathesis against the local cloud, as a user and as a backend."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from cloud import ROOT, local_cloud

OPTIONS = [
    *("--checks", "all", "--max-examples", "60", "--continue-on-failure", "--no-color"),
    # The same requests in every run, and fewer a second than the gateway's throttles let pass.
    *("--generation-deterministic", "--generation-database", "none", "--rate-limit", "80/s"),
    *("--request-timeout", "12"),
]


def check(url, credential):
    """One run; returns schemathesis's exit code."""
    header = f"Authorization: Bearer {credential}"
    command = ["schemathesis", "run", "openapi.yaml", "--url", url, "--header", header, *OPTIONS]
    return subprocess.run(command, cwd=ROOT).returncode


with local_cloud("--port", "0") as service:
    codes = [check(service["url"], service[credential]) for credential in ("token", "api_key")]
    if any(codes):
        raise SystemExit("answers differ from openapi.yaml")
