"""``factory doctor``: everything the platform needs, looked at side by side, each with what to do about it."""

import time
from collections.abc import Callable
from dataclasses import replace
from queue import Empty, Queue
from threading import Thread

from factory_pipelines.operations import doctor_database, doctor_machine, doctor_outside
from factory_pipelines.operations.credentials import without_secrets
from factory_pipelines.operations.findings import Finding, Status
from factory_pipelines.settings import Settings

Probe = Callable[[Settings], list[Finding]]

# Each probe has its own, shorter time-outs; this ends the wait for one that hangs all the same.
DEADLINE_S = 8.0

# Not knowing these in time is no reason to call the platform broken: one must import Dagster, the other may be loading.
_MAY_BE_SLOW = frozenset({"schedules", "llm"})

PROBES: dict[str, Probe] = {
    "database": doctor_database.warehouse,
    "dagster": doctor_database.dagster,
    "schedules": doctor_database.schedules,
    "odbc": doctor_outside.odbc_drivers,
    "rtms": doctor_outside.rtms,
    "whatsapp": doctor_outside.twilio,
    "slack": doctor_outside.slack,
    "llm": doctor_outside.llm,
    "faces": doctor_outside.faces,
    "disk": doctor_machine.disk,
    "clock": doctor_machine.clock,
    "ports": doctor_machine.ports,
    "api keys": doctor_machine.api_keys,
    "passwords": doctor_machine.known_passwords,
}


def diagnose(
    settings: Settings, *, probes: dict[str, Probe] | None = None, deadline_s: float = DEADLINE_S
) -> list[Finding]:
    """Looks at everything at once; takes ``deadline_s`` at most. A probe that breaks or hangs is a finding too.

    Args:
        settings: what to look at.
        probes: default: all of them.
        deadline_s: when to stop waiting.
    """
    chosen = PROBES if probes is None else probes
    answers: Queue[tuple[str, list[Finding]]] = Queue()
    for name, probe in chosen.items():
        # Daemon threads: one that hangs in a driver must not keep the process alive.
        Thread(target=lambda n=name, p=probe: answers.put((n, _asked(n, p, settings))), daemon=True).start()
    found = _collect(answers, len(chosen), deadline_s)
    everything = (found[name] if name in found else [_late(name, deadline_s)] for name in chosen)
    return [_clean(finding, settings) for findings in everything for finding in findings]


def _late(name: str, deadline_s: float) -> Finding:
    status: Status = "warn" if name in _MAY_BE_SLOW else "fail"
    return Finding(name, status, f"no answer within {deadline_s:g} s", "Ask again; this machine may be busy")


def _collect(answers: "Queue[tuple[str, list[Finding]]]", expected: int, deadline_s: float) -> dict[str, list[Finding]]:
    give_up_at_s = time.monotonic() + deadline_s
    found: dict[str, list[Finding]] = {}
    while len(found) < expected:
        try:
            name, findings = answers.get(timeout=max(give_up_at_s - time.monotonic(), 0.001))
        except Empty:
            break
        found[name] = findings
    return found


def _asked(name: str, probe: Probe, settings: Settings) -> list[Finding]:
    try:
        return probe(settings)
    except Exception as error:  # noqa: BLE001 - whatever breaks is what the doctor is here to say
        return [Finding(name, "fail", f"could not be looked into: {type(error).__name__}: {error}")]


def _clean(finding: Finding, settings: Settings) -> Finding:
    return replace(finding, detail=without_secrets(" ".join(finding.detail.split()), settings))
