"""Every setting of the platform, in one typed tree.

Read from the environment: prefix ``FACTORY_``, nested with ``__`` (``FACTORY_RTMS__SOURCE=csv``). Secrets are
``SecretStr``: they never appear in a log, a repr or an error. Unknown ``FACTORY_`` names inside a group are refused,
and so is any name almost like one of ours: a typing mistake is an error and not a silent default.
"""

import json
import os
from datetime import date, time
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_core import InitErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from factory_pipelines.plant.clock import PlantClock

_T = TypeVar("_T")


def _listed(value: object) -> object:
    """``a,b`` as an operator writes it, or a JSON list."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


# A set of values in one variable; read here, because pydantic-settings knows JSON only and forgets the field's name.
_SetOf = Annotated[frozenset[_T], NoDecode, BeforeValidator(_listed)]


class Group(BaseModel):
    """A branch of the tree: frozen, strict about names. Errors show no values: a mistyped name may hold a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class PlantSettings(Group):
    """Where and when the factory works."""

    timezone: str = Field("Asia/Kolkata", description="IANA zone of the plant.")
    day_start: time = Field(time(6), description="Wall time at which a production day begins.")
    first_session: time = Field(time(8), description="Start of RTMS session S01; each session lasts one hour.")
    rest_weekdays: _SetOf[int] = Field(frozenset({6}), description="Weekly days of rest, Monday = 0.")
    holidays: _SetOf[date] = Field(frozenset(), description="Production days on which the plant is closed.")

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"there is no time zone {value!r}: use an IANA name such as Asia/Kolkata") from error
        return value

    def clock(self) -> PlantClock:
        """The clock every domain takes its days from."""
        return PlantClock(
            zone=ZoneInfo(self.timezone),
            day_start=self.day_start,
            first_session=self.first_session,
            rest_weekdays=self.rest_weekdays,
            holidays=self.holidays,
        )


class DatabaseSettings(Group):
    """How processes use the warehouse. The address itself is ``FACTORY_DATABASE_URL``."""

    writer_url: SecretStr | None = Field(
        None, description="Login of the writer; default: FACTORY_DATABASE_URL as role factory_writer."
    )
    reader_url: SecretStr | None = Field(
        None, description="Login of the reader; default: FACTORY_DATABASE_URL as role factory_reader."
    )
    dagster_url: SecretStr | None = Field(
        None, description="Dagster's own storage; default: database `dagster` on the same server."
    )
    writer_password: SecretStr | None = Field(None, description="Set on role factory_writer by `factory migrate`.")
    reader_password: SecretStr | None = Field(None, description="Set on role factory_reader by `factory migrate`.")
    dagster_password: SecretStr | None = Field(None, description="Set on role dagster by `factory migrate`.")
    pool_max: int = Field(8, ge=1, le=200, description="Connections one process may hold.")
    connect_timeout_s: int = Field(5, ge=1, le=60, description="Give up connecting after this long.")
    statement_timeout_s: int = Field(300, ge=1, description="The server cancels a statement after this long.")


class RtmsSettings(Group):
    """Where production comes from."""

    source: Literal["demo", "csv", "mssql"] = Field("demo", description="Which RTMS source is pulled.")
    csv_dir: Path | None = Field(None, description="Folder with *session_wise_production*.csv and *supervisors*.csv.")
    odbc: SecretStr | None = Field(None, description="ODBC connection string of the RTMS server.")
    database: str | None = Field("ITR_PRO_IND", description="Database name in SQL Server; empty for none.")
    schema_name: str | None = Field("dbo", description="Schema in SQL Server; empty for none.")
    production_table: str = Field("RTMS_SessionWiseProduction", description="Table of session-wise production.")
    supervisors_table: str = Field("RTMS_SupervisorsDetl", description="Table of supervisors.")
    first_day: date = Field(date(2025, 9, 1), description="First production day that can be pulled.")
    login_timeout_s: int = Field(10, ge=1, le=120, description="Give up logging in after this long.")
    query_timeout_s: int = Field(120, ge=1, description="Give up on a query after this long.")
    batch_rows: int = Field(10_000, ge=1, le=100_000, description="Rows fetched and copied at a time.")

    @field_validator("database", "schema_name", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None


class AlertSettings(Group):
    """When somebody is told, and how."""

    policy: Literal["digest", "seed"] = Field(
        "digest",
        description="`digest`: sustained breaches, one message per supervisor and pull; `seed`: one per employee.",
    )
    efficiency_threshold_pct: float = Field(85.0, gt=0, le=200, description="Below this, an employee is in breach.")
    relative_threshold_pct: float = Field(
        85.0, gt=0, le=100, description="And below this share of the operation's best."
    )
    channel: Literal["auto", "whatsapp", "slack", "log"] = Field(
        "auto", description="`auto`: WhatsApp where Twilio is configured, else the log."
    )
    default_country_code: str = Field(
        "91", pattern=r"^[1-9]\d{0,2}$", description="For phone numbers without a country code."
    )
    sustained_min: int = Field(30, ge=1, description="A breach this old is reported even when seen in one pull only.")
    sustained_pulls: int = Field(2, ge=1, description="A breach seen in this many pulls in a row is reported.")
    pull_gap_min: int = Field(5, ge=0, description="Pulls closer together than this count as one look.")
    escalate_after_min: int = Field(60, ge=1, description="Unacknowledged for this long: tell the next one up.")
    escalation_phone: str | None = Field(None, description="E.164 number of whoever hears escalations.")
    digest_lines: int = Field(5, ge=1, le=50, description="Employees named in one digest; the rest are counted.")
    max_attempts: int = Field(8, ge=1, le=50, description="Sends tried before a delivery is a dead letter.")


class TwilioSettings(Group):
    """WhatsApp through Twilio."""

    account_sid: str | None = Field(None, description="Account of the Twilio console; unset: no WhatsApp.")
    auth_token: SecretStr | None = Field(None, description="The account's token.")
    whatsapp_from: str | None = Field(None, description="Sender, E.164, with or without `whatsapp:`.")
    content_sid: str | None = Field(
        None, description="Approved template for a single alert (free text fails outside 24 h: error 63016)."
    )
    digest_content_sid: str | None = Field(None, description="Approved template for a digest.")
    base_url: str | None = Field(None, description="Another API address, for tests.")
    timeout_s: float = Field(10.0, gt=0, description="Give up on one request after this long.")


class SlackSettings(Group):
    """Slack messages for operators."""

    bot_token: SecretStr | None = Field(None, description="Token of a bot that may write to the channel.")
    channel: str | None = Field(None, description="Channel id or name that operators read.")
    base_url: str | None = Field(None, description="Another API address, for tests.")
    timeout_s: float = Field(10.0, gt=0, description="Give up on one request after this long.")


class LlmSettings(Group):
    """Any OpenAI-compatible endpoint, such as Ollama. Without one the text is deterministic."""

    base_url: str | None = Field(None, description="For example http://127.0.0.1:11434/v1")
    api_key: SecretStr = Field(SecretStr("not-needed"), description="Key of the endpoint, where it wants one.")
    model: str = Field("llama3.2:3b", description="Model asked first.")
    fallback_model: str | None = Field("llama3.2:1b", description="Model asked when the first fails; empty for none.")
    timeout_s: float = Field(30.0, gt=0, description="Give up on one answer after this long.")


class ApiSettings(Group):
    """The edge API."""

    host: str = Field("127.0.0.1", description="Loopback unless you decide otherwise.")
    port: int = Field(8010, ge=1, le=65535, description="Port of the edge API.")
    keys: _SetOf[str] = Field(frozenset(), repr=False, description="Accepted API keys, each `name:secret`.")
    rate_limit_per_min: int = Field(600, ge=1, description="Requests one key (or one address without) may make.")
    cors_origins: _SetOf[str] = Field(frozenset(), description="Web origins whose pages may call this API.")
    max_header_bytes: int = Field(32_768, ge=4_096, description="All headers of a request together.")
    max_body_bytes: int = Field(1_048_576, ge=1_024, description="Body of a request.")
    statement_timeout_s: int = Field(10, ge=1, le=300, description="A query of the API is cancelled after this long.")
    stale_after_min: int = Field(30, ge=1, description="A newest pull older than this is called stale.")
    audit_days: int = Field(365, ge=1, description="How long the audit log is kept.")


class GateSettings(Group):
    """Plates at the gate."""

    profile: str = Field("IN", description="What plates look like: IN, IN_STRICT, GENERIC, or CUSTOM with formats.")
    formats: _SetOf[str] = Field(frozenset(), description="More formats, each name:template, such as uk:LLDDLLL.")
    min_confidence: float = Field(0.85, ge=0, lt=1, description="A read counts when its confidence is above this.")
    min_reads: int = Field(2, ge=1, le=20, description="Several reads of one vehicle: fewer usable ones say nothing.")
    open_min_reads: int = Field(
        1, ge=1, le=20, description="An authorised plate opens when so many reads agree; 2 or more without a guard."
    )
    same_vehicle_s: float = Field(60.0, ge=0, le=3600, description="The same plate again within this is a repetition.")
    memory_trust_min: float = Field(
        30.0, ge=0, description="Without the database, lists older than this in memory open for nobody."
    )


class AttendanceSettings(Group):
    """How punches become shifts worked (docs/attendance.md)."""

    grace_counts_as_late: bool = Field(False, description="An arrival within the grace is LATE too.")
    echo_min: int = Field(3, ge=0, le=60, description="The same direction again within this is the device's echo.")
    handover_min: int = Field(30, ge=0, le=240, description="Around the middle between two shifts: IN is the later's.")
    min_rest_h: int = Field(11, ge=0, le=48, description="Less rest than this between two shifts is flagged.")
    future_tolerance_min: int = Field(5, ge=0, le=1440, description="How far ahead a terminal's clock may be.")
    inbox: Path | None = Field(None, description="Folder of terminals' files, a subfolder a source; unset: none.")
    inbox_settle_s: float = Field(30.0, ge=0, le=3600, description="A file written to within this is not taken yet.")
    inbox_max_mb: int = Field(64, ge=1, le=1024, description="A larger file is refused.")


class VideoSettings(Group):
    """Live pictures of the cameras."""

    jpeg_quality: int = Field(80, ge=10, le=100, description="Of every picture that goes out.")
    max_fps: float = Field(12.5, gt=0, le=60, description="Pictures a second of a watched camera, at most.")
    wall_fps: float = Field(4.0, gt=0, le=25, description="Pictures a second of each camera on the wall page.")
    max_viewers: int = Field(200, ge=1, le=10_000, description="Streams that may be watched at the same time.")
    stalled_viewer_s: float = Field(20.0, gt=0, le=600, description="A viewer who takes nothing this long is cut off.")


class IdentitySettings(Group):
    """Faces, snapshots and their retention (docs/identity.md)."""

    matcher: Literal["auto", "local", "rekognition"] = Field(
        "auto", description="`auto`: Rekognition where a collection is named, else the local comparison."
    )
    collection_id: str | None = Field(
        None, pattern=r"^[a-zA-Z0-9_.\-]{1,255}$", description="Rekognition collection; made when it is missing."
    )
    aws_region: str | None = Field(None, description="Default: boto3's own, such as AWS_DEFAULT_REGION.")
    aws_access_key_id: SecretStr | None = Field(None, description="Default: boto3's own chain (variables, role).")
    aws_secret_access_key: SecretStr | None = Field(None, description="Belongs to the access key.")
    aws_endpoint_url: str | None = Field(None, description="Another address of Rekognition, for tests or a VPC.")
    timeout_s: float = Field(5.0, gt=0, le=60, description="Give up connecting, and waiting for an answer, after this.")
    max_retries: int = Field(3, ge=0, le=6, description="Retries after the first attempt; waits of 1, 2, 4 … s.")
    calls_per_s: float = Field(5.0, gt=0, le=1000, description="Attempts a second of one process, all threads.")
    breaker_failures: int = Field(3, ge=1, description="After so many failed calls in a row Rekognition is left alone.")
    breaker_pause_s: float = Field(30.0, gt=0, le=3600, description="For how long; then one call tries.")
    queue_max: int = Field(500, ge=1, le=100_000, description="Pictures that may wait on disk during an outage.")
    min_similarity_pct: float | None = Field(
        None, gt=0, le=100, description="A face as similar as this is the same person's; default: the matcher's own."
    )
    local_model: Path | None = Field(
        None, description="ONNX model that makes an embedding of a face, for the local matcher; unset: histograms."
    )
    max_image_mb: float = Field(10.0, gt=0, le=50, description="A larger picture is refused unread.")
    max_megapixels: float = Field(25.0, gt=0, le=170, description="A picture of more pixels is refused undecoded.")
    keep_snapshots: Literal["none", "unknown", "all"] = Field(
        "unknown", description="Which searched pictures are kept: none, those of nobody known, all with a face."
    )
    retention_days: int = Field(90, ge=1, description="Snapshots older than this are deleted.")
    attendance_devices: _SetOf[str] = Field(
        frozenset(), description="Where a recognised face is a punch: device:in, device:out or device:any."
    )

    @field_validator("attendance_devices")
    @classmethod
    def _devices_have_directions(cls, value: frozenset[str]) -> frozenset[str]:
        if wrong := sorted(d for d in value if d.rpartition(":")[2] not in {"in", "out", "any"} or ":" not in d[1:]):
            raise ValueError(f"write device:in, device:out or device:any, not {', '.join(wrong)}")
        return value


class CamerasSettings(Group):
    """Cameras that the edge watches (docs/cameras.md)."""

    file: Path | None = Field(None, description="YAML file of cameras, read again whenever it changes.")
    max_megapixels: float = Field(25.0, gt=0, le=200, description="Larger pictures are refused.")
    heartbeat_s: int = Field(30, ge=1, le=3600, description="A camera that counts and sees nothing says so this often.")
    status_every_s: int = Field(10, ge=1, le=60, description="How often each camera's status is written down.")
    journal_max_mb: int = Field(256, ge=1, le=100_000, description="Events that may wait on disk for the database.")


class OccupancySettings(Group):
    """How events become occupancy (docs/occupancy.md)."""

    future_tolerance_min: int = Field(5, ge=0, le=1440, description="How far ahead a device's clock may be.")
    correction_time: time = Field(time(3), description="Wall time of the nightly correction of the doors' drift.")
    capacity_release_pct: float = Field(
        95.0, gt=0, le=100, description="An alert of an area over capacity ends at this share of the capacity."
    )


class UiSettings(Group):
    """The Dagster UI that `factory demo` and `factory up` serve."""

    host: str = Field("127.0.0.1", description="Loopback unless you decide otherwise: the UI has no login.")
    port: int = Field(3000, ge=1, le=65535, description="Port of the Dagster UI.")


class DemoSettings(Group):
    """The simulated factory."""

    seed: int = Field(7, description="Another number, another factory.")
    days: int = Field(90, ge=8, le=730, description="Production history at the first start.")
    scale: float = Field(1.0, gt=0, le=50, description="1.0 is about 500 rows a day.")
    camera_port: int = Field(8554, ge=1, le=65535, description="Port of the simulated cameras' RTSP server.")
    people_days: int = Field(14, ge=2, le=730, description="History of punches and door crossings at the first start.")
    vehicle_days: int = Field(7, ge=1, le=730, description="History of vehicles at the gates at the first start.")


class RetentionSettings(Group):
    """How long Dagster's own history is kept."""

    run_days: int = Field(30, ge=1, description="Runs and their events.")


class Settings(BaseSettings):
    """The whole tree."""

    model_config = SettingsConfigDict(
        env_prefix="FACTORY_",
        env_nested_delimiter="__",
        env_nested_max_split=1,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    home: Path = Field(Path(".factory"), description="Embedded database, Dagster home, logs, models.")
    organization_id: UUID = Field(
        UUID("11111111-1111-1111-1111-111111111111"), description="Whose rows this process reads and writes."
    )
    database_url: SecretStr | None = Field(None, description="PostgreSQL or TimescaleDB; unset: the embedded server.")
    mlflow_artifacts: str | None = Field(
        None, description="Where model files go; default: `mlflow` under home; s3://… in a plant."
    )
    plant: PlantSettings = PlantSettings()
    database: DatabaseSettings = DatabaseSettings()
    rtms: RtmsSettings = RtmsSettings()
    alerts: AlertSettings = AlertSettings()
    twilio: TwilioSettings = TwilioSettings()
    slack: SlackSettings = SlackSettings()
    llm: LlmSettings = LlmSettings()
    api: ApiSettings = ApiSettings()
    gate: GateSettings = GateSettings()
    attendance: AttendanceSettings = AttendanceSettings()
    identity: IdentitySettings = IdentitySettings()
    video: VideoSettings = VideoSettings()
    cameras: CamerasSettings = CamerasSettings()
    occupancy: OccupancySettings = OccupancySettings()
    ui: UiSettings = UiSettings()
    demo: DemoSettings = DemoSettings()
    retention: RetentionSettings = RetentionSettings()

    @property
    def home_dir(self) -> Path:
        """``home`` made absolute: processes started elsewhere must mean the same folder."""
        return self.home.expanduser().resolve()


@lru_cache(maxsize=1)
def _cached(environment: frozenset[tuple[str, str]]) -> Settings:
    settings = Settings()
    _refuse_near_misses({name.upper() for name, _ in environment})
    return settings


# What docker-compose.yml, the services and the tests call their own variables.
_NOT_OURS = frozenset({"FACTORY_API_PORT", "FACTORY_UI_PORT", "FACTORY_VERSION"})


def _refuse_near_misses(variables: set[str]) -> None:
    """Outside the groups any name may be somebody else's; only one that is almost ours is a mistake for certain."""
    known = set()
    for name, field in Settings.model_fields.items():
        group = field.annotation
        inner = group.model_fields if isinstance(group, type) and issubclass(group, BaseModel) else None
        known |= {f"FACTORY_{name}__{leaf}".upper() for leaf in inner} if inner else {f"FACTORY_{name}".upper()}
    for variable in sorted(variables - known - _NOT_OURS):
        if meant := get_close_matches(variable, known, n=1, cutoff=0.9):
            text = "there is no such setting: did you mean {meant}?"
            problem = PydanticCustomError("unknown_variable", text, {"meant": meant[0]})
            details = InitErrorDetails(type=problem, loc=(variable.removeprefix("FACTORY_").lower(),), input=None)
            raise ValidationError.from_exception_data("Settings", [details], hide_input=True)


def load_settings() -> Settings:
    """The settings of this moment's environment (parsed once per distinct environment).

    Raises:
        pydantic.ValidationError: naming the field that is wrong.
    """
    return _cached(frozenset((k, v) for k, v in os.environ.items() if k.upper().startswith("FACTORY_")))
