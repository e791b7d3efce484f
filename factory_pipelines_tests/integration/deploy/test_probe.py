"""The probe against real servers."""

import http.server
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from factory_pipelines.operations.probe import complaint, main


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers with the status that the path names."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Says nothing."""


@pytest.fixture
def http_address() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_http_service_is_well_when_it_answers_2xx(http_address: str, closed_port: int) -> None:
    assert complaint(f"{http_address}/200") is None
    assert complaint(f"{http_address}/204") is None
    assert complaint(f"{http_address}/503") == "answered 503"
    assert "refused" in str(complaint(f"http://127.0.0.1:{closed_port}/"))


def test_a_service_that_accepts_and_says_nothing_is_ill() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        wrong = complaint(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout_s=0.2)
    assert wrong == "timed out"


def test_the_code_server_is_asked_through_grpc(closed_port: int) -> None:
    server = grpc.server(ThreadPoolExecutor(2))
    servicer = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        servicer.set("DagsterApi", health_pb2.HealthCheckResponse.NOT_SERVING)
        assert complaint(f"grpc://127.0.0.1:{port}") == "NOT_SERVING"
        servicer.set("DagsterApi", health_pb2.HealthCheckResponse.SERVING)
        assert complaint(f"grpc://127.0.0.1:{port}") is None
    finally:
        server.stop(None).wait()
    assert complaint(f"grpc://127.0.0.1:{closed_port}", timeout_s=2) in {"UNAVAILABLE", "DEADLINE_EXCEEDED"}


def test_the_command_tells_by_its_exit_status(http_address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"{http_address}/200"]) == 0
    assert main([f"{http_address}/500", "--attempts", "2", "--pause", "0"]) == 1
    assert "answered 500" in capsys.readouterr().err


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="grpc://"):
        complaint("ftp://127.0.0.1/")
