"""Browsers: a page shows its key once and gets a ticket, because an ``<img>`` can send no header.

The ticket is a cookie that scripts cannot read and other sites cannot send; it opens what only shows (GET), for twelve
hours or until its key is taken out of the configuration. Nothing is kept on the server.
"""

import time
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from factory_pipelines.edge.gate import TICKET_COOKIE
from factory_pipelines.edge.security import ApiKeys, public

router = APIRouter(prefix="/api/session", tags=["service"])

_LIFETIME_S = 12 * 3600


class Presented(BaseModel):
    """What a browser shows."""

    model_config = ConfigDict(extra="forbid")

    key: Annotated[SecretStr, Field(max_length=512, description="The secret of a configured key.")]


class Session(BaseModel):
    """Who the browser is, until when."""

    status: Literal["open"] = "open"
    key_name: str = Field(description="Name of the key that was shown.", examples=["security"])
    expires_in_s: int


@router.post(
    "", summary="Show a key, get a ticket", responses={403: {"description": "No configured key has this secret."}}
)
@public
def begin(request: Request, response: Response, presented: Presented) -> Session:
    """Sets a cookie that stands for the key in requests that only show something. For pages; programs send the key."""
    keys: ApiKeys = request.app.state.keys
    name = keys.name_of(presented.key.get_secret_value())
    if name is None:
        detail = "no key of FACTORY_API__KEYS has this secret"
        raise HTTPException(403, {"code": "key_unknown", "detail": detail, "field": "key"})
    response.set_cookie(
        TICKET_COOKIE,
        keys.ticket(name, int(time.time()) + _LIFETIME_S),
        max_age=_LIFETIME_S,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return Session(key_name=name, expires_in_s=_LIFETIME_S)


@router.delete("", status_code=204, summary="Give the ticket back")
@public
def end(response: Response) -> None:
    """Takes the cookie out of the browser."""
    response.delete_cookie(TICKET_COOKIE, httponly=True, samesite="strict")
