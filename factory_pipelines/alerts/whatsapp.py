"""WhatsApp by Twilio: templates by ContentSid, free text as the fallback."""

import json
from collections.abc import Callable, Set
from datetime import datetime, timedelta
from typing import Any, TypeVar

from requests import exceptions as http
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from factory_pipelines.alerts.channels import NotNowError, Outgoing, Receipt, RefusedError, UncertainError
from factory_pipelines.alerts.messages import clipped
from factory_pipelines.settings import TwilioSettings

T = TypeVar("T")

# Clocks of provider and plant may differ by this much when a message is looked up.
CLOCK_SKEW = timedelta(minutes=2)

# Messages to one number that are looked through, newest first.
LOOK_BACK_MESSAGES = 50

# Twilio and WhatsApp errors that say nothing about the message: congestion, limits, the account's or sender's
# configuration (which an operator can repair while the delivery waits). Everything else is for good.
# The list: twilio.com/docs/api/errors
TEMPORARY_CODES = frozenset(
    {
        10001,  # account is not active
        14107,  # message rate limit exceeded
        20003,  # authentication failed
        20429,  # too many requests
        21611,  # the sender's queue is full
        30001,  # queue overflow
        30002,  # account suspended
        30003,  # handset unreachable
        30017,  # carrier congested
        30022,  # rate limit of the number
        63001,  # channel authentication failed
        63007,  # no such sender: configuration
        63010,  # channel provider's internal error
        63012,  # channel provider's internal service error
        63017,  # channel rate limit
        63018,  # channel rate limit exceeded
        63038,  # the account's daily limit
    }
)

# Sent with 403 or 404 although they speak of the recipient, not of the account.
_REFUSED_WITH_THESE = frozenset({21408, 21610, 63016})

_TAKEN = {"accepted", "scheduled", "queued", "sending", "sent"}
_ARRIVED = {"delivered", "read"}


class _HeaderKeepingClient(TwilioHttpClient):  # type: ignore[misc]
    """Remembers the last answer's Retry-After, which the SDK's exceptions leave out."""

    retry_after: str | None = None

    def request(self, *args: Any, **kwargs: Any) -> Any:
        self.retry_after = None
        response = super().request(*args, **kwargs)
        self.retry_after = (response.headers or {}).get("Retry-After")
        return response


class WhatsAppChannel:
    """Sends one WhatsApp message per call; the SDK's own retries stay off, each attempt is the outbox's."""

    name = "whatsapp"
    can_look_up = True

    def __init__(self, settings: TwilioSettings) -> None:
        if settings.account_sid is None or settings.auth_token is None or settings.whatsapp_from is None:
            raise ValueError("Twilio needs account_sid, auth_token and whatsapp_from")
        self.timeout_s = settings.timeout_s
        self._from = _whatsapp_address(settings.whatsapp_from)
        self._content_sids = {"alert": settings.content_sid, "digest": settings.digest_content_sid}
        self._http = _HeaderKeepingClient(timeout=settings.timeout_s)
        # The SDK logs whole requests, numbers and texts included.
        self._http.logger.setLevel("WARNING")
        self._client = Client(settings.account_sid, settings.auth_token.get_secret_value(), http_client=self._http)
        if settings.base_url is not None:
            self._client.api.base_url = settings.base_url

    def send(self, message: Outgoing) -> Receipt:
        """Creates the message: by its approved template where one is configured, else as free text."""
        if message.to is None:
            raise RefusedError("no_number", "WhatsApp needs a number")
        content_sid = self._content_sids.get(message.template or "")
        if content_sid is not None:
            content = {"content_sid": content_sid, "content_variables": json.dumps(dict(message.variables))}
        else:
            content = {"body": clipped(message.body)}
        to = _whatsapp_address(message.to)
        created = self._call(lambda: self._client.messages.create(to=to, from_=self._from, **content), creates=True)
        return _receipt(created)

    def find(self, message: Outgoing, since: datetime, known: Set[str]) -> Receipt | None:
        """Looks for the message among the latest to its recipient: same sender and content, not before ``since``."""
        if message.to is None:
            return None
        to = _whatsapp_address(message.to)
        listed = self._call(lambda: self._client.messages.list(to=to, limit=LOOK_BACK_MESSAGES))
        for candidate in listed:
            if candidate.sid in known or candidate.from_ != self._from or candidate.date_created is None:
                continue
            if candidate.date_created >= since - CLOCK_SKEW and self._says_the_same(candidate.body or "", message):
                return _receipt(candidate)
        return None

    def status(self, message_id: str) -> Receipt:
        """Asks Twilio what became of a message."""
        return _receipt(self._call(lambda: self._client.messages(message_id).fetch()))

    def _says_the_same(self, body: str, message: Outgoing) -> bool:
        """A template's text is Twilio's to render: it is recognised by carrying every variable."""
        if self._content_sids.get(message.template or "") is not None:
            return all(value in body for value in message.variables.values())
        return body.strip() == clipped(message.body).strip()

    def _call(self, request: Callable[[], T], *, creates: bool = False) -> T:
        """Runs one request and sorts its failure: for good, not now, or unknown when something was to be created."""
        unknown = UncertainError if creates else NotNowError
        try:
            return request()
        except http.ConnectTimeout as error:
            raise NotNowError("connect_timeout", "Twilio could not be reached in time") from error
        except http.Timeout as error:
            raise unknown("timeout", f"Twilio did not answer within {self.timeout_s:g} s") from error
        except http.ConnectionError as error:
            if _never_connected(error):
                raise NotNowError("unreachable", "Twilio could not be reached") from error
            raise unknown("connection_lost", "the connection broke before Twilio answered") from error
        except http.RequestException as error:
            raise unknown(type(error).__name__, "the exchange with Twilio broke") from error
        except (TwilioRestException, TwilioServiceException) as error:
            raise self._judge(error, unknown) from error
        except (TwilioException, json.JSONDecodeError, KeyError) as error:
            raise unknown("unreadable", "Twilio's answer could not be read") from error

    def _judge(
        self, error: Any, unknown: type[UncertainError] | type[NotNowError]
    ) -> RefusedError | NotNowError | UncertainError:
        status, code = int(error.status), int(error.code or error.status)
        text = _reason(error)
        if status in {429, 503}:
            return NotNowError(str(code), text, retry_after_s=_seconds(self._http.retry_after))
        if status >= 500:
            # A gateway's 500, 502 or 504 does not say whether the message got through.
            return unknown(str(code), text)
        about_the_account = status in {401, 403, 404, 408} and code not in _REFUSED_WITH_THESE
        if about_the_account or code in TEMPORARY_CODES:
            return NotNowError(str(code), text)
        return RefusedError(str(code), text)


def is_permanent(code: int | None) -> bool:
    """Whether a message that failed with this Twilio code would fail again."""
    return code is not None and code not in TEMPORARY_CODES


def _receipt(found: Any) -> Receipt:
    status = str(found.status)
    if status in _TAKEN:
        return Receipt("sent", found.sid, status)
    if status in _ARRIVED:
        return Receipt("delivered", found.sid, status)
    code = int(found.error_code) if found.error_code else None
    return Receipt(
        "failed",
        found.sid,
        status,
        error_code=str(code) if code is not None else None,
        error_text=found.error_message or None,
        permanent=is_permanent(code),
    )


def _whatsapp_address(number: str) -> str:
    return number if number.startswith("whatsapp:") else f"whatsapp:{number}"


def _never_connected(error: http.ConnectionError) -> bool:
    from urllib3.exceptions import MaxRetryError, NewConnectionError

    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError)


def _reason(error: Any) -> str:
    text = getattr(error, "msg", None) or getattr(error, "detail", None) or getattr(error, "title", "")
    return str(text)[:500]


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After in seconds; its form as a date is not used by Twilio and counts as absent."""
    return float(retry_after) if retry_after is not None and retry_after.isdigit() else None
