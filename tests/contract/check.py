"""Starts `cargo local` on a free port, runs schemathesis against it, and stops it again."""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS_TO_START = 600


def main():
    """Returns schemathesis's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        ready = pathlib.Path(folder) / "ready.json"
        log = open(pathlib.Path(folder) / "log", "w+")
        command = ["cargo", "local", "--ephemeral", "--port", "0", "--ready-file", ready]
        cloud = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        try:
            service = wait(ready, cloud)
            # As a user and as a backend: what one may not do is answered otherwise than what one may.
            codes = [check(service["url"], service[credential]) for credential in ("token", "api_key")]
        finally:
            cloud.terminate()
            cloud.wait(30)
            log.seek(0)
            if sys.exc_info()[0]:
                print(log.read()[-4000:])
    return max(codes)


def wait(ready, cloud):
    """What the local cloud says of itself once it answers."""
    for _ in range(SECONDS_TO_START * 5):
        if cloud.poll() is not None:
            raise SystemExit("the local cloud ended before it was ready")
        if ready.exists():
            try:
                return json.loads(ready.read_text())
            except ValueError:
                pass  # half written
        time.sleep(0.2)
    raise SystemExit("the local cloud is not ready")


def check(url, credential):
    """One run of schemathesis. Deterministic, and slower than the gateway's throttles."""
    arguments = ["--url", url, "--header", f"Authorization: Bearer {credential}"]
    arguments += ["--checks", "all", "--max-examples", "60", "--generation-deterministic", "--generation-database", "none"]
    arguments += ["--rate-limit", "80/s", "--request-timeout", "12", "--no-color", "--continue-on-failure"]
    return subprocess.run(["schemathesis", "run", "openapi.yaml", *arguments], cwd=ROOT).returncode


sys.exit(main())
