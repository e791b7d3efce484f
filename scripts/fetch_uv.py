"""Fetches uv where it is missing: with pip where pip works, else straight from the package index.

    python3 scripts/fetch_uv.py VERSION FOLDER

Needs nothing but Python's standard library: Debian's python3 comes without pip and venv.
"""

import hashlib
import html.parser
import io
import os
import platform
import subprocess
import sys
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path


def main(version: str, folder: Path) -> None:
    """Leaves ``FOLDER/bin/uv`` behind, or exits with what to do by hand."""
    target = folder / "bin" / "uv"
    sys.stderr.write(f"fetching uv {version}\n")
    if not (_with_pip(version, folder) and target.exists()):
        _from_index(version, target)
    target.chmod(0o755)


def _with_pip(version: str, folder: Path) -> bool:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(  # noqa: S603 - our own arguments
        [*command, "--target", str(folder), f"uv=={version}"], capture_output=True, text=True, check=False
    )
    return done.returncode == 0


def _from_index(version: str, target: Path) -> None:
    index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or "https://pypi.org/simple"
    page = f"{index.rstrip('/')}/uv/"
    try:
        links = _Links(_read(page))
        link = next(link for name, link in links.found.items() if name.startswith(f"uv-{version}-") and _fits(name))
        address, _, digest = urllib.parse.urljoin(page, link).partition("#sha256=")
        content = _read(address)
    except (OSError, StopIteration, ValueError) as error:
        sys.exit(f"could not fetch uv {version}: {error!r}\nInstall uv yourself (pipx install uv) and run make again.")
    if hashlib.sha256(content).hexdigest() != digest:
        sys.exit(f"{address} arrived damaged: run make again")
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        name = next(n for n in archive.namelist() if n.endswith("/scripts/uv"))
        target.write_bytes(archive.read(name))


def _read(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=300) as answer:  # noqa: S310 - the index the user configured
        return bytes(answer.read())


class _Links(html.parser.HTMLParser):
    """File name → address of a "simple" index page (PEP 503)."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.feed(page.decode("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collects the links."""
        address = dict(attrs).get("href")
        if tag == "a" and address:
            self.found[urllib.parse.urlsplit(address).path.rpartition("/")[2]] = address


def _fits(filename: str) -> bool:
    machine = {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    if sys.platform == "darwin":
        return "macosx" in filename and (machine in filename or (machine == "aarch64" and "arm64" in filename))
    return "manylinux" in filename and machine in filename


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
