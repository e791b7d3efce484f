"""Phone numbers as people type them, made E.164; a number that cannot be used says why."""

import re
from dataclasses import dataclass
from functools import lru_cache

_SEVERAL = re.compile(r"[/,;|]")
_SPREADSHEET_FRACTION = re.compile(r"\.0+$")


@dataclass(frozen=True, slots=True)
class Phone:
    """Either a usable number or the reason why there is none.

    Attributes:
        e164: the number in E.164 (``+919876543210``); None when it cannot be used.
        problem: why it cannot be used; None when it can.
    """

    e164: str | None
    problem: str | None


@lru_cache(maxsize=8192)
def parse_phone(raw: str | None, default_country_code: str) -> Phone:
    """Reads one phone number; without a country code the default one is assumed.

    Of several numbers in one field (``98765 43210 / 98765 43211``) the first is taken. Only the form of the number is
    judged (length and country code): number plans change and test numbers exist, so the provider has the last word
    (Twilio: 21211).

    Args:
        raw: the number as the source has it, or None.
        default_country_code: digits without plus, such as ``91``.
    """
    import phonenumbers

    text = _SPREADSHEET_FRACTION.sub("", _SEVERAL.split(raw or "")[0].strip())
    if not text:
        return Phone(None, "no phone number")
    region = phonenumbers.region_code_for_country_code(int(default_country_code))
    if region == "ZZ":
        return Phone(None, f"default country code {default_country_code} does not exist")
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        return Phone(None, f"phone number {masked(text)} cannot be read: {error}")
    verdict = phonenumbers.is_possible_number_with_reason(number)
    if verdict != phonenumbers.ValidationResult.IS_POSSIBLE:
        return Phone(None, f"phone number {masked(text)} is {_PROBLEMS.get(verdict, 'not possible in its country')}")
    return Phone(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), None)


def masked(number: str) -> str:
    """The number with all but its last three characters hidden, fit for logs and reasons."""
    return "…" + number[-3:]


# Values of phonenumbers.ValidationResult, written out so that importing this module stays cheap.
_PROBLEMS = {
    1: "of an unknown country",
    2: "too short",
    3: "too long",
    4: "without its area code",
    5: "of an impossible length",
}
