"""The eight levels, by both their names."""

import pytest

from factory_pipelines.plant.hierarchy import Level

API_NAMES = ["UnitCode", "FloorName", "LineName", "StyleNo", "PartName", "NewOperSeq", "DeviceID", "EmpName"]


def test_the_levels_stand_in_the_seeds_order_under_the_seeds_names() -> None:
    assert [level.api_name for level in Level] == API_NAMES


@pytest.mark.parametrize("level", Level)
def test_a_level_is_found_by_either_name_in_any_case(level: Level) -> None:
    for name in (level.value, level.value.upper(), level.api_name, level.api_name.lower(), f" {level.api_name} "):
        assert Level.parse(name) is level


def test_an_unknown_level_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown level 'shift': use one of UnitCode, .*EmpName"):
        Level.parse("shift")


@pytest.mark.parametrize("level", Level)
def test_the_path_leads_from_the_unit_down(level: Level) -> None:
    assert level.path[0] is Level.UNIT
    assert level.path[-1] is level
    assert len(level.path) == list(Level).index(level) + 1
