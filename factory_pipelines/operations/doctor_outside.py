"""The doctor's look at other systems: RTMS, WhatsApp, Slack, the language model, Rekognition."""

import json
import urllib.error
import urllib.request
from typing import Any

from factory_pipelines.operations.findings import Finding
from factory_pipelines.settings import Settings

_LONGEST_S = 5.0

_ODBC_REMEDY = (
    "Debian: apt install libodbc2 tdsodbc (FreeTDS), or Microsoft's msodbcsql18; then name the driver in "
    "FACTORY_RTMS__ODBC"
)


def odbc_drivers(settings: Settings) -> list[Finding]:
    """The ODBC drivers of this machine; needed only for RTMS on SQL Server."""
    needed = settings.rtms.source == "mssql"
    try:
        import pyodbc
    except ImportError as error:
        detail = f"unixODBC is missing ({error})" + (
            "" if needed else f"; not needed for source {settings.rtms.source}"
        )
        return [Finding("odbc drivers", "fail" if needed else "off", detail, _ODBC_REMEDY if needed else None)]
    drivers = pyodbc.drivers()
    if drivers:
        return [Finding("odbc drivers", "ok", ", ".join(drivers))]
    detail = "none installed" + ("" if needed else f"; not needed for source {settings.rtms.source}")
    return [Finding("odbc drivers", "fail" if needed else "off", detail, _ODBC_REMEDY if needed else None)]


def rtms(settings: Settings) -> list[Finding]:
    """Whether production data can be had."""
    look = {"demo": _demo, "csv": _csv_folder, "mssql": _sql_server}[settings.rtms.source]
    return [look(settings)]


def _demo(settings: Settings) -> Finding:
    return Finding("rtms", "ok", f"the simulated factory, seed {settings.demo.seed}, scale {settings.demo.scale:g}")


def _csv_folder(settings: Settings) -> Finding:
    folder = settings.rtms.csv_dir
    if folder is None:
        return Finding("rtms", "fail", "source csv without a folder", "Set FACTORY_RTMS__CSV_DIR")
    if not folder.is_dir():
        return Finding("rtms", "fail", f"{folder} is no folder", "Mount it, or correct FACTORY_RTMS__CSV_DIR")
    names = [path.name.lower() for path in folder.iterdir()]
    production = sum("session_wise_production" in name and name.endswith(".csv") for name in names)
    supervisors = sum("supervisors" in name and name.endswith(".csv") for name in names)
    detail = f"{folder}: {production} production files, {supervisors} of supervisors"
    if not production:
        return Finding("rtms", "fail", detail, "Export to *session_wise_production*.csv in this folder")
    if not supervisors:
        return Finding("rtms", "warn", detail, "Export *supervisors*.csv too: alerts need somebody to go to")
    return Finding("rtms", "ok", detail)


def _sql_server(settings: Settings) -> Finding:
    """Logs in and looks for the table, by ODBC's own catalogue."""
    if settings.rtms.odbc is None:
        remedy = "Set FACTORY_RTMS__ODBC, for example DRIVER=FreeTDS;SERVER=rtms;PORT=1433;UID=reader;PWD=…"
        return Finding("rtms", "fail", "source mssql without a server", remedy)
    try:
        import pyodbc
    except ImportError:
        return Finding("rtms", "fail", "cannot connect without unixODBC", _ODBC_REMEDY)
    login_s = int(min(settings.rtms.login_timeout_s, _LONGEST_S))
    table, where = settings.rtms.production_table, settings.rtms.database
    remedy = "Check server, port, login and rights; the account needs SELECT on the two RTMS tables and nothing else"
    try:
        connection = pyodbc.connect(
            settings.rtms.odbc.get_secret_value(), timeout=login_s, autocommit=True, readonly=True
        )
    except pyodbc.Error as error:
        return Finding("rtms", "fail", f"login failed: {error.args[-1]}", remedy)
    try:
        connection.timeout = login_s
        found = connection.cursor().tables(table=table, catalog=where, schema=settings.rtms.schema_name).fetchone()
    except pyodbc.Error as error:
        return Finding("rtms", "warn", f"logged in, but the catalogue does not answer: {error.args[-1]}", remedy)
    finally:
        connection.close()
    if found is None:
        return Finding("rtms", "fail", f"logged in, but there is no table {table} in {where or 'the database'}", remedy)
    return Finding("rtms", "ok", f"logged in; {table} is there")


def twilio(settings: Settings) -> list[Finding]:
    """Whether Twilio knows the account, and whether templates are set."""
    chosen = settings.twilio
    if chosen.account_sid is None and chosen.auth_token is None:
        if settings.alerts.channel == "whatsapp":
            remedy = "Set FACTORY_TWILIO__ACCOUNT_SID, __AUTH_TOKEN and __WHATSAPP_FROM"
            return [Finding("whatsapp", "fail", "chosen as channel, but Twilio is not configured", remedy)]
        return [Finding("whatsapp", "off", "Twilio is not configured")]
    if chosen.account_sid is None or chosen.auth_token is None or chosen.whatsapp_from is None:
        remedy = "Set all of FACTORY_TWILIO__ACCOUNT_SID, __AUTH_TOKEN and __WHATSAPP_FROM"
        return [Finding("whatsapp", "fail", "Twilio is configured in part only", remedy)]
    return [_twilio_account(settings, chosen.account_sid, chosen.auth_token.get_secret_value())]


def _twilio_account(settings: Settings, sid: str, token: str) -> Finding:
    from requests.exceptions import RequestException
    from twilio.base.exceptions import TwilioException
    from twilio.http.http_client import TwilioHttpClient
    from twilio.rest import Client

    client = Client(sid, token, http_client=TwilioHttpClient(timeout=min(settings.twilio.timeout_s, _LONGEST_S)))
    client.http_client.logger.setLevel("WARNING")
    if settings.twilio.base_url is not None:
        client.api.base_url = settings.twilio.base_url
    try:
        account = client.api.accounts(sid).fetch()
    except TwilioException as error:
        said = getattr(error, "msg", None) or str(error)
        return Finding("whatsapp", "fail", f"Twilio refuses: {said}", "Check FACTORY_TWILIO__ACCOUNT_SID and token")
    except RequestException as error:
        return Finding(
            "whatsapp", "fail", f"Twilio cannot be reached ({type(error).__name__})", "Check the way to api.twilio.com"
        )
    if account.status != "active":
        return Finding("whatsapp", "fail", f"the Twilio account is {account.status}", "See the Twilio console")
    template = "digest_content_sid" if settings.alerts.policy == "digest" else "content_sid"
    if getattr(settings.twilio, template) is None:
        remedy = f"Set FACTORY_TWILIO__{template.upper()} to an approved template"
        return Finding("whatsapp", "warn", "account active; free text fails outside 24 h (error 63016)", remedy)
    return Finding("whatsapp", "ok", f"account active, sending as {settings.twilio.whatsapp_from}")


def slack(settings: Settings) -> list[Finding]:
    """Whether Slack knows the token."""
    chosen = settings.slack
    if chosen.bot_token is None and chosen.channel is None:
        if settings.alerts.channel == "slack":
            remedy = "Set FACTORY_SLACK__BOT_TOKEN and __CHANNEL"
            return [Finding("slack", "fail", "chosen as channel, but not configured", remedy)]
        return [Finding("slack", "off", "not configured")]
    if chosen.bot_token is None or chosen.channel is None:
        return [Finding("slack", "fail", "configured in part only", "Set FACTORY_SLACK__BOT_TOKEN and __CHANNEL")]
    from slack_sdk import WebClient
    from slack_sdk.errors import SlackApiError, SlackClientError

    client = WebClient(
        token=chosen.bot_token.get_secret_value(),
        base_url=chosen.base_url or WebClient.BASE_URL,
        timeout=round(max(1.0, min(chosen.timeout_s, _LONGEST_S))),
        retry_handlers=[],
    )
    try:
        who = client.auth_test()
    except SlackApiError as error:
        return [Finding("slack", "fail", f"Slack refuses: {error.response['error']}", "Check FACTORY_SLACK__BOT_TOKEN")]
    except (SlackClientError, OSError) as error:
        detail = f"Slack cannot be reached ({type(error).__name__})"
        return [Finding("slack", "fail", detail, "Check the way to slack.com")]
    return [Finding("slack", "ok", f"{who.get('user')} in {who.get('team')}, posting to {chosen.channel}")]


def llm(settings: Settings) -> list[Finding]:
    """Whether the language model is there; without it the text is deterministic, so nothing here is fatal."""
    chosen = settings.llm
    if chosen.base_url is None:
        return [Finding("llm", "off", "none set; insights are written by the template")]
    try:
        models = _models(chosen.base_url, chosen.api_key.get_secret_value(), min(chosen.timeout_s, _LONGEST_S))
    except urllib.error.HTTPError as error:
        detail = f"{chosen.base_url} answers {error.code} to /models"
        return [Finding("llm", "warn", detail, "Check FACTORY_LLM__BASE_URL (it ends with /v1) and __API_KEY")]
    except (OSError, ValueError, KeyError, TypeError) as error:
        detail = f"{chosen.base_url} does not answer as expected ({error})"
        return [Finding("llm", "warn", detail, "Start it (`ollama serve`), or correct FACTORY_LLM__BASE_URL")]
    if chosen.model in models:
        return [Finding("llm", "ok", f"{chosen.model} at {chosen.base_url}")]
    fallback = chosen.fallback_model if chosen.fallback_model in models else None
    instead = f"the fallback {fallback} will write" if fallback else "the template will write"
    detail = f"{chosen.base_url} has no {chosen.model}: {instead}"
    return [Finding("llm", "warn", detail, f"ollama pull {chosen.model}, or set FACTORY_LLM__MODEL")]


def _models(base_url: str, api_key: str, timeout_s: float) -> set[str]:
    """Names of the models an OpenAI-compatible endpoint offers."""
    if not base_url.startswith(("http://", "https://")):
        raise ValueError("its address must begin with http:// or https://")
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked
        f"{base_url.rstrip('/')}/models", headers={"Authorization": f"Bearer {api_key}"}
    )
    with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310 - likewise
        listed: Any = json.load(answer)
    return {str(model["id"]) for model in listed["data"]}


def faces(settings: Settings) -> list[Finding]:
    """Whether Rekognition knows the collection; without one, faces are compared on this machine."""
    chosen = settings.identity
    if chosen.matcher == "local" or (chosen.matcher == "auto" and chosen.collection_id is None):
        if chosen.local_model is not None and not chosen.local_model.is_file():
            detail = f"{chosen.local_model} is no file"
            return [Finding("faces", "fail", detail, "Correct FACTORY_IDENTITY__LOCAL_MODEL")]
        kind = "a model of yours" if chosen.local_model else "histograms, which is no face recognition"
        return [Finding("faces", "off", f"no Rekognition; compared on this machine by {kind}")]
    if chosen.collection_id is None:
        return [Finding("faces", "fail", "Rekognition without a collection", "Set FACTORY_IDENTITY__COLLECTION_ID")]
    from botocore.exceptions import BotoCoreError, ClientError

    remedy = "Check FACTORY_IDENTITY__AWS_REGION, the credentials and their rights (docs/identity.md)"
    try:
        answer = _rekognition(settings).describe_collection(CollectionId=chosen.collection_id)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ResourceNotFoundException":
            detail = f"Rekognition has no collection {chosen.collection_id} yet: the first enrolment makes it"
            return [Finding("faces", "ok", detail)]
        return [Finding("faces", "fail", f"Rekognition refuses: {code}", remedy)]
    except BotoCoreError as error:
        return [Finding("faces", "fail", f"Rekognition cannot be asked: {error}", remedy)]
    return [Finding("faces", "ok", f"Rekognition's {chosen.collection_id} holds {answer['FaceCount']} faces")]


def _rekognition(settings: Settings) -> Any:
    import boto3
    from botocore.config import Config

    chosen = settings.identity
    key, secret = chosen.aws_access_key_id, chosen.aws_secret_access_key
    wait_s = min(chosen.timeout_s, _LONGEST_S / 2)
    return boto3.session.Session().client(
        "rekognition",
        region_name=chosen.aws_region,
        endpoint_url=chosen.aws_endpoint_url,
        aws_access_key_id=key.get_secret_value() if key else None,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=wait_s, read_timeout=wait_s),
    )
