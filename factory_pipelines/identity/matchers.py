"""Which matcher works here: Rekognition where a collection is named, else the local comparison."""

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from factory_pipelines.identity.faces import FaceMatcher, MatcherRefusedError
from factory_pipelines.identity.local import LocalMatcher, Template
from factory_pipelines.identity.rekognition import RekognitionMatcher
from factory_pipelines.identity.retries import Retry
from factory_pipelines.identity.snapshots import SnapshotStore
from factory_pipelines.identity.tally import Tally
from factory_pipelines.settings import IdentitySettings, Settings
from factory_pipelines.warehouse.pool import Warehouse


def chosen(settings: IdentitySettings) -> Literal["local", "rekognition"]:
    """Name of the matcher these settings mean."""
    if settings.matcher == "auto":
        return "local" if settings.collection_id is None else "rekognition"
    return settings.matcher


def snapshot_store(settings: Settings) -> SnapshotStore:
    """Where this platform keeps its pictures."""
    return SnapshotStore(Path(settings.home_dir) / "snapshots")


class Matchers:
    """The matchers of one process, each made once, so that its threads share rate and circuit breaker."""

    def __init__(
        self,
        settings: IdentitySettings,
        warehouse: Warehouse,
        *,
        tally: Tally | None = None,
        on_retry: Callable[[str, Retry], None] | None = None,
        **clocks: Any,
    ) -> None:
        """``clocks`` are ``sleep``, ``clock`` and ``chance`` of ``RekognitionMatcher``."""
        self.tally = tally or Tally()
        self._settings = settings
        self._warehouse = warehouse
        self._on_retry = on_retry
        self._clocks = clocks
        self._making = Lock()
        self._rekognition: dict[str, RekognitionMatcher] = {}
        self._local = LocalMatcher(self._templates, settings.local_model)

    def current(self) -> FaceMatcher:
        """The one that enrols and searches.

        Raises:
            MatcherRefusedError: when Rekognition is chosen without a collection.
        """
        return self.of(chosen(self._settings), self._settings.collection_id)

    def of(self, name: str, collection: str | None) -> FaceMatcher:
        """The matcher that knows a face enrolled earlier, perhaps under other settings.

        Raises:
            MatcherRefusedError: when there is none.
        """
        if name == "local":
            return self._local
        if collection is None:
            raise MatcherRefusedError("Rekognition needs a collection: set FACTORY_IDENTITY__COLLECTION_ID")
        with self._making:
            if collection not in self._rekognition:
                self._rekognition[collection] = RekognitionMatcher(
                    self._settings, collection, tally=self.tally, on_retry=self._on_retry, **self._clocks
                )
            return self._rekognition[collection]

    def circuits(self) -> dict[str, str]:
        """State of the circuit breaker of each collection in use."""
        with self._making:
            return {name: matcher.breaker.state for name, matcher in self._rekognition.items()}

    def _templates(self) -> list[Template]:
        rows = self._warehouse.rows("identity/templates")
        return [(row["face_key"], row["template_kind"], bytes(row["template"])) for row in rows]
