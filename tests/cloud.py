"""Runs the local cloud for suites that are not Rust."""

import contextlib
import json
import pathlib
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
SECONDS_TO_START = 600
SECONDS_TO_STOP = 30


@contextlib.contextmanager
def local_cloud(*options):
    """`cargo local` with these options; gives its ready file's content. Its log is shown when the suite fails."""
    with tempfile.TemporaryDirectory() as folder, open(pathlib.Path(folder) / "log", "w+") as log:
        ready = pathlib.Path(folder) / "ready.json"
        command = ["cargo", "local", "--ephemeral", "--ready-file", ready, *options]
        cloud = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield wait(ready, cloud)
        except BaseException:
            log.seek(0)
            print("the end of the local cloud's log:\n" + log.read()[-4000:])
            raise
        finally:
            cloud.terminate()
            try:
                cloud.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                cloud.kill()
                cloud.wait()


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
