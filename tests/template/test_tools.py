"""What AWS's own tools say of the template, and of events."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from project import ROOT, Project

TOOLS = pathlib.Path(sys.executable).parent
ENVIRONMENT = os.environ | {"AWS_DEFAULT_REGION": "us-east-1", "SAM_CLI_TELEMETRY": "0"}

NAMED_BY_OTHERS = {"headers", "pathParameters", "queryStringParameters", "Keys", "NewImage", "OldImage"}

LINTERS = {
    "cfn-lint": ["--format", "parseable", "--non-zero-exit-code", "warning", "--template"],
    "sam": ["validate", "--lint", "--template-file"],
}


def run(tool, *arguments):
    return subprocess.run([TOOLS / tool, *arguments], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True)


@pytest.mark.parametrize("tool", LINTERS)
def test_the_template_is_clean(tool):
    told = run(tool, *LINTERS[tool], ROOT / "template.yaml")
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("tool", LINTERS)
def test_a_misspelt_property_is_seen(tool, tmp_path):
    wrong = tmp_path / "template.yaml"
    wrong.write_text((ROOT / "template.yaml").read_text().replace("{ AttributeName: t,", "{ AttributeNam: t,"))
    told = run(tool, *LINTERS[tool], wrong)
    assert told.returncode != 0 and "AttributeNam" in told.stdout + told.stderr


def sample(*arguments):
    return json.loads(run("sam", "local", "generate-event", *arguments).stdout)


def unknown(found, known, where=""):
    """Keys of `found` that `known` does not have. Headers and parameters have names of their own, items others."""
    for key, value in found.items():
        if key not in known:
            yield f"{where}{key}"
        elif isinstance(value, dict) and key not in NAMED_BY_OTHERS:
            yield from unknown(value, known[key], f"{where}{key}.")


def test_gateway_events_are_shaped_as_sam_shapes_them():
    known = sample("apigateway", "http-api-proxy")
    events = [it for cases in Project.load().events.values() for it in cases.values() if it.get("version") == "2.0"]
    assert events
    needed = {"version", "routeKey", "rawPath", "rawQueryString", "headers", "requestContext", "isBase64Encoded"}
    for event in events:
        assert list(unknown(event, known)) == [] and needed <= set(event)
        assert set(event["requestContext"]["http"]) == set(known["requestContext"]["http"])


def test_stream_events_are_shaped_as_sam_shapes_them():
    known = sample("dynamodb", "update")["Records"][1]
    known["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    batches = Project.load().events["settle-sessions"].values()
    for record in (it for batch in batches for it in batch["Records"]):
        assert list(unknown(record, known)) == []
        assert set(known) - {"userIdentity"} <= set(record)
