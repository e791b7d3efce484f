"""Which database, and as whom.

One address is enough (``FACTORY_DATABASE_URL``, or the embedded server): each process then takes the least role that
does its job. A plant that hands out separate logins names them in ``FACTORY_DATABASE__WRITER_URL`` and ``…READER_URL``.
"""

from enum import StrEnum
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from factory_pipelines.settings import Settings


class Role(StrEnum):
    """The four roles of the server, least privilege each."""

    OWNER = "factory_owner"
    WRITER = "factory_writer"
    READER = "factory_reader"
    DAGSTER = "dagster"


DAGSTER_DATABASE = "dagster"


def admin_url(settings: Settings) -> str:
    """The address as configured: whoever it logs in as can migrate. Starts the embedded server when there is none."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    from factory_pipelines.warehouse.embedded import EmbeddedServer

    return EmbeddedServer(settings.home_dir).start()


def role_url(settings: Settings, role: Role) -> tuple[str, Role | None]:
    """Address for ``role``, and the role to assume after logging in (None: the login is that role already)."""
    own_login = {Role.WRITER: settings.database.writer_url, Role.READER: settings.database.reader_url}.get(role)
    if own_login is not None:
        return own_login.get_secret_value(), None
    url = admin_url(settings)
    if settings.database_url is None:
        return with_login(url, user=role.value), None
    return url, role


def dagster_url(settings: Settings) -> str:
    """SQLAlchemy address of Dagster's own storage (psycopg2: dagster-postgres' NOTIFY fails on psycopg 3)."""
    if settings.database.dagster_url is not None:
        url = settings.database.dagster_url.get_secret_value()
    else:
        url = with_login(admin_url(settings), database=DAGSTER_DATABASE)
        if settings.database_url is None:
            url = with_login(url, user=Role.DAGSTER.value)
    parts = urlsplit(url)
    return _unsplit("postgresql+psycopg2", parts.netloc, parts.path, parts.query)


def with_login(url: str, *, user: str | None = None, password: str | None = None, database: str | None = None) -> str:
    """``url`` with another user (whose password replaces the old one) or another database."""
    parts = urlsplit(url)
    netloc = parts.netloc
    if user is not None:
        host = netloc.rpartition("@")[2]
        secret = f":{quote(password, safe='')}" if password else ""
        netloc = f"{quote(user, safe='')}{secret}@{host}"
    path = f"/{quote(database, safe='')}" if database is not None else parts.path
    return _unsplit(parts.scheme, netloc, path, parts.query)


def with_options(url: str, options: dict[str, str]) -> str:
    """``url`` with server settings added to its ``options`` (``-c name=value``)."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    flags = " ".join(f"-c {name}={value}" for name, value in options.items())
    query["options"] = " ".join(filter(None, [query.get("options"), flags]))
    return _unsplit(parts.scheme, parts.netloc, parts.path, urlencode(query, quote_via=quote))


def redacted(url: str) -> str:
    """``url`` fit for a log: without its password, which libpq takes among the parameters too."""
    parts = urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    user = login.partition(":")[0]
    query = "&".join(part for part in parts.query.split("&") if "password" not in part.partition("=")[0].lower())
    return _unsplit(parts.scheme, f"{user}@{host}" if login else host, parts.path, query)


def _unsplit(scheme: str, netloc: str, path: str, query: str) -> str:
    # urlunsplit drops the empty authority of socket addresses (postgresql:///db?host=/run), which libpq needs.
    return f"{scheme}://{netloc}{path}" + (f"?{query}" if query else "")
