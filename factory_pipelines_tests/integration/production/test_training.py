"""Training, registry and serving on the real database, with MLflow's own tables and files."""

import signal
import subprocess
import sys
import warnings
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import mlflow.lightgbm
import pandas as pd
import psycopg
import pytest

from factory_pipelines.production.forecast import HORIZON, forecast
from factory_pipelines.production.model_registry import ChampionUnreadableError, ModelRegistry, registry_url
from factory_pipelines.production.training import served_model, train_and_judge
from factory_pipelines_tests.unit.production.line_history import CLOCK, LAST_DAY, line_history

ORGANIZATION = UUID("11111111-1111-1111-1111-111111111111")
EARLIER = LAST_DAY - timedelta(days=21)


@pytest.fixture
def address(warehouse_url: str) -> str:
    return registry_url(warehouse_url, "factory_writer")


@pytest.fixture
def registry(address: str, tmp_path: Path) -> ModelRegistry:
    return ModelRegistry(address, str(tmp_path / "models"), ORGANIZATION)


@pytest.fixture(scope="module")
def daily() -> pd.DataFrame:
    return line_history()


def versions(url: str) -> list[tuple[int, str]]:
    with psycopg.connect(url) as conn:
        return conn.execute(
            "SELECT version, r.status FROM mlflow.model_versions JOIN mlflow.runs r ON run_uuid = run_id ORDER BY 1"
        ).fetchall()


def test_a_first_good_model_is_served_and_forecasts_what_it_was_trained_to(
    registry: ModelRegistry, daily: pd.DataFrame, warehouse_url: str, address: str, tmp_path: Path
) -> None:
    training = train_and_judge(registry, daily, CLOCK, made_on=LAST_DAY)
    assert training.promoted
    assert training.version == "1"
    assert training.serving.served_by == "lightgbm"
    elsewhere = ModelRegistry(
        address, str(tmp_path / "models"), ORGANIZATION
    )  # another process knows only the registry
    served = served_model(elsewhere)
    assert served.version == "1"
    assert served.model is not None
    assert served.model.margins == training.backtest.margins
    frame = forecast(daily, CLOCK, made_on=LAST_DAY, model=served.model, model_version=served.version).frame
    assert len(frame) == HORIZON * 10
    assert set(frame["served_by"]) == {"lightgbm"}
    assert versions(warehouse_url) == [(1, "FINISHED")]
    assert not list(tmp_path.rglob("*.pkl"))
    with psycopg.connect(warehouse_url) as conn:
        outside = conn.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public' AND tablename = 'runs'").fetchall()
    assert outside == []


def test_mlflow_itself_can_load_the_champion(registry: ModelRegistry, daily: pd.DataFrame, tmp_path: Path) -> None:
    train_and_judge(registry, daily, CLOCK, made_on=LAST_DAY)
    (declared,) = (tmp_path / "models").rglob("MLmodel")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mlflow.pyfunc warns of its own type hints while it is being imported
        booster = mlflow.lightgbm.load_model(str(declared.parent))
    champion = registry.champion()
    assert champion is not None
    assert booster.model_to_string() == champion.model.booster


def test_training_again_on_the_same_day_changes_nothing(
    registry: ModelRegistry, daily: pd.DataFrame, warehouse_url: str
) -> None:
    first = train_and_judge(registry, daily, CLOCK, made_on=LAST_DAY)
    again = train_and_judge(registry, daily, CLOCK, made_on=LAST_DAY)
    assert again.version == first.version
    assert not again.promoted
    assert again.serving.version == "1"
    assert versions(warehouse_url) == [(1, "FINISHED")]


def test_a_later_challenger_is_judged_against_the_frozen_champion(registry: ModelRegistry, daily: pd.DataFrame) -> None:
    train_and_judge(registry, daily, CLOCK, made_on=EARLIER)
    later = train_and_judge(registry, daily, CLOCK, made_on=LAST_DAY)
    assert later.version == "2"
    assert later.promoted == later.serving.reason.startswith("new champion")
    assert "champion 1" in later.serving.reason
    assert registry.champion_version() == ("2" if later.promoted else "1")
    assert served_model(registry).version == registry.champion_version()


def test_the_naive_is_served_and_says_so_when_nothing_can_be_learned(registry: ModelRegistry) -> None:
    """A plant whose next week is exactly its last: nothing beats the naive."""
    repeating = line_history()
    repeating["efficiency_pct"] = [60.0 + 7 * day.weekday() for day in repeating["production_day"]]
    training = train_and_judge(registry, repeating, CLOCK, made_on=LAST_DAY)
    assert not training.promoted
    assert training.version == "1"  # kept, for whoever wants to know why
    assert training.serving.served_by == "seasonal_naive"
    served = served_model(registry)
    assert served.model is None
    assert "does not beat the seasonal naive" in served.reason


def test_too_little_history_trains_nothing(registry: ModelRegistry, daily: pd.DataFrame) -> None:
    young = daily[daily["production_day"] >= date(2025, 9, 8)]
    training = train_and_judge(registry, young, CLOCK, made_on=LAST_DAY)
    assert training.version is None
    assert "too little history" in served_model(registry).reason


def test_before_the_first_training_the_naive_is_served(registry: ModelRegistry) -> None:
    assert served_model(registry).model is None
    assert registry.champion_version() is None


def test_a_damaged_champion_is_reported_and_replaced(
    registry: ModelRegistry, daily: pd.DataFrame, tmp_path: Path
) -> None:
    train_and_judge(registry, daily, CLOCK, made_on=EARLIER)
    (card,) = (tmp_path / "models").rglob("card.json")
    card.write_text("{ cut off", encoding="utf-8")
    with pytest.raises(ChampionUnreadableError, match="train again"):
        served_model(registry)
    training = train_and_judge(registry, daily, CLOCK, made_on=LAST_DAY)
    assert training.promoted
    assert any("cannot be read" in note for note in training.notes)
    assert served_model(registry).version == "2"


def test_two_organizations_do_not_see_each_others_models(
    registry: ModelRegistry, daily: pd.DataFrame, address: str, tmp_path: Path
) -> None:
    train_and_judge(registry, daily, CLOCK, made_on=LAST_DAY)
    other = ModelRegistry(address, str(tmp_path / "models"), UUID("22222222-2222-2222-2222-222222222222"))
    assert other.champion() is None


DIES = """
import os, signal, sys
from uuid import UUID
from factory_pipelines.production.model_registry import ModelRegistry
from factory_pipelines.production.training import train_and_judge
from factory_pipelines_tests.unit.production.line_history import CLOCK, LAST_DAY, line_history

address, models, moment = sys.argv[1:]

def die(self, *given):
    os.kill(os.getpid(), signal.SIGKILL)

Dying = type("Dying", (ModelRegistry,), {moment: die})
dying = Dying(address, models, UUID("11111111-1111-1111-1111-111111111111"))
train_and_judge(dying, line_history(), CLOCK, made_on=LAST_DAY)
"""


@pytest.mark.parametrize("moment", ["_log", "promote", "record"])
def test_a_training_killed_between_steps_is_repaired_by_the_next(
    moment: str, registry: ModelRegistry, daily: pd.DataFrame, address: str, tmp_path: Path, warehouse_url: str
) -> None:
    command = [sys.executable, "-c", DIES, address, str(tmp_path / "models"), moment]
    died = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr
    before = served_model(registry)  # what a forecast made in between would use: whole, or the naive
    assert (before.version is None) == (moment != "record")
    training = train_and_judge(registry, daily, CLOCK, made_on=LAST_DAY)
    assert training.version == "1"
    assert served_model(registry).version == "1"
    assert versions(warehouse_url) == [(1, "FINISHED")]
    with psycopg.connect(warehouse_url) as conn:
        open_runs = conn.execute("SELECT count(*) FROM mlflow.runs WHERE status = 'RUNNING'").fetchone()
    assert open_runs == (0,)
