"""What the gate decides in a second, how well it reads, and how often it opens for a stranger.

``python -m benchmarks.gate`` prints the entries. Accuracy is measured twice: on simulated frames, misread as PP-OCR
misreads, and on frames that PP-OCR really read and that nothing was fitted on.
"""

import json
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import sql

from benchmarks.harness import entry, own_server
from factory_pipelines.gate.agreement import Agreement, Read, agree
from factory_pipelines.gate.decisions import GateRules, RecentVehicles, Sighting, decide
from factory_pipelines.gate.grammar import grammar_for
from factory_pipelines.gate.lists import ListEntry, PlateIndex
from factory_pipelines.gate.service import GateService
from factory_pipelines.settings import Settings
from factory_pipelines_tests.unit.gate.vehicles import LETTERS, any_plate, misread, real_reads, seeded

_NOW = datetime(2026, 3, 2, 4, 10, tzinfo=UTC)
_RULES = GateRules(grammar_for("IN"))
_LISTED = 10_000
_DECISIONS = 20_000
_STRANGERS = 20_000
_VEHICLES = 3_000


def run() -> list[dict[str, Any]]:
    """All entries: ``name, value, unit, bar, met, detail``; a bar is an upper limit."""
    rng = seeded(1)
    fleet = [any_plate(rng) for _ in range(_LISTED)]
    index = PlateIndex(
        ListEntry(number, plate, "authorized" if number % 20 else "blocked", "r", "o", _NOW - timedelta(days=1))
        for number, plate in enumerate(fleet)
    )
    return [*_speed(index, fleet, rng), *_accuracy(rng), *_false_opens(index, fleet, rng), _with_database(rng)]


def _speed(index: PlateIndex, fleet: list[str], rng: random.Random) -> list[dict[str, Any]]:
    """Single reads, half of them listed, some of them no plates: parsed, looked up, told from repetitions."""
    recent = RecentVehicles(timedelta(seconds=60))
    texts = [rng.choice(fleet) if rng.random() < 0.5 else any_plate(rng) for _ in range(_DECISIONS)]
    texts = [misread(text, rng, frames=1)[0].text if rng.random() < 0.3 else text for text in texts]
    sightings = [Sighting([Read(text, 0.95)], _NOW + timedelta(seconds=n), "main", n) for n, text in enumerate(texts)]
    took_s = []
    started = time.perf_counter()
    for sighting in sightings:
        before = time.perf_counter()
        recent.remember(recent.judge(decide(sighting, _RULES, index), sighting), sighting)
        took_s.append(time.perf_counter() - before)
    per_second = len(sightings) / (time.perf_counter() - started)
    p99_ms = sorted(took_s)[int(0.99 * len(took_s))] * 1000
    detail = f"{per_second:,.0f} decisions a second on one core, {_LISTED:,} listed plates"
    return [
        entry("gate: one decision against 0.2 ms (5,000 a second)", 5000 / per_second, 1.0, detail),
        entry("gate: p99 of a decision from memory", p99_ms, 5.0, detail, unit="ms"),
    ]


def _accuracy(rng: random.Random) -> list[dict[str, Any]]:
    simulated = [(plate, misread(plate, rng)) for plate in (any_plate(rng) for _ in range(_VEHICLES))]
    return [
        _gain("simulated confusions", simulated),
        _gain("real reads never fitted on", real_reads("ocr_reads_unseen.csv")),
    ]


def _gain(name: str, vehicles: list[tuple[str, list[Read]]]) -> dict[str, Any]:
    """Percentage points that are missing from a gain of fifteen over the most confident single read."""
    single = together = 0
    for plate, reads in vehicles:
        single += max(reads, key=lambda read: read.confidence).text == plate
        found = agree(reads, _RULES.grammar)
        together += isinstance(found, Agreement) and found.plate.text == plate
    gain = 100 * (together - single) / len(vehicles)
    detail = (
        f"{100 * single / len(vehicles):.1f} % by the best read, {100 * together / len(vehicles):.1f} % by agreement"
    )
    return entry(f"gate: 15 points less the gain of agreement, {name}", 15 - gain, 0.0, detail, unit="points")


def _false_opens(index: PlateIndex, fleet: list[str], rng: random.Random) -> list[dict[str, Any]]:
    return [
        _false_opens_of(index, fleet, rng, frames=6, near_every=5),
        _false_opens_of(index, fleet, rng, frames=1, near_every=100),
    ]


def _false_opens_of(
    index: PlateIndex, fleet: list[str], rng: random.Random, *, frames: int, near_every: int
) -> dict[str, Any]:
    """Strangers, some of them one character away from an authorised plate."""
    listed = set(fleet)
    opened = seen = 0
    while seen < _STRANGERS:
        plate = any_plate(rng)
        if seen % near_every == 0:
            near = rng.choice(fleet)
            place = rng.randrange(len(near))
            other = rng.choice("0123456789" if near[place].isdigit() else LETTERS)
            plate = near[:place] + other + near[place + 1 :]
        if plate in listed or not _RULES.grammar.issuing(plate):
            continue
        seen += 1
        opened += decide(Sighting(misread(plate, rng, frames=frames), _NOW), _RULES, index).opens
    name = f"gate: false opens in 10,000, {frames} read{'s' if frames > 1 else ''} a vehicle"
    detail = f"{opened} of {seen:,} strangers, every {near_every}th one character from an authorised plate"
    return entry(name, 10_000 * opened / seen, 1.0, detail, unit="per 10,000")


def _with_database(rng: random.Random) -> dict[str, Any]:
    """The whole way: memory, confirmation, event. One after the other, as at one gate."""
    with own_server() as open_database:
        warehouse = open_database("gate")
        gate = GateService(warehouse, Settings(), clock=lambda: datetime.now(UTC))
        plates = [any_plate(rng) for _ in range(500)]
        for plate in plates[:50]:
            gate.decide([Read(plate, 0.95)])
        took_s = []
        for plate in plates[50:]:
            before = time.perf_counter()
            gate.decide([Read(plate, 0.95)])
            took_s.append(time.perf_counter() - before)
        count = warehouse.rows(sql.SQL("SELECT count(*) AS n FROM gate.gate_events"))[0]["n"]
        assert count == len(plates)
    took_s.sort()
    detail = f"median {took_s[len(took_s) // 2] * 1000:.1f} ms, {count} events written durably"
    return entry(
        "gate: p95 of a decision confirmed and written", took_s[int(0.95 * len(took_s))] * 1000, 50.0, detail, "ms"
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(), indent=2, ensure_ascii=False) + "\n")
