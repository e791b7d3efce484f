"""JSON logs: one object a line, with the request's correlation id, and never a secret."""

import json
import logging
import sys
from collections.abc import Iterable
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from factory_pipelines.cameras.addresses import MASK, redacted


class SecretMask:
    """A last step over each finished line: whatever way a secret came in, it does not go out."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """``secrets`` as configured; their JSON spelling is masked as well."""
        spelled = {spelling for secret in secrets for spelling in (secret, json.dumps(secret)[1:-1])}
        self._secrets = sorted(spelled, key=len, reverse=True)

    def __call__(self, _logger: WrappedLogger, _method: str, line: str | bytes | EventDict) -> str:
        """The line, each secret replaced."""
        text = str(line)
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        # Addresses of cameras come and go while the process runs; whatever a library says of one has no login in it.
        return redacted(text)


def configure_logs(secrets: Iterable[str], *, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Sends structlog and every standard logger of this process to ``stream`` (default: stderr) as JSON lines."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.PositionalArgumentsFormatter()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.EventRenamer("message"),
                structlog.processors.JSONRenderer(ensure_ascii=False),
                SecretMask(secrets),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # uvicorn's own access line would repeat ours, without the id and the key's name.
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("httpx").setLevel(logging.WARNING)
