"""Policies on the real database: one transaction, idempotent, safe under concurrency."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory_pipelines.alerts import engine, ledger, store
from factory_pipelines.alerts.attention import PolicyState
from factory_pipelines.alerts.breaches import LOW_EFFICIENCY
from factory_pipelines.alerts.policies import POLICIES
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.settings import AlertSettings, PlantSettings
from factory_pipelines_tests.unit.alerts.factory_floor import DAY, START, breach, pull
from factory_pipelines_tests.unit.alerts.test_policy_properties import looks, pulls_of

RULES = AlertSettings()
CLOCK: PlantClock = PlantSettings().clock()


def evaluate(warehouse, a_pull, breaches, rules=RULES, now=None):
    return engine.evaluate(warehouse, a_pull, breaches, rules, clock=CLOCK, now=now or a_pull.at)


def open_alert(warehouse, subject="emp:1"):
    evaluate(warehouse, pull(1), [breach(subject)])
    evaluate(warehouse, pull(2), [breach(subject)])
    return ledger.list_alerts(warehouse)[0]["alert_id"]


def events(warehouse):
    query = psycopg.sql.SQL("SELECT event, actor FROM alerts.alert_events ORDER BY event_id")
    return [(row["event"], row["actor"]) for row in warehouse.rows(query)]


def counts(warehouse):
    tables = ("alerts", "alert_deliveries", "alert_events", "evaluations")
    query = psycopg.sql.SQL("SELECT count(*) AS n FROM {}")
    return {table: warehouse.rows(query.format(psycopg.sql.Identifier("alerts", table)))[0]["n"] for table in tables}


def test_a_sustained_breach_becomes_an_alert_and_a_message(warehouse):
    first = evaluate(warehouse, pull(1), [breach(), breach("emp:2", supervisor=None, phone=None)])
    assert (first.opened, first.messages) == (0, 0)
    assert ledger.list_alerts(warehouse) == []
    second = evaluate(warehouse, pull(2), [breach(), breach("emp:2", supervisor=None, phone=None)])
    assert (second.opened, second.messages, second.unaddressed) == (2, 2, 1)
    alerts = ledger.list_alerts(warehouse)
    assert {a["subject"]: (a["status"], a["value"], a["message_count"]) for a in alerts} == {
        "emp:1": ("open", 78.5, 1),
        "emp:2": ("open", 78.5, 1),
    }
    messages = ledger.list_deliveries(warehouse)
    assert {m["recipient_name"]: m["recipient_problem"] for m in messages} == {
        "Asha": None,
        None: "no supervisor is named, and no phone number",
    }
    assert "Asha, 2026-03-02 08:40" in next(m["body"] for m in messages if m["recipient_name"] == "Asha")


@pytest.mark.parametrize("policy", ["digest", "seed"])
def test_evaluating_a_pull_again_changes_nothing(warehouse, policy):
    rules = AlertSettings(policy=policy)
    for n in (1, 2):
        evaluate(warehouse, pull(n), [breach()], rules)
    before = counts(warehouse), ledger.list_alerts(warehouse), ledger.list_deliveries(warehouse)
    again = evaluate(warehouse, pull(2), [breach(), breach("emp:9")], rules)
    assert again.ignored == "pull 2 is already decided"
    assert (counts(warehouse), ledger.list_alerts(warehouse), ledger.list_deliveries(warehouse)) == before


def test_concurrent_evaluators_decide_once(warehouse):
    evaluate(warehouse, pull(1), [breach()])
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda _: evaluate(warehouse, pull(2), [breach()]), range(6)))
    assert sorted(r.messages for r in results) == [0, 0, 0, 0, 0, 1]
    assert len(ledger.list_deliveries(warehouse)) == 1


def test_writers_wait_for_each_other(warehouse):
    alert = open_alert(warehouse)
    with ThreadPoolExecutor(3) as pool:
        with warehouse.transaction() as conn:
            store.lock(conn)
            waiting = [
                pool.submit(evaluate, warehouse, pull(3), [breach()]),
                pool.submit(engine.acknowledge, warehouse, alert, "asha", START),
                pool.submit(engine.raise_incident, warehouse, "platform.run_failed", "job", "t", "b", START),
            ]
            assert wait(waiting, timeout=0.3).done == set()
        assert wait(waiting, timeout=10).not_done == set()
    assert ledger.list_alerts(warehouse, ledger.AlertFilter(rule=LOW_EFFICIENCY))[0]["status"] == "acknowledged"


def test_a_failure_half_way_leaves_nothing_behind(warehouse, warehouse_url):
    evaluate(warehouse, pull(1), [breach()])
    before = counts(warehouse)
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        admin.execute("ALTER TABLE alerts.delivery_alerts ADD CONSTRAINT broken CHECK (alert_id < 0)")
        with pytest.raises(psycopg.errors.CheckViolation):
            evaluate(warehouse, pull(2), [breach()])
        assert counts(warehouse) == before
        admin.execute("ALTER TABLE alerts.delivery_alerts DROP CONSTRAINT broken")
    assert evaluate(warehouse, pull(2), [breach()]).messages == 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(looks, st.sampled_from(["digest", "seed"]))
def test_the_engine_decides_what_the_pure_policy_decides(warehouse, seen, policy):
    rules = AlertSettings(policy=policy)
    with warehouse.transaction() as conn:
        conn.execute("DELETE FROM alerts.alerts")
        conn.execute("DELETE FROM alerts.evaluations")
        conn.execute("DELETE FROM alerts.alert_deliveries")
    state = PolicyState()
    for a_pull, breaches in pulls_of(seen):
        decision = POLICIES[policy](state, a_pull, breaches, rules)
        state = decision.state
        result = evaluate(warehouse, a_pull, breaches, rules)
        assert (result.messages, result.opened) == (len(decision.messages), len(decision.opened))
        with warehouse.transaction() as conn:
            stored = store.load_state(conn, "rtms", a_pull.at)
        assert stored.watches == state.watches
        assert stored.last_pull == state.last_pull


def test_a_pull_from_the_future_counts_as_of_now(warehouse):
    evaluate(warehouse, pull(1, 600), [breach()], now=START)
    with warehouse.transaction() as conn:
        assert store.load_state(conn, "rtms", START).last_pull.at == START


def test_recovery_and_the_end_of_the_day_resolve(warehouse):
    open_alert(warehouse)
    evaluate(warehouse, pull(3), [breach("emp:2")])
    assert evaluate(warehouse, pull(4), [breach("emp:2")]).resolved == 1
    tomorrow = pull(5, 1440, day=DAY + timedelta(days=1))
    assert evaluate(warehouse, tomorrow, []).resolved == 1
    resolved = ledger.list_alerts(warehouse, ledger.AlertFilter(statuses=["resolved"]))
    assert {a["subject"]: a["resolution"] for a in resolved} == {"emp:1": "recovered", "emp:2": "end_of_day"}
    assert counts(warehouse)["alerts"] == 2  # what never was an alert is forgotten


def test_time_alone_opens_escalates_and_ends(warehouse):
    evaluate(warehouse, pull(1), [breach()])

    def pass_minutes(minutes):
        now = START + timedelta(minutes=minutes)
        due = ledger.due_work(warehouse, RULES, clock=CLOCK, now=now)
        return due, engine.pass_time(warehouse, RULES, clock=CLOCK, now=now)

    due, result = pass_minutes(29)
    assert (due.unopened, due.anything, result.messages) == (0, False, 0)
    due, result = pass_minutes(30)
    assert (due.unopened, result.opened, result.messages) == (1, 1, 1)
    due, result = pass_minutes(90)
    assert (due.unescalated, result.escalated, result.messages) == (1, 1, 1)
    due, result = pass_minutes(24 * 60)
    assert (due.ended, result.resolved) == (1, 1)
    due, result = pass_minutes(24 * 60)
    assert (due.ended, result.resolved) == (0, 0)


def test_acknowledging(warehouse):
    alert = open_alert(warehouse)
    assert engine.acknowledge(warehouse, alert, "asha", START).changed
    assert not engine.acknowledge(warehouse, alert, "binod", START).changed
    [row] = ledger.list_alerts(warehouse)
    assert (row["status"], row["acknowledged_by"]) == ("acknowledged", "asha")
    for n in range(3, 12):
        assert evaluate(warehouse, pull(n), [breach()]).messages == 0
    assert events(warehouse) == [("opened", "policy:digest"), ("acknowledged", "asha")]


def test_acknowledging_what_is_not_there_or_over(warehouse):
    with pytest.raises(engine.AlertUnknownError):
        engine.acknowledge(warehouse, 404, "asha", START)
    alert = open_alert(warehouse)
    assert engine.resolve(warehouse, alert, "asha", START).status == "resolved"
    with pytest.raises(engine.AlertOverError, match="was resolved at 2026-03-02"):
        engine.acknowledge(warehouse, alert, "asha", START)
    evaluate(warehouse, pull(3), [breach("emp:2")])
    pending = ledger.list_alerts(warehouse, ledger.AlertFilter(statuses=["pending"]))[0]["alert_id"]
    with pytest.raises(engine.AlertUnknownError):
        engine.acknowledge(warehouse, pending, "asha", START)


def test_a_breach_that_outlives_being_resolved_by_hand_is_a_new_alert(warehouse):
    first = open_alert(warehouse)
    engine.resolve(warehouse, first, "asha", START)
    assert [evaluate(warehouse, pull(n), [breach()]).opened for n in (3, 4)] == [0, 1]


def test_an_incident_is_one_alert_while_it_lasts(warehouse):
    def raised():
        return engine.raise_incident(warehouse, "platform.run_failed", "rtms_pull", "Pull failed", "Look at it", START)

    first = raised()
    again = raised()
    assert (first.changed, again.changed, again.occurrences) == (True, False, 2)
    assert again.alert_id == first.alert_id
    [message] = ledger.list_deliveries(warehouse)
    assert (message["kind"], message["body"], message["recipient_name"]) == (
        "incident",
        "⚠️ Pull failed\n\nLook at it",
        None,
    )
    assert engine.acknowledge(warehouse, first.alert_id, "ops", START).changed
    assert raised().occurrences == 3
    assert engine.resolve_incident(warehouse, "platform.run_failed", "rtms_pull", START)
    assert not engine.resolve_incident(warehouse, "platform.run_failed", "rtms_pull", START)
    assert raised().alert_id != first.alert_id
    assert len(ledger.list_deliveries(warehouse)) == 2
    assert engine.pass_time(warehouse, RULES, clock=CLOCK, now=START + timedelta(days=2)).resolved == 0


def test_listing_by_place_rule_day_and_time(warehouse):
    for n in (1, 2):
        evaluate(warehouse, pull(n), [breach(), breach("emp:2", line_name="Line-9")])

    def listed(**wanted):
        return {a["subject"] for a in ledger.list_alerts(warehouse, ledger.AlertFilter(**wanted))}

    assert listed(place={"line_name": "Line-9"}) == {"emp:2"}
    assert listed(place={"line_name": "' OR 1=1 --"}) == set()
    assert listed(rule=LOW_EFFICIENCY, production_day=DAY) == {"emp:1", "emp:2"}
    assert listed(production_day=DAY + timedelta(days=1)) == set()
    assert listed(since=START + timedelta(hours=9)) == set()
    assert len(listed(limit=1)) == 1


def test_the_policy_may_change_while_alerts_are_open(warehouse):
    open_alert(warehouse)
    result = evaluate(warehouse, pull(3), [breach()], AlertSettings(policy="seed"))
    assert (result.opened, result.messages) == (0, 1)
    assert evaluate(warehouse, pull(4), [breach()]).messages == 0
