"""The outbox in Dagster: asset, checks and sensor on an ephemeral instance and the real database."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from factory_pipelines.alerts import engine, ledger
from factory_pipelines.alerts.assets import DELIVERIES, deliveries_asset
from factory_pipelines.alerts.automation import DELIVERY_JOB, outbox_sensor
from factory_pipelines.alerts.breaches import Pull
from factory_pipelines.alerts.definitions import definitions
from factory_pipelines_tests.unit.alerts.factory_floor import breach

from .providers import Drops, Fails
from .test_engine import CLOCK, RULES
from .test_outbox_killed import WHATSAPP


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def defs(warehouse):
    return dg.Definitions.merge(definitions(), dg.Definitions(resources={"warehouse": warehouse}))


def incident(warehouse, subject="job"):
    engine.raise_incident(warehouse, "platform.run_failed", subject, "Pull failed", "Look at it", datetime.now(UTC))


def run(defs, instance):
    result = defs.resolve_job_def(DELIVERY_JOB.name).execute_in_process(instance=instance)
    assert result.success
    return result


def checks_of(result):
    return {e.check_name: e for e in result.get_asset_check_evaluations()}


def test_materializing_delivers_and_tells_what_it_did(warehouse, defs, instance, caplog):
    incident(warehouse)
    result = run(defs, instance)
    assert "Pull failed" in caplog.text
    [event] = [e.step_materialization_data.materialization for e in result.get_asset_materialization_events()]
    metadata = event.metadata
    assert event.asset_key == DELIVERIES
    assert (metadata["dagster/row_count"].value, metadata["round_sent"].value) == (1, 1)
    assert metadata["channel"].value == "log"
    assert metadata["messages"].records[0].data["status"] == "delivered"
    assert all(check.passed for check in checks_of(result).values())
    assert set(checks_of(result)) == {"no_dead_letters", "no_doubtful_sends", "schema_as_declared"}


def test_checks_fail_on_dead_letters_and_doubtful_sends(warehouse, defs, instance, monkeypatch, twilio):
    for name, value in {**WHATSAPP, "FACTORY_TWILIO__BASE_URL": twilio.base_url}.items():
        monkeypatch.setenv(name, value)
    now = datetime.now(UTC)
    for n, minutes in enumerate([20, 10], start=1):
        at = now - timedelta(minutes=minutes)
        seen = [breach(), breach("emp:2", phone="9876500000")]
        engine.evaluate(warehouse, Pull(n, at, CLOCK.production_day(now)), seen, RULES, clock=CLOCK, now=at)
    twilio.plan.extend([Fails(400, 21211), Drops(True)])
    checks = checks_of(run(defs, instance))
    dead, doubtful = checks["no_dead_letters"], checks["no_doubtful_sends"]
    assert (dead.passed, dead.blocking, dead.severity) == (False, False, dg.AssetCheckSeverity.ERROR)
    assert dead.metadata["failing_rows"].records[0].data["error_code"] == "21211"
    assert (doubtful.passed, doubtful.blocking, doubtful.severity) == (False, False, dg.AssetCheckSeverity.WARN)
    assert doubtful.metadata["failures"].value == 1


class TestSensor:
    def tick(self, warehouse, instance, cursor=None):
        context = dg.build_sensor_context(instance=instance, cursor=cursor, resources={"warehouse": warehouse})
        return outbox_sensor(context)

    def test_asks_for_a_run_only_when_something_is_due(self, warehouse, instance, defs):
        recently = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
        assert isinstance(self.tick(warehouse, instance, recently), dg.SkipReason)
        incident(warehouse)
        result = self.tick(warehouse, instance, recently)
        assert [request.run_key for request in result.run_requests] == [None]
        assert datetime.fromisoformat(result.cursor) > datetime.fromisoformat(recently)
        run(defs, instance)
        assert isinstance(self.tick(warehouse, instance, result.cursor), dg.SkipReason)

    @pytest.mark.parametrize("cursor", [None, "damaged", "2020-01-01T00:00:00", "2020-01-01T00:00:00+00:00"])
    def test_asks_once_an_hour_anyway(self, warehouse, instance, cursor):
        assert len(self.tick(warehouse, instance, cursor).run_requests) == 1

    def test_asks_for_one_run_at_a_time(self, warehouse, instance, defs):
        incident(warehouse)
        instance.create_run_for_job(defs.resolve_job_def(DELIVERY_JOB.name), status=dg.DagsterRunStatus.STARTED)
        assert "under way" in self.tick(warehouse, instance).skip_message
        assert len(ledger.list_deliveries(warehouse, statuses=["queued"])) == 1


@pytest.mark.parametrize("upstream", [["production", "efficiency_alerts"], ["maintenance", "anomalies"]])
def test_the_lineage_leads_here_from_whoever_finds_breaches(upstream):
    asset = deliveries_asset([dg.AssetKey(upstream)])
    assert asset.asset_deps == {DELIVERIES: {dg.AssetKey(upstream)}}


def test_production_is_upstream_by_default(defs):
    assert defs.resolve_asset_graph().get(DELIVERIES).parent_keys == {dg.AssetKey(["production", "efficiency_alerts"])}
