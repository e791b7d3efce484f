"""Versions of the efficiency model in MLflow, in the warehouse's own PostgreSQL.

A version is two texts: LightGBM's native model (``model.lgb``) and a card (``card.json``). Nothing is pickled, so
loading a model executes nothing. Every step can be repeated: a version is found again by its content, and moving an
alias changes one row.
"""

import hashlib
import json
import logging
import os
import tempfile
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from factory_pipelines.production.forecast import Metrics
from factory_pipelines.production.learner import EfficiencyModel
from factory_pipelines.production.openmp import provide_openmp
from factory_pipelines.production.promotion import Serving

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.tracking import MlflowClient

CHAMPION = "champion"
"""Alias of the version that is served."""

SCHEMA = "mlflow"
"""Where MLflow keeps its tables; `factory migrate` makes it, the writer owns it."""

_SERVING_TAG = "serving"
_KEY_TAG = "content_sha256"
_MODEL_FILE = "model.lgb"
_CARD_FILE = "card.json"


class ChampionUnreadableError(RuntimeError):
    """The champion's files are gone or damaged; a new training replaces it."""


@dataclass(frozen=True)
class Champion:
    """The model that the alias names."""

    version: str
    model: EfficiencyModel


def registry_url(database_url: str, role: str | None = None) -> str:
    """MLflow's address of the schema ``mlflow`` in the database at ``database_url``.

    psycopg2, because that is the driver MLflow is tested with; ``role`` is assumed after logging in, if given.
    """
    from sqlalchemy.engine import make_url

    url = make_url(database_url).set(drivername="postgresql+psycopg2")
    given = url.query.get("options", "")
    flags = [given if isinstance(given, str) else " ".join(given), f"-csearch_path={SCHEMA}"]
    if role is not None:
        flags.append(f"-crole={role}")
    return url.update_query_dict({"options": " ".join(filter(None, flags))}).render_as_string(hide_password=False)


class ModelRegistry:
    """One organization's versions of the efficiency model."""

    def __init__(self, url: str, artifacts: str, organization_id: UUID) -> None:
        """Connects at first use.

        Args:
            url: SQLAlchemy address of MLflow's store, see ``registry_url``.
            artifacts: folder or URI (``s3://…``) under which model files are kept.
            organization_id: whose models these are.
        """
        self._url = url
        self._artifacts = artifacts if "://" in artifacts else Path(artifacts).resolve().as_uri()
        self.name = f"production.line_efficiency.{organization_id}"

    def champion(self) -> Champion | None:
        """The version behind the alias ``champion``; None before the first promotion.

        Raises:
            ChampionUnreadableError: when its files cannot be read.
        """
        version = self._aliased()
        if version is None:
            return None
        try:
            return Champion(str(version.version), self._read(version))
        except (OSError, ValueError, KeyError, TypeError) as error:
            place = f"version {version.version} of {self.name} at {version.source}"
            raise ChampionUnreadableError(f"{place} cannot be read ({error}): train again") from error

    def champion_version(self) -> str | None:
        """Number of the champion's version, without reading its files."""
        version = self._aliased()
        return None if version is None else str(version.version)

    def register(self, model: EfficiencyModel, metrics: Metrics) -> str:
        """Keep ``model`` with its recipe and scores; returns its version number.

        The same model again is the same version. Runs that an earlier, killed training left open are closed as killed.
        """
        key = hashlib.sha256(f"{model.booster}\0{model.card()}".encode()).hexdigest()
        self._ensure_model()
        known = self._client.search_model_versions(f"name='{self.name}' and tag.{_KEY_TAG}='{key}'")
        if known:
            return str(max(int(version.version) for version in known))
        experiment = self._experiment()
        self._close_orphans(experiment)
        tags = {_KEY_TAG: key, "trained_on": model.trained_on.isoformat()}
        run = self._client.create_run(experiment, tags=tags, run_name=f"trained on {model.trained_on}")
        self._log(run.info.run_id, model, metrics)
        self._client.set_terminated(run.info.run_id)
        source = f"{run.info.artifact_uri}/model"
        version = self._client.create_model_version(self.name, source, run_id=run.info.run_id, tags=tags)
        return str(version.version)

    def promote(self, version: str) -> None:
        """Move the alias ``champion`` to ``version``."""
        self._client.set_registered_model_alias(self.name, CHAMPION, version)

    def record(self, serving: Serving) -> None:
        """Remember what the last judgement said is to be served, and why."""
        self._ensure_model()
        self._client.set_registered_model_tag(self.name, _SERVING_TAG, json.dumps(asdict(serving)))

    def serving(self) -> Serving | None:
        """What the last judgement said; None before the first."""
        model = self._registered()
        text = None if model is None else model.tags.get(_SERVING_TAG)
        return None if text is None else Serving(**json.loads(text))

    @cached_property
    def _client(self) -> "MlflowClient":
        """MLflow's client; the first use on an empty schema creates MLflow's tables (some seconds)."""
        # Read when mlflow is imported and connects: no usage statistics leave the plant, no idle connection stays.
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        os.environ.setdefault("MLFLOW_SQLALCHEMYSTORE_POOLCLASS", "NullPool")
        from mlflow.tracking import MlflowClient

        logging.getLogger("mlflow").setLevel(logging.ERROR)
        logging.getLogger("alembic").setLevel(logging.WARNING)
        return MlflowClient(tracking_uri=self._url, registry_uri=self._url)

    def _registered(self) -> Any:
        from mlflow.exceptions import MlflowException

        try:
            return self._client.get_registered_model(self.name)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise

    def _aliased(self) -> "ModelVersion | None":
        model = self._registered()
        if model is None or CHAMPION not in model.aliases:
            return None
        return self._client.get_model_version(self.name, str(model.aliases[CHAMPION]))

    def _ensure_model(self) -> None:
        from mlflow.exceptions import MlflowException

        if self._registered() is not None:
            return
        try:
            self._client.create_registered_model(self.name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":  # somebody else was first: as good
                raise

    def _experiment(self) -> str:
        found = self._client.get_experiment_by_name(self.name)
        if found is not None:
            return str(found.experiment_id)
        return str(self._client.create_experiment(self.name, artifact_location=f"{self._artifacts}/{self.name}"))

    def _close_orphans(self, experiment: str) -> None:
        """Trainings of one organization run one at a time, so an open run belongs to one that was killed."""
        for run in self._client.search_runs([experiment], "attributes.status = 'RUNNING'"):
            self._client.set_terminated(run.info.run_id, "KILLED")

    def _log(self, run_id: str, model: EfficiencyModel, metrics: Metrics) -> None:
        provide_openmp()
        import lightgbm
        from mlflow.entities import Metric, Param
        from mlflow.models import Model

        scores = [Metric(name, value, 0, 0) for name, value in asdict(metrics).items() if value is not None]
        recipe = [Param(name, str(value)) for name, value in asdict(model.recipe).items()]
        self._client.log_batch(run_id, metrics=scores, params=recipe)
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            (place / _MODEL_FILE).write_text(model.booster, encoding="utf-8")
            (place / _CARD_FILE).write_text(model.card(), encoding="utf-8")
            # Declared by hand what mlflow.lightgbm.save_model would write: that one imports half of MLflow to do it.
            flavor = {"data": _MODEL_FILE, "model_class": "lightgbm.basic.Booster", "lgb_version": lightgbm.__version__}
            Model().add_flavor("lightgbm", **flavor).save(str(place / "MLmodel"))
            self._client.log_artifacts(run_id, str(place), "model")

    def _read(self, version: "ModelVersion") -> EfficiencyModel:
        from mlflow.artifacts import download_artifacts

        with tempfile.TemporaryDirectory() as folder:
            place = Path(download_artifacts(artifact_uri=version.source, dst_path=folder))
            booster = (place / _MODEL_FILE).read_text(encoding="utf-8")
            return EfficiencyModel.load(booster, (place / _CARD_FILE).read_text(encoding="utf-8"))
