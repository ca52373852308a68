"""PyPI's `prefactor-http`, unmodified, against the local cloud: success, every kind of failure, its envelopes.

The client belongs to the vendor's later product and knows no sessions, so it is asked for paths; how it reads answers and
errors, when it sends again and what it takes for a breach of contract are its own.
"""

import asyncio
import json
import pathlib
import sys
import urllib.request
from typing import Literal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from prefactor_http import PrefactorHttpClient
from prefactor_http.config import HttpClientConfig
from prefactor_http.exceptions import (
    PrefactorApiError,
    PrefactorAuthError,
    PrefactorNotFoundError,
    PrefactorValidationError,
    is_permanent_http_error,
)
from prefactor_http.models.base import ApiResponse, DetailedApiError, ListResponse
from pydantic import BaseModel, ConfigDict

from cloud import local_cloud

BROWSER = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/91.0.4472.114 Safari/537.36"


class Interaction(BaseModel):
    """The published InteractionDetails, its types taken strictly."""

    model_config = ConfigDict(strict=True)
    at: int
    remote_ip: str
    user_agent: str


class Summary(BaseModel):
    """The published Session_Summary, its types taken strictly."""

    model_config = ConfigDict(strict=True)
    account_id: str
    authenticated_identity_id: str
    device_id: str
    domain_id: str
    first_seen: Interaction | None
    id: str
    last_seen: Interaction | None
    pool_id: str
    session_type: Literal["browser", "api"]
    status: Literal["new", "unauthenticated", "authenticated", "complete", "revoked"]
    title: str
    type: Literal["session"]


def opened(url, token):
    """Opens a session where sessions are opened; gives its id."""
    body = json.dumps({"ip_address": "203.0.113.42", "user_agent": BROWSER}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/api/v1/sessions/create", body, headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["session_id"]


async def refused(kind, status, code, call):
    """What the client raises: the kind, status and code of the failure, not to be sent again."""
    try:
        answer = await call
    except PrefactorApiError as error:
        found = (type(error), error.status_code, error.code)
        assert found == (kind, status, code), f"{found} is not {(kind, status, code)}"
        assert str(error) and is_permanent_http_error(error)
        return error
    raise AssertionError(f"answered {answer}")


async def check(service):
    def client(token):
        return PrefactorHttpClient(HttpClientConfig(api_url=service["url"], api_token=token))

    session = opened(service["url"], service["token"])
    path = "/api/v1/session"
    async with client(service["token"]) as user, client("no.good.token") as nobody:
        told = await user.request("GET", f"{path}/{session}")
        assert told["actions"] == {"revoke": True}, told
        summary = Summary.model_validate(told["summary"])
        assert (summary.status, summary.title, summary.session_type) == ("new", "Chrome on macOS", "browser")
        assert summary.first_seen.remote_ip == "203.0.113.42"

        opened(service["url"], service["token"])
        query = {"pagination[page_size]": 1, "pagination[offset]": 1, "sorting": "-first_seen"}
        page = ListResponse[Summary].model_validate(await user.request("GET", path, params=query))
        assert [it.id for it in page.summaries] == [summary.id] and page.pagination.next_page_offset is None
        assert (page.sorting.field, page.sorting.direction) == ("first_seen", "desc")

        for _ in range(2):
            answer = await user.request("POST", f"{path}/{summary.id}/revoke", idempotency_key="once")
            details = ApiResponse[Summary].model_validate(answer).details
            assert (details.id, details.status) == (summary.id, "revoked")
        after = await user.request("GET", f"{path}/{session}")
        assert after["actions"] == {"revoke": False} and after["summary"]["status"] == "revoked"

        wrong = await refused(PrefactorValidationError, 400, "invalid_value", user.request("GET", f"{path}/active"))
        assert list(wrong.errors) == ["session_id"]
        body = {"status": "error", "code": wrong.code, "message": str(wrong), "errors": wrong.errors}
        assert DetailedApiError.model_validate(body).code == "invalid_value"
        both = user.request("GET", path, params={"page_size": 0, "sorting": "status"})
        assert len((await refused(PrefactorValidationError, 400, "invalid_value", both)).errors) == 2

        pool = user.request("GET", f"{path}/{summary.pool_id}")
        await refused(PrefactorValidationError, 400, "unexpected_ref_type", pool)
        bad = nobody.request("GET", f"{path}/{session}")
        await refused(PrefactorAuthError, 401, "bad_authtoken", bad)
        other = user.request("GET", path, params={"authenticated_identity_id": "123e4567-e89b-12d3-a456-426614174000"})
        await refused(PrefactorAuthError, 403, "not_permitted", other)
        absent = user.request("GET", f"{path}/{'0' * 32}")
        await refused(PrefactorNotFoundError, 404, "not_found", absent)
        await refused(PrefactorNotFoundError, 404, "not_found", user.request("GET", f"{path}/a/b/c"))
        await refused(PrefactorApiError, 405, "not_implemented", user.request("DELETE", f"{path}/{session}"))
        again = user.request("POST", f"{path}/{session}/revoke")
        await refused(PrefactorApiError, 409, "invalid_action", again)


with local_cloud("--port", "0") as service:
    asyncio.run(check(service))
print("prefactor-http reads every answer")
