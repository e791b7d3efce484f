"""The outbox killed at random points: nothing lost, every doubtful send flagged, duplicates only where flagged."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from factory_pipelines.alerts.attention import Recipient
from factory_pipelines.alerts.channels import build_channels
from factory_pipelines.alerts.outbox import Draft, deliver_due, enqueue
from factory_pipelines.settings import load_settings

from .killed_sender import RULES
from .providers import SlackHandler, TwilioHandler, serving

ROOT = Path(__file__).parents[3]

WHATSAPP = {
    "FACTORY_TWILIO__ACCOUNT_SID": "AC1",
    "FACTORY_TWILIO__AUTH_TOKEN": "secret",
    "FACTORY_TWILIO__WHATSAPP_FROM": "+15550100000",
}
SLACK = {
    "FACTORY_SLACK__BOT_TOKEN": "secret",
    "FACTORY_SLACK__CHANNEL": "#floor",
    "FACTORY_ALERTS__CHANNEL": "slack",
}


def fill(warehouse, count):
    drafts = [
        Draft(f"m:{n}", "digest", Recipient(f"p{n}", "Asha", f"+91987650{n:04d}", None), f"message {n}", ())
        for n in range(count)
    ]
    with warehouse.transaction() as conn:
        enqueue(conn, drafts, datetime.now(UTC))


def killed(environment, report, senders, kills):
    """Runs senders at once, each until ``kills`` of its children died; returns the deaths by kind."""
    command = [sys.executable, "-m", "factory_pipelines_tests.integration.alerts.killed_sender", str(kills)]
    running = [
        subprocess.Popen(
            [*command, str(seed), str(report)], env=os.environ | environment, stdout=subprocess.PIPE, cwd=ROOT
        )
        for seed in range(senders)
    ]
    deaths = Counter()
    for process in running:
        output, _ = process.communicate(timeout=240)
        assert process.returncode == 0
        deaths += Counter(json.loads(output))
    return deaths


def finish(warehouse, channels):
    """Delivers what is left, without a kill."""
    query = psycopg.sql.SQL(
        "SELECT count(*) AS left FROM alerts.alert_deliveries WHERE status NOT IN ('sent', 'delivered')"
    )
    deadline = time.monotonic() + 60
    while warehouse.rows(query)[0]["left"]:
        assert time.monotonic() < deadline
        deliver_due(warehouse, channels, now=lambda: datetime.now(UTC), rules=RULES)
        time.sleep(0.02)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("handler", "environment", "senders", "kills", "messages"),
    [
        pytest.param(TwilioHandler, WHATSAPP, 2, 100, 800, id="whatsapp"),
        pytest.param(SlackHandler, SLACK, 1, 40, 200, id="slack"),
    ],
)
def test_killed_at_random_points(warehouse, tmp_path, monkeypatch, handler, environment, senders, kills, messages):
    report = tmp_path / "left_in_doubt"
    fill(warehouse, messages)
    with serving(handler) as provider:
        url = provider.base_url if handler is TwilioHandler else f"{provider.base_url}/api/"
        environment = environment | {
            "FACTORY_TWILIO__BASE_URL": url,
            "FACTORY_SLACK__BASE_URL": url,
        }
        deaths = killed(environment, report, senders, kills)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        finish(warehouse, build_channels(load_settings()))
    assert deaths.total() >= senders * kills
    assert min(deaths.values()) >= 5

    rows = warehouse.rows(psycopg.sql.SQL("SELECT delivery_id, body, doubtful FROM alerts.alert_deliveries"))
    unfinished = warehouse.rows(
        psycopg.sql.SQL("SELECT delivery_id FROM alerts.delivery_attempts WHERE finished_at IS NULL")
    )
    taken = Counter(provider.bodies())
    flagged = {row["body"] for row in rows if row["doubtful"]}
    assert set(taken) == {row["body"] for row in rows}  # nothing lost
    assert {body for body, times in taken.items() if times > 1} <= flagged  # duplicates only where flagged
    in_doubt = {int(line) for line in report.read_text().splitlines()}
    assert in_doubt <= {row["delivery_id"] for row in rows if row["doubtful"]}  # every doubtful send flagged
    assert unfinished == []
    if handler is TwilioHandler:
        found = warehouse.rows(
            psycopg.sql.SQL("SELECT count(*) AS n FROM alerts.delivery_attempts WHERE outcome = 'found'")
        )
        assert found[0]["n"] > 20  # what the provider had was found there, and not sent again
    else:
        assert max(taken.values()) > 1  # without a lookup, the price is a flagged duplicate
