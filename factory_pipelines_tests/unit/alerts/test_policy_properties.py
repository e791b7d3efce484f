"""What holds for the policies whatever the pulls bring."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from factory_pipelines.alerts.attention import PolicyState
from factory_pipelines.alerts.policies import digest, seed, tick
from factory_pipelines.settings import AlertSettings

from .factory_floor import DAY, breach, pull

SUBJECTS = ["emp:1", "emp:2", "emp:3", "emp:4"]
PHONES = [None, "9876543210", "+919876543210", "9876500000", "12"]

a_breach = st.builds(
    breach,
    st.sampled_from(SUBJECTS),
    st.sampled_from([20.0, 50.0, 84.9]),
    supervisor=st.sampled_from([None, "Asha", "Binod"]),
    phone=st.sampled_from(PHONES),
    new_oper_seq=st.sampled_from(["OP-1", "OP-2"]),
)
gaps = st.sampled_from([0.5, 3, 5, 9.5, 10, 11, 25, 45])
looks = st.lists(st.tuples(gaps, st.lists(a_breach, max_size=6)), min_size=1, max_size=25)
rules = st.builds(
    AlertSettings,
    sustained_pulls=st.integers(1, 5),
    pull_gap_min=st.sampled_from([0, 5]),
    escalation_phone=st.sampled_from([None, "9876543210"]),
)


def pulls_of(seen):
    minutes = 0.0
    for number, (gap, breaches) in enumerate(seen, start=1):
        minutes += gap
        yield pull(number, minutes), breaches


def replay(seen, settings, policy):
    state, decisions = PolicyState(), []
    for a_pull, breaches in pulls_of(seen):
        decisions.append(policy(state, a_pull, breaches, settings))
        state = decisions[-1].state
    return decisions


@given(looks, rules)
def test_every_breach_of_thirty_minutes_is_in_some_message(seen, settings):
    """The message comes before the breach ends, and nothing resolved in between."""
    decisions = replay(seen, settings, digest)
    times = [a_pull.at for a_pull, _ in pulls_of(seen)]
    for subject in SUBJECTS:
        alive = False  # a message about the current watch was sent
        since = None
        for at, decision, (_, breaches) in zip(times, decisions, seen, strict=True):
            alive = alive and all(c.watch.subject != subject for c in decision.closed)
            alive = alive or any(subject == key[1] for m in decision.messages for key in m.keys)
            if not any(b.subject == subject for b in breaches):
                since = None
                continue
            since = since or at
            assert alive or at - since < timedelta(minutes=30)


@given(looks, rules)
def test_at_most_one_message_per_recipient_and_pull(seen, settings):
    for decision in replay(seen, settings, digest):
        recipients = [m.recipient.key for m in decision.messages]
        assert len(recipients) == len(set(recipients))
        assert len({m.dedupe_key for m in decision.messages}) == len(recipients)


@given(looks, rules, st.sampled_from([digest, seed]))
def test_a_pull_decided_again_changes_nothing(seen, settings, policy):
    state = PolicyState()
    for a_pull, breaches in pulls_of(seen):
        state = policy(state, a_pull, breaches, settings).state
        again = policy(state, a_pull, breaches, settings)
        assert again.state == state
        assert (again.messages, again.closed, again.opened) == ((), (), ())


@given(looks, rules, st.sampled_from([digest, seed]), st.randoms())
def test_the_order_of_breaches_is_irrelevant(seen, settings, policy, random):
    shuffled = [(gap, random.sample(breaches, len(breaches))) for gap, breaches in seen]
    assert replay(seen, settings, policy) == replay(shuffled, settings, policy)


@given(looks, rules)
def test_an_alert_is_told_to_each_recipient_once(seen, settings):
    told = set()
    for decision in replay(seen, settings, digest):
        for closed in decision.closed:
            told = {entry for entry in told if entry[0] != closed.watch.key}
        news = {(item.breach.key, m.recipient.key) for m in decision.messages for item in m.items}
        assert not news & told
        told |= news


@given(looks, rules, st.integers(0, 24), st.integers(0, 200))
def test_ticks_never_repeat_themselves(seen, settings, after, minutes):
    decisions = replay(seen, settings, digest)
    state = decisions[min(after, len(decisions) - 1)].state
    first = tick(state, state.last_pull.at + timedelta(minutes=minutes), DAY, settings)
    again = tick(first.state, state.last_pull.at + timedelta(minutes=minutes), DAY, settings)
    assert again.state == first.state
    assert (again.messages, again.opened, again.escalated) == ((), (), ())


@given(looks)
def test_the_seed_writes_one_message_per_employee_and_five_minutes(seen):
    last = {}
    for decision, (a_pull, breaches) in zip(replay(seen, AlertSettings(), seed), pulls_of(seen), strict=True):
        sent = [key for m in decision.messages for key in m.keys]
        assert len(sent) == len(set(sent))
        due = {
            b.key
            for b in breaches
            if a_pull.at - last.get(b.key, a_pull.at - timedelta(days=1)) >= timedelta(minutes=5)
        }
        assert set(sent) == due
        last |= dict.fromkeys(sent, a_pull.at)
