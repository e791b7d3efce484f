"""Everything that no honest caller sends, at every door that takes a body: attendance, gate, occupancy.

Whatever comes, the answer is one of ours: never a defect, always with what is wrong and what to do; where one value is
at fault, its field. Events that are none are kept. A door that is not in ``DOORS`` makes the first test fail.
"""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from psycopg import sql

from factory_pipelines.edge.app import create_app
from factory_pipelines.edge.errors import ErrorAnswer
from factory_pipelines.settings import ApiSettings, Settings
from factory_pipelines.warehouse.pool import Warehouse

SECRET = "5f1e2d3c4b5a69788796a5b4c3d2e1f5"
NOW = datetime(2025, 10, 15, 4, tzinfo=UTC)
A, V, OCC = "/api/v1/attendance", "/api/v1/vehicle", "/api/v1/occupancy"
READS = [{"text": "KA01AB1234", "confidence": 0.9}, {"text": "KA01AB1234", "confidence": 0.8}]
LISTED = {"plate_number": "KA01AB1234", "reason": "known", "officer": "Asha"}
EVENT = {"source_id": "door", "observed_at": "2025-10-01T08:00:00Z", "event_id": "e1", "kind": "heartbeat"}
ASSIGNED = {"employee_id": "E1", "first_day": "2025-09-01", "last_day": "2025-12-31", "cycle": ["day", None]}
SHIFT_DATA = {"start_time": "08:00", "end_time": "17:00", "grace_period_minutes": 5}
# Every field that the door knows, with a value that it takes.
DOORS: dict[str, Any] = {
    f"{A}/check-in": {
        "employee_id": "E1", "check_in_time": "2025-10-01T08:00:00", "source": "gate", "device": "T1",
        "shift_data": SHIFT_DATA,
    },
    f"{A}/check-out": [{"employee_id": "E1", "check_out_time": "2025-10-01T17:00:00", "source": "gate"}],
    f"{A}/sources/gate/watermark": {"reported_until": "2025-10-01T18:00:00"},
    f"{A}/employees": [{"employee_id": "E1", "employee_name": "Asha", "overtime_rule": "house"}],
    f"{A}/shifts": {
        "shift_id": "day", "shift_name": "Day", "segments": [["08:00", "17:00"]], "grace_in_min": 5, "required_min": 60,
        "breaks": [{"minutes": 30, "start": "12:00", "is_paid": False, "after_minutes": 0}],
    },
    f"{A}/overtime-rules": {"rule_name": "house", "weekly_after_min": 2400, "multipliers": {"workday": "1.5"}},
    f"{A}/shift-assignments": ASSIGNED,
    f"{A}/shift-assignments/withdraw": {"employee_id": "E1", "first_day": "2025-09-02", "cycle": ["day"]},
    f"{V}/validate-plate": {"reads": READS, "gate_id": "main", "vehicle_track_id": 5, "direction": "in"},
    f"{V}/lists/authorized": LISTED,
    f"{V}/lists/authorized/withdraw": LISTED,
    f"{V}/unknown/KA01AB1234/settle": {"settlement": "known", "officer": "Asha"},
    f"{OCC}/events": EVENT,
    f"{OCC}/areas": {"area_id": "hall", "area_name": "Hall", "capacity": 9, "parent_area_id": None, "start_people": 0},
    f"{OCC}/sources": {"source_id": "door", "area_id": "hall", "kind": "door", "max_silence_s": 9, "retired_at": None},
    f"{OCC}/corrections": {"area_id": "hall", "people": 3, "reason": "counted by hand", "counted_by": "Asha"},
    f"{OCC}/terminals": {"source": "gate", "device": "T1", "area_id": "hall", "door_id": "door"},
}  # fmt: skip
# Takes no word of a body, or is tried elsewhere.
OTHER_DOORS = {"/api/v1/identity", "/api/v1/cameras", "/api/rtms", "/api/video_feed", "/api/session"}

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no json": b"check me in",
    "half a json": b'{"employee_id": "E1", ',
    "a number": b"42",
    "null": b"null",
    "a list of numbers": b"[1, 2]",
    "a list of lists": b"[[[]]]",
    "NaN": b'{"employee_id": NaN, "people": NaN, "confidence": NaN}',
    "a list of NaN": b"[NaN, -Infinity]",
    "infinity": b'{"vehicle_track_id": Infinity, "reads": -Infinity}',
    "beyond a float": b'{"employee_id": 1e999, "capacity": 1e999}',
    "an endless integer": b'{"employee_id": ' + b"9" * 5_000 + b"}",
    "no utf-8": b'{"employee_id": "\xff\xfe"}',
    "bytes of an image": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "nested lists": b"[" * 100_000,
    "nested objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "nested in a field": b'{"employee_id": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "two values of one name": b'{"employee_id": "E1", "employee_id": {"a": 1}}',
    "a name with a nul": b'{"\\u0000": 1}',
    "half a surrogate as a name": b'{"\\ud800": 1}',
}  # fmt: skip
VALUES: dict[str, str] = {
    "nul": r'"A\u0000B"',
    "half a surrogate": r'"\ud800"',
    "the other half": r'"x\udfff"',
    "arabic": '"س ١٢٣ ٤٥٦"',
    "right to left": r'"\u202eKA01AB1234"',
    "control characters": r'"a\tb\u0007\u001b[2J"',
    "spaces": '"   "',
    "nothing written": '""',
    "a novel": json.dumps("x" * 20_000),
    "emoji": '"🚗"',
    "25:61": '"2025-10-01T25:61:00"',
    "an hour 25": '"25:61"',
    "30 February": '"2025-02-30"',
    "year one": '"0001-01-01T00:00:00"',
    "the end of time": '"9999-12-31T23:59:59-12:00"',
    "an offset too far": '"2025-10-01T08:00:00+99:99"',
    "the future": '"2099-01-01T00:00:00Z"',
    "sql": json.dumps("'; DROP TABLE attendance.punches; --"),
    "a path": '"../../etc/passwd"',
    "minus one": "-1",
    "half": "0.5",
    "too many": "1e300",
    "beyond 64 bits": str(2**63),
    "not a number": "NaN",
    "infinite": "Infinity",
    "true": "true",
    "null": "null",
    "a list": "[[]]",
    "an object": '{"a": {"b": 1}}',
}  # fmt: skip


@pytest.fixture(scope="module")
def client(shared_warehouse: Warehouse) -> Iterator[TestClient]:
    settings = Settings(api=ApiSettings(keys=frozenset({f"tests:{SECRET}"}), rate_limit_per_min=1_000_000))
    app = create_app(settings, warehouse=shared_warehouse, writer=shared_warehouse, clock=lambda: NOW)
    with TestClient(app, raise_server_exceptions=False, headers={"X-API-Key": SECRET}) as client:
        for path in (f"{A}/overtime-rules", f"{A}/shifts", f"{A}/employees", f"{OCC}/areas", f"{OCC}/sources"):
            assert client.post(path, json=DOORS[path]).status_code == 200
        yield client


def send(client: TestClient, path: str, body: bytes, kind: str = "application/json") -> Response:
    return client.post(path, content=body, headers={"Content-Type": kind})


def judge(answer: Response, told: str) -> dict[str, Any] | None:
    """The error, or None where what was sent is taken; anything else than our one way to fail is a defect."""
    assert answer.status_code < 500, f"{told}: {answer.status_code} {answer.text[:300]}"
    if answer.status_code < 400:
        return None
    assert answer.status_code in {400, 404, 409, 413, 415, 422}, f"{told}: {answer.status_code}"
    error = ErrorAnswer.model_validate_json(answer.content).error
    assert len(error.detail) > 10, f"{told}: {error}"
    return error.model_dump()


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a value within a body."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield (*at, name)
        yield from places(one, (*at, name))


def with_value(body: Any, at: tuple[Any, ...], written: str) -> bytes:
    """The body with the JSON text ``written`` at a place."""
    changed = copy.deepcopy(body)
    inner = changed
    for name in at[:-1]:
        inner = inner[name]
    inner[at[-1]] = "@@here@@"
    return json.dumps(changed).replace('"@@here@@"', written).encode()


def test_every_door_that_takes_a_body_is_tried(client: TestClient) -> None:
    document = client.get("/openapi.json").json()["paths"]
    taking = {path for path, methods in document.items() if "requestBody" in methods.get("post", {})}
    known = {path.replace("sources/gate/", "sources/{source}/").replace("/KA01AB1234/", "/{plate_number}/")
             .replace("lists/authorized", "lists/{kind}") for path in DOORS}  # fmt: skip
    ours = {path for path in taking if not any(path.startswith(other) for other in OTHER_DOORS)}
    assert ours == known


@pytest.mark.parametrize("path", DOORS)
def test_what_the_door_is_for_passes(client: TestClient, path: str) -> None:
    answer = client.post(path, json=DOORS[path])
    assert answer.status_code in {200, 201, 404, 409}, answer.text


@pytest.mark.parametrize("path", DOORS)
def test_a_body_that_is_none_is_refused(client: TestClient, path: str) -> None:
    for name, body in BODIES.items():
        error = judge(send(client, path, body), name)
        assert error is not None, name
    large = json.dumps([DOORS[path]] * (2_000_000 // len(json.dumps(DOORS[path])))).encode()
    assert send(client, path, large).status_code == 413
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "image/png", ""):
        told = judge(send(client, path, json.dumps(DOORS[path]).encode(), kind), kind)
        assert told is not None, kind
        assert "application/json" in told["detail"], (kind, told)


IMPOSSIBLE = {
    f"{A}/check-in": {"check_in_time", "shift_data.start_time", "shift_data.grace_period_minutes"},
    f"{A}/sources/gate/watermark": {"reported_until"},
    f"{A}/shifts": {"segments.0.0", "grace_in_min", "breaks.0.minutes"},
    f"{A}/overtime-rules": {"multipliers.workday"},
    f"{A}/shift-assignments": {"first_day", "cycle"},
    f"{V}/lists/authorized": {"plate_number"},
    f"{OCC}/events": {"observed_at", "kind", "source_id"},
    f"{OCC}/sources": {"area_id", "kind", "max_silence_s"},
}
"""Fields that none of ``VALUES`` fits."""


@pytest.mark.parametrize("path", DOORS)
def test_a_value_that_is_none_names_its_field(client: TestClient, path: str) -> None:
    wrong: list[object] = []
    for at in places(DOORS[path]):
        is_strict = ".".join(map(str, at)) in IMPOSSIBLE.get(path, ())
        for name, written in VALUES.items():
            told = f"{'.'.join(map(str, at))} = {name}"
            error = judge(send(client, path, with_value(DOORS[path], at, written)), told)
            if error is not None and not error["field"]:
                wrong.append((told, error["code"], error["detail"]))
            elif error is None and is_strict:
                wrong.append((told, "taken"))
    assert wrong == []


def test_events_that_are_none_are_kept(client: TestClient, shared_warehouse: Warehouse) -> None:
    """One by one and in a list: what is refused is in the refusals, what is good is taken."""
    before = {name: _kept(shared_warehouse, name) for name in ("attendance", "occupancy")}
    punch = DOORS[f"{A}/check-in"]
    sent = [
        {**punch, "check_in_time": json.loads(VALUES[name])} for name in ("25:61", "year one", "the future", "arabic")
    ]
    sent.append({**punch, "employee_id": "A\u0000"})
    answer = client.post(f"{A}/check-in", json=[*sent, {**punch, "device": "T9"}]).json()
    assert (answer["accepted"], len(answer["refused"])) == (1, 5)
    seen = [
        {**EVENT, "event_id": f"x{n}", "observed_at": json.loads(VALUES[name])}
        for n, name in enumerate(("25:61", "the future"))
    ]
    seen += [{**EVENT, "event_id": "x9", "source_id": "nobody"}, {**EVENT, "event_id": "x10", "people": 5}]
    answer = client.post(f"{OCC}/events", json=seen).json()
    assert (answer["accepted"], len(answer["refused"])) == (0, 4)
    after = {name: _kept(shared_warehouse, name) for name in before}
    assert {name: after[name] - before[name] for name in before} == {"attendance": 5, "occupancy": 4}


def _kept(warehouse: Warehouse, schema: str) -> int:
    query = sql.SQL("SELECT coalesce(sum(times), 0)::int AS n FROM {}").format(sql.Identifier(schema, "refusals"))
    return int(warehouse.rows(query)[0]["n"])
