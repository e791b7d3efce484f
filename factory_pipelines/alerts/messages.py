"""How alerts read: the seed's text to the letter, the digest, and the variables of approved WhatsApp templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from factory_pipelines.alerts.attention import Item, Message
from factory_pipelines.alerts.breaches import Breach

# Twilio refuses a longer body (error 21617). Counted in UTF-16 units, the strictest way to count an emoji.
WHATSAPP_LIMIT = 1600

# WhatsApp counts a template's text and its variables together, up to 1024; the template's own words need room too.
VARIABLE_LIMIT = 600


@dataclass(frozen=True, slots=True)
class Rendered:
    """One message ready for a channel.

    Attributes:
        body: free text, at most ``WHATSAPP_LIMIT`` long.
        template: which approved template says the same: ``alert`` or ``digest``.
        variables: that template's variables, by number; single lines, never empty, as WhatsApp demands.
    """

    body: str
    template: str
    variables: dict[str, str]


def render(message: Message, zone: ZoneInfo, digest_lines: int) -> Rendered:
    """The message as text and as template variables; times are wall times of ``zone``, the plant's.

    Args:
        message: what a policy decided to say.
        zone: the plant's zone.
        digest_lines: employees named in each section of a digest; the rest are counted.
    """
    if message.kind == "alert":
        breach = message.items[0].breach
        return Rendered(seed_text(breach, message.at, zone), "alert", seed_variables(breach, message.at, zone))
    body = digest_text(message, zone, digest_lines)
    return Rendered(body, "digest", digest_variables(message, zone, digest_lines))


def seed_text(breach: Breach, at: datetime, zone: ZoneInfo) -> str:
    """The message of seed 000, "WhatsApp Alert Format", character by character."""
    place = breach.place
    return clipped(
        "🚨 FABRIC PULSE AI - LOW PERFORMANCE ALERT 🚨\n"
        "\n"
        f"👤 Employee: {breach.subject_name}\n"
        f"🏢 Unit: {place.get('unit_code', '?')} | Floor: {place.get('floor_name', '?')} | "
        f"Line: {place.get('line_name', '?')}\n"
        f"⚙️ Operation: {place.get('new_oper_seq', '?')}\n"
        "\n"
        f"📉 Current Efficiency: {breach.value:.1f}%\n"
        f"🎯 Target: {breach.threshold:g}%+\n"
        f"📊 Performance Gap: {_gap(breach)}\n"
        "\n"
        f"🔴 Status: Employee below {breach.threshold:g}% efficiency threshold\n"
        "⚡ Action Required: Fix this to increase production efficiency\n"
        "\n"
        f"📅 Time: {_wall(at, zone)}"
    )


def seed_variables(breach: Breach, at: datetime, zone: ZoneInfo) -> dict[str, str]:
    """Variables of the single-alert template: employee, unit, floor, line, operation, efficiency, target, gap, time."""
    place = breach.place
    values = (
        breach.subject_name,
        *(place.get(level, "?") for level in ("unit_code", "floor_name", "line_name", "new_oper_seq")),
        f"{breach.value:.1f}%",
        f"{breach.threshold:g}%+",
        _gap(breach),
        _wall(at, zone),
    )
    return _numbered(values)


def digest_text(message: Message, zone: ZoneInfo, digest_lines: int) -> str:
    """One supervisor's digest: what is new and what was escalated, worst first; shorter lists when it would not fit."""
    for named in range(digest_lines, 0, -1):
        body = _digest(message, zone, named)
        if utf16_length(body) <= WHATSAPP_LIMIT:
            return body
    return clipped(_digest(message, zone, 1))


def digest_variables(message: Message, zone: ZoneInfo, digest_lines: int) -> dict[str, str]:
    """Variables of the digest template: recipient, how many, the list, the time."""
    everything = (*message.items, *message.escalated)
    for named in range(digest_lines, 0, -1):
        listed = "; ".join(_short(item) for item in everything[:named])
        rest = len(everything) - named
        text = listed + (f"; and {rest} more" if rest > 0 else "")
        if utf16_length(text) <= VARIABLE_LIMIT:
            break
    counted = _count(message.items, "below target") if message.items else _count(message.escalated, "not acknowledged")
    return _numbered((_addressee(message), counted, clipped(text, VARIABLE_LIMIT), _wall(message.at, zone)))


def clipped(text: str, limit: int = WHATSAPP_LIMIT) -> str:
    """The text, or as many whole words of it as fit, with an ellipsis."""
    if utf16_length(text) <= limit:
        return text
    # Never through the middle of a character: decoding drops a torn surrogate pair.
    head = text.encode("utf-16-le")[: 2 * (limit - 2)].decode("utf-16-le", errors="ignore")
    cut = max(head.rfind(" "), head.rfind("\n"))
    return f"{head[:cut] if cut > limit // 2 else head} …"


def printable(text: str) -> str:
    """The text without what PostgreSQL cannot store: NUL, and halves of characters."""
    return text.replace("\x00", "").encode("utf-8", errors="replace").decode("utf-8")


def utf16_length(text: str) -> int:
    """Length as WhatsApp and Twilio count it: an emoji outside the basic plane is two."""
    return len(text.encode("utf-16-le")) // 2


def _digest(message: Message, zone: ZoneInfo, named: int) -> str:
    parts: list[str] = []
    if message.items:
        parts.append(_section(f"📉 {_count(message.items, 'below target')}", message.items, named))
    if message.escalated:
        parts.append(_section(f"⏰ {_count(message.escalated, 'not acknowledged')}", message.escalated, named))
    wall = message.at.astimezone(zone)
    return f"{_addressee(message)}, {wall:%Y-%m-%d %H:%M}\n\n" + "\n\n".join(parts)


def _section(title: str, items: Sequence[Item], named: int) -> str:
    lines = [title, *(f"{n}. {_long(item)}" for n, item in enumerate(items[:named], start=1))]
    if len(items) > named:
        lines.append(f"… and {len(items) - named} more")
    return "\n".join(lines)


def _long(item: Item) -> str:
    breach = item.breach
    where = " · ".join(
        breach.place[level] for level in ("line_name", "part_name", "new_oper_seq") if level in breach.place
    )
    more = f" (+{item.more_operations} more operations)" if item.more_operations > 1 else ""
    more = " (+1 more operation)" if item.more_operations == 1 else more
    return clipped(f"{breach.subject_name}: {breach.value:.1f}% of {breach.threshold:g}% – {where}{more}", 200)


def _short(item: Item) -> str:
    breach = item.breach
    where = breach.place.get("line_name", "?")
    return clipped(f"{breach.subject_name} {breach.value:.1f}% ({where})", 120)


def _count(items: Sequence[Item], what: str) -> str:
    return f"{len(items)} {'employee' if len(items) == 1 else 'employees'} {what}"


def _addressee(message: Message) -> str:
    return message.recipient.name or "Operators"


def _gap(breach: Breach) -> str:
    return f"{breach.value - breach.threshold:.1f}%"


def _wall(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _numbered(values: Sequence[str]) -> dict[str, str]:
    """Template variables by number, each one line and never empty: WhatsApp refuses anything else."""
    return {str(n): " ".join(value.split()) or "?" for n, value in enumerate(values, start=1)}
