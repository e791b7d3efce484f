"""Tickets of browsers: what they open, and what they do not."""

import time

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from factory_pipelines.edge.gate import TICKET_COOKIE
from factory_pipelines.edge.security import ApiKeys
from factory_pipelines_tests.integration.edge.conftest import SECRET

SHOWN = "/api/system-info"


def begin(client: TestClient, key: str = SECRET) -> int:
    return client.post("/api/session", json={"key": key}).status_code


def test_a_key_shown_once_opens_what_only_shows(stranger: TestClient) -> None:
    assert stranger.get(SHOWN).status_code == 401
    answer = stranger.post("/api/session", json={"key": SECRET})
    assert answer.json() == {"status": "open", "key_name": "tests", "expires_in_s": 43200}
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert SECRET not in cookie
    assert stranger.get(SHOWN).status_code == 200


def test_a_ticket_changes_nothing(stranger: TestClient) -> None:
    """Another site could make a browser send a form; it must achieve nothing."""
    assert begin(stranger) == 200
    refused = stranger.post("/api/v1/vehicle/validate-plate", json={"ocr_text": "KA01AB1234", "ocr_confidence": 0.99})
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "key_missing")


def test_a_wrong_key_gets_no_ticket(stranger: TestClient) -> None:
    refused = stranger.post("/api/session", json={"key": "x" * 32})
    assert (refused.status_code, refused.json()["error"]["field"]) == (403, "key")
    assert "set-cookie" not in refused.headers


def test_a_ticket_given_back_is_gone(stranger: TestClient) -> None:
    assert begin(stranger) == 200
    assert stranger.delete("/api/session").status_code == 204
    assert stranger.get(SHOWN).status_code == 401


@pytest.mark.parametrize(
    "ticket",
    ["", "tests", "tests~99999999999~", "tests~99999999999~" + "0" * 64, "nobody~99999999999~" + "0" * 64, "tests~x~y",
     "~".join(["tests", "9" * 400, "0" * 64]), "é~²~ü"],
)  # fmt: skip
def test_a_forged_ticket_opens_nothing(ticket: str, stranger: TestClient) -> None:
    assert stranger.get(SHOWN, headers={"Cookie": f"{TICKET_COOKIE}={ticket}".encode()}).status_code == 401


def test_a_ticket_dies_with_its_time_and_with_its_key(app: FastAPI, stranger: TestClient) -> None:
    keys: ApiKeys = app.state.keys
    now_s = int(time.time())
    for expires_at_s, status in ((now_s - 1, 401), (now_s + 60, 200)):
        ticket = keys.ticket("tests", expires_at_s)
        assert stranger.get(SHOWN, headers={"Cookie": f"{TICKET_COOKIE}={ticket}"}).status_code == status
    renewed = ApiKeys([f"tests:{SECRET.upper()}"])
    assert renewed.name_of_ticket(keys.ticket("tests", now_s + 60), now_s) is None
    # The time is sealed with the rest.
    name, _, seal = keys.ticket("tests", now_s - 1).split("~")
    assert keys.name_of_ticket(f"{name}~{now_s + 60}~{seal}", now_s) is None
