"""Runs the local cloud for suites that are not Rust."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
SECONDS_TO_START = 1800
SECONDS_TO_STOP = 30


@contextlib.contextmanager
def local_cloud(*options):
    """`cargo local` with these options; gives its ready file's content. Its log is shown when the suite fails."""
    with tempfile.TemporaryDirectory() as folder, open(pathlib.Path(folder) / "log", "w+") as log:
        ready = pathlib.Path(folder) / "ready.json"
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # else `finally` is not reached
        command = ["cargo", "local", "--ephemeral", "--ready-file", ready, *options]
        cloud = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            yield wait(ready, cloud)
        except BaseException:
            log.seek(0)
            print("the end of the local cloud's log:\n" + log.read()[-4000:])
            raise
        finally:
            stop(cloud)


def stop(cloud):
    """Ends the local cloud; a compiler that it still runs too."""
    for how, patience in ((signal.SIGTERM, SECONDS_TO_STOP), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(cloud.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            cloud.wait(patience)
            return


def wait(ready, cloud):
    """What the local cloud says of itself once it answers."""
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end:
        if cloud.poll() is not None:
            raise RuntimeError("the local cloud ended before it was ready")
        with contextlib.suppress(FileNotFoundError, ValueError):  # not yet, or half written
            return json.loads(ready.read_text())
        time.sleep(0.2)
    raise RuntimeError("the local cloud is not ready")
