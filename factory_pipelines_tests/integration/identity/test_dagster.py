"""Identity's assets, checks and schedules, run by Dagster on a real warehouse."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
from psycopg import sql

from factory_pipelines.identity.checks import CHECKS
from factory_pipelines.identity.consents import Consent, record_consent
from factory_pipelines.identity.definitions import definitions
from factory_pipelines.identity.matchers import Matchers, snapshot_store
from factory_pipelines.identity.service import IdentityService
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.drawn_faces import drawn_face
from factory_pipelines_tests.rekognition_server import RekognitionServer

NOW = datetime.now(UTC)  # Dagster's assets look at the real clock
LONG_AGO = NOW - timedelta(days=200)
ERASURES, CHECKS_JOB, SNAPSHOTS = "identity_erasures", "identity_checks", "snapshot_retention"
ASHA, RAVI = drawn_face(1), drawn_face(2)


@pytest.fixture
def people(warehouse: Warehouse, aws: Settings) -> IdentityService:
    """Asha, whose consent ran out; Ravi, whose consent runs; both enrolled and seen."""
    service = IdentityService(warehouse, aws, clock=lambda: LONG_AGO, matchers=Matchers(aws.identity, warehouse))
    for person_id, until in {"900101": LONG_AGO + timedelta(days=30), "900202": NOW + timedelta(days=100)}.items():
        record_consent(warehouse, Consent(person_id, "attendance", LONG_AGO, until, "hr"), LONG_AGO)
    service.enrol(ASHA, person_id="900101")
    service.enrol(RAVI, person_id="900202")
    service.search(ASHA, device="cam-7")
    service.search(drawn_face(11), device="cam-7")  # nobody enrolled
    return service


def run(warehouse: Warehouse, job: str, **config: Any) -> dg.ExecuteInProcessResult:
    defs = dg.Definitions.merge(definitions(), dg.Definitions(resources={"warehouse": warehouse}))
    run_config = {"ops": {"identity__snapshot_retention": {"config": config}}} if config else None
    return defs.resolve_job_def(job).execute_in_process(run_config=run_config, raise_on_error=False)


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    [event] = result.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


def failed(warehouse: Warehouse) -> list[str]:
    job = dg.define_asset_job("checks", dg.AssetSelection.all_asset_checks())
    defs = dg.Definitions(asset_checks=CHECKS, jobs=[job], resources={"warehouse": warehouse})
    # Two hundred days, so that what the fixture saw long ago is looked at.
    days = {"dagster/asset_partition_range_start": f"{LONG_AGO - timedelta(days=2):%Y-%m-%d}"}
    days["dagster/asset_partition_range_end"] = f"{NOW + timedelta(days=2):%Y-%m-%d}"
    result = defs.resolve_job_def("checks").execute_in_process(tags=days, raise_on_error=False)
    evaluations = result.get_asset_check_evaluations()
    assert len(evaluations) == 15
    return sorted(f"{e.asset_key.path[-1]}.{e.check_name}" for e in evaluations if not e.passed)


def test_who_agrees_no_longer_is_forgotten_by_schedule(
    people: IdentityService, warehouse: Warehouse, rekognition: RekognitionServer
) -> None:
    assert failed(warehouse) == ["faces.somebody_agreed"]
    result = run(warehouse, ERASURES)
    assert result.success
    assert metadata(result) == {"people_without_consent": 1, "erasures_completed": 1, "erasures_waiting": 0}
    assert len(rekognition.keys()) == 1
    assert [p["person_id"] for p in warehouse.rows("identity/persons", {"now": NOW, "limit": 10})] == ["900202"]
    assert failed(warehouse) == []
    assert run(warehouse, CHECKS_JOB).success


def test_an_erasure_that_is_held_up_is_said_and_done_later(
    people: IdentityService, warehouse: Warehouse, rekognition: RekognitionServer
) -> None:
    rekognition.is_down = True
    assert metadata(run(warehouse, ERASURES))["erasures_waiting"] == 1
    warehouse.execute(sql.SQL("UPDATE identity.erasures SET requested_at = requested_at - interval '25 hours'"))
    assert failed(warehouse) == ["erasures.done_in_time"]
    rekognition.is_down = False
    assert metadata(run(warehouse, ERASURES))["erasures_completed"] == 1
    assert failed(warehouse) == []


def test_old_snapshots_go_by_schedule(people: IdentityService, warehouse: Warehouse, aws: Settings) -> None:
    store = snapshot_store(aws)
    assert [one.kind for one in store.listed()[0]] == ["unknown"]
    (store.root / "linked").symlink_to(store.root)
    dry = metadata(run(warehouse, SNAPSHOTS, dry_run=True))
    assert {"dry_run": True, "files_deleted": 1, "errors": 1}.items() <= dry.items()
    assert metadata(run(warehouse, SNAPSHOTS, retention_days=365))["files_deleted"] == 0
    done = metadata(run(warehouse, SNAPSHOTS))
    assert {"dry_run": False, "files_deleted": 1, "retention_days": 90}.items() <= done.items()
    assert done["bytes_freed"] == dry["bytes_freed"] > 5000
    assert store.listed()[0] == []
    assert warehouse.rows(sql.SQL("SELECT 1 FROM identity.recognitions WHERE snapshot IS NOT NULL")) == []


SEEN = (
    "INSERT INTO identity.recognitions (event_id, seen_at, production_day, device, purpose, matcher, outcome, waited) "
)
DAMAGE = {
    "consents.times_are_possible": "UPDATE identity.consents SET given_at = now() + interval '1 day', "
    "valid_until = now() + interval '2 days' WHERE person_id = '900202'",
    "consents.renewed_in_time": "UPDATE identity.consents SET valid_until = now() + interval '5 days' "
    "WHERE person_id = '900101'",
    "faces.findable_faces_are_complete": "UPDATE identity.faces SET face_id = NULL WHERE person_id = '900101'",
    "faces.indexed_in_time": "UPDATE identity.faces SET status = 'waiting' WHERE person_id = '900202'",
    "recognitions.punches_are_handed_over": "UPDATE identity.recognitions SET punch_direction = 'in', "
    "ingested_at = now() - interval '2 hours' WHERE person_id IS NOT NULL",
    "recognitions.named_by_consent": "UPDATE identity.recognitions SET purpose = 'access'",
    "recognitions.cameras_see_faces": "INSERT INTO identity.recognitions "
    "(event_id, seen_at, production_day, device, purpose, matcher, outcome, waited) "
    "SELECT gen_random_uuid(), now() - n * interval '1 minute', "
    "current_date, 'dark', 'attendance', 'local', 'no_face', false FROM generate_series(1, 20) AS n",
    "recognitions.times_are_possible": "INSERT INTO identity.recognitions "
    "(event_id, seen_at, production_day, device, purpose, matcher, outcome, waited) VALUES "
    "(gen_random_uuid(), now() + interval '1 day', current_date, 'x', 'attendance', 'local', 'unknown', false)",
    "erasures.nothing_is_left": "INSERT INTO identity.erasures (person_id, reason, requested_by, requested_at, "
    "face_count, snapshot_count, recognition_count, attempts, completed_at) "
    "VALUES ('900202', 'r', 'b', now(), 0, 0, 0, 1, now())",
}


def test_each_check_finds_what_it_is_for(people: IdentityService, warehouse: Warehouse) -> None:
    before = set(failed(warehouse))
    assert before.isdisjoint(DAMAGE)
    for statement in DAMAGE.values():
        warehouse.execute(sql.SQL(statement))  # type: ignore[arg-type]
    assert set(DAMAGE) <= set(failed(warehouse))
