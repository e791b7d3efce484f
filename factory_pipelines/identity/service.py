"""Faces at work in one process: enrols, searches, erases, and works off what waits.

A picture that was accepted is never lost: it is answered, or it waits in order and is answered later, once. Nobody is
enrolled or named without a consent in force.
"""

from collections.abc import Callable
from datetime import datetime
from threading import Condition, Thread

import structlog

from factory_pipelines.identity.enrolment import AWAY, Enroller, Enrolment
from factory_pipelines.identity.erasure import ErasureState, work_off
from factory_pipelines.identity.matchers import Matchers, snapshot_store
from factory_pipelines.identity.pictures import PictureLimits
from factory_pipelines.identity.search import ATTENDANCE, Recognition, Searcher
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse

_log = structlog.get_logger(__name__)


class IdentityService:
    """One process's faces; safe to call from any thread."""

    def __init__(
        self,
        warehouse: Warehouse,
        settings: Settings,
        *,
        clock: Callable[[], datetime],
        matchers: Matchers | None = None,
        on_punch: Callable[[], None] = lambda: None,
        every_s: float = 5.0,
    ) -> None:
        """Asks nothing of database and matcher yet.

        Args:
            warehouse: in the writer's role.
            settings: the whole tree.
            clock: the present.
            matchers: default: those of the settings.
            on_punch: called when a recognition is a punch, and in each round of the background.
            every_s: how often the background looks for what waits.
        """
        chosen, plant = settings.identity, settings.plant.clock()
        self.store = snapshot_store(settings)
        self.matchers = matchers or Matchers(chosen, warehouse)
        self._warehouse = warehouse
        self._clock = clock
        self._on_punch = on_punch
        self._enroller = Enroller(
            warehouse,
            self.matchers,
            self.store,
            limits=PictureLimits.of(chosen.max_image_mb, chosen.max_megapixels),
            queue_max=chosen.queue_max,
            plant=plant,
            clock=clock,
        )
        spool = settings.home_dir / "identity" / "waiting_searches.jsonl"
        self._searcher = Searcher(warehouse, self.matchers, self.store, chosen, spool=spool, plant=plant, clock=clock)
        self._every_s = every_s
        self._wake = Condition()
        self._ending = False
        self._thread = Thread(target=self._keep_going, name="identity", daemon=True)

    def start(self) -> None:
        """Begins to work off what waits, in the background."""
        self._thread.start()

    def close(self) -> None:
        """Ends the background work."""
        with self._wake:
            self._ending = True
            self._wake.notify_all()
        if self._thread.is_alive():
            self._thread.join(0.5)

    @property
    def waiting_searches(self) -> int:
        """Searched pictures on disk."""
        return self._searcher.waiting

    def enrol(self, data: bytes, *, person_id: str, purpose: str = ATTENDANCE) -> Enrolment:
        """As ``Enroller.enrol``."""
        return self._enroller.enrol(data, person_id=person_id, purpose=purpose)

    def search(
        self, data: bytes, *, device: str, purpose: str = ATTENDANCE, seen_at: datetime | None = None
    ) -> Recognition:
        """As ``Searcher.search``."""
        found = self._searcher.search(data, device=device, purpose=purpose, seen_at=seen_at)
        if found.is_punch:
            try:
                self._on_punch()
            except AWAY as error:
                _log.warning("a punch waits for the next round", event_id=found.event_id, reason=str(error))
        return found

    def erase(self, *, only: int | None = None) -> list[ErasureState]:
        """Goes on with every erasure that is not complete, or with ``only`` one."""
        return work_off(self._warehouse, self.matchers.of, self.store, self._clock, only=only)

    def work_off_waiting(self) -> bool:
        """One round over what waits: faces, searches, punches, erasures; says whether all of it was reached."""
        done = True
        for step in (self._enroller.index_waiting, self._searcher.search_waiting, self._on_punch, self.erase):
            try:
                step()
            except AWAY as error:
                _log.debug("what waits must wait on", reason=str(error))
                done = False
        return done

    def _keep_going(self) -> None:
        while True:
            try:
                self.work_off_waiting()
            except Exception:  # noqa: BLE001
                # The thread must outlive a defect of one round: what waits is tried again in the next.
                _log.exception("a round over what waits broke off")
            with self._wake:
                if not self._ending:
                    self._wake.wait(self._every_s)
                if self._ending:
                    return
