"""The four long-lived processes of a plant on one Windows machine, as the supervisor starts them.

Compose and systemd start the same commands (``docker-compose.yml``, ``deploy/systemd``).
"""

import shutil
from pathlib import Path

from factory_pipelines.operations.supervisor import Command


def plant_services(
    scripts: Path,
    checkout: Path,
    dagster_home: Path,
    *,
    code_port: int = 4000,
    ui_port: int = 3000,
    api_port: int = 8010,
) -> list[Command]:
    """Code server, daemon, web server and edge, all on loopback.

    Args:
        scripts: folder of the environment's programs (``Scripts`` on Windows, ``bin`` elsewhere).
        checkout: folder with ``deploy/workspace.yaml``.
        dagster_home: folder with the instance's ``dagster.yaml``.
        code_port: where the code server listens.
        ui_port: where the Dagster UI is served.
        api_port: where the edge API is served.

    Raises:
        FileNotFoundError: when a program is missing: the environment is not installed.
    """
    environment = {
        "DAGSTER_HOME": str(dagster_home),
        "FACTORY_CODE_SERVER_HOST": "127.0.0.1",
        "FACTORY_CODE_SERVER_PORT": str(code_port),
        "FACTORY_API__PORT": str(api_port),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
    }
    workspace = str(checkout / "deploy" / "workspace.yaml")
    module = ["--module-name", "factory_pipelines.definitions"]
    listen = ["--host", "127.0.0.1", "--port"]

    def command(name: str, health_url: str | None, program: str, *arguments: str) -> Command:
        return Command(name, [_program(scripts, program), *arguments], health_url, environment, checkout)

    return [
        command(
            "code-server", f"grpc://127.0.0.1:{code_port}", "dagster", "api", "grpc", *listen, str(code_port), *module
        ),
        command("daemon", None, "dagster-daemon", "run", "--workspace", workspace),
        command(
            "webserver",
            f"http://127.0.0.1:{ui_port}/server_info",
            "dagster-webserver",
            *listen,
            str(ui_port),
            "--workspace",
            workspace,
        ),
        command("edge", f"http://127.0.0.1:{api_port}/api/health", "factory", "edge"),
    ]


def _program(scripts: Path, name: str) -> str:
    found = shutil.which(name, path=str(scripts))
    if found is None:
        raise FileNotFoundError(f"{name} is not in {scripts}: install the environment with `uv sync --frozen --no-dev`")
    return found
