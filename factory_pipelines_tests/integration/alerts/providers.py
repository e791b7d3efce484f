"""Twilio and Slack as they look on the wire, on loopback, with the misbehaviour a test asks for."""

import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse


@dataclass
class Fails:
    """The next request is answered with an error."""

    status: int
    code: int | str | None = None
    text: str = "no"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Hangs:
    """The next request is taken (or not), and its answer comes late."""

    seconds: float
    takes_it: bool = True


@dataclass
class Drops:
    """The connection breaks without an answer, after the message was taken or before."""

    takes_it: bool


class Provider:
    """What a fake provider was asked and what it took. ``plan`` is used up before it behaves."""

    def __init__(self) -> None:
        self.plan: deque[Fails | Hangs | Drops] = deque()
        self.list_plan: deque[Fails] = deque()
        self.taken: list[dict] = []
        self.requests: list[dict] = []
        self.authorization: list[str | None] = []
        self.final_status: dict[str, tuple[str, int | None]] = {}
        self.latency_s = 0.0
        self.base_url = ""
        self._lock = threading.Lock()

    def take(self, message: dict) -> dict:
        with self._lock:
            number = len(self.taken) + 1
            message |= {"sid": f"SM{number:032x}", "at": datetime.now(UTC)}
            self.taken.append(message)
        return message

    def bodies(self) -> list[str]:
        return [message["body"] for message in self.taken]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    provider: Provider

    def log_message(self, *args) -> None:
        """Silent."""

    def answer(self, status: int, body: dict | str, headers: dict[str, str] | None = None) -> None:
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def drop(self) -> None:
        self.close_connection = True
        self.connection.close()

    def form(self) -> dict[str, str]:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.provider.authorization.append(self.headers.get("Authorization"))
        if self.headers.get("Content-Type", "").startswith("application/json"):
            return json.loads(raw)
        return {name: values[0] for name, values in parse_qs(raw, keep_blank_values=True).items()}

    def create(self, message: dict, accepted, refused) -> None:
        """Takes a message as the plan says."""
        self.provider.requests.append(message)
        time.sleep(self.provider.latency_s)
        step = self.provider.plan.popleft() if self.provider.plan else None
        if isinstance(step, Fails):
            self.answer(step.status, refused(step), step.headers)
            return
        taken = self.provider.take(message) if step is None or step.takes_it else None
        if isinstance(step, Hangs):
            time.sleep(step.seconds)
        if step is None:
            self.answer(*accepted(taken))
        else:
            self.drop()


class TwilioHandler(_Handler):
    """``/2010-04-01/Accounts/{sid}/Messages.json`` and ``…/Messages/{sid}.json``."""

    def do_POST(self) -> None:
        form = self.form()
        body = form.get("Body")
        if body is None:  # what an approved template would read, rendered by Twilio
            body = "Alert: " + " / ".join(json.loads(form["ContentVariables"]).values())
        message = {"to": form["To"], "from": form["From"], "body": body, "content_sid": form.get("ContentSid")}
        self.create(message, lambda taken: (201, self.resource(taken)), _twilio_error)

    def do_GET(self) -> None:
        url = urlparse(self.path)
        if url.path.endswith("/Messages.json"):
            if self.provider.list_plan:
                step = self.provider.list_plan.popleft()
                self.answer(step.status, _twilio_error(step), step.headers)
                return
            to = parse_qs(url.query)["To"][0]
            found = [self.resource(m) for m in reversed(self.provider.taken) if m["to"] == to]
            self.answer(200, {"messages": found, "next_page_uri": None, "page": 0, "page_size": 50})
            return
        sid = url.path.rsplit("/", 1)[1].removesuffix(".json")
        found = [m for m in self.provider.taken if m["sid"] == sid]
        if not found:
            self.answer(404, {"code": 20404, "message": "not found", "status": 404})
            return
        self.answer(200, self.resource(found[0]))

    def resource(self, message: dict) -> dict:
        status, code = self.provider.final_status.get(message["sid"], ("queued", None))
        return {
            "sid": message["sid"],
            "status": status,
            "error_code": code,
            "error_message": f"explained: {code}" if code else None,
            "to": message["to"],
            "from": message["from"],
            "body": message["body"],
            "date_created": format_datetime(message["at"]),
            "date_sent": None,
            "date_updated": None,
        }


class SlackHandler(_Handler):
    """``/api/chat.postMessage``."""

    def do_POST(self) -> None:
        form = self.form()
        message = {"to": form["channel"], "body": form["text"]}
        self.create(message, lambda taken: (200, {"ok": True, "ts": taken["sid"], "channel": "C1"}), _slack_error)


def _twilio_error(step: Fails) -> dict | str:
    if step.code is None:
        return "<html>bad gateway</html>"
    return {"code": step.code, "message": step.text, "more_info": "", "status": step.status}


def _slack_error(step: Fails) -> dict | str:
    return {"ok": False, "error": step.code} if step.code is not None else "<html>bad gateway</html>"


@contextmanager
def serving(handler: type[_Handler]) -> Iterator[Provider]:
    """A fake provider on a free port of loopback."""
    provider = Provider()
    bound = type("Bound", (handler,), {"provider": provider})
    server = ThreadingHTTPServer(("127.0.0.1", 0), bound)
    server.daemon_threads = True
    provider.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
