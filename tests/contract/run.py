"""Holds a running Holdfast against openapi.yaml with schemathesis: every phase, every check that fits it.

    python tests/contract/run.py --url http://127.0.0.1:8787 --token "$TOKEN"
    python tests/contract/run.py --url http://127.0.0.1:8787 --token "$API_KEY" --subject alice

Fails when an answer is not one that the document promises, when good input is refused or bad input taken, and when
an endpoint answers without a credential. Headers whose meaning a schema cannot tell are left to the suites that know
it: `Holdfast-Subject` is right or wrong by the credential, an `Idempotency-Key` by the requests before it.
"""

import argparse
import base64
import pathlib
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIGURATION = """
# NestJS, and so Corsa's face, says of an unknown method what it says of an unknown path: 404, where others say 405.
[[operations]]
include-path-regex = "^/v1/"
phases.coverage.unexpected-methods = []

# An id of the right form that names another kind of thing is refused, and no pattern tells the kinds apart.
[[operations]]
include-operation-id = "list-sessions"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "409", "429", "5xx"]
"""
NOT_GENERATED = {"#/components/parameters/HoldfastSubject", "#/components/parameters/IdempotencyKey"}


def encoded(text: str | bytes) -> str:
    data = text if isinstance(text, bytes) else text.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# Of the form of a token, and of no telemetry.
TELEMETRY_TOKEN = ".".join(
    [
        encoded('{"alg":"HS256","kid":"1","typ":"telemetry+jwt"}'),
        encoded('{"jti":"' + encoded(bytes(32)) + '","tenant":"acme","iat":0,"exp":1}'),
        encoded(bytes(32)),
    ]
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", required=True, help="a user's token, or an API key `id:secret`")
    parser.add_argument("--subject", help="the user an API key acts for")
    parser.add_argument("--max-examples", default="60", help="per operation and phase (60)")
    parser.add_argument("--rate-limit", default="80/s", help="below the throttles of the template (80/s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        document = pathlib.Path(folder) / "openapi.yaml"
        document.write_text(yaml.safe_dump(without_headers(), sort_keys=False), encoding="utf-8")
        (pathlib.Path(folder) / "schemathesis.toml").write_text(CONFIGURATION, encoding="utf-8")
        return subprocess.run(command(document, arguments), cwd=folder, check=False).returncode


def without_headers() -> dict:
    document = yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))
    for operations in document["paths"].values():
        for operation in operations.values():
            parameters = operation.get("parameters", [])
            operation["parameters"] = [it for it in parameters if it.get("$ref") not in NOT_GENERATED]
    for schema in document["components"]["schemas"].values():
        token = schema.get("properties", {}).get("telemetry_token")
        if token:
            # No pattern tells which texts are tokens: these two values are taken, and every other one is refused.
            token["enum"] = [TELEMETRY_TOKEN, None]
    return document


def command(document: pathlib.Path, arguments: argparse.Namespace) -> list[str]:
    beside = pathlib.Path(sys.executable).with_name("schemathesis")
    program = str(beside) if beside.exists() else shutil.which("schemathesis") or "schemathesis"
    headers = [f"Authorization: Bearer {arguments.token}"]
    if arguments.subject:
        headers.append(f"Holdfast-Subject: {arguments.subject}")
    return [
        *(program, "run", str(document), "--url", arguments.url),
        *(part for header in headers for part in ("--header", header)),
        # A revoked session can still be read, as one that has ended; the suites hold that nobody can use it.
        *("--checks", "all", "--exclude-checks", "use_after_free"),
        *("--phases", "examples,coverage,fuzzing,stateful", "--continue-on-failure", "--no-color"),
        *("--max-examples", arguments.max_examples, "--rate-limit", arguments.rate_limit, "--request-timeout", "12"),
        # The same requests in every run.
        "--generation-deterministic",
    ]


if __name__ == "__main__":
    sys.exit(main())
