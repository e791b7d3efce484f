"""What may be asked of identity over HTTP, and what the answers look like. The seed's names are kept to the letter."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"  # one line with something to see in it

PersonId = Annotated[
    str,
    Field(min_length=1, max_length=100, pattern=_LINE, description="Employee number or code.", examples=["900101"]),
    AfterValidator(str.strip),
]
Purpose = Annotated[
    str,
    Field(pattern=r"^[a-z0-9_]{1,40}$", description="For what: `attendance`, `access` …", examples=["attendance"]),
]
Device = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$", description="Camera or terminal.", examples=["terminal-1"]),
]
_Words = Annotated[str, Field(min_length=1, max_length=300, pattern=_LINE)]
_Who = Annotated[str, Field(min_length=1, max_length=100, pattern=_LINE, examples=["hr:meera"])]


class ConsentGiven(BaseModel):
    """Somebody agrees to be recognised."""

    model_config = ConfigDict(extra="forbid")

    person_id: PersonId
    purpose: Purpose = "attendance"
    given_at: AwareDatetime | None = Field(None, description="When it was given; default: now.")
    valid_until: AwareDatetime = Field(description="First instant at which it no longer counts; at most ten years on.")
    recorded_by: _Who = Field(description="Who wrote it down.")
    evidence: _Words | None = Field(None, description="Where the signed form is.")


class ConsentWithdrawn(BaseModel):
    """Somebody no longer agrees."""

    model_config = ConfigDict(extra="forbid")

    person_id: PersonId
    purpose: Purpose = "attendance"
    reason: _Words
    withdrawn_by: _Who


class ErasureAsked(BaseModel):
    """Somebody is to be forgotten."""

    model_config = ConfigDict(extra="forbid")

    person_id: PersonId
    reason: _Words
    requested_by: _Who


class ConsentLine(BaseModel):
    """One consent, ended ones with who, when and why."""

    model_config = ConfigDict(extra="ignore")

    consent_id: int
    person_id: str
    purpose: str
    given_at: datetime
    valid_until: datetime
    recorded_by: str
    evidence: str | None
    ended_at: datetime | None
    ended_by: str | None
    ended_reason: str | None


class ConsentLines(BaseModel):
    """All consents of a person, the newest first."""

    person_id: str
    consents: list[ConsentLine]


class Erasure(BaseModel):
    """A tombstone: who was forgotten, why, by whom, when, how much."""

    erasure_id: int
    person_id: str
    reason: str
    requested_by: str
    requested_at: datetime
    face_count: int
    snapshot_count: int
    recognition_count: int
    attempts: int = Field(description="Rounds so far.")
    last_error: str | None = Field(description="What was in the way of the last round.")
    completed_at: datetime | None = Field(description="When the last of it was gone; null while something waits.")


class Erasures(BaseModel):
    """The newest first."""

    count: int
    erasures: list[Erasure]


class WithdrawalAnswer(BaseModel):
    """What the end of a consent led to."""

    person_id: str
    erasure: Erasure | None = Field(description="The last consent's end begins the person's erasure.")


class Person(BaseModel):
    """Somebody with a consent or a face."""

    person_id: str
    purposes: list[str] = Field(description="Of the consents in force.")
    valid_until: datetime | None = Field(description="When the last of them ends.")
    faces: int
    faces_waiting: int
    pictures_without_face: int
    faces_being_erased: int


class Persons(BaseModel):
    """By person_id."""

    count: int
    persons: list[Person]


class EnrolmentAnswer(BaseModel):
    """What became of a picture for enrolment."""

    person_id: str
    status: Literal["indexed", "waiting", "no_face"]
    face_key: str | None
    reason: str | None = Field(description="Why it waits, or why there is no face.")
    matcher: str


class SearchAnswer(BaseModel):
    """Whose face it is."""

    event_id: str
    outcome: Literal["recognised", "unknown", "no_face", "refused", "waiting"]
    person_id: str | None
    similarity_pct: float | None
    snapshot: str | None = Field(description="Path of the kept picture, for GET …/snapshots.")
    reason: str | None = Field(description="Why there is no face, or why it waits.")
    is_punch: bool = Field(description="It is handed to attendance.")
    matcher: str


class SeenRecognition(BaseModel):
    """One searched picture."""

    event_id: str
    seen_at: datetime
    device: str
    purpose: str
    matcher: str
    outcome: str
    person_id: str | None
    similarity_pct: float | None
    snapshot: str | None
    waited: bool
    punch_direction: str | None
    punched_at: datetime | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> "SeenRecognition":
        """From the query's row."""
        return cls.model_validate({**row, "event_id": str(row["event_id"])})


class Recognitions(BaseModel):
    """The newest first."""

    count: int
    recognitions: list[SeenRecognition]


class CleanupAnswer(BaseModel):
    """What a clean-up of snapshots did."""

    success: bool = Field(description="Nothing was in the way.")
    files_deleted: int = Field(description="In a dry run: that would be deleted.")
    disk_space_freed_mb: float = Field(description="MB of 1,000,000 bytes; in a dry run: that would be freed.")
    dry_run: bool
    retention_days: int
    files_kept: int
    error_count: int
    errors: dict[str, str] = Field(description="The first hundred: path → why it could not be deleted.")


class SnapshotKind(BaseModel):
    """The pictures of one folder."""

    kind: str
    files: int
    disk_space_mb: float
    oldest_day: date
    newest_day: date


class SnapshotStats(BaseModel):
    """What is on disk."""

    total_files: int
    disk_space_mb: float
    retention_days: int
    files_over_retention: int
    kinds: list[SnapshotKind]
    errors: dict[str, str] = Field(description="The first hundred: path → why it could not be looked into.")


class IdentityStatus(BaseModel):
    """How identity works at this moment."""

    matcher: str
    collection: str | None
    min_similarity_pct: float
    circuit: Literal["closed", "open", "half_open"] | None = Field(description="Rekognition's; null for the local one.")
    searches_waiting: int
    faces_waiting: int
    retries: int = Field(description="Since the start of this process.")
