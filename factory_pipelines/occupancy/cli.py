"""Commands of occupancy: ``factory evaluate calit2``, how well its forecasts and alarms do on public counts."""

from pathlib import Path
from typing import Annotated

import typer

evaluate = typer.Typer(help="Figures on public data, by a folder that holds it.", no_args_is_help=True)


@evaluate.callback()
def _evaluate() -> None:
    """Figures on public data, by a folder that holds it."""


@evaluate.command("calit2")
def calit2(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where CalIt2.data and CalIt2.events are.")],
) -> None:
    """Counts and crowds at a building's door: the last third of 15 weeks, beside a weekly profile."""
    from factory_pipelines.occupancy.calit2 import Calit2Error, read_calit2
    from factory_pipelines.occupancy.calit2 import evaluate as figures_of

    try:
        figures = figures_of(read_calit2(folder))
    except Calit2Error as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    typer.echo("mean absolute error of a half hour, last third")
    for flow, by_forecast in figures.mae.items():
        told = ", ".join(f"{name.replace('_', ' ')} {error:.2f}" for name, error in by_forecast.items())
        typer.echo(f"  {flow}: {told}")
    typer.echo(f"known events found, of {figures.events}")
    for alarms, (ours, plain) in figures.recall.items():
        typer.echo(f"  {alarms} alarms: {ours}, residual above the weekly profile {plain}")
    raised, found = figures.online
    typer.echo(f"  threshold set on the weeks before: {raised} alarms in five weeks, {found}")
    typer.echo(f"  20 alarms cover {100 * figures.alarm_share:.0f} % of the time")
