"""Invokes every function with its events as `sam local` does, on the table of a running local cloud.

SAM's classes say what a function's environment is, and `aws-lambda-rie`, which SAM puts into its containers, runs it. With
a Docker daemon `sam local start-api` then does the same in containers.
"""

import contextlib
import json
import os
import pathlib
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import samcli
from cloud import ROOT, local_cloud
from sam_local import SamLocal

EMULATOR = pathlib.Path(samcli.__file__).parent / "local/rapid/aws-lambda-rie-x86_64"
BINARIES = ROOT / "target/debug"
IMAGE = "public.ecr.aws/lambda/provided:al2023-x86_64"
BUILT = ROOT / ".aws-sam/sam-local"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
NOT_CHECKED = 77
SESSIONS = "/api/v1/sessions"


def free_port():
    """A port nobody listens on now."""
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def wait_for(port, process, seconds):
    """Waits until `process` listens."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args[0]} does not listen")


def shell_says(host):
    """Takes over what `cargo local env` prints for functions that reach this machine as `host`."""
    told = subprocess.run(
        ["cargo", "local", "env", "--containers", host], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    for line in told.stdout.splitlines():
        name, value = shlex.split(line)[1].split("=", 1)
        os.environ[name] = value


@contextlib.contextmanager
def emulated(package, environment):
    """One function in the emulator; gives what invokes it."""
    port, runtime = free_port(), free_port()
    addresses = ["--runtime-interface-emulator-address", f"127.0.0.1:{port}", "--runtime-api-address", f"127.0.0.1:{runtime}"]
    # Where a container has the keys beside the binary, this machine has them in the state directory.
    keys = {"HOLDFAST_TOKEN_KEYS": str(ROOT / ".local/token-keys.json")} if "HOLDFAST_TOKEN_KEYS" in environment else {}
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [EMULATOR, *addresses, BINARIES / package], env=environment | keys, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        try:
            wait_for(port, process, 10)
            yield lambda event: invoke(port, event)
        except BaseException:
            log.seek(0)
            print(f"the end of {package}'s log:\n" + log.read()[-2000:])
            raise
        finally:
            process.terminate()
            process.wait()


def invoke(port, event):
    """What the function answers to an event."""
    url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(event).encode()), timeout=30) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as answer:
        return {"errorMessage": f"the emulator says {answer.code}: {answer.read()[:200]!r}"}


def complaint(event, answer):
    """What is wrong with an answer: a function without its table says 503, one that failed says `errorMessage`."""
    if isinstance(answer, dict) and "errorMessage" in answer:
        return answer["errorMessage"]
    if event.get("version") == "2.0" and not 200 <= answer.get("statusCode", 0) < 500:
        return f"answered {answer}"
    return None


def every_event(local):
    """Invokes each function with each of its events; returns how many functions, and the complaints."""
    wrong = []
    for name in sorted(local.functions):
        package = local.package(name)
        with emulated(package, local.environment(name)) as function:
            for path in sorted((ROOT / "events" / package).glob("*.json")):
                event = json.loads(path.read_text())
                found = complaint(event, function(event))
                wrong += [f"{name}, {path.name}: {found}"] if found else []
    return len(local.functions), wrong


def life(ask):
    """Create, validate, active, revoke, and a path that is not there, as `ask(method, path, body)` answers them."""
    context = {"ip_address": "203.0.113.10", "user_agent": BROWSER}
    status, created = ask("POST", f"{SESSIONS}/create", context)
    assert status == 200 and created["success"], created
    session = created["session_id"]
    sighting = {"session_id": session, "current_ip": context["ip_address"], "current_user_agent": BROWSER}
    status, verdict = ask("POST", f"{SESSIONS}/validate", sighting)
    assert status == 200 and verdict["is_valid"], verdict
    status, active = ask("GET", f"{SESSIONS}/active", None)
    assert status == 200 and session in json.dumps(active), active
    status, revoked = ask("DELETE", f"{SESSIONS}/{session}", {"reason": "security_alert"})
    assert status == 200 and revoked["success"], revoked
    status, verdict = ask("POST", f"{SESSIONS}/validate", sighting)
    assert status == 200 and not verdict["is_valid"], verdict
    status, _ = ask("GET", "/nowhere", None)
    assert status == 404, status


def life_in_the_emulator(local, api_key):
    """The life of a session, each function in an emulator of its own."""
    events = {
        f"{SESSIONS}/create": ("CreateSessionFunction", "create-session/valid"),
        f"{SESSIONS}/validate": ("ValidateSessionFunction", "validate-session/valid"),
        f"{SESSIONS}/active": ("ListActiveSessionsFunction", "list-active-sessions/valid"),
        "/nowhere": ("RouteFallbackFunction", "route-fallback/unknown-path"),
    }
    with contextlib.ExitStack() as stack:
        running = {}

        def ask(method, path, body):
            name, file = events.get(path, ("RevokeSessionFunction", "revoke-session/valid"))
            if name not in running:
                running[name] = stack.enter_context(emulated(local.package(name), local.environment(name)))
            event = json.loads((ROOT / f"events/{file}.json").read_text())
            event |= {"rawPath": path, "body": None if body is None else json.dumps(body), "isBase64Encoded": False}
            event["requestContext"]["http"] |= {"method": method, "path": path}
            event["headers"] |= {"authorization": f"Bearer {api_key}", "holdfast-subject": "sam", "content-type": "application/json"}
            if "pathParameters" in event:
                event["pathParameters"] = {"session_id": path.rsplit("/", 1)[1]}
            answer = running[name](event)
            return answer["statusCode"], json.loads(answer.get("body") or "null")

        life(ask)


def docker(*arguments, seconds=20):
    """Runs docker; None when that fails."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        told = subprocess.run(["docker", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=seconds)
        return told.stdout.strip() if told.returncode == 0 else None
    return None


def why_no_containers():
    """Why nothing can be run in containers here; None when it can."""
    if docker("info") is None:
        return "there is no Docker daemon"
    if docker("image", "inspect", IMAGE) is None and docker("pull", IMAGE, seconds=300) is None:
        return f"{IMAGE} cannot be had"
    return None


def life_in_containers(api_key, state):
    """The life of a session through `sam local start-api`."""
    architecture = ["--parameter-overrides", "Architecture=x86_64"]
    quiet = os.environ | {"CARGO_LAMBDA_COMPILER": "cargo"}
    subprocess.run(["sam", "build", "--build-dir", BUILT, *architecture], cwd=ROOT, env=quiet, check=True)
    for folder in BUILT.glob("*Function"):
        shutil.copy(state / "token-keys.json", folder)
    port = free_port()
    command = ["sam", "local", "start-api", "--template", BUILT / "template.yaml", "--port", str(port), "--warm-containers", "LAZY"]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen([*command, *architecture], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_for(port, process, 120)
            life(lambda method, path, body: http(f"http://127.0.0.1:{port}{path}", method, body, api_key))
        except BaseException:
            log.seek(0)
            print("the end of SAM's log:\n" + log.read()[-4000:])
            raise
        finally:
            process.terminate()
            process.wait()


def http(url, method, body, api_key):
    """Status and JSON of one request."""
    headers = {"Authorization": f"Bearer {api_key}", "Holdfast-Subject": "sam", "Content-Type": "application/json"}
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as answer:
        return answer.code, json.loads(answer.read() or b"null")


def main():
    """Returns the exit code."""
    missing = why_no_containers()
    host = "127.0.0.1"
    if not missing:
        host = docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}") or "172.17.0.1"
    # Loopback for the emulator, and the address of the bridge for containers.
    with local_cloud("--port", "0", "--dynamodb-listen", f"{host}:0") as ready:
        shell_says(host)
        local = SamLocal(parameters={"Architecture": "x86_64"})
        functions, wrong = every_event(local)
        for it in wrong:
            print(it)
        life_in_the_emulator(local, ready["api_key"])
        print(f"in SAM's emulator: {functions} functions, {len(wrong)} events failed; a session's whole life passed")
        if wrong:
            return 1
        if missing:
            print(f"NOT CHECKED: containers, since {missing}")
            return NOT_CHECKED
        life_in_containers(ready["api_key"], ROOT / ".local")
        print("in containers: a session's whole life passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
