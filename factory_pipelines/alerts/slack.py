"""Slack: messages for operators, or for everybody where WhatsApp is not used."""

import socket
import ssl
from collections.abc import Set
from datetime import datetime
from http.client import HTTPException
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError

from factory_pipelines.alerts.channels import NotNowError, Outgoing, Receipt, RefusedError, SendError, UncertainError
from factory_pipelines.settings import SlackSettings

# Errors of Slack that say nothing about the message: overload, or a configuration that an operator can repair
# meanwhile.
TEMPORARY_ERRORS = frozenset(
    {
        "account_inactive",
        "channel_not_found",
        "invalid_auth",
        "is_archived",
        "missing_scope",
        "not_authed",
        "not_in_channel",
        "rate_limited",
        "ratelimited",
        "service_unavailable",
        "team_added_to_org",
        "token_expired",
        "token_revoked",
    }
)

# Slack may have posted the message before it failed.
UNKNOWN_ERRORS = frozenset({"fatal_error", "internal_error", "request_timeout"})

_NEVER_CONNECTED = (ConnectionRefusedError, socket.gaierror, TimeoutError, ssl.SSLCertVerificationError)


class SlackChannel:
    """Posts to one channel. Retry handlers are off: the SDK's default resends after a lost connection, unnoticed."""

    name = "slack"
    can_look_up = False  # reading the channel's history would need a scope that posting does not

    def __init__(self, settings: SlackSettings) -> None:
        if settings.bot_token is None or settings.channel is None:
            raise ValueError("Slack needs bot_token and channel")
        self.timeout_s = settings.timeout_s
        self._channel = settings.channel
        self._client = WebClient(
            token=settings.bot_token.get_secret_value(),
            base_url=settings.base_url or WebClient.BASE_URL,
            timeout=max(1, round(settings.timeout_s)),
            retry_handlers=[],
        )

    def send(self, message: Outgoing) -> Receipt:
        """Posts the text; the message's timestamp is its id."""
        try:
            posted = self._client.chat_postMessage(channel=self._channel, text=message.body, mrkdwn=False)
        except SlackApiError as error:
            raise _judge(error) from error
        except URLError as error:
            if isinstance(error.reason, _NEVER_CONNECTED):
                raise NotNowError("unreachable", f"Slack could not be reached: {error.reason}") from error
            raise UncertainError("connection_lost", "the connection broke before Slack answered") from error
        except TimeoutError as error:
            raise UncertainError("timeout", f"Slack did not answer within {self.timeout_s:g} s") from error
        except (OSError, HTTPException, SlackRequestError) as error:
            raise UncertainError("connection_lost", "the connection broke before Slack answered") from error
        return Receipt("delivered", str(posted["ts"]), "posted")

    def find(self, message: Outgoing, since: datetime, known: Set[str]) -> Receipt | None:
        """Not looked up: see ``can_look_up``."""
        return None

    def status(self, message_id: str) -> Receipt:
        """What is posted is there."""
        return Receipt("delivered", message_id, "posted")


def _judge(error: SlackApiError) -> SendError:
    status = error.response.status_code
    data = error.response.data
    code = str(data.get("error", status)) if isinstance(data, dict) and status < 500 else str(status)
    if status == 429 or code in TEMPORARY_ERRORS or status == 503:
        waiting = {name.lower(): value for name, value in error.response.headers.items()}.get("retry-after", "")
        text = "Slack does not take messages now"
        return NotNowError(code, text, retry_after_s=float(waiting) if waiting.isdigit() else None)
    if status >= 500 or code in UNKNOWN_ERRORS:
        return UncertainError(code, "Slack failed and does not say whether it took the message")
    return RefusedError(code, "Slack refuses the message")
