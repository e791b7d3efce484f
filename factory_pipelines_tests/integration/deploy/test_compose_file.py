"""What docker-compose.yml promises: valid, pinned, without root, without secrets, bounded, on loopback."""

import re
import subprocess
import sys
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from factory_pipelines.settings import Settings
from factory_pipelines_tests.integration.deploy import compose

GIVEN = {name: f"secret{number}" for number, name in enumerate(sorted(compose.required_variables()))}
SERVICES: dict[str, dict[str, Any]] = compose.load(GIVEN)["services"]
each_service = pytest.mark.parametrize("name", sorted(SERVICES))


def test_it_follows_the_compose_specification() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(compose.FILE)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_has_every_process_of_the_platform() -> None:
    assert set(SERVICES) == {"timescaledb", "migrate", "code-server", "webserver", "daemon", "edge"}


@each_service
def test_images_are_pinned_to_a_version(name: str) -> None:
    assert re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+(-pg\d+)?", SERVICES[name]["image"])


@each_service
def test_nothing_runs_as_root_or_writes_outside_its_volumes(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] not in {"root", "0", "0:0"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]


@each_service
def test_memory_processes_and_logs_are_bounded(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert 0 < service["pids_limit"] <= 1000
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}


@each_service
def test_each_service_is_restarted_and_watched(name: str) -> None:
    service = SERVICES[name]
    if name == "migrate":
        assert service["restart"].startswith("on-failure")
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] == "CMD"
        assert service["healthcheck"]["retries"] >= 3


@each_service
def test_ports_are_published_on_loopback_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_each_service_waits_for_what_it_needs() -> None:
    waits = {
        name: {on: how["condition"] for on, how in s.get("depends_on", {}).items()} for name, s in SERVICES.items()
    }
    migrated = {"timescaledb": "service_healthy", "migrate": "service_completed_successfully"}
    assert waits == {
        "timescaledb": {},
        "migrate": {"timescaledb": "service_healthy"},
        "code-server": migrated,
        "edge": migrated,
        "webserver": {"code-server": "service_healthy"},
        "daemon": {"code-server": "service_healthy"},
    }


@pytest.mark.parametrize("name", sorted(compose.required_variables()))
def test_every_secret_must_be_given_and_none_is_in_the_file(name: str) -> None:
    with pytest.raises(compose.MissingVariableError, match=name):
        compose.load({other: value for other, value in GIVEN.items() if other != name})
    assert re.search(rf"^{name}=$", (compose.ROOT / ".env.example").read_text(), re.MULTILINE)


def test_only_the_database_and_the_migration_know_the_administrator() -> None:
    password = GIVEN["POSTGRES_PASSWORD"]
    knowing = {name for name, s in SERVICES.items() if any(password in str(v) for v in s["environment"].values())}
    assert knowing == {"timescaledb", "migrate"}
    assert SERVICES["timescaledb"]["networks"] == ["inside"]


def test_every_setting_it_names_exists() -> None:
    """A misspelt name would be refused at start, or worse, ignored."""
    example = (compose.ROOT / "plant.env.example").read_text()
    named = {name for service in SERVICES.values() for name in service["environment"] if name.startswith("FACTORY_")}
    named |= set(re.findall(r"^(?:# )?(FACTORY_\w+)=", example, re.MULTILINE))
    known_to_dagster_files = {"FACTORY_CODE_SERVER_HOST", "FACTORY_CODE_SERVER_PORT"}
    assert named - known_to_dagster_files <= _names(Settings, "FACTORY_")


@pytest.mark.parametrize("name", ["code-server", "edge"])
def test_what_computes_reads_the_settings_of_the_plant(name: str) -> None:
    assert SERVICES[name]["env_file"] == [{"path": "plant.env", "required": False}]


def _names(model: type[BaseModel], prefix: str) -> set[str]:
    names: set[str] = set()
    for field, info in model.model_fields.items():
        name = f"{prefix}{field.upper()}"
        kinds = [info.annotation, *get_args(info.annotation)]
        groups = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        names |= _names(groups[0], f"{name}__") if groups else {name}
    return names


def test_the_image_can_be_built_from_what_the_builder_is_sent() -> None:
    """Every file that the Dockerfile copies is let through by .dockerignore and exists."""
    recipe = (compose.ROOT / "deploy" / "Dockerfile").read_text()
    copied = [path for line in re.findall(r"^COPY (?!--from)(.+)$", recipe, re.MULTILINE) for path in line.split()[:-1]]
    let_through = set(re.findall(r"^!(.+)$", (compose.ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert set(copied) == let_through
    assert "cat dagster.yaml deploy/dagster-storage.yaml > dagster/dagster.yaml" in recipe
    assert all((compose.ROOT / path).exists() for path in copied)
    assert re.search(r"^USER 10001", recipe, re.MULTILINE)
    assert "libodbc2" in recipe
    assert "tdsodbc" in recipe
