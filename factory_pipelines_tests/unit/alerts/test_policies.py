"""The two policies, case by case."""

from dataclasses import replace
from datetime import timedelta

import pytest

from factory_pipelines.alerts.attention import PolicyState
from factory_pipelines.alerts.breaches import LOW_EFFICIENCY, efficiency_breach, is_low
from factory_pipelines.alerts.policies import acknowledged, digest, seed, tick
from factory_pipelines.settings import AlertSettings

from .factory_floor import DAY, PLACE, START, breach, names, pull

RULES = AlertSettings()
KEY = (LOW_EFFICIENCY, "emp:1")


def replay(looks, rules=RULES, policy=digest, state=None):
    """Runs (pull, breaches) pairs through a policy; returns the last state and every decision."""
    state = state or PolicyState()
    decisions = []
    for a_pull, breaches in looks:
        decisions.append(policy(state, a_pull, breaches, rules))
        state = decisions[-1].state
    return state, decisions


@pytest.mark.parametrize(
    ("efficiency", "relative", "low"),
    [
        (84.99, 84.99, True),
        (85.0, 50.0, False),
        (50.0, 85.0, False),
        (None, 50.0, False),
        (50.0, None, False),
        (float("nan"), 50.0, False),
        (0.0, 0.0, True),
    ],
)
def test_low_means_below_both_limits(efficiency, relative, low):
    assert is_low(efficiency, relative, efficiency_threshold_pct=85, relative_threshold_pct=85) is low


def test_a_row_of_the_efficiency_table_becomes_a_breach():
    row = PLACE | {
        "emp_code": "900101",
        "emp_name": " Operator 001 ",
        "device_id": "RT900610",
        "style_no": "828656",
        "efficiency_pct": 27.77,
        "relative_efficiency_pct": 75.7,
        "supervisor_name": "Supervisor 01",
        "phone_number": float("nan"),
    }
    limits = {"efficiency_threshold_pct": 85.0, "relative_threshold_pct": 85.0}
    found = efficiency_breach(row, **limits)
    assert found is not None
    assert (found.subject, found.subject_name, found.recipient_phone) == ("emp:900101", "Operator 001", None)
    assert found.severity_gap == pytest.approx(57.23)
    assert found.context["relative_efficiency_pct"] == "75.7"
    nameless = efficiency_breach(row | {"emp_code": None, "emp_name": None}, **limits)
    assert (nameless.subject, nameless.subject_name) == ("device:RT900610", "device RT900610")
    assert efficiency_breach(row | {"efficiency_pct": None}, **limits) is None


class TestSeed:
    def test_one_message_per_employee_for_the_worst_operation(self):
        _, [decision] = replay(
            [(pull(1), [breach("emp:1", 80), breach("emp:1", 60, new_oper_seq="OP-9"), breach("emp:2")])], policy=seed
        )
        assert [names(m.items) for m in decision.messages] == [["emp:1"], ["emp:2"]]
        assert decision.messages[0].items[0].breach.value == 60

    def test_at_most_one_message_per_employee_in_five_minutes(self):
        looks = [(pull(n, minutes), [breach()]) for n, minutes in enumerate([0, 4.9, 5, 9, 10], start=1)]
        _, decisions = replay(looks, policy=seed)
        assert [len(d.messages) for d in decisions] == [1, 0, 1, 0, 1]

    def test_the_limit_outlives_a_recovery(self):
        looks = [(pull(1, 0), [breach()]), (pull(2, 1), []), (pull(3, 2), []), (pull(4, 3), [breach()])]
        _, decisions = replay(looks, policy=seed, rules=RULES.model_copy(update={"pull_gap_min": 0}))
        assert decisions[2].closed[0].resolution == "recovered"
        assert len(decisions[3].messages) == 0

    def test_acknowledgement_is_not_part_of_the_seed(self):
        state, _ = replay([(pull(1), [breach()])], policy=seed)
        _, [again] = replay([(pull(2), [breach()])], policy=seed, state=acknowledged(state, KEY))
        assert len(again.messages) == 1


class TestDigestOpens:
    def test_after_two_pulls_in_a_row_and_then_stays_silent(self):
        state, decisions = replay([(pull(n), [breach()]) for n in range(1, 6)])
        assert [len(d.messages) for d in decisions] == [0, 1, 0, 0, 0]
        assert state.watches[KEY].status == "open"

    def test_after_thirty_minutes_when_more_pulls_are_asked_for(self):
        rules = RULES.model_copy(update={"sustained_pulls": 9})
        _, decisions = replay([(pull(n), [breach()]) for n in range(1, 5)], rules)
        assert [len(d.messages) for d in decisions] == [0, 0, 0, 1]

    def test_when_the_next_pull_is_missing_and_thirty_minutes_pass(self):
        state, _ = replay([(pull(1), [breach()])])
        assert tick(state, START + timedelta(minutes=29), DAY, RULES).messages == ()
        late = tick(state, START + timedelta(minutes=30), DAY, RULES)
        assert [m.pull_id for m in late.messages] == [1]
        assert tick(late.state, START + timedelta(minutes=31), DAY, RULES).messages == ()

    def test_not_while_the_breach_is_out_of_sight(self):
        state, _ = replay([(pull(1), [breach()]), (pull(2), [])])
        late = tick(state, START + timedelta(minutes=40), DAY, RULES)
        assert (late.opened, late.messages) == ((), ())

    def test_not_for_two_pulls_in_quick_succession(self):
        _, decisions = replay([(pull(1, 0), [breach()]), (pull(2, 1), [breach()]), (pull(3, 10), [breach()])])
        assert [len(d.messages) for d in decisions] == [0, 0, 1]

    def test_for_a_breach_that_flaps_for_thirty_minutes(self):
        looks = [(pull(n), [breach()] if n % 2 else []) for n in range(1, 8)]
        _, decisions = replay(looks)
        assert [len(d.messages) for d in decisions] == [0, 0, 0, 0, 1, 0, 0]

    def test_one_message_per_supervisor_worst_first(self):
        seen = [
            breach("emp:1", 80),
            breach("emp:2", 40),
            breach("emp:3", 70, supervisor="Binod", phone="+919876500000"),
            breach("emp:4", 60, phone="+91 98765 43210"),
        ]
        _, decisions = replay([(pull(1), seen), (pull(2), seen)])
        assert {m.recipient.name: names(m.items) for m in decisions[1].messages} == {
            "Asha": ["emp:2", "emp:4", "emp:1"],
            "Binod": ["emp:3"],
        }

    def test_a_second_supervisor_hears_of_it_once_when_the_person_moves(self):
        there = breach(value=50, supervisor="Binod", phone="9876500000", line_name="Line-9")
        _, decisions = replay(
            [(pull(1), [breach()]), (pull(2), [breach()]), (pull(3), [there]), (pull(4), [there, breach()])]
        )
        assert [[m.recipient.name for m in d.messages] for d in decisions] == [[], ["Asha"], ["Binod"], []]

    def test_several_operations_are_one_item_with_the_others_counted(self):
        seen = [breach(value=70), breach(value=50, new_oper_seq="OP-2"), breach(value=60, new_oper_seq="OP-3")]
        _, decisions = replay([(pull(1), seen), (pull(2), seen)])
        [item] = decisions[1].messages[0].items
        assert (item.breach.value, item.more_operations) == (50, 2)


class TestDigestRecipients:
    @pytest.mark.parametrize(
        ("supervisor", "phone", "key", "problem"),
        [
            ("Asha", None, "name:Asha", "no phone number"),
            ("Asha", "12", "name:Asha", "phone number …12 is too short"),
            (None, None, "operators", "no supervisor is named, and no phone number"),
            (None, "9876543210", "tel:+919876543210", None),
        ],
    )
    def test_without_a_number_the_message_goes_to_the_operators_and_says_why(self, supervisor, phone, key, problem):
        seen = [breach(supervisor=supervisor, phone=phone)]
        _, decisions = replay([(pull(1), seen), (pull(2), seen)])
        [message] = decisions[1].messages
        assert (message.recipient.key, message.recipient.problem) == (key, problem)


class TestDigestEnds:
    def test_two_absences_resolve_and_one_does_not(self):
        looks = [(pull(n), seen) for n, seen in enumerate([[breach()], [breach()], [], [breach()], [], []], start=1)]
        state, decisions = replay(looks)
        assert [len(d.closed) for d in decisions] == [0, 0, 0, 0, 0, 1]
        assert [len(d.messages) for d in decisions] == [0, 1, 0, 0, 0, 0]
        assert decisions[-1].closed[0].resolution == "recovered"
        assert state.watches == {}

    def test_a_new_production_day_closes_everything(self):
        state, _ = replay([(pull(1), [breach()]), (pull(2), [breach()])])
        tomorrow = DAY + timedelta(days=1)
        _, [decision] = replay([(pull(3, 1440, day=tomorrow), [breach()])], state=state)
        assert [c.resolution for c in decision.closed] == ["end_of_day"]
        assert decision.state.watches[KEY].status == "pending"
        by_time = tick(state, START + timedelta(days=1), tomorrow, RULES)
        assert [c.resolution for c in by_time.closed] == ["end_of_day"]

    def test_a_breach_that_returns_is_a_new_alert(self):
        seen = [[breach()], [breach()], [], [], [breach()], [breach()]]
        _, decisions = replay([(pull(n), found) for n, found in enumerate(seen, start=1)])
        assert [len(d.messages) for d in decisions] == [0, 1, 0, 0, 0, 1]


class TestEscalation:
    RULES = RULES.model_copy(update={"escalation_phone": "+15550100099"})

    def test_once_when_nobody_acknowledges(self):
        _, decisions = replay([(pull(n), [breach()]) for n in range(1, 12)], self.RULES)
        told = [(n, m) for n, d in enumerate(decisions, start=1) for m in d.messages if m.escalated]
        assert [(n, m.recipient.phone, names(m.escalated)) for n, m in told] == [(8, "+15550100099", ["emp:1"])]

    def test_acknowledgement_silences(self):
        state, _ = replay([(pull(1), [breach()]), (pull(2), [breach()])], self.RULES)
        _, decisions = replay([(pull(n), [breach()]) for n in range(3, 15)], self.RULES, state=acknowledged(state, KEY))
        assert [m for d in decisions for m in d.messages] == []

    def test_without_a_pull_too(self):
        state, _ = replay([(pull(1), [breach()]), (pull(2), [breach()])])
        late = tick(state, START + timedelta(minutes=70), DAY, RULES)
        assert [(m.recipient.key, m.recipient.problem) for m in late.messages] == [("operators", None)]
        assert tick(late.state, START + timedelta(minutes=90), DAY, RULES).messages == ()

    def test_the_boss_who_is_a_supervisor_gets_one_message(self):
        rules = RULES.model_copy(update={"escalation_phone": "9876543210"})
        looks = [(pull(n), [breach()] + ([breach("emp:2")] if n > 6 else [])) for n in range(1, 9)]
        _, decisions = replay(looks, rules)
        [message] = decisions[7].messages
        assert (names(message.items), names(message.escalated)) == (["emp:2"], ["emp:1"])

    def test_waits_while_the_breach_may_be_recovering(self):
        looks = [(pull(n), [] if n == 8 else [breach()]) for n in range(1, 10)]
        _, decisions = replay(looks, self.RULES)
        assert [len(d.escalated) for d in decisions[7:]] == [0, 1]


class TestIrregularPulls:
    def test_the_same_pull_twice_changes_nothing(self):
        state, _ = replay([(pull(1), [breach()])])
        again = digest(state, pull(1), [breach()], RULES)
        assert (again.state, again.messages, again.ignored) == (state, (), "pull 1 is already decided")

    def test_an_older_pull_and_a_backfill_are_ignored(self):
        state, _ = replay([(pull(5), [breach()])])
        assert "older than pull 5" in digest(state, pull(4), [], RULES).ignored
        assert "a day before" in digest(state, pull(6, day=DAY - timedelta(days=1)), [], RULES).ignored

    def test_a_clock_that_steps_back_shrinks_no_duration(self):
        rules = RULES.model_copy(update={"sustained_pulls": 9})
        looks = [(pull(1, 0), [breach()]), (pull(2, 31), []), (pull(3, 5), [breach()])]
        state, decisions = replay(looks, rules)
        assert [len(d.messages) for d in decisions] == [0, 0, 1]
        assert state.last_pull.at == START + timedelta(minutes=31)

    def test_another_stream_is_an_error(self):
        state, _ = replay([(pull(1), [breach()])])
        with pytest.raises(ValueError, match="stream"):
            digest(state, pull(2, stream="machines"), [], RULES)

    def test_a_pull_without_a_zone_is_an_error(self):
        with pytest.raises(ValueError, match="no zone"):
            replace(pull(1), at=START.replace(tzinfo=None))
