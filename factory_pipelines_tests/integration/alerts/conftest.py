"""Fake providers on loopback and the channels that talk to them."""

from collections.abc import Iterator

import pytest

from factory_pipelines.alerts.slack import SlackChannel
from factory_pipelines.alerts.whatsapp import WhatsAppChannel
from factory_pipelines.settings import SlackSettings, TwilioSettings

from .providers import Provider, SlackHandler, TwilioHandler, serving


@pytest.fixture
def twilio() -> Iterator[Provider]:
    with serving(TwilioHandler) as provider:
        yield provider


@pytest.fixture
def slack() -> Iterator[Provider]:
    with serving(SlackHandler) as provider:
        yield provider


def twilio_settings(base_url: str, **changes) -> TwilioSettings:
    values = {
        "account_sid": "AC0123",
        "auth_token": "twilio-secret",
        "whatsapp_from": "+15550100000",
        "base_url": base_url,
        "timeout_s": 0.5,
    }
    return TwilioSettings(**values | changes)


def slack_settings(base_url: str) -> SlackSettings:
    return SlackSettings(bot_token="slack-secret", channel="#floor", base_url=f"{base_url}/api/", timeout_s=1)


@pytest.fixture
def whatsapp_channel(twilio: Provider) -> WhatsAppChannel:
    return WhatsAppChannel(twilio_settings(twilio.base_url))


@pytest.fixture
def slack_channel(slack: Provider) -> SlackChannel:
    return SlackChannel(slack_settings(slack.base_url))
