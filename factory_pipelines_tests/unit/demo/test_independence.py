import ast
from pathlib import Path

import pytest

import factory_pipelines.demo
from factory_pipelines.demo.factory import Factory
from factory_pipelines_tests.unit.demo.conftest import WORKDAY

DEMO = Path(factory_pipelines.demo.__file__).parent
SIMULATOR = (
    "catalogue",
    "counters",
    "counting",
    "crews",
    "day",
    "dirt",
    "factory",
    "movements",
    "noise",
    "ocr",
    "people",
    "presence",
    "rtms",
    "shifts",
    "site",
    "styles",
    "supervisors",
    "terminals",
    "timesheet",
    "truth",
    "vehicles",
    "work",
)


@pytest.mark.parametrize("module", SIMULATOR)
def test_the_simulator_knows_nothing_of_what_it_tests(module: str) -> None:
    imported = {
        name
        for node in ast.walk(ast.parse((DEMO / f"{module}.py").read_text()))
        if isinstance(node, ast.ImportFrom | ast.Import)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    ours = {name for name in imported if name and name.startswith("factory_pipelines")}
    assert all(name.startswith(("factory_pipelines.demo", "factory_pipelines.plant")) for name in ours)


def test_the_simulated_past_does_not_change_by_accident(factory: Factory) -> None:
    """A changed simulator makes the rows of every existing demo database wrong: change these numbers knowingly."""
    output = factory.truth(WORKDAY).line_output.set_index("line_name")["output_pcs"].to_dict()
    assert output == {
        "S1-1": 2333,
        "S2-1": 1734,
        "S3-1": 2018,
        "S4-1": 2099,
        "S5-1": 1964,
        "S6-1": 2241,
        "S7-1": 2258,
        "S8-1": 1810,
    }
