"""A headless Chromium, driven through its debugging port: for tests of pages and for the screenshots of the docs."""

import base64
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # inside a container there is no user namespace to build one with
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--no-first-run",
    "--no-proxy-server",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
_START_TIMEOUT_S = 60.0
_PAGE_TIMEOUT_S = 90.0
# A page counts as finished when its picture has not changed for this long, or has gone on changing for that long.
_STILL_S = 1.5
_RESTLESS_S = 20.0


class Browser:
    """One headless browser with one page."""

    def __init__(self, connection: ClientConnection) -> None:
        """``connection`` leads to the page's debugger."""
        self._connection = connection
        self._numbers = count(1)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the debugging protocol, answered.

        Raises:
            RuntimeError: with the browser's own message.
        """
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._connection.recv(timeout=_PAGE_TIMEOUT_S))
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return dict(message["result"])

    def value(self, expression: str) -> Any:
        """What a JavaScript expression gives on the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']['text']}")
        return answer["result"].get("value")

    def picture(self) -> bytes:
        """The page as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def wait_for(self, words: tuple[str, ...]) -> None:
        """Returns once all ``words`` are on the page.

        Raises:
            TimeoutError: with the words that are missing and the beginning of what is there instead.
        """
        deadline = time.monotonic() + _PAGE_TIMEOUT_S
        while True:
            text = str(self.value("document.body ? document.body.innerText : ''"))
            missing = [word for word in words if word.lower() not in text.lower()]
            if not missing:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"the page never showed {missing}; it shows: {text[:400]!r}")
            time.sleep(0.2)

    def still_picture(self) -> bytes:
        """The page once it has stopped moving: graphs are laid out and plots are loaded after the words appear."""
        deadline = time.monotonic() + _RESTLESS_S
        last, since = self.picture(), time.monotonic()
        while time.monotonic() - since < _STILL_S:
            time.sleep(0.3)
            picture = self.picture()
            if picture != last and time.monotonic() < deadline:
                last, since = picture, time.monotonic()
        return last


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A browser with an empty profile, ended at the end.

    Raises:
        FileNotFoundError: when no Chromium is installed.
        TimeoutError: when it does not come up.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise FileNotFoundError("Chromium is missing: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="factory-browser-", ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [program, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            port = _debugging_port(Path(profile) / "DevToolsActivePort", process)
            with connect(_page_address(port), max_size=None, proxy=None) as connection:
                yield Browser(connection)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _debugging_port(file: Path, process: "subprocess.Popen[bytes]") -> int:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if file.exists() and (lines := file.read_text().splitlines()):
            return int(lines[0])
        if process.poll() is not None:
            raise RuntimeError(f"Chromium ended with exit code {process.returncode}")
        time.sleep(0.1)
    raise TimeoutError(f"Chromium did not come up within {_START_TIMEOUT_S:.0f} s")


def _page_address(port: int) -> str:
    import urllib.request

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/json/list", timeout=10) as answer:
        pages = [target for target in json.load(answer) if target["type"] == "page"]
    return str(pages[0]["webSocketDebuggerUrl"])
