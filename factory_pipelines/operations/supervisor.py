"""Keeps long-lived processes running where neither systemd nor a container engine does: on a Windows server.

A process that ended, or that no longer answers its health address, is started again: after 2 s, 4 s, 8 s … and, after
ten failures in a row, no more. A process that stayed up for ten minutes has its failures forgotten. What a process
prints goes to a log file of its own that is rotated by size.
"""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path
from threading import Event, Thread
from typing import IO

import psutil

from factory_pipelines.operations.probe import complaint

_log = logging.getLogger(__name__)

if sys.platform == "win32":
    _CREATION_FLAGS = subprocess.CREATE_NEW_PROCESS_GROUP  # so that CTRL_BREAK reaches the child and not us
else:
    _CREATION_FLAGS = 0
_LOG_BYTES = 10_000_000
_LOG_FILES = 5


@dataclass(frozen=True)
class Command:
    """A process to keep running.

    ``health_url`` (see ``probe``) is asked while it runs; without one, being alive is enough. ``environment`` is added
    to that of the supervisor.
    """

    name: str
    argv: Sequence[str]
    health_url: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None


@dataclass(frozen=True)
class RestartPolicy:
    """How often, and how patiently, a failed process is started again."""

    max_attempts: int = 10
    first_delay_s: float = 2.0
    factor: float = 2.0
    max_delay_s: float = 300.0
    steady_after_s: float = 600.0

    def delay_s(self, failures: int) -> float | None:
        """Seconds to wait after the ``failures``-th failure in a row (from 1), or None: give up."""
        if failures > self.max_attempts:
            return None
        return min(self.first_delay_s * self.factor ** (failures - 1), self.max_delay_s)


@dataclass(frozen=True)
class HealthPolicy:
    """When a running process counts as ill.

    It has ``grace_s`` to come up; after that, ``failures`` bad answers in a row, asked every ``every_s`` seconds.
    """

    every_s: float = 30.0
    timeout_s: float = 5.0
    failures: int = 3
    grace_s: float = 120.0


@dataclass
class _Watched:
    """One command and what became of it."""

    command: Command
    start_at: float
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    failures: int = 0
    starts: int = 0
    ask_at: float = 0.0
    bad_answers: int = 0
    gave_up: bool = False


class Supervisor:
    """Starts the commands, and looks after them at every ``tick``.

    ``clock`` (seconds, monotonic) and ``probe`` (url, time-out → complaint or None) can be given for tests.
    """

    def __init__(
        self,
        commands: Sequence[Command],
        log_dir: Path,
        *,
        restarts: RestartPolicy | None = None,
        health: HealthPolicy | None = None,
        clock: Callable[[], float] = time.monotonic,
        probe: Callable[[str, float], str | None] = complaint,
        stop_grace_s: float = 20.0,
    ) -> None:
        """Nothing is started before the first ``tick``; ``log_dir`` is created when missing."""
        self._restarts = restarts or RestartPolicy()
        self._health = health or HealthPolicy()
        self._clock = clock
        self._probe = probe
        self._stop_grace_s = stop_grace_s
        self._log_dir = log_dir
        log_dir.mkdir(parents=True, exist_ok=True)
        self._watched = [_Watched(command, start_at=clock()) for command in commands]

    def run(self, stop: Event, tick_s: float = 1.0) -> bool:
        """Looks after the processes until ``stop`` is set; False when every one of them had to be given up."""
        try:
            while not stop.is_set():
                self.tick()
                if all(watched.gave_up for watched in self._watched):
                    return False
                stop.wait(tick_s)
            return True
        finally:
            self.stop()

    def tick(self) -> None:
        """One look at every process: start what is due, notice what ended, ask how the others are."""
        for watched in self._watched:
            if watched.gave_up:
                continue
            if watched.process is None:
                if self._clock() >= watched.start_at:
                    self._start(watched)
            elif (code := watched.process.poll()) is not None:
                watched.process = None
                self._failed(watched, f"ended with exit code {code}")
            else:
                self._look_after(watched)

    def stop(self) -> None:
        """Ends all processes, last started first, those they started included."""
        for watched in reversed(self._watched):
            if watched.process is not None:
                _log.info("%s: stopping process %d", watched.command.name, watched.process.pid)
                _end(watched.process, self._stop_grace_s)
                watched.process = None

    def pids(self) -> dict[str, int | None]:
        """Process id of each command; None while it is down."""
        return {w.command.name: w.process.pid if w.process else None for w in self._watched}

    def given_up(self) -> list[str]:
        """Names of the commands that failed too often."""
        return [w.command.name for w in self._watched if w.gave_up]

    def _start(self, watched: _Watched) -> None:
        command = watched.command
        now = self._clock()
        try:
            process = subprocess.Popen(  # noqa: S603 - the commands are ours
                list(command.argv),
                cwd=command.directory,
                env={**os.environ, **command.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                creationflags=_CREATION_FLAGS,
            )
        except OSError as error:
            self._failed(watched, f"could not be started: {error}")
            return
        assert process.stdout is not None  # noqa: S101 - it was asked for
        _write_log(process.stdout, self._log_dir / f"{command.name}.log")
        watched.process, watched.started_at, watched.starts = process, now, watched.starts + 1
        watched.bad_answers, watched.ask_at = 0, now + self._health.every_s
        _log.info("%s: started as process %d (start %d)", command.name, process.pid, watched.starts)

    def _look_after(self, watched: _Watched) -> None:
        now, name = self._clock(), watched.command.name
        if watched.failures and now - watched.started_at >= self._restarts.steady_after_s:
            _log.info("%s: steady again, %d earlier failures forgotten", name, watched.failures)
            watched.failures = 0
        if watched.command.health_url is None or now < watched.ask_at:
            return
        watched.ask_at = now + self._health.every_s
        wrong = self._probe(watched.command.health_url, self._health.timeout_s)
        if wrong is None:
            _log.info("%s: healthy", name)
            watched.bad_answers = 0
            return
        if now - watched.started_at < self._health.grace_s:
            _log.info("%s: not up yet (%s)", name, wrong)
            return
        watched.bad_answers += 1
        _log.warning("%s: ill, %d of %d (%s)", name, watched.bad_answers, self._health.failures, wrong)
        if watched.bad_answers >= self._health.failures:
            assert watched.process is not None  # noqa: S101 - only running processes are looked after
            _end(watched.process, self._stop_grace_s)
            watched.process = None
            self._failed(watched, f"no longer answers: {wrong}")

    def _failed(self, watched: _Watched, why: str) -> None:
        watched.failures += 1
        delay_s = self._restarts.delay_s(watched.failures)
        if delay_s is None:
            watched.gave_up = True
            _log.error("%s: %s; given up after %d restarts", watched.command.name, why, self._restarts.max_attempts)
            return
        watched.start_at = self._clock() + delay_s
        _log.warning("%s: %s; restart %d in %.0f s", watched.command.name, why, watched.failures, delay_s)


def _write_log(output: IO[bytes], file: Path) -> None:
    """Copies a process's output to ``file`` in a thread; a file the child itself held open could not be rotated."""
    handler = RotatingFileHandler(file, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(message)s"))

    def copy() -> None:
        with output:
            for line in output:
                text = line.decode("utf-8", errors="replace").rstrip()
                handler.emit(logging.LogRecord(file.stem, logging.INFO, "", 0, text, None, None))
        handler.close()

    Thread(target=copy, name=f"log-{file.stem}", daemon=True).start()


def _end(process: "subprocess.Popen[bytes]", grace_s: float) -> None:
    """Asks the process to end, waits ``grace_s`` seconds, then ends it and everything it started."""
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    try:
        if sys.platform == "win32":
            process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            process.terminate()
    except OSError as error:  # a Windows service without a console cannot send signals
        _log.info("process %d cannot be asked to end (%s)", process.pid, error)
        process.terminate()
    try:
        process.wait(grace_s)
    except subprocess.TimeoutExpired:
        _log.warning("process %d did not end within %.0f s: killed", process.pid, grace_s)
        process.kill()
        process.wait()
    for child in family:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
