"""The settings tree: documented to the last field, strict about names, silent about secrets."""

import runpy
from datetime import date, time
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from factory_pipelines.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "settings.md"


def fields(model: type[BaseModel], path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], object]]:
    found = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found += fields(field.annotation, (*path, name))
        else:
            found.append(((*path, name), field))
    return found


ALL = fields(Settings)
GROUPS = [field.annotation for field in Settings.model_fields.values() if hasattr(field.annotation, "model_fields")]


@pytest.mark.parametrize(("path", "field"), ALL, ids=[".".join(path) for path, _ in ALL])
def test_every_field_says_what_it_means(path: tuple[str, ...], field) -> None:
    assert field.description, f"{'.'.join(path)} needs a description"
    assert field.description.endswith((".", "/v1"))


def test_every_group_refuses_names_it_does_not_know() -> None:
    assert all(group.model_config["extra"] == "forbid" and group.model_config["frozen"] for group in GROUPS)


def test_the_page_of_settings_is_up_to_date() -> None:
    page = runpy.run_path(str(ROOT / "scripts" / "settings_page.py"))
    assert PAGE.read_text(encoding="utf-8") == page["rendered"](), "run: python scripts/settings_page.py"
    assert set(page["names"]()) == {"FACTORY_" + "__".join(path).upper() for path, _ in ALL}
    assert all(f"`{name}`" in PAGE.read_text(encoding="utf-8") for name in page["names"]())


def test_the_environment_example_names_no_setting_that_does_not_exist() -> None:
    """docker-compose.yml takes some names of its own; whatever has a group must be ours."""
    known = {"FACTORY_" + "__".join(path).upper() for path, _ in ALL}
    named = {
        line.lstrip("# ").partition("=")[0]
        for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
        if line.lstrip("# ").startswith("FACTORY_") and "__" in line.partition("=")[0]
    }
    assert named
    assert named <= known


def test_variables_reach_their_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "FACTORY_RTMS__SOURCE": "csv",
        "FACTORY_RTMS__CSV_DIR": "/exports",
        "FACTORY_PLANT__TIMEZONE": "Europe/Berlin",
        "FACTORY_PLANT__DAY_START": "05:30",
        "FACTORY_PLANT__HOLIDAYS": "2026-01-26, 2026-08-15",
        "FACTORY_PLANT__REST_WEEKDAYS": "[5, 6]",
        "FACTORY_API__KEYS": "tablet:s3cret",
        "FACTORY_ORGANIZATION_ID": "22222222-2222-2222-2222-222222222222",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert (settings.rtms.source, settings.rtms.csv_dir) == ("csv", Path("/exports"))
    assert settings.plant.day_start == time(5, 30)
    assert settings.plant.holidays == {date(2026, 1, 26), date(2026, 8, 15)}
    assert settings.plant.rest_weekdays == {5, 6}
    assert settings.api.keys == {"tablet:s3cret"}
    assert settings.organization_id == UUID("22222222-2222-2222-2222-222222222222")
    clock = settings.plant.clock()
    assert (clock.zone, clock.day_start, clock.rest_weekdays) == (ZoneInfo("Europe/Berlin"), time(5, 30), {5, 6})


@pytest.mark.parametrize(
    ("name", "value", "field", "says"),
    [
        ("FACTORY_RTMS__SOURCEE", "csv", "rtms.sourcee", "not permitted"),
        ("FACTORY_DATABSE_URL", "postgresql://u:hunter2@h/d", "databse_url", "did you mean FACTORY_DATABASE_URL?"),
        ("FACTORY_RTMSS__SOURCE", "csv", "rtmss__source", "did you mean FACTORY_RTMS__SOURCE?"),
        ("FACTORY_API__KEY", "a:b", "api.key", "not permitted"),
        ("FACTORY_RTMS__SOURCE", "oracle", "rtms.source", "'demo', 'csv' or 'mssql'"),
        ("FACTORY_PLANT__TIMEZONE", "Mars/Olympus", "plant.timezone", "there is no time zone 'Mars/Olympus'"),
        ("FACTORY_PLANT__TIMEZONE", "../etc/passwd", "plant.timezone", "there is no time zone"),
        ("FACTORY_PLANT__HOLIDAYS", "Diwali", "plant.holidays", "valid date"),
        ("FACTORY_PLANT__HOLIDAYS", '["2026-01-26"', "plant.holidays", "Expecting"),
        ("FACTORY_PLANT__DAY_START", "26:00", "plant.day_start", "valid time"),
        ("FACTORY_DATABASE__POOL_MAX", "0", "database.pool_max", "greater than or equal to 1"),
        ("FACTORY_ALERTS__DEFAULT_COUNTRY_CODE", "+91", "alerts.default_country_code", "pattern"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_its_field(
    name: str, value: str, field: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as caught:
        load_settings()
    assert [".".join(map(str, problem["loc"])).split(".0")[0] for problem in caught.value.errors()] == [field]
    assert says in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_other_people_s_variables_are_none_of_our_business(monkeypatch: pytest.MonkeyPatch) -> None:
    """docker-compose.yml and services have variables of their own, and a plant may have more."""
    for name in ("FACTORY_API_PORT", "FACTORY_UI_PORT", "FACTORY_WRITER_PASSWORD", "FACTORY_VERSION", "FACTORY_FLOOR"):
        monkeypatch.setenv(name, "1")
    assert load_settings().api.port == Settings().api.port


SECRETS = [path for path, field in ALL if "SecretStr" in str(field.annotation)]


@pytest.mark.parametrize("path", [*SECRETS, ("api", "keys")], ids=".".join)
def test_no_secret_shows_in_any_text(path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTORY_" + "__".join(path).upper(), "name:hunter2")
    settings = load_settings()
    group = getattr(settings, path[0])
    assert all(
        "hunter2" not in text for text in (repr(settings), str(settings), f"{settings}", repr(group), str(group))
    )
    value = group if len(path) == 1 else getattr(group, path[1])
    assert "hunter2" in (value.get_secret_value() if isinstance(value, SecretStr) else "".join(value))


def test_a_secret_under_a_mistyped_name_does_not_show_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTORY_TWILIO__AUTH_TOKENN", "hunter2")
    with pytest.raises(ValidationError, match=r"twilio\.auth_tokenn") as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_passwords_are_never_plain_text_fields() -> None:
    suspicious = {
        path for path, _ in ALL if any(w in path[-1] for w in ("password", "token", "secret", "odbc", "api_key"))
    }
    assert suspicious <= set(SECRETS)


def test_the_home_is_one_folder_wherever_a_process_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FACTORY_HOME", "data")
    assert load_settings().home_dir == tmp_path / "data"


def test_settings_follow_the_environment_though_they_are_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_settings()
    assert load_settings() is first
    monkeypatch.setenv("FACTORY_UI__PORT", "3003")
    assert load_settings().ui.port == 3003
