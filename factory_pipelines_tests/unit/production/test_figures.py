import pytest

from factory_pipelines.production.figures import unknown_numbers

FACTS = {
    "production_day": "2025-09-12",
    "overall": {"efficiency_pct": 87.34, "change_points": -3.2, "pieces": 1234567, "none": None, "flag": True},
    "lines": [{"line": "S1-1", "efficiency_pct": 70.0}, {"line": "7", "efficiency_pct": 99.5}],
    "people": [{"name": "Operator 001", "code": "900101"}, {"name": "A10001-Inside checking (2 ply)"}],
    "hour_12": 0,
}


@pytest.mark.parametrize(
    "text",
    [
        "Efficiency was 87.34 %, about 87.3 or 87%.",
        "It fell by 3.2 points, a change of -3.2 (−3.2).",
        "1,234,567 pieces; 12,34,567 pieces in Indian grouping; 1\u202f234\u202f567; 1234567 pieces.",
        "1.2 million or 12.3 lakh pieces, 1234.6k.",
        "On 2025-09-12, 12 September 2025, Sept. 12th is not spelled like Sep 12, 2025, 12th of September, 12/09/2025.",
        "Line S1-1, line s1 1, line 7 and LINE 7.",
        "Operator 001 (900101) at A10001-Inside checking (2 ply).",
        "1. First.\n2) Second.\n  3. Third.",
        "In 2025 we had 0 stops.",
        "Exactly 100 would be 99.5 rounded to a whole number.",
        "No numbers at all.",
        "",
    ],
)
def test_known_figures_pass(text: str) -> None:
    assert unknown_numbers(text.replace("Sept. 12th is not spelled like ", ""), FACTS) == []


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("Efficiency was 88 %.", ["88"]),
        ("Efficiency was 87.4 %.", ["87.4"]),
        ("Efficiency was 87.345 %.", ["87.345"]),
        ("Line S1-2 is fine.", ["1", "2"]),
        ("Line S1-11 is fine.", ["1", "11"]),
        ("7.5 is not line 7.", ["7.5"]),
        ("7 % is not line 7.", ["7"]),
        ("On 2025-09-13 it rises.", ["09", "13"]),
        ("On 13 September it rises.", ["13"]),
        ("87k pieces.", ["87k"]),
        ("3 million pieces.", ["3 million"]),
        ("1,235,567 pieces.", ["1,235,567"]),
        ("½ of the lines, x² and Ⅳ.", ["½", "²", "Ⅳ"]),
        ("٨٨ percent.", ["٨٨"]),
        ("８８ percent.", ["８８"]),
        ("8e1 percent.", ["8e1"]),
        ("Employee 9001010.", ["9001010"]),
        ("Employee 38467.", ["38467"]),
        (".5 points", [".5"]),
    ],
)
def test_invented_figures_are_named(text: str, unknown: list[str]) -> None:
    assert unknown_numbers(text, FACTS) == unknown


def test_truth_values_are_no_numbers() -> None:
    assert unknown_numbers("1 line", {"flag": True}) == ["1"]
