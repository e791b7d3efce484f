"""What `factory up` starts and where, and the Dagster home its processes share."""

import os
import socket
from contextlib import closing
from pathlib import Path

import pytest

from factory_pipelines.operations import dagster_home
from factory_pipelines.operations.services import PortTakenError, addresses, commands, require_free_ports
from factory_pipelines.settings import ApiSettings, Settings, UiSettings, load_settings


def test_the_commands_exist_and_listen_where_the_settings_say() -> None:
    settings = Settings(ui=UiSettings(port=3131), api=ApiSettings(port=8181))
    assert [address.url for address in addresses(settings)] == ["http://127.0.0.1:3131", "http://127.0.0.1:8181"]
    started = commands(settings, {"FACTORY_HOME": "/plant"})
    assert [command.name for command in started] == ["dagster", "edge"]
    for command in started:
        assert Path(command.argv[0]).is_file()
        assert command.environment["FACTORY_HOME"] == "/plant"
    assert "3131" in started[0].argv
    assert [command.health_url for command in started] == [
        "http://127.0.0.1:3131/server_info",
        "http://127.0.0.1:8181/api/health",
    ]


@pytest.mark.parametrize(("setting", "group"), [("FACTORY_UI__PORT", "ui"), ("FACTORY_API__PORT", "api")])
def test_a_port_in_use_is_named_with_the_setting_that_moves_it(
    setting: str, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as free,
        closing(socket.create_server(("127.0.0.1", 0))) as used,
    ):
        port = free.getsockname()[1]
        free.close()
        for name in ("FACTORY_UI__PORT", "FACTORY_API__PORT"):
            monkeypatch.setenv(name, str(port))
        require_free_ports(load_settings())
        taken = used.getsockname()[1]
        monkeypatch.setenv(setting, str(taken))
        with pytest.raises(PortTakenError, match=rf"port {taken} .* {setting}="):
            require_free_ports(load_settings())


def test_the_home_is_made_with_its_configuration(
    warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACTORY_HOME", str(tmp_path / "plant"))
    environment = dagster_home.prepare(load_settings())
    home = Path(environment["DAGSTER_HOME"])
    assert home == tmp_path / "plant" / "dagster"
    assert (home / "dagster.yaml").read_text().startswith(dagster_home.configuration_file("dagster.yaml").read_text())
    assert environment["DAGSTER_PG_URL"].startswith("postgresql+psycopg2://")
    assert environment["FACTORY_HOME"] == str(tmp_path / "plant")


def test_a_home_that_somebody_chose_is_respected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    before = dict(os.environ)
    dagster_home.enter(load_settings())
    assert dict(os.environ) == before


def test_a_missing_configuration_says_what_to_do() -> None:
    with pytest.raises(FileNotFoundError, match="reinstall"):
        dagster_home.configuration_file("nothing.yaml")
