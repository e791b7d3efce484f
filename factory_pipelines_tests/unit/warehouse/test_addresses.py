"""Addresses survive odd passwords, and no log ever shows one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr
from sqlalchemy import make_url

from factory_pipelines.settings import DatabaseSettings, Settings
from factory_pipelines.warehouse.addresses import Role, dagster_url, redacted, role_url, with_login, with_options

# Everything a password generator, or a person, may come up with; NUL cannot be in a libpq string.
odd = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=30)
BASES = [
    "postgresql://db.example:5433/plant",
    "postgresql://admin:old@db.example:5433/plant",
    "postgresql://admin:old@db.example/plant?sslmode=require",
    "postgresql:///plant?host=/run/postgresql",
    "postgresql://admin@/plant?host=/run/postgresql",
    "postgresql://admin:old@[::1]:5432/plant",
]
bases = st.sampled_from(BASES)


@given(base=bases, user=odd, password=odd, database=odd)
def test_whatever_the_login_is_the_server_is_told_exactly_that(
    base: str, user: str, password: str, database: str
) -> None:
    before = conninfo_to_dict(base)
    after = conninfo_to_dict(with_login(base, user=user, password=password, database=database))
    assert (after["user"], after["password"], after["dbname"]) == (user, password, database)
    kept = {"host", "port", "sslmode"}
    assert {k: v for k, v in after.items() if k in kept} == {k: v for k, v in before.items() if k in kept}


@given(base=bases, user=odd)
def test_another_user_does_not_inherit_the_password(base: str, user: str) -> None:
    assert "password" not in conninfo_to_dict(with_login(base, user=user))


@pytest.mark.parametrize("base", BASES)
def test_another_database_keeps_the_login(base: str) -> None:
    before, after = conninfo_to_dict(base), conninfo_to_dict(with_login(base, database="other"))
    assert after == {**before, "dbname": "other"}


@given(base=bases, password=st.from_regex(r"[A-Za-z0-9!$&*+;=%@:/?#]{8,30}", fullmatch=True))
def test_no_text_for_a_log_holds_a_password(base: str, password: str) -> None:
    url = with_login(base, user="clerk", password=password)
    shown = redacted(url)
    assert "clerk@" in shown
    assert conninfo_to_dict(shown) == {k: v for k, v in conninfo_to_dict(url).items() if k != "password"}


@pytest.mark.parametrize("base", ["postgresql://db/plant", "postgresql:///plant?host=/run/postgresql"])
def test_a_password_among_the_parameters_is_hidden_too(base: str) -> None:
    """libpq takes it there as well."""
    url = f"{base}{'&' if '?' in base else '?'}user=clerk&password=hunter2&sslpassword=hunter3"
    assert "hunter" not in redacted(url)
    assert "clerk" in redacted(url)


@pytest.mark.parametrize("base", BASES)
def test_options_are_added_to_those_that_are_there(base: str) -> None:
    once = with_options(base, {"timezone": "UTC"})
    twice = with_options(once, {"role": "factory_owner", "search_path": "warehouse,public"})
    assert conninfo_to_dict(twice) == {
        **conninfo_to_dict(base),
        "options": "-c timezone=UTC -c role=factory_owner -c search_path=warehouse,public",
    }


def settings_for(url: str, **database: SecretStr) -> Settings:
    return Settings(database_url=SecretStr(url), database=DatabaseSettings(**database))


def test_one_address_serves_every_role_by_assuming_it() -> None:
    settings = settings_for("postgresql://admin:pw@db/plant")
    assert role_url(settings, Role.WRITER) == ("postgresql://admin:pw@db/plant", Role.WRITER)
    assert role_url(settings, Role.READER) == ("postgresql://admin:pw@db/plant", Role.READER)


def test_a_login_of_ones_own_is_that_role_already() -> None:
    settings = settings_for("postgresql://admin:pw@db/plant", reader_url=SecretStr("postgresql://api:pw@replica/plant"))
    assert role_url(settings, Role.READER) == ("postgresql://api:pw@replica/plant", None)
    assert role_url(settings, Role.WRITER) == ("postgresql://admin:pw@db/plant", Role.WRITER)


@pytest.mark.parametrize("base", BASES)
def test_dagsters_own_storage_is_a_second_database_for_psycopg2(base: str) -> None:
    """Plain postgresql:// means psycopg 3 to SQLAlchemy 2.1, and dagster-postgres fails on NOTIFY with it."""
    url = make_url(dagster_url(settings_for(base)))
    asked = conninfo_to_dict(base)
    assert url.drivername == "postgresql+psycopg2"
    assert url.database == "dagster"
    assert (url.username, url.password) == (asked.get("user"), asked.get("password"))
    assert (url.host or url.query.get("host")) == asked["host"]


def test_dagsters_storage_may_be_elsewhere() -> None:
    settings = settings_for("postgresql://db/plant", dagster_url=SecretStr("postgres://d:p%40w@other:6/meta"))
    assert dagster_url(settings) == "postgresql+psycopg2://d:p%40w@other:6/meta"
