"""The bitcain session API as its published reference describes it, written the way its users would write it.

Its answers are made up; what it stands for is how FastAPI and Pydantic read requests, print replies and word errors.
"""

from datetime import datetime, timezone
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

TOKEN = "golden-token"
SESSION_ID = "018d0cab-c440-7abc-8123-456789abcdef"
FINGERPRINT = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
OPENED_AT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
SEEN_AT = datetime(2024, 1, 2, 3, 4, 5, 120000, tzinfo=timezone.utc)


class FingerprintRequest(BaseModel):
    user_agent: str
    ip_address: str
    accept_language: str | None = None
    screen_resolution: str | None = None
    timezone: str | None = None


class CreateRequest(BaseModel):
    ip_address: str
    user_agent: str
    device_fingerprint: str | None = None
    geo_country: str | None = None
    geo_city: str | None = None
    idle_timeout_minutes: int = Field(60, ge=5, le=1440)


class CreateResponse(BaseModel):
    success: bool
    session_id: str | None = None
    fingerprint: str | None = None
    expires_at: datetime | None = None
    error: str | None = None


class ValidateRequest(BaseModel):
    session_id: str
    current_ip: str
    current_user_agent: str
    current_fingerprint: str | None = None


class ValidateResponse(BaseModel):
    is_valid: bool
    error_message: str | None = None
    session_id: str | None = None
    is_suspicious: bool = False
    risk_score: int = 0


class ActiveSession(BaseModel):
    session_id: str
    status: str
    ip_address: str | None = None
    user_agent: str | None = None
    geo_country: str | None = None
    geo_city: str | None = None
    created_at: datetime
    last_activity_at: datetime
    is_current: bool = False


class ActiveResponse(BaseModel):
    sessions: list[ActiveSession]
    total_count: int
    max_concurrent: int = 5


class LogoutRequest(BaseModel):
    session_id: str
    revoke_all: bool = False


class LogoutResponse(BaseModel):
    success: bool
    revoked_sessions: int = 0
    revoke_all: bool
    error: str | None = None


class RevokeRequest(BaseModel):
    reason: str = Field("User revoked", max_length=255)


app = FastAPI()
#: What the endpoint of the latest request was given, for the recorder.
last_read: dict[str, Any] = {}


def caller(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> str:
    if credentials.credentials != TOKEN:
        raise HTTPException(401, "Not authenticated", {"WWW-Authenticate": "Bearer"})
    return "alice"


Caller = Annotated[str, Depends(caller)]


def remember(body: BaseModel) -> None:
    last_read.clear()
    last_read.update(body.model_dump(mode="json"))


@app.post("/api/v1/sessions/fingerprint")
def generate_fingerprint(body: FingerprintRequest) -> dict[str, Any]:
    remember(body)
    return {"fingerprint": FINGERPRINT, "components": {"timezone": body.timezone}}


@app.post("/api/v1/sessions/create")
def create_session(_caller: Caller, body: CreateRequest) -> CreateResponse:
    remember(body)
    if body.geo_city == "no room":
        return CreateResponse(success=False, error="session limit reached")
    return CreateResponse(
        success=True, session_id=SESSION_ID, fingerprint=body.device_fingerprint or FINGERPRINT, expires_at=OPENED_AT
    )


@app.post("/api/v1/sessions/validate")
def validate_session(_caller: Caller, body: ValidateRequest) -> ValidateResponse:
    remember(body)
    if body.session_id != SESSION_ID:
        return ValidateResponse(is_valid=False, error_message="session not found")
    return ValidateResponse(is_valid=True, session_id=SESSION_ID)


@app.get("/api/v1/sessions/active")
def list_active_sessions(_caller: Caller) -> ActiveResponse:
    session = ActiveSession(
        session_id=SESSION_ID,
        status="active",
        ip_address="192.0.2.1",
        user_agent="curl/8.0",
        created_at=OPENED_AT,
        last_activity_at=SEEN_AT,
    )
    return ActiveResponse(sessions=[session], total_count=1)


@app.post("/api/v1/sessions/logout")
def logout_session(_caller: Caller, body: LogoutRequest) -> LogoutResponse:
    remember(body)
    if body.session_id != SESSION_ID:
        return LogoutResponse(success=False, revoke_all=body.revoke_all, error="session not found")
    return LogoutResponse(success=True, revoked_sessions=1, revoke_all=body.revoke_all)


@app.delete("/api/v1/sessions/{session_id}")
def revoke_session(_caller: Caller, session_id: str, body: RevokeRequest = RevokeRequest()) -> dict[str, bool]:
    remember(body)
    if session_id != SESSION_ID:
        raise HTTPException(404, "Session not found")
    return {"success": True}


@app.post("/api/v1/sessions/cleanup")
def cleanup_sessions(_caller: Caller) -> dict[str, int]:
    return {"expired": 2, "deleted": 2}
