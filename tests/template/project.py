"""The project as the gates see it: the template as written, the template as deployed, and the files beside it."""

import copy
import dataclasses
import functools
import json
import logging
import os
import pathlib
import re

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

import yaml
from samcli.yamlhelper import yaml_parse
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser  # noqa: F401  (transform needs it imported first)
from samtranslator.translator.transform import transform

# SAM would publish metrics of each transform, and says so at the end.
logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)

ROOT = pathlib.Path(__file__).resolve().parents[2]


class ManagedPolicies:
    """Stands in for IAM's list of managed policies, which the transform would fetch with credentials."""

    def load(self):
        return {"AWSLambdaBasicExecutionRole": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}


@dataclasses.dataclass
class Project:
    """Everything a gate may look at. `deployed` is what SAM makes of `written`."""

    text: str
    written: dict
    deployed: dict
    openapi: dict | None
    folders: set[str]
    events: dict[str, dict[str, dict]]
    documents: dict[str, str]

    @classmethod
    def load(cls, text=None):
        """Reads the project, with another text in place of the template's if given."""
        text = text if text is not None else (ROOT / "template.yaml").read_text()
        written = yaml_parse(text)
        return cls(
            text=text,
            written=written,
            deployed=deploy(written),
            openapi=openapi(),
            folders={it.parent.name for it in ROOT.glob("functions/*/Cargo.toml")},
            events={
                folder.name: {it.stem: json.loads(it.read_text()) for it in sorted(folder.glob("*.json"))}
                for folder in sorted(ROOT.glob("events/*"))
            },
            documents={it.name: it.read_text() for it in ROOT.glob("docs/*.md")},
        )

    def but(self, **changes):
        """A copy with some facts replaced, to try a gate on."""
        return dataclasses.replace(copy.deepcopy(self), **changes)

    def of_type(self, kind):
        """Logical id and properties of every deployed resource of a type."""
        found = self.deployed["Resources"].items()
        return {name: it.get("Properties", {}) for name, it in found if it["Type"] == kind}

    def functions(self):
        """Logical id and properties of every function as written, the globals merged in."""
        return self.of_type("AWS::Lambda::Function")

    def folder_of(self, function):
        """Name of the folder a function is built from."""
        return self.written["Resources"][function]["Properties"]["CodeUri"].removeprefix("functions/").rstrip("/")

    def routes(self):
        """`METHOD /path` (or `$default`) of every route of the HTTP API, with its function's logical id."""
        found = {}
        for body in (it["Body"] for it in self.of_type("AWS::ApiGatewayV2::Api").values()):
            for path, methods in body["paths"].items():
                for method, operation in methods.items():
                    uri = json.dumps(operation["x-amazon-apigateway-integration"]["uri"])
                    function = re.search(r"\$\{(\w+)\.Arn\}", uri)
                    key = "$default" if path == "/$default" else f"{method.upper()} {path}"
                    found[key] = function.group(1) if function else uri
        return found


@functools.cache
def openapi():
    """The API's description, None where there is none."""
    path = ROOT / "openapi.yaml"
    return yaml.safe_load(path.read_text()) if path.exists() else None


def deploy(written):
    """SAM's transform, run here as CloudFormation runs it. Raises on what SAM does not know."""
    source = copy.deepcopy(written)
    for resource in source["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://artifacts/function.zip"
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = "s3://artifacts/layer.zip"
    try:
        return transform(source, {}, ManagedPolicies())
    except InvalidDocumentException as error:
        causes = "; ".join(it.message for it in error.causes)
        raise ValueError(f"SAM refuses the template: {causes}") from error


def references(value):
    """Names that a value refers to by `Ref`, `Fn::GetAtt` or `Fn::Sub`."""
    if isinstance(value, list):
        for it in value:
            yield from references(it)
    elif isinstance(value, dict):
        for key, it in value.items():
            if key == "Ref":
                yield it
            elif key == "Fn::GetAtt":
                yield it[0] if isinstance(it, list) else it.split(".")[0]
            elif key == "Fn::Sub":
                text, local = it if isinstance(it, list) else (it, {})
                names = re.findall(r"\$\{([^!}][^}]*)\}", text)
                yield from (name.split(".")[0] for name in names if name not in local)
                yield from references(local)
            else:
                yield from references(it)
