"""``factory``: everything an operator does from a shell."""

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape

from factory_pipelines.attendance import cli as attendance
from factory_pipelines.occupancy import cli as occupancy

if TYPE_CHECKING:
    import dagster as dg

    from factory_pipelines.settings import Settings

# Plain tracebacks: Rich's show local variables, and those hold secrets.
app = typer.Typer(
    help="Runs and looks after the factory data platform.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
db = typer.Typer(help="The warehouse's database.", no_args_is_help=True)
app.add_typer(db, name="db")
app.add_typer(attendance.explain, name="explain")
app.add_typer(attendance.payroll, name="payroll")
app.add_typer(attendance.attendance, name="attendance")
app.add_typer(occupancy.evaluate, name="evaluate")

_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        _out.print(f"factory_pipelines {version('factory-pipelines')}")
        raise typer.Exit


@app.callback()
def factory(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Which one is this.")
    ] = False,
) -> None:
    """Runs and looks after the factory data platform."""


def _settings() -> "Settings":
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from factory_pipelines.demo.memory import recall

    try:
        return recall()
    except SettingsError as error:
        _complain(f"{error}: set the fields of a group one by one, as in FACTORY_RTMS__SOURCE=csv")
        raise typer.Exit(2) from error
    except ValidationError as error:
        for problem in error.errors():
            # Numbers in the place count the values of a list, which is one variable.
            name = "FACTORY_" + "__".join(part for part in problem["loc"] if isinstance(part, str)).upper()
            _complain(f"{name}: {problem['msg']}")
        raise typer.Exit(2) from error


def _complain(text: str) -> None:
    """To the error output, word for word: an address or a path in brackets is no markup."""
    _err.print(text, style="red", markup=False)


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turns what an operator can mend into one line; everything else keeps its traceback."""
    import psycopg

    from factory_pipelines.operations.credentials import InsecureConfigurationError
    from factory_pipelines.operations.services import PortTakenError
    from factory_pipelines.warehouse.backup import BackupError
    from factory_pipelines.warehouse.pool import WarehouseUnavailableError

    try:
        yield
    except (PortTakenError, BackupError, InsecureConfigurationError, WarehouseUnavailableError) as error:
        _complain(str(error))
        raise typer.Exit(1) from error
    except psycopg.OperationalError as error:
        _complain(f"the database does not answer: {error}\nRun `factory doctor`.")
        raise typer.Exit(1) from error
    except psycopg.ProgrammingError as error:
        if error.sqlstate is not None:  # the server's word on a statement of ours is a defect, and keeps its traceback
            raise
        _complain(f"FACTORY_DATABASE_URL is no address of a database: {error}")
        raise typer.Exit(2) from error
    except OSError as error:
        if error.filename is None:
            raise
        _complain(f"{error.filename}: {error.strerror}")
        raise typer.Exit(1) from error


@app.command()
def demo(
    serve: Annotated[bool, typer.Option(help="Serve the UI and the API until Ctrl-C.")] = True,
) -> None:
    """Run a simulated factory: history, tables, forecasts, alerts, then the Dagster UI and the API."""
    _settings()
    from factory_pipelines.demo.launch import run_demo

    with _plain_errors():
        raise typer.Exit(run_demo(_load_defs, serve=serve, console=_out))


def _load_defs() -> "dg.Definitions":
    from factory_pipelines.build import build_defs

    return build_defs()


@app.command()
def up() -> None:
    """Serve the Dagster UI, its daemon and the edge API for the configured plant, until Ctrl-C."""
    from factory_pipelines.operations import dagster_home, services
    from factory_pipelines.operations.credentials import refuse_well_known_passwords
    from factory_pipelines.warehouse.migrate import migrate

    settings = _settings()
    with _plain_errors():
        refuse_well_known_passwords(settings)
        services.require_free_ports(settings)
        migrate(settings)
        environment = dagster_home.prepare(settings)
        ready = services.serve(
            settings,
            environment,
            on_ready=lambda: _announce(settings),
            on_stop=lambda: _out.print("stopping …"),
        )
    raise typer.Exit(0 if ready else 1)


def _announce(settings: "Settings") -> None:
    from factory_pipelines.operations.services import addresses

    for address in addresses(settings):
        _out.print(f"{address.what:<11} {address.url}")


@app.command()
def run(
    selection: Annotated[str, typer.Argument(help="Assets, such as group:production or rtms/supervisors.")],
    partition: Annotated[str | None, typer.Option(help="Production day, YYYY-MM-DD.")] = None,
    to: Annotated[str | None, typer.Option(help="Last production day of a range.")] = None,
) -> None:
    """Materialize assets and their checks without the UI; the exit status tells whether all went well."""
    settings = _settings()  # before the imports: the code location reads settings as it loads
    import dagster as dg

    from factory_pipelines.operations import dagster_home
    from factory_pipelines.operations.runs import materialize
    from factory_pipelines.warehouse.migrate import migrate as run_migrations

    with _plain_errors():
        if settings.database_url is None:  # nobody else looks after the embedded server
            run_migrations(settings)
        dagster_home.enter(settings)
        with dg.DagsterInstance.get() as instance:
            try:
                outcome = materialize(_load_defs(), instance, selection, first=partition, last=to)
            except (dg.DagsterError, ValueError) as error:
                _complain(str(error))
                raise typer.Exit(2) from error
    for line in [*outcome.failed_steps, *outcome.failed_checks]:
        _complain(f"failed {line}")
    _out.print(f"run {outcome.run_id}: {'ok' if outcome.success else 'failed'}")
    raise typer.Exit(0 if outcome.success else 1)


@app.command()
def migrate() -> None:
    """Bring the warehouse to the current schema; repeating it changes nothing."""
    from factory_pipelines.warehouse.migrate import migrate as run_migrations

    with _plain_errors():
        result = run_migrations(_settings())
    for name in result.applied:
        _out.print(f"applied {name}")
    edition = "without TimescaleDB" if result.edition == "none" else f"with TimescaleDB ({result.edition})"
    _out.print(f"up to date: PostgreSQL {result.postgres_version} {edition}")


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """Check everything the platform needs; each is ok, or says what to do. Exits 1 when something fails."""
    from dataclasses import asdict

    from factory_pipelines.operations.doctor import diagnose

    findings = diagnose(_settings())
    if as_json:
        _out.print_json(json.dumps([asdict(f) for f in findings], default=str))
    else:
        colours = {"ok": "green", "warn": "yellow", "fail": "red", "off": "dim"}
        for finding in findings:
            _out.print(f"[{colours[finding.status]}]{finding.status:<5}[/] {finding.name:<22} {escape(finding.detail)}")
            if finding.remedy:
                _out.print(f"      {'':<22} → {escape(finding.remedy)}")
    raise typer.Exit(1 if any(f.status == "fail" for f in findings) else 0)


@app.command()
def edge(
    check_config: Annotated[bool, typer.Option("--check-config", help="Only check settings and cameras.")] = False,
    only: Annotated[
        Literal["all", "api", "ingest", "cameras"],
        typer.Option(help="Be a part of it: answer, take events in, or watch cameras."),
    ] = "all",
) -> None:
    """Serve the edge: the API, and the cameras that it watches."""
    settings = _settings()
    if check_config:
        _check_cameras(settings)
        _out.print("the settings are valid")
        return
    from factory_pipelines.edge.server import serve

    raise typer.Exit(serve(settings, part=only))


def _check_cameras(settings: "Settings") -> None:
    from factory_pipelines.cameras.config_file import CameraFileError, load_cameras

    if settings.cameras.file is None:
        return
    try:
        cameras = load_cameras(settings.cameras.file)
    except CameraFileError as error:
        _complain(str(error))
        raise typer.Exit(2) from error
    except OSError as error:
        _complain(f"FACTORY_CAMERAS__FILE: {settings.cameras.file}: {error.strerror}")
        raise typer.Exit(2) from error
    for camera in cameras:
        what = camera.role if camera.is_enabled else f"{camera.role}, not enabled"
        _out.print(f"camera {camera.name}: {what}, {camera.fps:g} pictures a second", markup=False)


@app.command()
def score(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """Compare our tables with the demo factory's truth; exits 1 when a bar is missed, 3 when something is unknown."""
    from datetime import UTC, datetime

    from factory_pipelines.demo.scoreboard import compute_scoreboard
    from factory_pipelines.warehouse.addresses import Role
    from factory_pipelines.warehouse.pool import open_warehouse

    settings = _settings()
    if settings.rtms.source != "demo":
        _complain("only the simulated factory knows the truth: FACTORY_RTMS__SOURCE is not demo")
        raise typer.Exit(2)
    with _plain_errors():
        warehouse = open_warehouse(settings, Role.READER, "factory-score")
        try:
            entries = compute_scoreboard(warehouse, settings, datetime.now(UTC))
        finally:
            warehouse.close()
    if as_json:
        sys.stdout.write(json.dumps(entries, indent=2, default=str) + "\n")
    else:
        for entry in entries:
            mark = {True: "[green]met[/]   ", False: "[red]missed[/]", None: "[dim]unknown[/]"}[entry["met"]]
            _out.print(f"{mark} {entry['name']:<44} {entry['value']} {entry['unit']} (bar {entry['bar']})")
    unknown = sum(entry["met"] is None for entry in entries)
    if unknown and not as_json:
        _complain(f"{unknown} of {len(entries)} figures are unknown: run the demo to its end first")
    raise typer.Exit(1 if any(entry["met"] is False for entry in entries) else 3 if unknown else 0)


@db.command("url")
def db_url(
    dagster: Annotated[bool, typer.Option("--dagster", help="Dagster's own storage instead.")] = False,
) -> None:
    """Print the database's address; starts the embedded server when it is not running, and leaves it up."""
    from factory_pipelines.warehouse.addresses import admin_url, dagster_url

    with _plain_errors():
        settings = _settings()
        sys.stdout.write((dagster_url(settings) if dagster else admin_url(settings)) + "\n")


@db.command("stop")
def db_stop() -> None:
    """Stop the embedded server."""
    from factory_pipelines.warehouse.embedded import EmbeddedServer

    settings = _settings()
    if settings.database_url is not None:
        _complain("FACTORY_DATABASE_URL names a server that is not ours to stop")
        raise typer.Exit(2)
    stopped = EmbeddedServer(settings.home_dir).stop()
    _out.print("stopped" if stopped else "it was not running")


@db.command("backup")
def db_backup(file: Path) -> None:
    """Write the whole warehouse to FILE."""
    from factory_pipelines.warehouse.backup import backup

    with _plain_errors():
        size = backup(_settings(), file)
    _out.print(f"{file}: {size / 1e6:.1f} MB", markup=False)


@db.command("restore")
def db_restore(file: Path, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Replace the warehouse by the one in FILE; what it holds now is lost."""
    from factory_pipelines.warehouse.backup import restore

    if not yes:
        typer.confirm("This replaces everything in the warehouse. Go on?", abort=True)
    with _plain_errors():
        restore(_settings(), file)
    _out.print("restored")


def main() -> None:
    """Entry point: quiet libraries, our own words."""
    logging.basicConfig(
        level=os.environ.get("FACTORY_LOG_LEVEL", "WARNING"), format="%(levelname)s %(name)s: %(message)s"
    )
    app()
