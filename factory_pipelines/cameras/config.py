"""What is said about a camera: strict, with the meaning of every key.

Places in the picture are fractions of its width and height, (0, 0) top left and (1, 1) bottom right, so that another
resolution changes nothing.
"""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from factory_pipelines.cameras.addresses import Kind, kind_of

Role = Literal["counting", "gate", "view"]

_Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Point = tuple[_Fraction, _Fraction]
_Name = Annotated[str, Field(pattern=r"^[a-z0-9_]+$", max_length=64)]


class StrictModel(BaseModel):
    """Frozen, strict about names. Errors show no values: an address holds a password."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class LineConfig(StrictModel):
    """A line that people or vehicles cross."""

    name: _Name = Field(description="Unique within the camera.")
    start: Point = Field(description="One end.")
    end: Point = Field(description="The other end. Seen from start to end, `in` is to the right.")
    margin: float = Field(
        0.25, gt=0, lt=2, description="Band on either side in which nobody has crossed yet, in heights of who is in it."
    )

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if self.start == self.end:
            raise ValueError("start and end are the same point: a line has a length")
        return self


class ZoneConfig(StrictModel):
    """A part of the floor; whose feet are in it is in it."""

    name: _Name = Field(description="Unique within the camera.")
    points: tuple[Point, ...] = Field(min_length=3, max_length=64, description="Corners, in order.")
    labels: tuple[str, ...] = Field(("person",), min_length=1, description="What is counted in it.")

    @model_validator(mode="after")
    def _has_an_area(self) -> Self:
        following = (*self.points[1:], self.points[0])
        doubled = sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(self.points, following, strict=True))
        if abs(doubled) < 1e-6:
            raise ValueError("the corners lie on one line: give an area")
        return self


class DetectorConfig(StrictModel):
    """What finds people and vehicles in the picture."""

    kind: Literal["motion", "onnx"] = Field("motion", description="`motion`: whatever moves; `onnx`: a model of yours.")
    model: str | None = Field(None, description="Path of the ONNX file.")
    format: Literal["yolov8", "yolo11", "yolox", "rtdetr"] | None = Field(None, description="What the model answers.")
    classes: tuple[str, ...] = Field((), description="Names of the model's classes, in its order.")
    confidence: float = Field(0.4, gt=0, lt=1, description="Detections below this are left out.")
    iou: float = Field(0.5, gt=0, lt=1, description="Boxes of one class that overlap more than this are one thing.")

    @model_validator(mode="after")
    def _model_is_complete(self) -> Self:
        if self.kind == "onnx":
            missing = [name for name in ("model", "format", "classes") if not getattr(self, name)]
            if missing:
                raise ValueError(f"a detector of kind onnx needs {', '.join(missing)} too")
        elif self.model or self.format or self.classes:
            raise ValueError("model, format and classes are for kind: onnx")
        return self


class ClipConfig(StrictModel):
    """How a file is played."""

    real_time: bool = Field(
        True, description="At the speed it was recorded; false: every picture, as fast as possible."
    )
    loop: bool = Field(True, description="Begin anew at its end; false: stop there.")
    starts_at: AwareDatetime | None = Field(None, description="When its first picture was taken; default: now.")

    @model_validator(mode="after")
    def _time_moves_on(self) -> Self:
        if self.loop and self.starts_at is not None:
            raise ValueError("starts_at and loop exclude each other: the same moment would come again")
        return self

    def began_at(self, now: datetime) -> datetime:
        """Time of the first picture of a playback that begins now."""
        return self.starts_at or now


class CameraConfig(StrictModel):
    """One camera."""

    name: _Name = Field(description="Unique in the plant; also its source_id in the occupancy log.")
    source_url: SecretStr = Field(
        description="rtsp://…, file:clip.mp4, image:picture.jpg or usb:0. May hold a password; never shown."
    )
    role: Role = Field("view", description="`counting`: lines and zones; `gate`: plates; `view`: only watched.")
    is_enabled: bool = Field(True, description="false: configured, and left alone.")
    area_id: str | None = Field(None, min_length=1, max_length=64, description="Area whose people it counts.")
    gate_id: str | None = Field(None, min_length=1, max_length=64, description="Gate whose plates it reads.")
    fps: float = Field(5.0, gt=0, le=60, description="Pictures looked at in a second; a slower camera gives fewer.")
    lines: tuple[LineConfig, ...] = Field((), max_length=16, description="Where crossings are counted.")
    zones: tuple[ZoneConfig, ...] = Field((), max_length=16, description="Where people are counted.")
    detector: DetectorConfig = Field(DetectorConfig(), description="What finds people and vehicles.")
    reader: Literal["pyav", "opencv"] = Field("pyav", description="Library that opens the stream.")
    clip: ClipConfig = Field(ClipConfig(), description="How a file is played.")
    open_timeout_s: float = Field(4.0, ge=0.5, le=30, description="Give up opening after this long.")
    stale_after_s: float = Field(4.0, ge=0.5, le=300, description="Without a picture for so long, the camera is dark.")

    @field_validator("source_url")
    @classmethod
    def _is_an_address(cls, value: SecretStr) -> SecretStr:
        kind_of(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _role_has_its_place(self) -> Self:
        if self.role == "counting" and self.area_id is None:
            raise ValueError("a camera of role counting needs area_id: the area whose people it counts")
        if self.role == "counting" and not self.lines and not self.zones:
            raise ValueError("a camera of role counting needs lines or zones: else it counts nothing")
        if self.role == "gate" and self.gate_id is None:
            raise ValueError("a camera of role gate needs gate_id: the gate whose plates it reads")
        for what in ("lines", "zones"):
            names = [part.name for part in getattr(self, what)]
            if len(names) != len(set(names)):
                raise ValueError(f"two {what} have the same name")
        return self

    @property
    def kind(self) -> Kind:
        """What kind of source the address names."""
        return kind_of(self.source_url.get_secret_value())
