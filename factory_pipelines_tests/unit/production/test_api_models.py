"""Questions that mean nothing are refused, and the published examples are true to the models."""

from datetime import date

import pytest
from pydantic import ValidationError

from factory_pipelines.production.api_examples import ANALYSIS, HIERARCHY
from factory_pipelines.production.api_models import AnalysisAnswer, AnalysisQuestion, HierarchyAnswer, HierarchyQuestion


def test_the_published_examples_are_valid() -> None:
    assert AnalysisAnswer.model_validate(ANALYSIS).data.ai_analysis.overall_efficiency == 90.0
    assert HierarchyAnswer.model_validate(HIERARCHY).data.members[0].name == "S1-1"


def test_a_question_is_asked_in_the_seeds_names_and_kept_in_the_warehouses() -> None:
    question = AnalysisQuestion.model_validate({"UnitCode": "U1", "EmpName": "", "day": "2025-09-12"})
    assert question.day == date(2025, 9, 12)
    columns = question.columns()
    assert columns["unit_code"] == "U1"
    assert columns["emp_name"] == ""  # an empty name is a name
    assert columns["line_name"] is None
    assert hash(question) == hash(question.model_copy())


@pytest.mark.parametrize(
    "question",
    [
        {"day": "1757635200"},
        {"day": "2025-9-12"},
        {"day": "2025-02-30"},
        {"limit": "5001"},
        {"offset": "-1"},
        {"LineName": "a\nb"},
        {"LineName": "x" * 201},
        {"line": "L1"},
    ],
)
def test_a_question_that_means_nothing_is_refused(question: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        HierarchyQuestion.model_validate(question)
