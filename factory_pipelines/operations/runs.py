"""Materializing without the UI: the same jobs, on the same instance, in this process."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from factory_pipelines.orchestration.partitions import RANGE_END_TAG, RANGE_START_TAG

if TYPE_CHECKING:
    from dagster import ExecuteInProcessResult

# The instance keeps every event; a shell wants to hear of trouble only.
_QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended: its id, whether all went well, and the checks that failed (``asset: check``)."""

    run_id: str
    success: bool
    failed_checks: list[str]
    failed_steps: list[str]


def materialize(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    selection: str | dg.AssetSelection,
    *,
    first: str | None = None,
    last: str | None = None,
    on_step: Callable[[str], None] | None = None,
) -> RunOutcome:
    """Materializes ``selection`` with its checks, as one run, for partitions ``first`` to ``last``.

    Args:
        defs: the code location.
        instance: where the run is recorded.
        selection: an asset selection, or one in words, such as ``group:production`` or ``key:"rtms/supervisors"+``.
        first: partition key; None for assets without partitions.
        last: last partition key of a range; default: ``first``.
        on_step: told the name of each step as it starts.

    Raises:
        dagster.DagsterUnknownPartitionError: when there is no such production day.
        ValueError: when the selection names nothing, or partitions and assets do not fit each other.
    """
    chosen = dg.AssetSelection.from_string(selection) if isinstance(selection, str) else selection
    job = dg.define_asset_job("run_selection", selection=chosen, executor_def=dg.in_process_executor)
    graph = defs.resolve_asset_graph()
    if not chosen.resolve(graph) and not chosen.resolve_checks(graph):
        raise ValueError(f"no asset is called {selection}: the Dagster UI and `dg list defs` show their names")
    resolved = dg.Definitions.merge(defs, dg.Definitions(jobs=[job])).resolve_job_def("run_selection")
    if resolved.partitions_def is not None and first is None:
        raise ValueError("these assets are partitioned by production day: name one with --partition YYYY-MM-DD")
    if resolved.partitions_def is None and first is not None:
        raise ValueError("these assets have no partitions: leave --partition away")
    if first is not None and last is not None and last < first:
        raise ValueError(f"the range ends on {last}, before it begins on {first}")
    run_id = str(uuid.uuid4())
    if on_step is not None:
        instance.add_event_listener(run_id, lambda event: _report(event, on_step))
    # One day is a partition, several are a range: the UI shows either as what it is.
    partition: dict[str, Any] = {}
    if first is not None:
        single = last is None or last == first
        partition = {"partition_key": first} if single else {"tags": {RANGE_START_TAG: first, RANGE_END_TAG: last}}
    result = resolved.execute_in_process(
        instance=instance, run_id=run_id, raise_on_error=False, run_config=_QUIET, **partition
    )
    return _outcome(result)


def _report(event: dg.EventLogEntry, on_step: Callable[[str], None]) -> None:
    if event.dagster_event is not None and event.dagster_event.is_step_start and event.step_key:
        on_step(event.step_key)


def _outcome(result: "ExecuteInProcessResult") -> RunOutcome:
    checks = [
        f"{evaluation.asset_key.to_user_string()}: {evaluation.check_name}"
        for evaluation in result.get_asset_check_evaluations()
        if not evaluation.passed and evaluation.severity is dg.AssetCheckSeverity.ERROR
    ]
    steps = [event.step_key for event in result.all_node_events if event.is_step_failure and event.step_key]
    return RunOutcome(result.run_id, result.success and not checks, checks, steps)
