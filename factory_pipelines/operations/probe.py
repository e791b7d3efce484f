"""Is a service of the platform alive? One question for containers, systemd and the Windows supervisor.

``python -m factory_pipelines.operations.probe URL`` exits 0 when ``URL`` answers. Addresses are ``http(s)://…`` (any
2xx answer) and ``grpc://host:port`` (the standard health service, as Dagster's code server offers it).
"""

import argparse
import http.client
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

_CODE_SERVER = "DagsterApi"  # the name under which Dagster registers itself with the health service


def complaint(url: str, timeout_s: float = 5.0) -> str | None:
    """None when the service at ``url`` answers within ``timeout_s``, else what is wrong in a few words.

    Raises:
        ValueError: for an address that is neither http, https nor grpc.
    """
    scheme = urlsplit(url).scheme
    if scheme in {"http", "https"}:
        return _http_complaint(url, timeout_s)
    if scheme == "grpc":
        return _grpc_complaint(urlsplit(url).netloc, timeout_s)
    raise ValueError(f"cannot probe {url}: the address must begin with http://, https:// or grpc://")


def _http_complaint(url: str, timeout_s: float) -> str | None:
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as answer:  # noqa: S310 - the scheme was checked
            return None if 200 <= answer.status < 300 else f"answered {answer.status}"
    except urllib.error.HTTPError as error:
        return f"answered {error.code}"
    except (OSError, http.client.HTTPException) as error:
        return str(getattr(error, "reason", error)) or type(error).__name__


def _grpc_complaint(target: str, timeout_s: float) -> str | None:
    import grpc  # type: ignore[import-untyped]
    from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]

    with grpc.insecure_channel(target) as channel:
        request = health_pb2.HealthCheckRequest(service=_CODE_SERVER)
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=timeout_s)
        except grpc.RpcError as error:
            return str(error.code().name)
    serving = answer.status == health_pb2.HealthCheckResponse.SERVING
    return None if serving else health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)


def main(arguments: list[str] | None = None) -> int:
    """The command: 0 when the service answers in one of the attempts, else 1 with the last complaint on stderr."""
    parser = argparse.ArgumentParser(prog="probe", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--timeout", type=float, default=5.0, help="seconds one attempt may take (default 5)")
    parser.add_argument("--attempts", type=int, default=1, help="attempts before the service counts as ill (default 1)")
    parser.add_argument("--pause", type=float, default=5.0, help="seconds between attempts (default 5)")
    wanted = parser.parse_args(arguments)
    wrong: str | None = "no attempt was made"
    for attempt in range(wanted.attempts):
        if attempt:
            time.sleep(wanted.pause)
        wrong = complaint(wanted.url, wanted.timeout)
        if wrong is None:
            return 0
    sys.stderr.write(f"{wanted.url}: {wrong}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
