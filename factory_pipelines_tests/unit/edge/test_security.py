"""Keys and the refusal of secrets that everybody knows."""

import pytest

from factory_pipelines.edge.security import (
    ApiKeys,
    load_keys,
)
from factory_pipelines.operations.credentials import (
    InsecureConfigurationError,
    refuse_well_known_passwords,
    secret_values,
    well_known_passwords,
)
from factory_pipelines.settings import load_settings

SECRET = "3b1f-4c5d-9e8a-77aa"


def test_a_key_is_known_by_its_secret_and_named_by_its_name() -> None:
    keys = ApiKeys([f"dashboard:{SECRET}", "prometheus:another-long-secret"])
    assert keys.name_of(SECRET) == "dashboard"
    assert keys.name_of("another-long-secret") == "prometheus"
    assert keys.name_of(f"dashboard:{SECRET}") is None
    assert keys.name_of("") is None
    assert keys.name_of("\udcff not text") is None


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (SECRET, "name:secret"),
        (f":{SECRET}", "name:secret"),
        (f"bad name:{SECRET}", "name:secret"),
        ("short:abc", "shorter than 16"),
        ("known:1234567890123456", "well-known"),
        ("known:ChangeMe", "well-known"),
        ("odd:0123456789abcdef\N{SNOWMAN}", "header"),
    ],
)
def test_an_entry_that_protects_nothing_is_refused_without_repeating_it(entry: str, says: str) -> None:
    with pytest.raises(InsecureConfigurationError, match=says) as refusal:
        ApiKeys([entry])
    secret = entry.rpartition(":")[2]
    assert secret not in str(refusal.value)


def test_two_keys_of_one_name_are_refused() -> None:
    with pytest.raises(InsecureConfigurationError, match="twice"):
        ApiKeys([f"a:{SECRET}", f"a:{SECRET}2"])


def test_no_keys_at_all_is_refused_with_the_remedy() -> None:
    with pytest.raises(InsecureConfigurationError, match="FACTORY_API__KEYS"):
        load_keys(load_settings())


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("FACTORY_DATABASE_URL", "postgresql://postgres:postgres@db/factory"),
        ("FACTORY_DATABASE__WRITER_URL", "postgresql://factory_writer:Change%2Dme@db/factory"),
        ("FACTORY_DATABASE__READER_PASSWORD", "password"),
        ("FACTORY_RTMS__ODBC", "DRIVER={FreeTDS};SERVER=172.16.9.240;UID=sa;PWD=Passw0rd"),
        ("FACTORY_RTMS__ODBC", "Driver={x};Password={Passw0rd};"),
    ],
)
def test_the_passwords_of_manuals_are_refused_outside_the_demo(
    monkeypatch: pytest.MonkeyPatch, setting: str, value: str
) -> None:
    monkeypatch.setenv(setting, value)
    refuse_well_known_passwords(load_settings())  # the demo's own server is reachable from nowhere
    monkeypatch.setenv("FACTORY_RTMS__SOURCE", "mssql")
    with pytest.raises(InsecureConfigurationError, match=setting) as refusal:
        refuse_well_known_passwords(load_settings())
    assert "assw" not in str(refusal.value).replace("default password", "")


def test_a_password_of_ones_own_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTORY_RTMS__SOURCE", "mssql")
    monkeypatch.setenv("FACTORY_RTMS__ODBC", "DRIVER=FreeTDS;UID=factory_read;PWD=kR7v-2Lq9")
    monkeypatch.setenv("FACTORY_DATABASE_URL", "postgresql://factory@db/factory")
    refuse_well_known_passwords(load_settings())  # would raise
    assert well_known_passwords(load_settings()) == []


def test_every_secret_of_the_settings_is_known_to_the_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTORY_API__KEYS", f'["a:{SECRET}"]')
    monkeypatch.setenv("FACTORY_DATABASE_URL", "postgresql://u:db%2Dsecret-1@db/factory")
    monkeypatch.setenv("FACTORY_TWILIO__AUTH_TOKEN", "twilio-secret-1")
    monkeypatch.setenv("FACTORY_RTMS__ODBC", "PWD=rtms-secret-1")
    secrets = secret_values(load_settings())
    assert {SECRET, "db-secret-1", "twilio-secret-1", "rtms-secret-1"} <= set(secrets)
    assert secrets == sorted(secrets, key=len, reverse=True)
