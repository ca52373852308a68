"""`sam local invoke` and `sam local start-api` find every function, as SAM's own classes resolve the template."""

import pytest
from sam_local import SamLocal

from gates import ENDPOINT
from project import ROOT, Project

# SAM uses parts of its own libraries that are to go.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

PROJECT = Project.load()
FUNCTIONS = sorted(PROJECT.functions())
# With the layer of addresses and without, as deployed by default and before an endpoint.
PARAMETERS = [{}, {"Intelligence": "layer"}, {"Architecture": "x86_64", "DynamoDbEndpoint": "https://vpce-1.example.com"}]


@pytest.fixture(scope="module", params=PARAMETERS, ids=str)
def local(request):
    return SamLocal(parameters=request.param)


def test_every_function_resolves(local):
    assert sorted(local.functions) == FUNCTIONS
    for name, it in local.functions.items():
        assert (it.runtime, it.handler, it.packagetype) == ("provided.al2023", "bootstrap", "Zip"), name
        assert (ROOT / it.codeuri / "Cargo.toml").is_file(), name
        assert local.package(name) == PROJECT.folder_of(name)
        assert 0 < it.timeout and it.memory, name
        # SAM looks a layer up in the account unless it is a folder of the project.
        assert all(layer.codeuri for layer in it.layers), name


def test_every_function_has_an_event_to_be_invoked_with(local):
    assert all(PROJECT.events.get(local.package(name)) for name in local.functions)


def test_every_route_leads_to_its_function(local):
    assert local.routes() == PROJECT.routes()


def test_the_shell_says_where_the_table_is(local, monkeypatch):
    told = {"AWS_ACCESS_KEY_ID": "KEY", "AWS_SECRET_ACCESS_KEY": "local", ENDPOINT: "http://host.docker.internal:8000"}
    told |= {"HOLDFAST_TABLE": "holdfast-local-Table", "HOLDFAST_TOKEN_KEYS": "/var/task/token-keys.json"}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    for name in local.functions:
        found = local.environment(name)
        declared = PROJECT.functions()[name]["Environment"]["Variables"]
        assert set(declared) <= set(found)
        expected = {it: value for it, value in told.items() if it in declared or it.startswith("AWS_")}
        assert expected.items() <= found.items(), name
        assert all(isinstance(it, str) for it in found.values()), name


def test_without_the_shell_no_function_is_sent_anywhere(local, monkeypatch):
    monkeypatch.delenv(ENDPOINT, raising=False)
    # SAM resolves no `AWS::NoValue`: it sets the variable to nothing, which functions take as absent.
    assert {local.environment(name)[ENDPOINT] for name in local.functions} == {""}


def test_a_list_of_layers_that_is_no_list_is_seen(tmp_path):
    right = "Layers: [!If [HasIntelligence, !Ref IntelligenceLayer, !Ref AWS::NoValue]]"
    wrong = "Layers: !If [HasIntelligence, [!Ref IntelligenceLayer], !Ref AWS::NoValue]"
    assert right in PROJECT.text
    template = tmp_path / "template.yaml"
    template.write_text(PROJECT.text.replace(right, wrong))
    layers = [it for function in SamLocal(template).functions.values() for it in function.layers]
    assert layers and not any(it.codeuri for it in layers)
