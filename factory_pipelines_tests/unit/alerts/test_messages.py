"""The seed's text to the letter, and messages that always fit."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory_pipelines.alerts.attention import Item, Message, Recipient
from factory_pipelines.alerts.messages import VARIABLE_LIMIT, WHATSAPP_LIMIT, clipped, render, utf16_length

from .factory_floor import START, breach

PLANT = ZoneInfo("Asia/Kolkata")
ASHA = Recipient("tel:+919876543210", "Asha", "+919876543210", None)

# The code block under "WhatsApp Alert Format" in seed 000.
SEED_TEXT = """\
🚨 FABRIC PULSE AI - LOW PERFORMANCE ALERT 🚨

👤 Employee: John Doe
🏢 Unit: Unit-A | Floor: Floor-1 | Line: Line-3
⚙️ Operation: OP-001

📉 Current Efficiency: 78.5%
🎯 Target: 85%+
📊 Performance Gap: -6.5%

🔴 Status: Employee below 85% efficiency threshold
⚡ Action Required: Fix this to increase production efficiency

📅 Time: 2025-01-15 14:30:25"""


def message(breaches, *, kind="digest", escalated=(), at=START, recipient=ASHA):
    items = tuple(Item(b, 0, START) for b in breaches)
    return Message("k", kind, recipient, items, tuple(Item(b, 2, START) for b in escalated), at, 1)


def test_the_seed_format_character_by_character():
    at = datetime(2025, 1, 15, 9, 0, 25, tzinfo=UTC)  # 14:30:25 in the plant
    rendered = render(message([breach(name="John Doe")], kind="alert", at=at), PLANT, 5)
    assert rendered.body == SEED_TEXT
    assert rendered.template == "alert"
    assert rendered.variables == {
        "1": "John Doe",
        "2": "Unit-A",
        "3": "Floor-1",
        "4": "Line-3",
        "5": "OP-001",
        "6": "78.5%",
        "7": "85%+",
        "8": "-6.5%",
        "9": "2025-01-15 14:30:25",
    }


def test_a_digest_names_the_worst_and_counts_the_rest():
    rendered = render(message([breach(f"emp:{n}", 60 + n) for n in range(8)], escalated=[breach()]), PLANT, 2)
    assert rendered.body == (
        "Asha, 2026-03-02 08:30\n"
        "\n"
        "📉 8 employees below target\n"
        "1. Worker 0: 60.0% of 85% – Line-3 · Collar · OP-001\n"
        "2. Worker 1: 61.0% of 85% – Line-3 · Collar · OP-001\n"
        "… and 6 more\n"
        "\n"
        "⏰ 1 employee not acknowledged\n"
        "1. Worker 1: 78.5% of 85% – Line-3 · Collar · OP-001 (+2 more operations)"
    )
    assert rendered.variables["2"] == "8 employees below target"
    assert rendered.variables["3"] == "Worker 0 60.0% (Line-3); Worker 1 61.0% (Line-3); and 7 more"


def test_a_digest_that_would_not_fit_names_fewer():
    long = [breach(f"emp:{n}", n, name="Ā" * 150) for n in range(40)]
    body = render(message(long), PLANT, 40).body
    assert utf16_length(body) <= WHATSAPP_LIMIT
    named = body.count("Ā" * 100)
    assert 1 < named < 40
    assert f"… and {40 - named} more" in body


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 10, "short"),
        ("one two three four", 12, "one two …"),
        ("x" * 20, 10, "x" * 8 + " …"),
        ("🚨" * 9, 9, "🚨🚨🚨 …"),
    ],
)
def test_clipping_is_polite(text, limit, expected):
    assert clipped(text, limit) == expected


names = st.text(min_size=1, max_size=400)


@given(st.lists(names, min_size=1, max_size=12), st.lists(names, max_size=12), st.integers(1, 50))
def test_whatever_people_are_called_it_fits_and_templates_accept_it(new, overdue, lines):
    found = [breach(f"emp:{n}", 10, name=name, line_name=name) for n, name in enumerate(new)]
    escalated = [breach(f"emp:x{n}", 10, name=name) for n, name in enumerate(overdue)]
    for kind in ("alert", "digest"):
        rendered = render(message(found, kind=kind, escalated=escalated), PLANT, lines)
        assert utf16_length(rendered.body) <= WHATSAPP_LIMIT
        for value in rendered.variables.values():
            assert value.strip()
            assert len(value.splitlines()) == 1
            assert "\t" not in value
            assert utf16_length(value) <= VARIABLE_LIMIT
