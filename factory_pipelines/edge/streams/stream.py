"""One camera's stream: a thread that opens it, keeps its newest picture in a slot, and tries again when it breaks."""

import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from typing import Literal

import structlog

from factory_pipelines.cameras.addresses import redacted
from factory_pipelines.cameras.config import CameraConfig
from factory_pipelines.edge.streams.failures import FINAL, Reason, StreamError
from factory_pipelines.edge.streams.knock import knock
from factory_pipelines.edge.streams.pacing import Backoff, RestartBudget
from factory_pipelines.edge.streams.slot import LatestFrame
from factory_pipelines.edge.streams.sources import Grab, Source, open_source, refuse_large, time_in_clip

_log = structlog.get_logger(__name__)

State = Literal["starting", "live", "waiting", "stopped"]

# A reader that hangs in a library cannot be ended; more of them than this are not added.
MOST_HANGING = 3
_HANG_GRACE_S = 0.5
_RATE_WINDOW_S = 5.0


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """One camera at one moment.

    Attributes:
        state: ``starting``, ``live``, ``waiting`` (for the next attempt) or ``stopped`` (until somebody acts).
        reason: why it is not live; None while it is, and before the first attempt has ended.
        detail: what the library said, without secrets.
        since: when state or reason changed.
        last_frame_at: when the newest picture came; None before the first.
        age_s: seconds since then.
        is_fresh: live, and not older than the camera's ``stale_after_s``.
        fps: pictures that arrived in a second, over the last five; None without one.
        captured, damaged, skipped, overwritten: pictures that arrived, could not be used, were not due by ``fps``, were
            replaced before anybody looked.
        reconnects: times it was opened again.
        hanging: readers that hang in a library and were given up.
    """

    name: str
    state: State
    reason: Reason | None
    detail: str
    since: datetime
    last_frame_at: datetime | None
    age_s: float | None
    is_fresh: bool
    fps: float | None
    width: int | None
    height: int | None
    captured: int
    damaged: int
    skipped: int
    overwritten: int
    reconnects: int
    hanging: int

    @property
    def is_over(self) -> bool:
        """A clip that has come to its end: neither fresh nor in trouble."""
        return self.reason == "finished"


@dataclass
class _Counts:
    captured: int = 0
    damaged: int = 0
    skipped: int = 0
    reconnects: int = 0
    opened: int = 0


@dataclass
class _Session:
    """One reader thread's life; when it is over nothing the thread does is heard any more."""

    over: Event = field(default_factory=Event)
    thread: Thread | None = None


class CameraStream:
    """One camera; ``start`` and ``stop`` may be called from any thread, once each, ``restart`` in between."""

    def __init__(
        self,
        config: CameraConfig,
        *,
        max_megapixels: float = 25.0,
        on_change: Callable[[StreamStatus], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Opens nothing yet.

        Args:
            config: the camera.
            max_megapixels: larger pictures are refused.
            on_change: hears each change of state or reason, from the thread that made it.
            clock: counts seconds.
            now: the present.
        """
        self.config = config
        self.slot = LatestFrame(clock)  # for vision, at the configured rate
        self.view = LatestFrame(clock)  # for people, at a higher rate while they look
        self.view_fps = config.fps
        self.is_watched: Callable[[], bool] = lambda: False
        self._max_megapixels = max_megapixels
        self._on_change = on_change
        self._clock = clock
        self._now = now
        self._lock = Lock()
        self._state: State = "starting"
        self._failure: StreamError | None = None
        self._since = now()
        self._alive_s = clock()  # when something last happened: begun to open, or a picture came
        self._last_frame: tuple[datetime, float] | None = None
        self._size: tuple[int, int] | None = None
        self._counts = _Counts()
        self._arrivals: deque[float] = deque(maxlen=512)
        self._backoff = Backoff(random.Random(), RestartBudget(clock=clock))  # noqa: S311
        self._session: _Session | None = None
        self._hanging: list[Thread] = []
        self._is_closed = False

    def start(self) -> None:
        """Begins; returns at once, whatever the camera does."""
        with self._lock:
            self._begin()

    def restart(self) -> None:
        """Ends this attempt and begins a new one at once, also where the camera had been given up."""
        with self._lock:
            self._end_session()
            self._backoff.succeeded()
            if not self._is_closed:
                self._begin()
        self._enter("starting", None)

    def stop(self, wait_s: float = 0.0) -> None:
        """Ends it for good; waits at most ``wait_s`` for the thread, which may hang in a library."""
        with self._lock:
            self._is_closed = True
            session = self._session
            self._end_session()
        self.slot.close()
        self.view.close()
        if session is not None and session.thread is not None and wait_s > 0:
            session.thread.join(wait_s)

    def watch(self) -> None:
        """The watchdog's look: a reader that should have given up by itself is given up."""
        with self._lock:
            limit_s = self.config.open_timeout_s if self._state == "starting" else self.config.stale_after_s
            silent_s = self._clock() - self._alive_s
            if self._is_closed or self._state not in {"starting", "live"} or silent_s <= limit_s + _HANG_GRACE_S:
                return
            if self.config.kind == "file":
                return  # its pictures come when they are due, or when somebody has looked at the last one
            self._end_session()
            failure = StreamError("stalled", f"no picture for {silent_s:.1f} s, and its reader hangs")
            if len(self._hanging) < MOST_HANGING:
                self._begin()
        self._enter("waiting", failure)

    def status(self) -> StreamStatus:
        """The camera at this moment."""
        now_s = self._clock()
        last, failure, size = self._last_frame, self._failure, self._size
        age_s = None if last is None else now_s - last[1]
        recent = sum(1 for at_s in tuple(self._arrivals) if now_s - at_s <= _RATE_WINDOW_S)
        self._hanging = [thread for thread in self._hanging if thread.is_alive()]
        return StreamStatus(
            name=self.config.name,
            state=self._state,
            reason=failure.reason if failure else None,
            detail=failure.detail or failure.remedy if failure else "",
            since=self._since,
            last_frame_at=last[0] if last else None,
            age_s=age_s,
            is_fresh=self._state == "live" and age_s is not None and age_s <= self.config.stale_after_s,
            fps=recent / _RATE_WINDOW_S if recent else None,
            width=size[0] if size else None,
            height=size[1] if size else None,
            captured=self._counts.captured,
            damaged=self._counts.damaged,
            skipped=self._counts.skipped,
            overwritten=self.slot.overwritten,
            reconnects=self._counts.reconnects,
            hanging=len(self._hanging),
        )

    def _begin(self) -> None:
        session = _Session()
        session.thread = Thread(target=self._run, args=(session,), name=f"camera-{self.config.name}", daemon=True)
        self._session = session
        self._alive_s = self._clock()
        session.thread.start()

    def _end_session(self) -> None:
        if self._session is None:
            return
        self._session.over.set()
        thread = self._session.thread
        self._hanging = [hanging for hanging in self._hanging if hanging.is_alive()]
        if thread is not None and thread.is_alive():
            self._hanging.append(thread)
        self._session = None

    def _run(self, session: _Session) -> None:
        while not session.over.is_set():
            try:
                self._play(session)
                failure = StreamError("finished")
            except StreamError as error:
                failure = error
            except Exception as error:  # noqa: BLE001
                # Whatever a decoder or a driver throws must cost this camera an attempt, not its thread.
                failure = StreamError("failed", redacted(f"{type(error).__name__}: {error}"))
            if session.over.is_set():
                return
            if failure.reason in FINAL:
                self._enter("stopped", failure)
                return
            self._enter("waiting", failure)
            session.over.wait(self._backoff.after_opening_s())
            self._wait_for_an_answer(session)

    def _wait_for_an_answer(self, session: _Session) -> None:
        """Knocks until the camera is there; what is no stream is simply tried again."""
        if self.config.kind != "rtsp":
            return
        while not session.over.is_set() and (failure := knock(self.config.source_url.get_secret_value())) is not None:
            if session.over.is_set():
                return
            self._enter("waiting", failure)
            session.over.wait(self._backoff.after_knocking_s())

    def _play(self, session: _Session) -> None:
        """Opens the source and shows it until it breaks, or is over."""
        with self._lock:
            self._alive_s = self._clock()
            self._counts.reconnects += self._counts.opened > 0
            self._counts.opened += 1
        if self._failure is None:
            self._enter("starting", None)
        else:
            self._state = "starting"  # the reason stays until a picture has come
        while not session.over.is_set():
            before = self._counts.captured
            source = open_source(self.config, max_megapixels=self._max_megapixels)
            try:
                self._show_all(source, session)
            finally:
                source.close()
            if self._counts.captured == before and not session.over.is_set():
                raise StreamError("undecodable", "there is no picture in it")
            if self.config.kind != "file" or not self.config.clip.loop:
                return

    def _show_all(self, source: Source, session: _Session) -> None:
        began_s, began_at = self._clock(), self.config.clip.began_at(self._now())
        pace, view_pace = _Pace(self.config.fps), _Pace(self.view_fps)
        quality = _Quality(began_s, self.config.stale_after_s / 2)
        for grab in source.grabs():
            if session.over.is_set():
                return
            now_s = self._clock()
            is_good = grab is not None and not grab.is_damaged
            if quality.is_hopeless(now_s, is_good=is_good):
                raise StreamError("undecodable", "data comes, but hardly a whole picture")
            if grab is None or not is_good:
                self._counts.damaged += 1
                if self._state == "starting":
                    self._alive_s = now_s  # until the first key picture there is nothing to show
                continue
            if grab.offset_s is not None and self.config.clip.real_time:
                session.over.wait(max(began_s + grab.offset_s - now_s, 0.0))
            self._arrived(grab)
            at_s = now_s if grab.offset_s is None else grab.offset_s
            is_due = pace.is_due(at_s)
            self._counts.skipped += not is_due
            if is_due or (self.is_watched() and view_pace.is_due(at_s)):
                at = self._now() if grab.offset_s is None else time_in_clip(began_at, grab.offset_s)
                self._show(grab, at, session, is_due=is_due)

    def _arrived(self, grab: Grab) -> None:
        refuse_large(grab.width, grab.height, self._max_megapixels)
        now_s = self._clock()
        self._size = (grab.width, grab.height)
        self._counts.captured += 1
        self._arrivals.append(now_s)
        self._last_frame = (self._now(), now_s)
        self._alive_s = now_s
        if self._state != "live":
            self._backoff.succeeded()
            self._enter("live", None)

    def _show(self, grab: Grab, at: datetime, session: _Session, *, is_due: bool) -> None:
        image = grab.to_image()
        self.view.put(image, at)
        if not is_due:
            return
        counts_all = grab.offset_s is not None and not self.config.clip.real_time
        while not session.over.is_set():
            if self.slot.put(image, at, wait_s=0.5 if counts_all else None) is not None:
                return

    def _enter(self, state: State, failure: StreamError | None) -> None:
        """Changes the state; tells it once, however often the same thing happens again."""
        before = (self._state, self._failure.reason if self._failure else None)
        self._state, self._failure = state, failure
        if before == (state, failure.reason if failure else None):
            return
        self._since = self._now()
        say = _log.info if failure is None or failure.reason == "finished" else _log.warning
        if failure is not None and before[1] == failure.reason:
            say = _log.debug
        reason = failure.reason if failure else None
        detail = failure.detail if failure else None
        say(f"camera {state}", camera=self.config.name, reason=reason, detail=detail)
        self._on_change(self.status())


class _Quality:
    """Whether a stream is worth looking at: damaged pictures are left out, and too many of them end it."""

    _FIRST_WITHIN_S = 10.0  # a camera may send so much before its first key picture
    _DAMAGED_PER_GOOD = 4
    _FEWEST = 5

    def __init__(self, now_s: float, window_s: float) -> None:
        self._began_s = self._window_began_s = now_s
        self._window_s = window_s
        self._has_been_good = False
        self._good = self._damaged = 0

    def is_hopeless(self, now_s: float, *, is_good: bool) -> bool:
        """Counts one picture, good or damaged; judged at the end of each window."""
        self._has_been_good = self._has_been_good or is_good
        self._good += is_good
        self._damaged += not is_good
        if not self._has_been_good:
            return now_s - self._began_s > self._FIRST_WITHIN_S
        if now_s - self._window_began_s < self._window_s:
            return False
        damaged, good = self._damaged, self._good
        self._window_began_s, self._good, self._damaged = now_s, 0, 0
        return damaged >= self._FEWEST and damaged > self._DAMAGED_PER_GOOD * good


class _Pace:
    """Which pictures are looked at: so many in a second, evenly spread."""

    def __init__(self, fps: float) -> None:
        self._interval_s = 1.0 / fps
        self._due_s: float | None = None

    def is_due(self, at_s: float) -> bool:
        """Whether the picture at ``at_s`` is one of them."""
        slack_s = self._interval_s * 0.1  # pictures of a camera do not come to the millisecond
        if self._due_s is None:
            self._due_s = at_s
        if at_s < self._due_s - slack_s:
            return False
        self._due_s = max(self._due_s + self._interval_s, at_s)
        return True
