"""What a matcher of faces is asked and answers, whichever it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that passed validation, re-encoded without its metadata.

    Attributes:
        jpeg: JPEG bytes, the longer side at most ``pictures.LONGEST_SIDE_PX``, upright, without EXIF.
        width_px: of ``jpeg``.
        height_px: of ``jpeg``.
    """

    jpeg: bytes
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Indexed:
    """A face the matcher will find from now on.

    Attributes:
        face_id: the matcher's own number of it; None where it has none.
        template: what the local matcher compares with; None where the matcher keeps it (Rekognition).
        template_kind: by what it was made: templates of different kinds are not compared.
        confidence_pct: that it is a face, 0 to 100; None where the matcher does not say.
    """

    face_id: str | None
    template: bytes | None
    template_kind: str | None
    confidence_pct: float | None


@dataclass(frozen=True, slots=True)
class NoFace:
    """The picture shows no usable face: an answer, not an error. ``reason`` is the matcher's, for people."""

    reason: str


@dataclass(frozen=True, slots=True)
class FaceMatch:
    """One enrolled face that looks like the searched one; ``similarity_pct`` runs from 0 to 100."""

    face_key: str
    similarity_pct: float


@dataclass(frozen=True, slots=True)
class FaceRef:
    """An enrolled face, as its matcher knows it.

    Attributes:
        face_key: our number, by which the matcher names the face.
        face_id: the matcher's number; None where indexing was never confirmed.
        collection: where it is; None for the local matcher.
    """

    face_key: str
    face_id: str | None
    collection: str | None


class MatcherAwayError(RuntimeError):
    """The matcher cannot be reached now; trying again later may help."""


class MatcherRefusedError(RuntimeError):
    """The matcher refuses the call for what it is: credentials, rights, configuration. Trying again does not help."""


class PictureRefusedError(MatcherRefusedError):
    """The matcher does not take this picture; it would take another."""


class FaceMatcher(Protocol):
    """Amazon Rekognition or the local comparison. Methods raise MatcherAwayError and MatcherRefusedError."""

    name: str
    collection: str | None

    @property
    def default_similarity_pct(self) -> float:
        """From which two faces count as the same person's, unless the settings say otherwise."""

    def index(self, picture: Picture, face_key: str) -> Indexed | NoFace:
        """Makes the largest face of ``picture`` findable; the same picture and key again add nothing."""

    def search(self, picture: Picture, *, min_similarity_pct: float, limit: int = 5) -> list[FaceMatch] | NoFace:
        """Enrolled faces like the largest one of ``picture``, the most similar first; empty: nobody known."""

    def erase(self, faces: Sequence[FaceRef]) -> None:
        """Removes faces for good; those that are gone already are no error."""
