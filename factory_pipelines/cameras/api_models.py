"""What the cameras' routes take and give."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from factory_pipelines.cameras.config import (
    CameraConfig,
    ClipConfig,
    DetectorConfig,
    LineConfig,
    Role,
    ZoneConfig,
)

_DEFAULTS = CameraConfig.model_fields


def _like(name: str) -> Any:
    """The field of ``CameraConfig`` with this name."""
    return _DEFAULTS[name]


# What `addresses.kind_of` takes, for whoever reads the document. Files of this machine are the configuration file's.
_ADDRESS = (
    r"^(rtsps?://([A-Za-z0-9._~%-]+(:[A-Za-z0-9._~%-]+)?@)?[A-Za-z0-9][A-Za-z0-9.-]*(:[1-9][0-9]{0,3})?(/[!-~]*)?"
    r"|usb:[0-9]+)$"
)


class CameraDefinition(BaseModel):
    """A camera without its name, which stands in the path; see docs/cameras.md."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    source_url: SecretStr | None = Field(
        None,
        description="rtsp://…; may be left out where only other things change. Never shown again.",
        json_schema_extra={"pattern": _ADDRESS},
    )
    role: Role = _like("role")
    is_enabled: bool = _like("is_enabled")
    area_id: str | None = _like("area_id")
    gate_id: str | None = _like("gate_id")
    fps: float = _like("fps")
    lines: tuple[LineConfig, ...] = _like("lines")
    zones: tuple[ZoneConfig, ...] = _like("zones")
    detector: DetectorConfig = _like("detector")
    reader: Literal["pyav", "opencv"] = _like("reader")
    clip: ClipConfig = _like("clip")
    open_timeout_s: float = _like("open_timeout_s")
    stale_after_s: float = _like("stale_after_s")


class CameraStatus(BaseModel):
    """A camera as its worker saw it last."""

    name: str = Field(examples=["hall_door"])
    role: Role
    state: Literal["starting", "live", "waiting", "stopped", "unknown"] = Field(
        description="`unknown`: no worker has reported for a while."
    )
    is_fresh: bool | None = Field(description="Live, with a picture that is not too old; null while unknown.")
    reason: str | None = Field(description="Why it is dark, for programs.", examples=["refused"])
    detail: str = Field(description="The same for people.")
    since: datetime = Field(description="When state or reason changed.")
    last_frame_at: datetime | None
    fps: float | None = Field(description="Pictures that arrive in a second.")
    width: int | None
    height: int | None
    reconnects: int
    reported_at: datetime
    worker: str


class CameraStatuses(BaseModel):
    """All cameras."""

    count: int
    fresh: int
    dark: list[str] = Field(description="Names of cameras that are not fresh.")
    unknown: list[str] = Field(description="Names of cameras that nobody has reported on lately.")
    cameras: list[CameraStatus]


class CameraLine(BaseModel):
    """A registered camera; its address is never shown."""

    name: str
    definition: dict[str, Any] = Field(description="What differs from the defaults.")
    changed_at: datetime
    changed_by: str


class CameraLines(BaseModel):
    """All registered cameras; those of the configuration file are not among them."""

    count: int
    cameras: list[CameraLine]


class Done(BaseModel):
    """It was done."""

    name: str
    outcome: Literal["registered", "removed", "restarted"]
