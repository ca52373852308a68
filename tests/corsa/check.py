"""Runs what Corsa's guide and SDK do against the local cloud: nothing but host, key and ids is changed.

The SDK raises on every status it does not know and on every missing field, so most of what is promised to it is checked
by calling it.
"""

import json
import pathlib
import re
import sys
import traceback
import urllib.error
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from corsa_sdk import CorsaClient
from corsa_sdk.errors import UnexpectedStatus
from corsa_sdk.models import (
    CreateCorporateClientDto,
    CreateIndividualClientDto,
    CreateSessionDto,
    DeviceDto,
    DeviceDtoDeviceType,
    UpdateIndividualClientDto,
    UpdateIndividualClientDtoAccountStatus,
    UpdateSessionDto,
)
from corsa_sdk.types import UNSET

from cloud import local_cloud

#: The first exchange of the vendor's guide.
PUBLISHED = {
    "clientId": "123e4567-e89b-12d3-a456-426614174000",
    "referenceId": "sess_abc123",
    "ipAddress": "203.0.113.42",
    "device": {
        "fingerprint": "a1b2c3d4e5f6g7h8i9j0",
        "userAgent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36",
        "browser": "Chrome",
        "browserVersion": "120.0.6099.109",
        "os": "macOS",
        "osVersion": "14.2.1",
        "deviceType": "DESKTOP",
        "screenResolution": "1920x1080",
        "language": "en-US",
        "timezone": "America/New_York",
    },
    "startedAt": "2024-01-15T10:30:00Z",
}
TESTS = []


def test(function):
    """Adds a promise to the suite."""
    TESTS.append(function)
    return function


def told(client_id, **more):
    """A small session of a client."""
    device = DeviceDto(fingerprint="f1", device_type=DeviceDtoDeviceType.MOBILE)
    return CreateSessionDto(client_id=client_id, ip_address="198.51.100.7", device=device, **more)


def fails(status, call, **arguments):
    """The body of the error that a call ends in."""
    try:
        call(**arguments)
    except UnexpectedStatus as error:
        assert error.status_code == status, error
        return json.loads(error.content)
    raise AssertionError(f"no {status}")


def exchange(service, method, path, body=None, **headers):
    """One exchange by hand; gives status, headers and body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(service["url"] + path, data, method=method)
    credential = {"Authorization": f"Bearer {service['api_key']}", "Content-Type": "application/json"}
    for name, value in {**credential, **headers}.items():
        if value is not None:
            request.add_header(name, value)
    try:
        with urllib.request.urlopen(request) as reply:
            return reply.status, reply.headers, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.load(error)


@test
def the_three_exchanges_of_the_guide_work_as_they_are_printed(service, sdk):
    status, _, made = exchange(service, "POST", "/v1/sessions", PUBLISHED)
    assert status == 201
    device = {**PUBLISHED["device"], "id": made["device"]["id"]}
    assert made == {
        "id": made["id"], "referenceId": "sess_abc123", "ipAddress": "203.0.113.42", "startedAt": "2024-01-15T10:30:00Z",
        "device": device, "createdAt": made["createdAt"], "updatedAt": made["createdAt"],
    }, "no place is known of a documentation address, so none is told"
    status, _, listed = exchange(service, "GET", f"/v1/clients/{PUBLISHED['clientId']}/sessions")
    assert (status, listed) == (200, [made])
    status, _, ended = exchange(service, "PUT", f"/v1/sessions/{made['id']}", {"endedAt": "2024-01-15T12:00:00Z"})
    assert (status, ended["endedAt"]) == (200, "2024-01-15T12:00:00Z")
    assert {**ended, "endedAt": None, "updatedAt": None} == {**made, "endedAt": None, "updatedAt": None}


@test
def a_session_is_found_by_its_id_and_by_its_name(service, sdk):
    name = "order 1%2F+ä"
    made = sdk.sessions.create_session(body=told("client-a", reference_id=name))
    uuid.UUID(made.id)
    for id in (made.id, name):
        assert sdk.sessions.get_session(id=id) == made, id
    newer = sdk.sessions.create_session(body=told("client-a", reference_id=name))
    assert sdk.sessions.get_session(id=name).id == newer.id
    assert sdk.sessions.get_session(id=made.id).id == made.id


@test
def a_device_is_the_same_for_one_client_and_fingerprint(service, sdk):
    ids = [sdk.sessions.create_session(body=told(client)).device.id for client in ("device-1", "device-1", "device-2")]
    assert ids[0] == ids[1] != ids[2]


@test
def a_client_lists_its_sessions_the_newest_first(service, sdk):
    starts = ["2024-01-15T10:30:00Z", "2024-01-17T10:30:00+02:00", "2024-01-16T10:30:00.5Z"]
    for start in starts:
        sdk.sessions.create_session(body=told("client-b", started_at=start))
    listed = sdk.sessions.get_client_sessions(client_id="client-b")
    assert [it.started_at for it in listed] == ["2024-01-17T08:30:00Z", "2024-01-16T10:30:00.500Z", "2024-01-15T10:30:00Z"]
    assert sdk.sessions.get_client_sessions(client_id="nobody") == []


@test
def a_list_goes_on_where_a_page_ended(service, sdk):
    for _ in range(5):
        sdk.sessions.create_session(body=told("client-c"))
    seen, path = [], "/v1/clients/client-c/sessions"
    query = "?limit=2"
    while query:
        status, headers, page = exchange(service, "GET", path + query)
        assert status == 200 and len(page) <= 2
        seen += [it["id"] for it in page]
        link = re.fullmatch(r'<(\?[^>]+)>; rel="next"', headers.get("Link", ""))
        query = link and link[1]
        assert bool(link) == ("Holdfast-Next-Cursor" in headers)
    assert seen == [it.id for it in sdk.sessions.get_client_sessions(client_id="client-c")] and len(seen) == 5
    status, _, body = exchange(service, "GET", path + "?limit=0&cursor=x")
    assert status == 400 and body["message"] == ["limit must not be less than 1", "cursor must be one that an answer gave"]


@test
def the_last_word_about_an_end_counts_and_nothing_takes_it_back(service, sdk):
    made = sdk.sessions.create_session(body=told("client-d", started_at="2024-01-15T10:30:00Z"))
    update = sdk.sessions.update_session
    assert update(id=made.id, body=UpdateSessionDto()) == made
    assert update(id=made.id, body=UpdateSessionDto(ended_at="2024-01-15T12:00:00Z")).ended_at == "2024-01-15T12:00:00Z"
    again = update(id=made.id, body=UpdateSessionDto(ended_at="2024-01-15T11:00:00+00:00"))
    assert again.ended_at == "2024-01-15T11:00:00Z" and made.updated_at <= again.updated_at
    for body in ({}, {"endedAt": None}):
        assert exchange(service, "PUT", f"/v1/sessions/{made.id}", body)[2]["endedAt"] == "2024-01-15T11:00:00Z"
    early = fails(400, update, id=made.id, body=UpdateSessionDto(ended_at="2024-01-15T10:29:59.999Z"))
    assert early == {"message": ["endedAt must not be before startedAt"], "error": "Bad Request", "statusCode": 400}
    fails(400, update, id=made.id, body=UpdateSessionDto(ended_at="2999-01-01T00:00:00Z"))


@test
def an_end_may_lie_ahead(service, sdk):
    made = sdk.sessions.create_session(body=told("client-e"))
    for end in ("2999-01-01T00:00:00Z", "2998-01-01T00:00:00Z"):
        assert sdk.sessions.update_session(id=made.id, body=UpdateSessionDto(ended_at=end)).ended_at == end
    assert sdk.sessions.get_session(id=made.id).ended_at == "2998-01-01T00:00:00Z"


@test
def a_retry_with_its_key_does_nothing_twice(service, sdk):
    body = told("client-f", reference_id="retried")
    first = sdk.sessions.create_session(body=body, idempotency_key="key-1")
    assert sdk.sessions.create_session(body=body, idempotency_key="key-1") == first
    assert len(sdk.sessions.get_client_sessions(client_id="client-f")) == 1
    other = fails(422, sdk.sessions.create_session, body=told("client-f"), idempotency_key="key-1")
    assert other["error"] == "Unprocessable Entity"
    fails(400, sdk.sessions.create_session, body=body, idempotency_key="k" * 65)
    end = UpdateSessionDto(ended_at="2999-01-01T00:00:00Z")
    ended = sdk.sessions.update_session(id=first.id, body=end, idempotency_key="key-1")
    sdk.sessions.update_session(id=first.id, body=UpdateSessionDto(ended_at="2998-01-01T00:00:00Z"))
    assert sdk.sessions.update_session(id=first.id, body=end, idempotency_key="key-1") == ended


@test
def errors_have_the_form_of_nest(service, sdk):
    absent = {"message": "Session not found", "error": "Not Found", "statusCode": 404}
    for id in ("no-such", str(uuid.uuid4()), "018d0cab-c440-7abc-8123-456789abcdef", "013xrzp12g3nqk8nkv4y96wrbzje9dsr", "a/b", ".", "%"):
        body = fails(404, sdk.sessions.get_session, id=id)
        assert body == absent or body["message"].startswith("Cannot GET /v1/sessions"), body
    device = DeviceDto(fingerprint="")
    wrong = CreateSessionDto(client_id="", ip_address="fe80::1%eth0", device=device, reference_id="a/b", started_at="today")
    assert fails(400, sdk.sessions.create_session, body=wrong)["message"] == [
        "clientId should not be empty",
        "referenceId must be 1 to 512 characters, none of them a slash, a question mark or a control character",
        "ipAddress must be an ip address",
        "device.fingerprint should not be empty",
        "startedAt must be a valid ISO 8601 date string",
    ]
    with CorsaClient(base_url=service["url"], token="nobody:nothing") as stranger:
        assert fails(401, stranger.sessions.get_session, id="x") == {"message": "Unauthorized", "statusCode": 401}
    status, _, body = exchange(service, "DELETE", "/v1/sessions/x?y=1")
    assert (status, body["message"]) == (404, "Cannot DELETE /v1/sessions/x?y=1")


@test
def a_user_reads_its_own_sessions_and_writes_none(service, sdk):
    own = sdk.sessions.create_session(body=told("alice", reference_id="alices"))
    other = sdk.sessions.create_session(body=told("bob", reference_id="bobs"))
    with CorsaClient(base_url=service["url"], token=service["token"]) as alice:
        assert alice.sessions.get_session(id=own.id) == alice.sessions.get_session(id="alices") == own
        assert own.id in [it.id for it in alice.sessions.get_client_sessions(client_id="alice")]
        for id in (other.id, "bobs"):
            assert fails(404, alice.sessions.get_session, id=id)["message"] == "Session not found"
        assert fails(404, alice.sessions.get_client_sessions, client_id="bob")["message"] == "Client not found"
        for call, arguments in (
            (alice.sessions.create_session, {"body": told("alice")}),
            (alice.sessions.update_session, {"id": own.id, "body": UpdateSessionDto()}),
            (alice.clients.create_individual_client, {"body": CreateIndividualClientDto()}),
            (alice.clients.get_individual_client, {"client_id": "alice"}),
        ):
            assert fails(403, call, **arguments)["message"] == "this takes an API key"


@test
def a_session_is_one_on_every_face(service, sdk):
    user = {"Authorization": f"Bearer {service['token']}"}
    opening = {"ip_address": "198.51.100.7", "user_agent": "curl/8.5.0"}
    _, _, held = exchange(service, "POST", "/api/v1/sessions/create", opening, **user)
    shown = sdk.sessions.get_session(id=held["session_id"])
    assert shown.ended_at is UNSET and shown.device.fingerprint == held["fingerprint"]
    assert held["session_id"] in [it.id for it in sdk.sessions.get_client_sessions(client_id="alice")]
    ended = sdk.sessions.update_session(id=held["session_id"], body=UpdateSessionDto(ended_at="2999-01-01T00:00:00Z"))
    assert ended.ended_at < "2999", "what is held ends now"
    seen = {"session_id": held["session_id"], "current_ip": "198.51.100.7", "current_user_agent": "curl/8.5.0"}
    assert exchange(service, "POST", "/api/v1/sessions/validate", seen, **user)[2]["is_valid"] is False

    made = sdk.sessions.create_session(body=told("alice", started_at="2024-01-15T10:30:00Z"))
    _, _, fetched = exchange(service, "GET", f"/api/v1/session/{made.id}")
    assert sdk.sessions.get_session(id=fetched["summary"]["id"]) == made, "by its PFID"
    assert fetched["summary"]["status"] in ("authenticated", "new") and fetched["actions"]["revoke"]
    status, _, _ = exchange(service, "POST", f"/api/v1/session/{made.id}/revoke")
    assert status == 200
    revoked = sdk.sessions.get_session(id=made.id)
    assert revoked.ended_at
    late = sdk.sessions.update_session(id=made.id, body=UpdateSessionDto(ended_at="2024-01-15T12:00:00Z"))
    assert late.ended_at == revoked.ended_at, "a revoke is not talked away"


@test
def clients_are_told_of_first_as_the_guide_says(service, sdk):
    early = sdk.sessions.create_session(body=told("IND123"))
    seen = sdk.clients.get_individual_client(client_id="IND123")
    body = CreateIndividualClientDto(reference_id="IND123", alias="Big Customer", tags=["vip"])
    client = sdk.clients.create_individual_client(body=body)
    assert client.id == seen.id and client.created_at == seen.created_at and client.alias == "Big Customer"
    for id in ("IND123", client.id):
        assert sdk.clients.get_individual_client(client_id=id) == client
        assert early.id in [it.id for it in sdk.sessions.get_client_sessions(client_id=id)]
    late = sdk.sessions.create_session(body=told(client.id))
    assert [it.id for it in sdk.sessions.get_client_sessions(client_id="IND123")] == [late.id, early.id]

    exists = fails(409, sdk.clients.create_individual_client, body=body)
    assert exists["message"] == "A client with this referenceId already exists"
    changed = sdk.clients.create_individual_client(body=CreateIndividualClientDto(reference_id="IND123", alias="Bigger"), upsert=True)
    assert (changed.id, changed.alias, changed.tags) == (client.id, "Bigger", ["vip"])
    fails(409, sdk.clients.create_corporate_client, body=CreateCorporateClientDto(reference_id="IND123"), upsert=True)
    fails(404, sdk.clients.get_corporate_client, client_id="IND123")

    frozen = UpdateIndividualClientDtoAccountStatus.FROZEN
    change = UpdateIndividualClientDto(account_status=frozen, tags_to_add=["review"], tags_to_remove=["vip"])
    updated = sdk.clients.update_individual_client(client_id="IND123", body=change)
    assert (updated.account_status, updated.tags, updated.alias) == ("FROZEN", ["review"], "Bigger")
    fails(400, sdk.clients.update_individual_client, client_id="IND123", body=UpdateIndividualClientDto(reference_id="IND124"))
    fails(404, sdk.clients.update_individual_client, client_id="nobody", body=UpdateIndividualClientDto())


@test
def a_client_without_a_name_gets_an_id_once(service, sdk):
    make = sdk.clients.create_corporate_client
    first = make(body=CreateCorporateClientDto(alias="a"), idempotency_key="key-2")
    assert make(body=CreateCorporateClientDto(alias="a"), idempotency_key="key-2") == first
    assert make(body=CreateCorporateClientDto(alias="a")).id != first.id
    made = sdk.sessions.create_session(body=told(first.id))
    assert [it.id for it in sdk.sessions.get_client_sessions(client_id=first.id)] == [made.id]
    assert sdk.clients.get_corporate_client(client_id=first.id) == first


def main():
    """Returns how many promises are broken."""
    broken = 0
    with local_cloud("--port", "0") as service:
        for it in TESTS:
            try:
                with CorsaClient(base_url=service["url"], token=service["api_key"]) as sdk:
                    it(service, sdk)
                print(f"ok      {it.__name__}")
            except Exception:
                broken += 1
                print(f"BROKEN  {it.__name__}")
                traceback.print_exc(file=sys.stdout)
    print(f"{len(TESTS) - broken} passed, {broken} failed")
    return broken


if __name__ == "__main__":
    sys.exit(main())
