"""What a channel is, the log channel, and which channels these settings make.

A channel tells three kinds of failure apart, because they ask for different things: refused for good (a dead letter),
not taken now (try again), and unknown (it may have been taken: look it up, or send again with the flag).
"""

import logging
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from factory_pipelines.alerts.phones import masked
from factory_pipelines.settings import Settings

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way out.

    Attributes:
        delivery_id: its number in the outbox.
        to: E.164, or None when it is for the operators.
        body: free text.
        template: which approved template says the same (``alert``, ``digest``); None when there is none.
        variables: that template's variables, by number.
    """

    delivery_id: int
    to: str | None
    body: str
    template: str | None
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the provider says of a message.

    Attributes:
        state: ``sent`` (the provider has it), ``delivered`` (the recipient has it) or ``failed`` (it never arrived).
        message_id: the provider's id; None when it has none.
        provider_status: the provider's own word.
        error_code: the provider's code of a failure.
        error_text: its explanation.
        permanent: whether sending it again would fail again.
    """

    state: Literal["sent", "delivered", "failed"]
    message_id: str | None
    provider_status: str
    error_code: str | None = None
    error_text: str | None = None
    permanent: bool = False


class SendError(Exception):
    """A send that did not end in a receipt; ``code`` is the provider's, or what the transport reported."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


class RefusedError(SendError):
    """The provider will never take this message."""


class NotNowError(SendError):
    """The provider certainly did not take it; trying again later can help."""

    def __init__(self, code: str, text: str, retry_after_s: float | None = None) -> None:
        super().__init__(code, text)
        self.retry_after_s = retry_after_s


class UncertainError(SendError):
    """Nobody knows whether the provider took it: the answer never came."""


class Channel(Protocol):
    """A way to reach people."""

    name: str
    timeout_s: float
    can_look_up: bool

    def send(self, message: Outgoing) -> Receipt:
        """Hands the message to the provider, once.

        Raises:
            RefusedError: see there.
            NotNowError: see there.
            UncertainError: see there.
        """

    def find(self, message: Outgoing, since: datetime, known: Set[str]) -> Receipt | None:
        """The provider's record of this message, when it took one since ``since`` that is not among ``known``.

        Raises:
            NotNowError: when the provider cannot be asked now.
        """

    def status(self, message_id: str) -> Receipt:
        """What became of a message that was taken.

        Raises:
            NotNowError: when the provider cannot be asked now.
            RefusedError: when it does not know the message.
        """


@dataclass(frozen=True, slots=True)
class Channels:
    """Where messages go: to people with a number, and to the operators."""

    people: Channel
    operators: Channel

    def route(self, phone: str | None) -> Channel:
        """The channel for a recipient with this number, or with none."""
        return self.people if phone is not None else self.operators

    def named(self, name: str) -> Channel | None:
        """The channel of this name, when it is configured."""
        return next((channel for channel in (self.people, self.operators) if channel.name == name), None)


class LogChannel:
    """Writes messages to the log: the default without credentials, and the operators' channel without Slack."""

    name = "log"
    timeout_s = 1.0
    can_look_up = False

    def send(self, message: Outgoing) -> Receipt:
        """Logs the text; the number stays masked."""
        to = masked(message.to) if message.to else "operators"
        _log.warning("alert message %d to %s\n%s", message.delivery_id, to, message.body)
        return Receipt("delivered", None, "logged")

    def find(self, message: Outgoing, since: datetime, known: Set[str]) -> Receipt | None:
        """A log cannot be asked."""
        return None

    def status(self, message_id: str) -> Receipt:
        """A logged message has no id to ask about."""
        raise RefusedError("no_status", "the log keeps no message ids")


def build_channels(settings: Settings) -> Channels:
    """The channels of these settings.

    ``auto`` is WhatsApp where Twilio is configured, else the log. Operators are told in Slack where it is configured,
    else in the log.

    Raises:
        ValueError: when a channel is asked for whose credentials are missing; names the variables.
    """
    log = LogChannel()
    slack = _slack(settings)
    whatsapp = _whatsapp(settings)
    wanted = settings.alerts.channel
    if wanted == "whatsapp" and whatsapp is None:
        raise ValueError(
            "FACTORY_ALERTS__CHANNEL is whatsapp: set FACTORY_TWILIO__ACCOUNT_SID, FACTORY_TWILIO__AUTH_TOKEN and "
            "FACTORY_TWILIO__WHATSAPP_FROM"
        )
    if wanted == "slack" and slack is None:
        raise ValueError("FACTORY_ALERTS__CHANNEL is slack: set FACTORY_SLACK__BOT_TOKEN and FACTORY_SLACK__CHANNEL")
    people = {"auto": whatsapp or log, "whatsapp": whatsapp, "slack": slack, "log": log}[wanted]
    return Channels(people=people or log, operators=log if wanted == "log" else slack or log)


def _whatsapp(settings: Settings) -> Channel | None:
    twilio = settings.twilio
    if twilio.account_sid is None or twilio.auth_token is None or twilio.whatsapp_from is None:
        return None
    from factory_pipelines.alerts.whatsapp import WhatsAppChannel

    return WhatsAppChannel(twilio)


def _slack(settings: Settings) -> Channel | None:
    if settings.slack.bot_token is None or settings.slack.channel is None:
        return None
    from factory_pipelines.alerts.slack import SlackChannel

    return SlackChannel(settings.slack)
