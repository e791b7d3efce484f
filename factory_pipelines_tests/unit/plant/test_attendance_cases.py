"""Every golden case of attendance: roster and punches in, what is known and what is paid out."""

import pytest

from factory_pipelines_tests.attendance_cases import load_cases, run_case

CASES = load_cases()


def test_there_are_enough_cases_and_each_has_its_own_name() -> None:
    assert len(CASES) >= 200
    assert len({case["name"] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict) -> None:
    found, exceptions = run_case(case)
    assert len(found) == len(case["expect"])
    for shift, expected in zip(found, case["expect"], strict=True):
        assert {name: shift[name] for name in expected} == expected
    assert exceptions == case.get("exceptions", [])


@pytest.mark.parametrize("case", CASES[::7], ids=[case["name"] for case in CASES[::7]])
def test_case_in_reverse_order(case: dict) -> None:
    reverse = {**case, "punches": case["punches"][::-1], "roster": case["roster"][::-1]}
    assert run_case(reverse) == run_case(case)
