from datetime import UTC, datetime
from typing import Any

import pandas as pd

from factory_pipelines.demo.people_scores import attendance_scores, gate_scores
from factory_pipelines.demo.scores import Score

NIGHT = datetime(2025, 11, 19, 20, tzinfo=UTC)


def shift(**differs: Any) -> dict[str, Any]:
    return {
        "true_status": "PRESENT", "true_is_late": False, "true_is_early_exit": False, "true_paid_s": 28800,
        "forgot": False, "status": "PRESENT", "is_late": False, "is_early_exit": False, "our_paid_s": 28800,
        "flagged_for_review": False, **differs,
    }  # fmt: skip


ABSENT = shift(
    true_status="ABSENT", true_is_late=None, true_is_early_exit=None, true_paid_s=0,
    status="ABSENT", is_late=None, is_early_exit=None, our_paid_s=0,
)  # fmt: skip


def attendance(*shifts: dict[str, Any]) -> dict[str, Score]:
    return {score.name: score for score in attendance_scores(pd.DataFrame(list(shifts)), set(), set())}


def vehicle(**differs: Any) -> dict[str, Any]:
    plate = "KA01AB1234"
    return {
        "true_plate": plate, "kind": "authorized", "may_enter": True, "single": plate, "agreed": plate,
        "valid": True, "plate": plate, "status": "AUTHORIZED", "opened": True, **differs,
    }  # fmt: skip


def gate(*vehicles: dict[str, Any]) -> dict[str, Score]:
    return {score.name: score for score in gate_scores(pd.DataFrame(list(vehicles)))}


def test_the_truth_is_exact() -> None:
    scores = attendance(shift(), ABSENT)
    assert scores["attendance_exact"].value == 100.0
    assert scores["attendance_status_right"].detail.endswith("absent 1 of 1, present 1 of 1")
    assert scores["paid_minutes_error"].value == 0.0
    assert scores["forgotten_punches_found"].value is None


def test_each_deviation_counts() -> None:
    for wrong in ({"status": "LATE"}, {"is_late": True}, {"is_early_exit": None}, {"our_paid_s": 28799}):
        assert attendance(shift(), shift(**wrong))["attendance_exact"].value == 50.0
    missing = dict.fromkeys(("status", "is_late", "is_early_exit", "our_paid_s", "flagged_for_review"))
    assert attendance(shift(), shift(**missing))["attendance_exact"].value == 50.0


def test_forgotten_punches_are_to_be_flagged_and_their_pay_waits() -> None:
    scores = attendance(
        shift(),
        shift(forgot=True, our_paid_s=0, flagged_for_review=True),
        shift(forgot=True, status="ABSENT", our_paid_s=0),
    )
    assert scores["attendance_exact"].value == 100.0
    assert scores["forgotten_punches_found"].value == 50.0
    assert scores["paid_minutes_error"].value == 240.0


def test_exceptions_are_compared_both_ways() -> None:
    ours, true = {("C0001", NIGHT), ("C0002", NIGHT)}, {("C0002", NIGHT), ("C0003", NIGHT)}
    scores = attendance_scores(pd.DataFrame([shift()]), ours, true)
    exact = next(score for score in scores if score.name == "exceptions_exact")
    assert (exact.value, exact.met) == (33.33, False)


def test_a_false_open_is_one_too_many() -> None:
    assert gate(vehicle())["gate_false_opens"].met is True
    assert gate(vehicle(), vehicle(may_enter=False, kind="lookalike"))["gate_false_opens"].met is False


def test_a_gate_that_waits_for_the_guard_is_not_right_but_not_false() -> None:
    scores = gate(
        vehicle(),
        vehicle(valid=False, plate=None, status="UNKNOWN", opened=False),
        vehicle(may_enter=False, kind="stranger", status="UNKNOWN", opened=False),
        vehicle(may_enter=False, kind="blocked", status="UNKNOWN", opened=False),
    )
    assert scores["gate_decisions_right"].value == 50.0
    assert scores["gate_false_opens"].value == 0.0


def test_agreement_is_held_against_the_best_single_frame() -> None:
    plates = gate(vehicle(), vehicle(), vehicle(single="KA01A81234"), vehicle(single=None), vehicle(true_plate=None))
    assert (plates["plates_agreed_right"].value, plates["plates_agreed_right"].bar) == (100.0, 65.0)


def test_nothing_fed_is_unknown() -> None:
    for scores in (attendance_scores(pd.DataFrame([shift()])[:0], set(), set()), gate_scores(pd.DataFrame())):
        assert {score.met for score in scores} == {None}
