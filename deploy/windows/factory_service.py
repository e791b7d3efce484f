r"""The platform as a Windows service: a thin wrapper around ``factory_pipelines.operations.supervisor``.

``install.bat`` installs it; ``python deploy\windows\factory_service.py debug`` runs it in a console. It starts the
code server, the Dagster daemon, the Dagster UI and the edge API, restarts what fails (up to ten times in a row,
waiting longer each time), asks every 30 seconds whether they answer, and keeps rotated logs. Settings come from
``factory.env`` (lines ``NAME=value``) in ``%ProgramData%\FactoryPipelines``; logs go to ``logs`` beside it.
"""

import logging
import os
import site
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from threading import Event

CHECKOUT = Path(__file__).resolve().parents[2]
ENVIRONMENT = Path(os.environ.get("FACTORY_SERVICE_ENVIRONMENT") or CHECKOUT / ".venv")
DATA = Path(os.environ.get("FACTORY_SERVICE_DATA") or Path(os.environ["PROGRAMDATA"]) / "FactoryPipelines")

# Windows must start the real interpreter: the one in .venv only starts another, which the service manager does not
# accept as the service. The environment's packages are therefore added here.
site.addsitedir(str(ENVIRONMENT / "Lib" / "site-packages"))

import servicemanager  # noqa: E402
import win32api  # noqa: E402
import win32job  # noqa: E402
import win32service  # noqa: E402
import win32serviceutil  # noqa: E402

from factory_pipelines.operations.dagster_home import write_configuration  # noqa: E402
from factory_pipelines.operations.deployment import plant_services  # noqa: E402
from factory_pipelines.operations.supervisor import Supervisor  # noqa: E402

_log = logging.getLogger("factory_service")


class FactoryService(win32serviceutil.ServiceFramework):
    """Runs the supervisor until Windows asks it to stop."""

    _svc_name_ = "FactoryPipelines"
    _svc_display_name_ = "Factory Pipelines"
    _svc_description_ = "Production data, efficiency and alerts: Dagster code server, daemon, UI and edge API."
    _exe_name_ = getattr(sys, "_base_executable", sys.executable)
    _exe_args_ = f'"{Path(__file__).resolve()}"'

    def __init__(self, arguments: list[str]) -> None:
        """Called by the service manager."""
        super().__init__(arguments)
        self._stop = Event()

    def SvcStop(self) -> None:  # noqa: N802 - the name is pywin32's
        """Windows wants the service to end."""
        self.ReportServiceStatus(win32service.SERVICE_STOP_PENDING, waitHint=120_000)
        self._stop.set()

    SvcShutdown = SvcStop

    def SvcDoRun(self) -> None:  # noqa: N802 - the name is pywin32's
        """Works until told to stop; an end of its own accord makes Windows' recovery settings act."""
        start_logging(DATA / "logs")
        try:
            kept_running = serve(self._stop)
        except Exception:
            _log.exception("the service failed")
            servicemanager.LogErrorMsg(f"{self._svc_name_} failed: see {DATA / 'logs' / 'service.log'}")
            raise
        if not kept_running:
            servicemanager.LogErrorMsg(f"{self._svc_name_}: nothing could be kept running")
            os._exit(1)  # only a service that vanishes without SERVICE_STOPPED has failed in the eyes of Windows


def serve(stop: Event) -> bool:
    """Supervises the plant's services until ``stop`` is set; False when all of them had to be given up."""
    read_environment(DATA / "factory.env")
    os.environ.setdefault("DAGSTER_STORAGE_DIR", str(DATA / "storage"))
    os.environ.setdefault("FACTORY_HOME", str(DATA / "home"))
    dagster_home = DATA / "dagster"
    dagster_home.mkdir(exist_ok=True)
    write_configuration(dagster_home)
    children_end_with_us()
    commands = plant_services(
        ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin"),
        CHECKOUT,
        dagster_home,
        code_port=int(os.environ.get("FACTORY_CODE_SERVER_PORT", "4000")),
        ui_port=int(os.environ.get("FACTORY_UI__PORT", "3000")),
        api_port=int(os.environ.get("FACTORY_API__PORT", "8010")),
    )
    _log.info("supervising %s", ", ".join(command.name for command in commands))
    return Supervisor(commands, DATA / "logs").run(stop)


def start_logging(folder: Path) -> None:
    """The supervisor's own log, rotated; the services have theirs beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(folder / "service.log", maxBytes=10_000_000, backupCount=5, encoding="utf-8")
    logging.basicConfig(level=logging.INFO, handlers=[handler], format="%(asctime)s %(levelname)s %(message)s")


def read_environment(file: Path) -> None:
    """Puts the lines ``NAME=value`` of ``file`` into the environment; blank lines and comments (#) are passed over.

    Raises:
        ValueError: for a line without ``=``, by its number and not its text: it may be half a secret.
    """
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"{file}, line {number}: expected NAME=value")
        os.environ[name.strip()] = value.strip()


def children_end_with_us() -> None:
    """Ties all child processes to this one, so that a killed service leaves nothing behind that holds its ports."""
    job = win32job.CreateJobObject(None, "")
    limits = win32job.QueryInformationJobObject(job, win32job.JobObjectExtendedLimitInformation)
    limits["BasicLimitInformation"]["LimitFlags"] |= win32job.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
    win32job.SetInformationJobObject(job, win32job.JobObjectExtendedLimitInformation, limits)
    win32job.AssignProcessToJobObject(job, win32api.GetCurrentProcess())
    job.Detach()  # the handle must stay open for as long as the process lives


if __name__ == "__main__":
    if len(sys.argv) == 1:  # started by Windows itself
        servicemanager.Initialize()
        servicemanager.PrepareToHostSingle(FactoryService)
        servicemanager.StartServiceCtrlDispatcher()
    else:
        win32serviceutil.HandleCommandLine(FactoryService)
