"""The doctor against real servers, small HTTP fakes and dead ends."""

import json
import secrets
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from dagster._daemon.types import DaemonHeartbeat
from psycopg import sql

from factory_pipelines.operations.doctor import diagnose
from factory_pipelines.operations.doctor_database import dagster, history, schedules, warehouse
from factory_pipelines.operations.doctor_machine import api_keys, disk, known_passwords, ports
from factory_pipelines.operations.doctor_outside import llm, odbc_drivers, rtms, slack, twilio
from factory_pipelines.operations.findings import Finding
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.addresses import with_login

SECRET = "s3cret-nobody-may-see"
DEAD_PORT = 9

Answer = Callable[[str], tuple[int, object]]


@contextmanager
def http_server(answer: Answer) -> Iterator[str]:
    """Answers every request with what ``answer`` makes of its path."""

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            status, body = answer(self.path)
            payload = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = _reply  # noqa: N815 - the names http.server calls

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def one(findings: list[Finding]) -> Finding:
    [finding] = findings
    return finding


def named(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def with_twilio(base_url: str, **more: object) -> Settings:
    account = {"account_sid": "AC0", "auth_token": SECRET, "whatsapp_from": "+15550100", "base_url": base_url}
    return Settings.model_validate({"twilio": {**account, "timeout_s": 1.0, **more}})


def test_a_healthy_warehouse(settings: Settings) -> None:
    found = named(warehouse(settings))
    assert {name: f.status for name, f in found.items() if name != "timescaledb"} == {
        "database": "ok",
        "incidents": "ok",
        "roles": "ok",
        "migrations": "ok",
    }
    assert found["timescaledb"].status in {"ok", "off"}


def test_a_process_that_has_only_its_own_logins(warehouse_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FACTORY_DATABASE_URL")
    monkeypatch.setenv("FACTORY_DATABASE__WRITER_URL", warehouse_url)
    found = {f.name: f.status for f in warehouse(Settings())}
    assert (found["database"], found["roles"], found["migrations"]) == ("ok", "off", "off")
    monkeypatch.setenv("FACTORY_DATABASE__READER_URL", warehouse_url)
    assert named(warehouse(Settings()))["roles"].status == "ok"


def test_open_incidents_are_shown(settings: Settings, warehouse_url: str) -> None:
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        admin.execute(
            "INSERT INTO alerts.alerts (organization_id, stream, rule, subject, subject_name, status, title, body,"
            " first_seen_at, last_seen_at, counted_at) VALUES (%s, 'platform', 'platform.run_failed', 'rtms_pull', 'x',"
            " 'open', 'Run failed: rtms_pull', 'x', now(), now(), now())",
            [settings.organization_id],
        )
    incidents = named(warehouse(settings))["incidents"]
    assert incidents.status == "warn"
    assert "Run failed: rtms_pull" in incidents.detail


def test_a_migration_that_is_missing(settings: Settings, warehouse_url: str) -> None:
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        last = admin.execute("SELECT max(migration_id) FROM warehouse._yoyo_migration").fetchone()
        assert last is not None
        admin.execute("DELETE FROM warehouse._yoyo_migration WHERE migration_id = %s", last)
    found = named(warehouse(settings))["migrations"]
    assert (found.status, found.detail, found.remedy) == ("fail", f"pending: {last[0]}", "factory migrate")


def test_a_database_without_a_schema(warehouse_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"empty_{secrets.token_hex(6)}"
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    monkeypatch.setenv("FACTORY_DATABASE_URL", with_login(warehouse_url, database=name))
    found = named(warehouse(Settings()))
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    assert found["database"].status == "ok"
    assert (found["migrations"].status, found["migrations"].remedy) == ("fail", "factory migrate")


def test_a_look_does_not_start_the_embedded_server(tmp_path: Path) -> None:
    found = warehouse(Settings(home=tmp_path / "none"))
    assert [f.status for f in found] == ["warn"]
    assert dagster(Settings(home=tmp_path / "none")) == []
    assert not (tmp_path / "none").exists()


def test_a_dead_database_is_said_in_time_and_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTORY_DATABASE_URL", f"postgresql://factory:{SECRET}@127.0.0.1:{DEAD_PORT}/factory")
    monkeypatch.setenv("FACTORY_RTMS__SOURCE", "mssql")
    monkeypatch.setenv("FACTORY_RTMS__ODBC", f"DRIVER=FreeTDS;SERVER=127.0.0.1;PORT={DEAD_PORT};UID=sa;PWD={SECRET}")
    started = time.monotonic()
    findings = diagnose(Settings())
    assert time.monotonic() - started < 10
    found = named(findings)
    assert found["database"].status == "fail"
    assert found["dagster storage"].status == "fail"
    assert found["rtms"].status == "fail"
    assert SECRET not in repr(findings)
    assert all(finding.remedy for finding in findings if finding.status == "fail")


def test_a_probe_that_hangs_or_breaks_is_a_finding() -> None:
    def breaks(_: Settings) -> list[Finding]:
        raise RuntimeError(f"password is {SECRET}")

    def hangs(_: Settings) -> list[Finding]:
        time.sleep(30)
        return []

    settings = Settings.model_validate({"slack": {"bot_token": SECRET}})
    broken, hung = diagnose(settings, probes={"breaks": breaks, "hangs": hangs}, deadline_s=0.5)
    assert (broken.status, hung.status) == ("fail", "fail")
    assert "RuntimeError" in broken.detail
    assert SECRET not in broken.detail
    assert "0.5 s" in hung.detail


@pytest.mark.parametrize(
    ("answer", "more", "status", "said"),
    [
        ((200, {"sid": "AC0", "status": "active"}), {"digest_content_sid": "HX0"}, "ok", "active"),
        ((200, {"sid": "AC0", "status": "active"}), {}, "warn", "63016"),
        ((200, {"sid": "AC0", "status": "suspended"}), {}, "fail", "suspended"),
        ((401, {"code": 20003, "message": "Authenticate", "status": 401}), {}, "fail", "Authenticate"),
        ((200, {}), {"whatsapp_from": None}, "fail", "in part"),
    ],
    ids=["ok", "no template", "suspended", "refused", "half configured"],
)
def test_whatsapp(answer: tuple[int, object], more: dict[str, object], status: str, said: str) -> None:
    with http_server(lambda _: answer) as url:
        found = one(twilio(with_twilio(url, **more)))
    assert found.status == status
    assert said in found.detail


def test_whatsapp_that_cannot_be_reached() -> None:
    found = one(twilio(with_twilio(f"http://127.0.0.1:{DEAD_PORT}")))
    assert (found.status, "cannot be reached" in found.detail) == ("fail", True)


def test_nothing_is_asked_where_nothing_is_configured() -> None:
    settings = Settings()
    assert [one(look(settings)).status for look in (twilio, slack, llm)] == ["off", "off", "off"]
    chosen = Settings.model_validate({"alerts": {"channel": "whatsapp"}})
    assert one(twilio(chosen)).status == "fail"


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        ((200, {"ok": True, "user": "bot", "team": "plant"}), "ok", "bot in plant"),
        ((200, {"ok": False, "error": "invalid_auth"}), "fail", "invalid_auth"),
    ],
    ids=["ok", "refused"],
)
def test_slack(answer: tuple[int, object], status: str, said: str) -> None:
    with http_server(lambda _: answer) as url:
        chosen = {"bot_token": SECRET, "channel": "#ops", "base_url": f"{url}/", "timeout_s": 1}
        found = one(slack(Settings.model_validate({"slack": chosen})))
    assert found.status == status
    assert said in found.detail


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        ((200, {"data": [{"id": "llama3.2:3b"}]}), "ok", "llama3.2:3b at"),
        ((200, {"data": [{"id": "llama3.2:1b"}]}), "warn", "the fallback llama3.2:1b will write"),
        ((200, {"data": []}), "warn", "the template will write"),
        ((200, ["what"]), "warn", "does not answer as expected"),
        ((401, {}), "warn", "401"),
    ],
    ids=["ok", "fallback", "no model", "nonsense", "refused"],
)
def test_language_model(answer: tuple[int, object], status: str, said: str) -> None:
    with http_server(lambda path: answer if path == "/v1/models" else (404, {})) as url:
        found = one(llm(Settings.model_validate({"llm": {"base_url": f"{url}/v1"}})))
    assert found.status == status
    assert said in found.detail


def test_a_language_model_that_is_away_is_not_fatal() -> None:
    found = one(llm(Settings.model_validate({"llm": {"base_url": f"http://127.0.0.1:{DEAD_PORT}/v1"}})))
    assert found.status == "warn"


def test_rtms_as_a_folder(tmp_path: Path) -> None:
    def look(folder: Path | None) -> Finding:
        return one(rtms(Settings.model_validate({"rtms": {"source": "csv", "csv_dir": folder}})))

    assert look(None).remedy == "Set FACTORY_RTMS__CSV_DIR"
    assert look(tmp_path / "absent").status == "fail"
    assert look(tmp_path).status == "fail"
    (tmp_path / "a_session_wise_production_1.csv").touch()
    assert look(tmp_path).status == "warn"
    (tmp_path / "Supervisors.CSV").touch()
    assert look(tmp_path).status == "ok"


def test_rtms_through_a_real_odbc_driver(tmp_path: Path) -> None:
    path = tmp_path / "rtms.sqlite"
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE RTMS_SessionWiseProduction (RowId integer)")

    def look(file: Path, table: str) -> Finding:
        chosen = {"source": "mssql", "odbc": f"DRIVER=SQLite3;Database={file}", "database": "", "schema_name": ""}
        return one(rtms(Settings.model_validate({"rtms": {**chosen, "production_table": table}})))

    assert look(path, "RTMS_SessionWiseProduction").status == "ok"
    missing = look(path, "RTMS_Other")
    assert (missing.status, "no table RTMS_Other" in missing.detail) == ("fail", True)
    assert look(tmp_path / "no" / "such" / "folder.sqlite", "x").status == "fail"


def test_drivers_matter_for_sql_server_only() -> None:
    assert one(odbc_drivers(Settings())).status in {"ok", "off"}
    missing = Settings.model_validate({"rtms": {"source": "mssql"}})
    assert one(rtms(missing)).remedy is not None


def test_ports() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with http_server(lambda _: (200, {})) as url:
            serving = int(url.rpartition(":")[2])
            ui, api = ports(Settings.model_validate({"ui": {"port": port}, "api": {"port": serving}}))
    assert (ui.status, ui.remedy) == ("warn", "Stop it, or choose another with FACTORY_UI__PORT")
    assert (api.status, api.detail) == ("ok", f"{serving} is serving")


def test_disk(tmp_path: Path) -> None:
    assert one(disk(Settings(home=tmp_path / "not" / "yet"))).status in {"ok", "warn"}


@pytest.mark.parametrize(("source", "status"), [("demo", "warn"), ("csv", "fail")])
def test_well_known_passwords_are_named_but_not_shown(source: str, status: str) -> None:
    known = {
        "rtms": {"source": source, "odbc": "DRIVER=x;UID=sa;PWD={Passw0rd}"},
        "database_url": "postgresql://u:barnameh_password@h/d",
    }
    found = one(known_passwords(Settings.model_validate(known)))
    assert found.status == status
    assert found.detail == "well-known default password in FACTORY_DATABASE_URL, FACTORY_RTMS__ODBC"


def test_keys_are_needed_outside_the_demo() -> None:
    assert one(api_keys(Settings())).status == "off"
    assert one(api_keys(Settings.model_validate({"rtms": {"source": "csv"}}))).status == "fail"
    keyed = one(api_keys(Settings.model_validate({"api": {"keys": ["dashboard:0123456789abcdef0123"]}})))
    assert (keyed.status, keyed.detail) == ("ok", "1: dashboard")


def test_a_daemon_that_fell_silent(
    instance: dg.DagsterInstance, dagster_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACTORY_DATABASE__DAGSTER_URL", dagster_address)
    assert {f.name: f.status for f in dagster(Settings())} == {"dagster storage": "ok", "daemon": "off"}
    for ago_s, status, ticking in ((600, "warn", []), (10, "ok", ["ok"])):
        instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - ago_s, "SENSOR", "id", None))
        storage, daemon = dagster(Settings())
        assert storage.status == "ok"
        assert daemon.status == status, daemon.detail
        assert [f.status for f in schedules(Settings())] == ticking
    monkeypatch.setenv("FACTORY_RTMS__SOURCE", "csv")
    instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - 600, "SENSOR", "id", None))
    assert dagster(Settings())[1].status == "fail"


def test_reading_the_history_makes_no_tables(dagster_address: str) -> None:
    with history(dagster_address.replace("postgresql://", "postgresql+psycopg2://", 1)):
        pass
    with psycopg.connect(dagster_address) as conn:
        assert conn.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
