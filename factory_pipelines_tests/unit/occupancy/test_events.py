"""Which of the things that devices send are events, and what is said about the others."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory_pipelines.occupancy.events import OccupancyEvent, Refusal, read_event

NOW = datetime(2026, 3, 2, 4, 10, tzinfo=UTC)


def read(**fields: Any) -> OccupancyEvent | Refusal:
    event = {
        "source_id": "door-east",
        "observed_at": "2026-03-02T09:30:00+05:30",
        "event_id": "e1",
        "kind": "crossing",
        "direction": "in",
        "people": 1,
        **fields,
    }
    return read_event({k: v for k, v in event.items() if v != "absent"}, now=NOW, tolerance=timedelta(minutes=5))


def test_a_crossing_a_count_and_a_heartbeat() -> None:
    crossing = read(track_id=7, confidence=0.9, snapshot="2026-03-02/door-east/e1.jpg")
    assert crossing == OccupancyEvent(
        "door-east",
        datetime(2026, 3, 2, 4, 0, tzinfo=UTC),
        "e1",
        "crossing",
        "in",
        1,
        "person",
        "7",
        0.9,
        "2026-03-02/door-east/e1.jpg",
    )
    count = read(kind="count", direction=None, people=0, observed_at=NOW)
    assert isinstance(count, OccupancyEvent)
    assert (count.people, count.observed_at) == (0, NOW)
    heartbeat = read(kind="heartbeat", direction="absent", people="absent", event_id=12)
    assert isinstance(heartbeat, OccupancyEvent)
    assert (heartbeat.people, heartbeat.event_id) == (None, "12")


@pytest.mark.parametrize(
    ("wrong", "field", "reason"),
    [
        ({"source_id": ""}, "source_id", "source_id_invalid"),
        ({"source_id": "a\x00"}, "source_id", "source_id_invalid"),
        ({"source_id": "\ud800"}, "source_id", "source_id_invalid"),
        ({"source_id": True}, "source_id", "source_id_invalid"),
        ({"event_id": "absent"}, "event_id", "event_id_invalid"),
        ({"event_id": "x" * 201}, "event_id", "event_id_invalid"),
        ({"kind": "guess"}, "kind", "kind_invalid"),
        ({"kind": ["count"]}, "kind", "kind_invalid"),
        ({"direction": None}, "direction", "direction_invalid"),
        ({"direction": "up"}, "direction", "direction_invalid"),
        ({"kind": "count"}, "direction", "direction_invalid"),
        ({"people": 0}, "people", "people_invalid"),
        ({"people": 1.5}, "people", "people_invalid"),
        ({"people": True}, "people", "people_invalid"),
        ({"people": None}, "people", "people_invalid"),
        ({"people": 10**9}, "people", "people_invalid"),
        ({"kind": "count", "direction": None, "people": -1}, "people", "people_invalid"),
        ({"kind": "heartbeat", "direction": None, "people": 0}, "people", "people_invalid"),
        ({"observed_at": "2026-03-02T25:61:00Z"}, "observed_at", "time_invalid"),
        ({"observed_at": "yesterday"}, "observed_at", "time_invalid"),
        ({"observed_at": 1700000000}, "observed_at", "time_invalid"),
        ({"observed_at": "2026-03-02T09:30:00"}, "observed_at", "time_without_offset"),
        ({"observed_at": "2026-03-02T09:46:00+05:30"}, "observed_at", "time_in_future"),
        ({"observed_at": "1970-01-01T00:00:00Z"}, "observed_at", "time_too_early"),
        ({"observed_at": "0001-01-01T00:00:00+14:00"}, "observed_at", "time_too_early"),
        ({"confidence": 1.1}, "confidence", "confidence_invalid"),
        ({"confidence": float("nan")}, "confidence", "confidence_invalid"),
        ({"confidence": 10**400}, "confidence", "confidence_invalid"),
        ({"confidence": "high"}, "confidence", "confidence_invalid"),
        ({"snapshot": "../../etc/passwd"}, "snapshot", "snapshot_invalid"),
        ({"snapshot": "/etc/passwd"}, "snapshot", "snapshot_invalid"),
        ({"snapshot": "a\\..\\b"}, "snapshot", "snapshot_invalid"),
        ({"snapshot": "C:evil.jpg"}, "snapshot", "snapshot_invalid"),
        ({"label": ""}, "label", "label_invalid"),
        ({"peple": 3}, "peple", "field_unknown"),
    ],
)
def test_what_is_no_event_is_refused_by_its_field(wrong: dict[str, Any], field: str, reason: str) -> None:
    refused = read(**wrong)
    assert isinstance(refused, Refusal), refused
    assert (refused.field, refused.reason) == (field, reason)
    assert refused.detail.startswith(f"{field}: ")


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


# Drawing the first text loads all of Unicode.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["source_id", "kind", "observed_at", "event_id", "people", "x"]), _ANYTHING))
def test_whatever_is_sent_is_an_event_or_a_refusal(fields: dict[str, Any]) -> None:
    assert isinstance(read(**fields), OccupancyEvent | Refusal)
