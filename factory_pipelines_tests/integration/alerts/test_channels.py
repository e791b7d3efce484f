"""Twilio and Slack at the wire: what is sent, and how each failure is judged."""

import logging
import socket
from datetime import UTC, datetime, timedelta

import pytest

from factory_pipelines.alerts.channels import (
    LogChannel,
    NotNowError,
    Outgoing,
    RefusedError,
    UncertainError,
    build_channels,
)
from factory_pipelines.alerts.slack import SlackChannel
from factory_pipelines.alerts.whatsapp import WhatsAppChannel
from factory_pipelines.settings import AlertSettings, Settings, SlackSettings

from .conftest import slack_settings, twilio_settings
from .providers import Drops, Fails, Hangs

MESSAGE = Outgoing(1, "+919876543210", "Asha, 5 below target", "digest", {"1": "Asha", "2": "5 below target"})
HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)


class TestWhatsApp:
    def test_free_text(self, twilio, whatsapp_channel):
        receipt = whatsapp_channel.send(MESSAGE)
        assert (receipt.state, receipt.provider_status) == ("sent", "queued")
        [taken] = twilio.taken
        assert receipt.message_id == taken["sid"]
        assert (taken["to"], taken["from"], taken["body"], taken["content_sid"]) == (
            "whatsapp:+919876543210",
            "whatsapp:+15550100000",
            MESSAGE.body,
            None,
        )

    @pytest.mark.parametrize(("template", "sid"), [("digest", "HX2"), ("alert", "HX1"), (None, None)])
    def test_templates_by_content_sid(self, twilio, template, sid):
        channel = WhatsAppChannel(twilio_settings(twilio.base_url, content_sid="HX1", digest_content_sid="HX2"))
        channel.send(Outgoing(1, MESSAGE.to, MESSAGE.body, template, MESSAGE.variables))
        [taken] = twilio.taken
        assert taken["content_sid"] == sid
        assert taken["body"] == ("Alert: Asha / 5 below target" if sid else MESSAGE.body)

    @pytest.mark.parametrize(
        ("status", "code", "expected"),
        [
            (400, 21211, RefusedError),
            (400, 63016, RefusedError),
            (403, 21408, RefusedError),
            (400, 21610, RefusedError),
            (400, 21656, RefusedError),
            (429, 20429, NotNowError),
            (400, 63018, NotNowError),
            (400, 63007, NotNowError),
            (401, 20003, NotNowError),
            (404, 20404, NotNowError),
            (503, 20503, NotNowError),
            (500, 20500, UncertainError),
            (502, None, UncertainError),
        ],
    )
    def test_errors_are_judged_and_their_codes_kept(self, twilio, whatsapp_channel, status, code, expected):
        twilio.plan.append(Fails(status, code, "because"))
        with pytest.raises(expected) as error:
            whatsapp_channel.send(MESSAGE)
        assert error.value.code == str(code or status)
        assert code is None or "because" in error.value.text
        assert twilio.taken == []

    def test_retry_after_is_heard(self, twilio, whatsapp_channel):
        twilio.plan.append(Fails(429, 20429, headers={"Retry-After": "17"}))
        with pytest.raises(NotNowError) as error:
            whatsapp_channel.send(MESSAGE)
        assert error.value.retry_after_s == 17

    @pytest.mark.parametrize("step", [Hangs(1.0), Hangs(1.0, takes_it=False), Drops(True), Drops(False)])
    def test_no_answer_is_uncertain_and_sent_only_once(self, twilio, whatsapp_channel, step):
        twilio.plan.append(step)
        with pytest.raises(UncertainError):
            whatsapp_channel.send(MESSAGE)
        assert len(twilio.requests) == 1
        found = whatsapp_channel.find(MESSAGE, HOUR_AGO, frozenset())
        assert (found is not None) == step.takes_it

    def test_unreachable_is_certain(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound, not listening: refuses
            channel = WhatsAppChannel(twilio_settings(f"http://127.0.0.1:{taken.getsockname()[1]}"))
            with pytest.raises(NotNowError, match="unreachable"):
                channel.send(MESSAGE)

    def test_finding_compares_recipient_content_time_and_what_is_known(self, twilio):
        channel = WhatsAppChannel(twilio_settings(twilio.base_url, digest_content_sid="HX2"))
        receipt = channel.send(MESSAGE)
        now = datetime.now(UTC)
        assert channel.find(MESSAGE, HOUR_AGO, frozenset()).message_id == receipt.message_id
        assert channel.find(MESSAGE, HOUR_AGO, frozenset({receipt.message_id})) is None
        assert channel.find(MESSAGE, now + timedelta(hours=1), frozenset()) is None
        other = Outgoing(2, MESSAGE.to, MESSAGE.body, "digest", {"1": "Asha", "2": "6 below target"})
        assert channel.find(other, HOUR_AGO, frozenset()) is None
        assert channel.find(Outgoing(2, "+919876500000", "", "digest", {}), HOUR_AGO, frozenset()) is None
        twilio.list_plan.append(Fails(500, 20500))
        with pytest.raises(NotNowError):
            channel.find(MESSAGE, HOUR_AGO, frozenset())

    @pytest.mark.parametrize(
        ("status", "code", "state", "permanent"),
        [
            ("sent", None, "sent", False),
            ("delivered", None, "delivered", False),
            ("read", None, "delivered", False),
            ("undelivered", 63016, "failed", True),
            ("failed", 63018, "failed", False),
            ("failed", None, "failed", False),
        ],
    )
    def test_status(self, twilio, whatsapp_channel, status, code, state, permanent):
        sid = whatsapp_channel.send(MESSAGE).message_id
        twilio.final_status[sid] = (status, code)
        asked = whatsapp_channel.status(sid)
        assert (asked.state, asked.error_code, asked.permanent) == (state, str(code) if code else None, permanent)

    def test_secrets_and_texts_stay_out_of_the_log(self, twilio, whatsapp_channel, caplog):
        caplog.set_level(logging.DEBUG)
        twilio.plan.append(Fails(401, 20003, "Authenticate"))
        with pytest.raises(NotNowError) as error:
            whatsapp_channel.send(MESSAGE)
        whatsapp_channel.send(MESSAGE)
        assert twilio.authorization[0].startswith("Basic ")
        for text in (caplog.text, repr(whatsapp_channel.__dict__), str(error.value)):
            assert "twilio-secret" not in text
        assert MESSAGE.body not in caplog.text
        assert MESSAGE.to not in caplog.text


class TestSlack:
    def test_posts(self, slack, slack_channel):
        receipt = slack_channel.send(MESSAGE)
        assert (receipt.state, receipt.message_id) == ("delivered", slack.taken[0]["sid"])
        assert (slack.taken[0]["to"], slack.taken[0]["body"]) == ("#floor", MESSAGE.body)
        assert slack.authorization == ["Bearer slack-secret"]

    @pytest.mark.parametrize(
        ("step", "expected"),
        [
            (Fails(200, "msg_too_long"), RefusedError),
            (Fails(200, "invalid_auth"), NotNowError),
            (Fails(200, "channel_not_found"), NotNowError),
            (Fails(200, "internal_error"), UncertainError),
            (Fails(500, None), UncertainError),
            (Fails(503, None), NotNowError),
            (Hangs(1.5), UncertainError),
            (Drops(True), UncertainError),
            (Drops(False), UncertainError),
        ],
    )
    def test_failures_are_judged_and_never_resent_by_the_sdk(self, slack, slack_channel, step, expected):
        slack.plan.append(step)
        with pytest.raises(expected):
            slack_channel.send(MESSAGE)
        assert len(slack.requests) == 1

    def test_retry_after_is_heard(self, slack, slack_channel):
        slack.plan.append(Fails(429, "ratelimited", headers={"Retry-After": "9"}))
        with pytest.raises(NotNowError) as error:
            slack_channel.send(MESSAGE)
        assert (error.value.code, error.value.retry_after_s) == ("ratelimited", 9)

    def test_unreachable_is_certain(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            channel = SlackChannel(slack_settings(f"http://127.0.0.1:{taken.getsockname()[1]}"))
            with pytest.raises(NotNowError, match="unreachable"):
                channel.send(MESSAGE)

    def test_secrets_stay_out_of_the_log(self, slack, slack_channel, caplog):
        caplog.set_level(logging.DEBUG)
        slack.plan.append(Fails(200, "invalid_auth"))
        with pytest.raises(NotNowError):
            slack_channel.send(MESSAGE)
        assert "slack-secret" not in caplog.text


class TestBuilding:
    URL = "http://127.0.0.1:1"

    def test_without_credentials_everything_is_logged(self, caplog):
        channels = build_channels(Settings())
        assert (channels.people.name, channels.operators.name) == ("log", "log")
        assert channels.people.send(MESSAGE).state == "delivered"
        assert MESSAGE.body in caplog.text
        assert "+919876543210" not in caplog.text

    @pytest.mark.parametrize(
        ("wanted", "people", "operators"),
        [
            ("auto", "whatsapp", "slack"),
            ("whatsapp", "whatsapp", "slack"),
            ("slack", "slack", "slack"),
            ("log", "log", "log"),
        ],
    )
    def test_with_credentials(self, wanted, people, operators):
        settings = Settings(
            alerts=AlertSettings(channel=wanted), twilio=twilio_settings(self.URL), slack=slack_settings(self.URL)
        )
        channels = build_channels(settings)
        assert (channels.people.name, channels.operators.name) == (people, operators)
        assert channels.route("+919876543210").name == people
        assert channels.route(None).name == operators
        assert channels.named("carrier pigeon") is None

    @pytest.mark.parametrize(
        ("wanted", "names"), [("whatsapp", "FACTORY_TWILIO__AUTH_TOKEN"), ("slack", "FACTORY_SLACK__CHANNEL")]
    )
    def test_a_channel_without_credentials_is_an_error_that_names_them(self, wanted, names):
        with pytest.raises(ValueError, match=names):
            build_channels(Settings(alerts=AlertSettings(channel=wanted)))

    def test_half_a_configuration_is_none(self):
        assert build_channels(Settings(slack=SlackSettings(bot_token="x"))).operators.name == "log"
        assert not LogChannel().can_look_up
