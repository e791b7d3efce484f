"""The outbox against real providers on the wire, with a clock that tests turn."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from factory_pipelines.alerts import ledger
from factory_pipelines.alerts.attention import Recipient
from factory_pipelines.alerts.channels import Channels, LogChannel, NotNowError, Receipt, UncertainError
from factory_pipelines.alerts.outbox import DeliveryRules, Draft, deliver_due, enqueue, next_wait_s
from factory_pipelines.alerts.receipts import (
    DeliveryNotDeadError,
    DeliveryUnknownError,
    record_status,
    refresh_statuses,
    requeue,
)

from .providers import Drops, Fails, Hangs

RULES = DeliveryRules(max_attempts=4)


class Clock:
    """A clock that a test turns; it starts at the real time, which the providers' answers carry."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def channels(whatsapp_channel) -> Channels:
    return Channels(people=whatsapp_channel, operators=LogChannel())


def put(warehouse, clock, *bodies: str, phone: str | None = "+919876543210", problem: str | None = None) -> None:
    who = Recipient(phone or "operators", "Asha", phone, problem)
    with warehouse.transaction() as conn:
        enqueue(conn, [Draft(f"key:{body}", "digest", who, body, ()) for body in bodies], clock())


def deliver(warehouse, channels, clock, **more):
    return deliver_due(warehouse, channels, now=clock, rules=RULES, randomness=random.Random(1), **more)  # noqa: S311 repeatable


def only(warehouse):
    [row] = ledger.list_deliveries(warehouse)
    return row


def attempts(warehouse):
    query = "SELECT outcome, error_code FROM alerts.delivery_attempts ORDER BY attempt_id"
    return [(row["outcome"], row["error_code"]) for row in warehouse.rows(psycopg.sql.SQL(query))]


def test_a_message_is_sent_once(warehouse, channels, clock, twilio):
    put(warehouse, clock, "hello")
    put(warehouse, clock, "hello")  # the same decision again
    assert deliver(warehouse, channels, clock).sent == 1
    assert deliver(warehouse, channels, clock).sent == 0
    row = only(warehouse)
    assert (row["status"], row["channel"], row["doubtful"]) == ("sent", "whatsapp", False)
    assert row["provider_message_id"] == twilio.taken[0]["sid"]
    assert (row["phone_ends_in"], twilio.bodies()) == ("210", ["hello"])


def test_without_a_number_the_operators_get_it_with_the_reason(warehouse, channels, clock, twilio, caplog):
    put(warehouse, clock, "hello", phone=None, problem="no phone number")
    assert deliver(warehouse, channels, clock).sent == 1
    assert "For Asha (no phone number):\n\nhello" in caplog.text
    row = only(warehouse)
    assert (row["status"], row["channel"]) == ("delivered", "log")
    assert twilio.taken == []


def test_temporary_failures_back_off_and_end_as_a_dead_letter(warehouse, channels, clock, twilio):
    put(warehouse, clock, "hello")
    twilio.plan.extend([Fails(503, 20503)] * 4)
    waits = []
    for _ in range(3):
        assert deliver(warehouse, channels, clock).retried == 1
        assert deliver(warehouse, channels, clock).retried == 0  # not due yet
        waits.append((only(warehouse)["next_attempt_at"] - clock()).total_seconds())
        clock.forward(seconds=waits[-1])
    assert [low <= wait <= 2 * low for wait, low in zip(waits, [15, 30, 60], strict=True)] == [True] * 3
    assert deliver(warehouse, channels, clock).dead == 1
    [dead] = ledger.dead_letters(warehouse)
    assert (dead["error_code"], dead["attempt_count"], dead["doubtful"]) == ("20503", 4, False)
    assert attempts(warehouse) == [("transient", "20503")] * 4


def test_a_dead_letter_can_be_sent_again_by_hand(warehouse, channels, clock, twilio):
    put(warehouse, clock, "hello")
    twilio.plan.extend([Fails(400, 21211), Fails(503, 20503)])
    assert deliver(warehouse, channels, clock).dead == 1
    delivery = only(warehouse)["delivery_id"]
    requeue(warehouse, delivery, "ops", clock())
    with pytest.raises(DeliveryNotDeadError, match="is queued"):
        requeue(warehouse, delivery, "ops", clock())
    with pytest.raises(DeliveryUnknownError):
        requeue(warehouse, 404, "ops", clock())
    assert deliver(warehouse, channels, clock).retried == 1
    clock.forward(minutes=2)
    assert deliver(warehouse, channels, clock).sent == 1
    assert ledger.dead_letters(warehouse) == []


@pytest.mark.parametrize("code", [21211, 63016])
def test_what_the_provider_refuses_is_dead_at_once(warehouse, channels, clock, twilio, code):
    put(warehouse, clock, "hello", "world")
    twilio.plan.append(Fails(400, code, "explained"))
    result = deliver(warehouse, channels, clock)
    assert (result.dead, result.sent) == (1, 1)
    [dead] = ledger.dead_letters(warehouse)
    assert (dead["error_code"], "explained" in dead["error_text"]) == (str(code), True)


def test_a_provider_that_asks_for_quiet_gets_it(warehouse, channels, clock, twilio):
    put(warehouse, clock, *(f"message {n}" for n in range(5)))
    put(warehouse, clock, "for operators", phone=None)
    twilio.plan.append(Fails(429, 20429, headers={"Retry-After": "300"}))
    result = deliver(warehouse, channels, clock)
    assert (result.retried, result.sent) == (1, 1)  # the operators' channel goes on
    assert len(twilio.requests) == 1
    waiting = [d["next_attempt_at"] for d in ledger.list_deliveries(warehouse, statuses=["queued"])]
    assert max(waiting) - clock() >= timedelta(seconds=300)


def test_a_provider_that_is_down_ends_the_round(warehouse, channels, clock, twilio):
    put(warehouse, clock, *(f"message {n}" for n in range(9)))
    twilio.plan.extend([Fails(503, 20503)] * 9)
    assert deliver(warehouse, channels, clock).retried == 3
    assert len(twilio.requests) == 3


class TestDoubtful:
    @pytest.mark.parametrize("step", [Drops(True), Hangs(0.8)])
    def test_taken_without_an_answer_is_found_and_not_sent_again(self, warehouse, channels, clock, twilio, step):
        put(warehouse, clock, "hello")
        twilio.plan.append(step)
        result = deliver(warehouse, channels, clock)
        assert (result.retried, result.doubtful) == (1, 1)
        clock.forward(minutes=2)
        assert deliver(warehouse, channels, clock).found == 1
        row = only(warehouse)
        assert (row["status"], row["doubtful"]) == ("sent", True)
        assert row["provider_message_id"] == twilio.taken[0]["sid"]
        assert twilio.bodies() == ["hello"]

    def test_not_taken_is_sent_again_with_the_flag_kept(self, warehouse, channels, clock, twilio):
        put(warehouse, clock, "hello")
        twilio.plan.append(Drops(False))
        deliver(warehouse, channels, clock)
        clock.forward(minutes=2)
        assert deliver(warehouse, channels, clock).sent == 1
        assert (only(warehouse)["doubtful"], twilio.bodies()) == (True, ["hello"])
        assert attempts(warehouse) == [("doubtful", "connection_lost"), ("sent", None)]

    def test_while_the_provider_cannot_be_asked_nothing_is_sent(self, warehouse, channels, clock, twilio):
        put(warehouse, clock, "hello")
        twilio.plan.append(Drops(True))
        deliver(warehouse, channels, clock)
        clock.forward(minutes=2)
        twilio.list_plan.append(Fails(500, 20500))
        assert deliver(warehouse, channels, clock).retried == 1
        assert twilio.bodies() == ["hello"]
        clock.forward(minutes=5)
        assert deliver(warehouse, channels, clock).found == 1
        assert twilio.bodies() == ["hello"]

    def test_two_equal_messages_are_not_mistaken_for_each_other(self, warehouse, channels, clock, twilio):
        who = Recipient("tel", "Asha", "+919876543210", None)
        with warehouse.transaction() as conn:
            enqueue(conn, [Draft(f"key:{n}", "digest", who, "same text", ()) for n in range(2)], clock())
        twilio.plan.extend([Drops(True), Drops(False)])
        assert deliver(warehouse, channels, clock).doubtful == 2
        clock.forward(minutes=2)
        result = deliver(warehouse, channels, clock)
        assert (result.found, result.sent) == (1, 1)
        assert twilio.bodies() == ["same text"] * 2

    def test_without_a_lookup_it_is_sent_again_and_flagged(self, warehouse, clock, slack, slack_channel):
        put(warehouse, clock, "hello")
        slack.plan.append(Drops(True))
        channels = Channels(slack_channel, slack_channel)
        assert deliver(warehouse, channels, clock).doubtful == 1
        clock.forward(minutes=2)
        assert deliver(warehouse, channels, clock).sent == 1
        assert (slack.bodies(), only(warehouse)["doubtful"]) == (["hello", "hello"], True)
        assert [d["body"] for d in ledger.doubtful_sends(warehouse)] == ["hello"]

    def test_an_attempt_without_a_result_is_flagged_when_its_lease_ends(self, warehouse, channels, clock, twilio):
        put(warehouse, clock, "hello")

        class DiesSending(LogChannel):
            def send(self, message):
                channels.people.send(message)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            deliver(warehouse, Channels(DiesSending(), LogChannel()), clock)
        assert (only(warehouse)["status"], attempts(warehouse)) == ("sending", [(None, None)])
        assert deliver(warehouse, channels, clock).doubtful == 0  # its sender may be alive
        clock.forward(seconds=RULES.lease_s)
        result = deliver(warehouse, channels, clock)
        assert (result.doubtful, result.found) == (1, 1)
        assert (only(warehouse)["doubtful"], twilio.bodies()) == (True, ["hello"])
        assert attempts(warehouse) == [("doubtful", "no_result"), ("found", None)]

    def test_one_message_at_the_provider_is_not_found_twice(self, warehouse, clock):
        """Two deliverers may look at the same moment, when neither's find is recorded yet."""
        put(warehouse, clock, "one", "two")

        class Confused(LogChannel):
            can_look_up = True
            fails = 2

            def send(self, message):
                if self.fails:
                    self.fails -= 1
                    raise UncertainError("timeout", "no answer")
                return super().send(message)

            def find(self, message, since, known):
                return Receipt("sent", "SMsame", "queued")

        channels = Channels(Confused(), LogChannel())
        assert deliver(warehouse, channels, clock).doubtful == 2
        clock.forward(minutes=2)
        result = deliver(warehouse, channels, clock)
        assert (result.found, result.sent) == (1, 1)

    @pytest.mark.parametrize(
        ("successor", "late", "status", "message_id"),
        [
            pytest.param(None, None, "sent", "SM" + "1".zfill(32), id="both sent"),
            pytest.param(Fails(503, 20503), None, "sent", "SMlate", id="only the slow one sent"),
            pytest.param(Fails(400, 21211), None, "sent", "SMlate", id="the successor was refused"),
            pytest.param(Drops(True), NotNowError("503", "no"), "queued", None, id="the slow one failed"),
        ],
    )
    def test_a_slow_sender_does_not_undo_its_successor(
        self, warehouse, channels, clock, twilio, successor, late, status, message_id
    ):
        put(warehouse, clock, "hello")
        asleep, wake = threading.Event(), threading.Event()

        class Slow(LogChannel):
            name = "whatsapp"

            def send(self, message):
                asleep.set()
                assert wake.wait(10)
                if late is not None:
                    raise late
                return Receipt("sent", "SMlate", "queued")

        twilio.plan.extend([successor] if successor else [])
        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(deliver, warehouse, Channels(Slow(), LogChannel()), clock)
            assert asleep.wait(10)
            clock.forward(seconds=RULES.lease_s)
            deliver(warehouse, channels, clock)
            wake.set()
            slow.result()
        row = only(warehouse)
        assert (row["status"], row["doubtful"], row["provider_message_id"]) == (status, True, message_id)
        assert attempts(warehouse)[0][0] == ("sent" if late is None else "transient")
        clock.forward(minutes=2)
        deliver(warehouse, channels, clock)
        assert len(twilio.taken) == (successor is None or isinstance(successor, Drops))  # and nothing is sent again


class TestReceipts:
    def send(self, warehouse, channels, clock):
        put(warehouse, clock, "hello")
        deliver(warehouse, channels, clock)
        return only(warehouse)["provider_message_id"]

    def test_statuses_are_asked_for_less_and_less_often(self, warehouse, channels, clock, twilio):
        sid = self.send(warehouse, channels, clock)
        twilio.final_status[sid] = ("sent", None)
        looks = []
        for minute in range(0, 26 * 60, 2):
            if refresh_statuses(warehouse, channels, clock()).asked:
                looks.append(minute)
            clock.forward(minutes=2)
        assert looks == [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
        assert only(warehouse)["status"] == "sent"

    def test_delivered(self, warehouse, channels, clock, twilio):
        sid = self.send(warehouse, channels, clock)
        twilio.final_status[sid] = ("read", None)
        clock.forward(minutes=2)
        assert refresh_statuses(warehouse, channels, clock()).delivered == 1
        row = only(warehouse)
        assert (row["status"], row["provider_status"], row["delivered_at"]) == ("delivered", "read", clock())
        clock.forward(minutes=9)
        assert refresh_statuses(warehouse, channels, clock()).asked == 0

    def test_failed_for_good_at_the_provider_is_a_dead_letter(self, warehouse, channels, clock, twilio):
        sid = self.send(warehouse, channels, clock)
        twilio.final_status[sid] = ("undelivered", 63016)
        clock.forward(minutes=2)
        assert refresh_statuses(warehouse, channels, clock()).failed == 1
        [dead] = ledger.dead_letters(warehouse)
        assert (dead["error_code"], dead["error_text"]) == ("63016", "explained: 63016")

    def test_failed_for_now_is_sent_again(self, warehouse, channels, clock, twilio):
        sid = self.send(warehouse, channels, clock)
        twilio.final_status[sid] = ("failed", 63018)
        clock.forward(minutes=2)
        refresh_statuses(warehouse, channels, clock())
        assert only(warehouse)["status"] == "queued"
        clock.forward(minutes=2)
        assert deliver(warehouse, channels, clock).sent == 1
        row = only(warehouse)
        assert (row["doubtful"], row["provider_message_id"]) == (False, twilio.taken[1]["sid"])

    def test_a_provider_that_does_not_answer_is_asked_later(self, warehouse, channels, clock, twilio):
        self.send(warehouse, channels, clock)
        twilio.taken.clear()
        clock.forward(minutes=2)
        assert refresh_statuses(warehouse, channels, clock()).unanswered == 1
        assert refresh_statuses(warehouse, channels, clock()).asked == 0

    def test_callbacks_out_of_order_only_lead_forward(self, warehouse, channels, clock):
        sid = self.send(warehouse, channels, clock)
        for state, word in [("delivered", "delivered"), ("sent", "sent"), ("failed", "failed"), ("delivered", "read")]:
            assert record_status(warehouse, Receipt(state, sid, word), clock())
        row = only(warehouse)
        assert (row["status"], row["provider_status"], row["error_code"]) == ("delivered", "read", None)
        assert not record_status(warehouse, Receipt("delivered", "SM-of-somebody-else", "delivered"), clock())


def test_two_deliverers_never_send_the_same_message_twice(warehouse, channels, clock, twilio):
    twilio.latency_s = 0.005
    put(warehouse, clock, *(f"message {n}" for n in range(80)))
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: deliver(warehouse, channels, clock), range(4)))
    assert sum(r.sent for r in results) == 80
    assert sum(r.sent > 0 for r in results) > 1
    assert sorted(twilio.bodies()) == sorted({f"message {n}" for n in range(80)})
    assert ledger.doubtful_sends(warehouse) == []


def test_statistics(warehouse, channels, clock, twilio):
    since = clock()
    assert ledger.delivery_statistics(warehouse, since)["accepted_pct"] is None
    put(warehouse, clock, "one", "two", "three")
    put(warehouse, clock, "four", phone=None, problem="no phone number")
    twilio.plan.append(Fails(400, 21211))
    clock.forward(seconds=10)
    deliver(warehouse, channels, clock)
    found = ledger.delivery_statistics(warehouse, since)
    assert found == {
        "messages": 4,
        "waiting": 0,
        "sent": 2,
        "delivered": 1,
        "dead": 1,
        "doubtful": 0,
        "unaddressed": 1,
        "accepted_pct": 75.0,
        "delivered_pct": 25.0,
        "median_wait_s": 10.0,
    }


def test_waits_double_up_to_a_limit_and_are_spread():
    rules = DeliveryRules(first_wait_s=10, longest_wait_s=100)
    spread = random.Random(0)  # noqa: S311 repeatable
    waits = [[next_wait_s(n, rules, spread) for _ in range(200)] for n in (1, 2, 3, 9, 900)]
    for few, full in zip(waits, [10, 20, 40, 100, 100], strict=True):
        assert full / 2 <= min(few) < 0.6 * full
        assert 0.9 * full < max(few) <= full
