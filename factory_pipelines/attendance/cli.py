"""Commands of attendance: ``factory attendance import``, ``factory explain payroll``, ``factory payroll``."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from factory_pipelines.settings import Settings
    from factory_pipelines.warehouse.pool import Warehouse

explain = typer.Typer(help="Where a figure comes from.", no_args_is_help=True)
payroll = typer.Typer(help="Payroll of a period.", no_args_is_help=True)
attendance = typer.Typer(help="Punches of terminals.", no_args_is_help=True)

_Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"])]
_out = typer.echo


@explain.command("payroll")
def explain_payroll(employee: str, day: _Day) -> None:
    """One person's production DAY from raw punch to paid minute."""
    from factory_pipelines.attendance.explain import explain_day

    with _opened() as (settings, warehouse):
        _out("\n".join(explain_day(warehouse, employee, day.date(), settings.plant.clock().zone)))


@explain.callback()
def _explain() -> None:
    """Where a figure comes from."""


@attendance.command("import")
def import_punches(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    source: Annotated[str, typer.Option(help="What its punches are said to come from.")] = "file",
    form: Annotated[Path | None, typer.Option("--format", help="Default: format.toml beside the file.")] = None,
) -> None:
    """Take in the punches of a terminal's FILE; a content that was taken before changes nothing."""
    from factory_pipelines.attendance.inbox import InboxError, import_file

    unread = 0
    with _opened() as (settings, warehouse):
        for file in files:
            try:
                done = import_file(warehouse, settings, file, source=source, now=datetime.now(UTC), form=form)
            except InboxError as error:
                typer.echo(str(error), err=True)
                unread += 1
                continue
            if done.status == "refused":
                typer.echo(f"{file}: refused: {done.reason}", err=True)
                unread += 1
            else:
                counts = f"{done.accepted} new, {done.duplicates} known, {done.refused} refused"
                _out(f"{file}: {done.status}, {done.rows} rows: {counts}")
    if unread:
        raise typer.Exit(1)


@attendance.callback()
def _attendance() -> None:
    """Punches of terminals."""


@payroll.command("export")
def export(
    first: _Day,
    last: _Day,
    lines: Annotated[bool, typer.Option("--lines", help="The lines behind it instead of a row a person.")] = False,
    file: Annotated[Path | None, typer.Option(help="Write here instead of to the screen.")] = None,
) -> None:
    """CSV of what is paid for FIRST to LAST, adjustments booked in it included."""
    from factory_pipelines.attendance.payroll import LINE_COLUMNS, PERSON_COLUMNS, as_csv
    from factory_pipelines.attendance.payroll_store import period_lines, period_people

    with _opened() as (_, warehouse):
        rows = (period_lines if lines else period_people)(warehouse, first.date(), last.date())
    text = as_csv(rows, LINE_COLUMNS if lines else PERSON_COLUMNS)
    if file is None:
        sys.stdout.write(text)
    else:
        file.write_text(text, encoding="utf-8", newline="")


@payroll.command("freeze")
def freeze(first: _Day, last: _Day, by: Annotated[str, typer.Option(help="Who answers for it.")]) -> None:
    """Freeze the payroll of FIRST to LAST; what changes later becomes adjustments."""
    from factory_pipelines.attendance.payroll_store import PeriodError, freeze_period

    with _opened() as (_, warehouse):
        try:
            freeze_period(warehouse, first.date(), last.date(), by=by, now=datetime.now(UTC))
        except PeriodError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(2) from error
    _out(f"{first:%Y-%m-%d} to {last:%Y-%m-%d} is frozen")


@contextmanager
def _opened() -> "Iterator[tuple[Settings, Warehouse]]":
    from factory_pipelines.settings import load_settings
    from factory_pipelines.warehouse.pool import WarehouseUnavailableError, open_warehouse

    settings = load_settings()
    warehouse = open_warehouse(settings, application_name="factory-cli")
    try:
        yield settings, warehouse
    except WarehouseUnavailableError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    finally:
        warehouse.close()
