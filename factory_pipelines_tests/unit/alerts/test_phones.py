"""Phone numbers as the source has them."""

import pytest

from factory_pipelines.alerts.phones import Phone, parse_phone


@pytest.mark.parametrize(
    ("raw", "e164"),
    [
        ("9876543210", "+919876543210"),
        ("09876543210", "+919876543210"),
        ("919876543210", "+919876543210"),
        ("+91 98765-43210", "+919876543210"),
        ("0091 98765 43210", "+919876543210"),
        ("9876543210.0", "+919876543210"),
        ("98765 43210 / 98765 43211", "+919876543210"),
        ("+15550100001", "+15550100001"),
    ],
)
def test_usable(raw, e164):
    assert parse_phone(raw, "91") == Phone(e164, None)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (None, "no phone number"),
        ("  ", "no phone number"),
        ("12345", "phone number …345 is too short"),
        ("98765432101234567", "phone number …567 is too long"),
        ("call me", "cannot be read"),
        ("+999 1234567", "cannot be read"),
    ],
)
def test_unusable_says_why(raw, problem):
    phone = parse_phone(raw, "91")
    assert phone.e164 is None
    assert problem in phone.problem


def test_a_country_code_that_does_not_exist():
    assert "default country code 999" in parse_phone("9876543210", "999").problem
