"""Commands of attendance: ``factory explain payroll``, ``factory payroll export``, ``factory payroll freeze``."""

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
