"""One alert per incident: what is raised, counted, left alone and closed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory_pipelines.operations.incidents import (
    CHECK_FAILED,
    MAX_PENDING,
    NOT_TICKING,
    RULES,
    RUN_FAILED,
    STALE_DATA,
    Assessment,
    Condition,
    Known,
    assets_of,
    decide,
    outbox_stalled,
    run_failed,
    run_subject,
)

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def happened(at: datetime = NOW, subject: str = "rtms_pull") -> Condition:
    return Condition(RUN_FAILED, subject, "failed", "body", occurred_at=at)


def lasting(patience: timedelta = timedelta(), subject: str = "watchdog") -> Condition:
    return Condition(NOT_TICKING, subject, "dead", "body", patience=patience)


def test_a_new_condition_is_raised() -> None:
    verdict = decide([Assessment(RUN_FAILED, (happened(),))], [], {}, NOW)
    assert verdict.raised == (happened(),)
    assert verdict.resolved == ()


def test_what_an_alert_says_already_is_not_raised_again() -> None:
    known = [Known(RUN_FAILED, "rtms_pull", True, NOW), Known(NOT_TICKING, "watchdog", True, NOW - MINUTE)]
    verdict = decide([Assessment(RUN_FAILED, (happened(),)), Assessment(NOT_TICKING, (lasting(),))], known, {}, NOW)
    assert verdict.raised == ()
    assert verdict.resolved == ()


def test_what_happens_again_is_counted() -> None:
    known = [Known(RUN_FAILED, "rtms_pull", True, NOW - MINUTE)]
    assert decide([Assessment(RUN_FAILED, (happened(),))], known, {}, NOW).raised == (happened(),)


def test_a_failure_resolved_by_hand_stays_resolved_and_a_state_that_goes_on_comes_back() -> None:
    known = [Known(RUN_FAILED, "rtms_pull", False, NOW), Known(NOT_TICKING, "watchdog", False, NOW)]
    verdict = decide([Assessment(RUN_FAILED, (happened(),)), Assessment(NOT_TICKING, (lasting(),))], known, {}, NOW)
    assert verdict.raised == (lasting(),)


def test_an_incident_ends_when_its_condition_does() -> None:
    known = [Known(NOT_TICKING, "watchdog", True, NOW), Known(NOT_TICKING, "old", False, NOW)]
    assert decide([Assessment(NOT_TICKING)], known, {}, NOW).resolved == ((NOT_TICKING, "watchdog"),)


def test_the_undecided_and_the_unknown_stay_as_they_are() -> None:
    known = [Known(CHECK_FAILED, "a:b", True, NOW), Known(STALE_DATA, "rtms", True, NOW)]
    pending = {(STALE_DATA, "x"): NOW - MINUTE}
    found = [Assessment(CHECK_FAILED, undecided=frozenset({"a:b"})), Assessment(STALE_DATA, unknown="database away")]
    verdict = decide(found, known, pending, NOW)
    assert verdict.resolved == ()
    assert verdict.pending == pending
    assert verdict.unknown == ("platform.stale_data: database away",)


def test_patience_is_counted_from_the_first_look_that_saw_it() -> None:
    condition = lasting(5 * MINUTE)
    first = decide([Assessment(NOT_TICKING, (condition,))], [], {}, NOW)
    assert first.raised == ()
    later = decide([Assessment(NOT_TICKING, (condition,))], [], first.pending, NOW + 4 * MINUTE)
    assert later.raised == ()
    at_last = decide([Assessment(NOT_TICKING, (condition,))], [], later.pending, NOW + 5 * MINUTE)
    assert at_last.raised == (condition,)
    gone = decide([Assessment(NOT_TICKING)], [], at_last.pending, NOW + 6 * MINUTE)
    assert gone.pending == {}


def test_the_memory_stays_small() -> None:
    conditions = tuple(lasting(subject=f"sensor_{n}") for n in range(10 * MAX_PENDING))
    assert len(decide([Assessment(NOT_TICKING, conditions)], [], {}, NOW).pending) == MAX_PENDING


@given(
    seen=st.sets(st.tuples(st.sampled_from(RULES), st.integers(0, 5))),
    opened=st.sets(st.tuples(st.sampled_from(RULES), st.integers(0, 5))),
    unknown=st.sets(st.sampled_from(RULES)),
)
def test_after_any_look_exactly_what_was_seen_is_open(
    seen: set[tuple[str, int]], opened: set[tuple[str, int]], unknown: set[str]
) -> None:
    known = [Known(rule, str(subject), True, NOW - MINUTE) for rule, subject in opened]
    found = [
        Assessment(
            rule,
            tuple(Condition(rule, str(s), "", "") for r, s in seen if r == rule),
            unknown="away" if rule in unknown else None,
        )
        for rule in RULES
    ]
    verdict = decide(found, known, {}, NOW)
    open_after = {(k.rule, k.subject) for k in known} - set(verdict.resolved) | {c.key for c in verdict.raised}
    expected = {(r, str(s)) for r, s in seen if r not in unknown} | {(r, str(s)) for r, s in opened if r in unknown}
    assert open_after == expected
    assert not {c.key for c in verdict.raised} & {(k.rule, k.subject) for k in known}


def test_a_run_is_known_by_its_job_or_by_its_assets() -> None:
    assert run_subject("rtms_pull", ["b", "a"]) == "rtms_pull"
    assert run_subject("__ASSET_JOB", ["rtms/b", "rtms/a"]) == "assets rtms/a, rtms/b"
    assert run_subject("run_selection", ["rtms/b"]) == "assets rtms/b"
    assert run_subject("__ASSET_JOB_3", []) == "__ASSET_JOB_3"
    assert assets_of("assets rtms/a, rtms/b") == ["rtms/a", "rtms/b"]
    assert assets_of("rtms_pull") == []


def test_an_alert_about_a_run_says_what_and_what_to_do() -> None:
    condition = run_failed("assets " + "x" * 500, "abc", "boom " * 500, NOW, "2026-03-04")
    assert len(condition.title) < 100
    assert len(condition.body) < 900
    assert "abc for 2026-03-04" in condition.body
    assert "re-execute" in condition.body


@pytest.mark.parametrize(("late_min", "raised"), [(0, 0), (15, 0), (16, 1)])
def test_an_outbox_stalls_when_something_waits_too_long(late_min: int, raised: int) -> None:
    found = outbox_stalled(3, NOW - late_min * MINUTE, NOW, 15 * MINUTE)
    assert len(found.conditions) == raised
    assert outbox_stalled(0, None, NOW, 15 * MINUTE).conditions == ()
