"""The matcher of a house without AWS: finds the largest face and compares it with the enrolled ones, on this machine.

Without a model it compares histograms of local binary patterns (Ahonen et al., "Face Description with Local Binary
Patterns", 2006). That is a comparison of textures, not face recognition as it is known today: it tells a few dozen
people apart who look straight into one camera under one light, and it must not open doors or pay wages by itself. With
``FACTORY_IDENTITY__LOCAL_MODEL`` an ONNX model of the user's makes an embedding instead, and is as good as that model.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np

from factory_pipelines.identity.faces import FaceMatch, FaceRef, Indexed, MatcherRefusedError, NoFace, Picture
from factory_pipelines.identity.pictures import pixels

Template = tuple[str, str, bytes]
"""Key of an enrolled face, kind of its template, the template: float16 values of a vector of length 1."""

_FACE_SIDE_PX = 128
_CELLS = 8
_BINS = 59
_BLUR_PX = 2.0
_RADIUS_PX = 2
_TOLERANCE = 3  # grey levels: what differs by less is alike, or the camera's noise would be the pattern
_SEARCHED_SIDE_PX = 640
_SMALLEST_FACE_PX = 60
_BACKGROUND = 0.12  # of the box, on each side: Haar boxes hold hair and background at their edges


class Describer(Protocol):
    """Makes a vector of length 1 of a face.

    A searched face is described in each of ``scales``, and the best one counts: the box that the cascade draws around
    a face differs by a tenth from one photo to the next.
    """

    kind: str
    default_similarity_pct: float
    scales: tuple[float, ...]

    def describe(self, face: Any) -> Any:
        """``face`` is height × width × 3, blue, green, red; returns float32 values."""


class PatternHistograms:
    """Square roots of the frequencies of uniform local binary patterns, in 8 × 8 cells."""

    kind = "lbp-8x8-1"
    default_similarity_pct = 96.0
    scales: tuple[float, ...] = (0.88, 0.92, 0.96, 1.0, 1.04, 1.08, 1.12)

    def __init__(self) -> None:
        """A pattern is uniform when it changes at most twice around the circle: 58 of them, one bin for all others."""
        codes = np.arange(256)
        changes = sum(((codes >> bit) & 1) != ((codes >> (bit + 1) % 8) & 1) for bit in range(8))
        self._bin_of = np.full(256, _BINS - 1, np.uint8)
        self._bin_of[changes <= 2] = np.arange(_BINS - 1, dtype=np.uint8)

    def describe(self, face: Any) -> Any:
        """As ``Describer.describe``."""
        import cv2

        size = (_FACE_SIDE_PX, _FACE_SIDE_PX)
        grey = cv2.resize(cv2.cvtColor(face, cv2.COLOR_BGR2GRAY), size, interpolation=cv2.INTER_AREA)
        bins = self._bin_of[_binary_patterns(cv2.GaussianBlur(grey, (0, 0), _BLUR_PX))]
        side = _FACE_SIDE_PX // _CELLS
        cells = bins.reshape(_CELLS, side, _CELLS, side).swapaxes(1, 2)
        counts = [np.bincount(cell.ravel(), minlength=_BINS) for row in cells for cell in row]
        vector = np.sqrt(np.concatenate(counts).astype(np.float32))
        return vector / np.linalg.norm(vector)


class OnnxEmbedding:
    """A user's model: 1 × 3 × H × W in, red, green, blue from -1 to 1 (as ArcFace takes them); a vector out."""

    default_similarity_pct = 45.0
    scales: tuple[float, ...] = (1.0,)

    def __init__(self, model: Path) -> None:
        """Loads the model.

        Raises:
            MatcherRefusedError: when there is none, or it takes something else.
        """
        import onnxruntime

        try:
            data = model.read_bytes()
            self._session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        except Exception as error:
            # onnxruntime's errors have no public base class.
            detail = f"FACTORY_IDENTITY__LOCAL_MODEL: {model} cannot be loaded ({error})"
            raise MatcherRefusedError(detail) from error
        self.kind = f"onnx-{hashlib.sha256(data).hexdigest()[:12]}"
        [wanted, *others] = self._session.get_inputs()
        if others or len(wanted.shape) != 4 or wanted.shape[1] != 3:
            raise MatcherRefusedError(f"FACTORY_IDENTITY__LOCAL_MODEL: {model} must take one input of 1 × 3 × H × W")
        self._input = wanted.name
        height, width = (side if isinstance(side, int) else 112 for side in wanted.shape[2:])
        self._size = (width, height)

    def describe(self, face: Any) -> Any:
        """As ``Describer.describe``.

        Raises:
            MatcherRefusedError: when the model gives no direction for this face.
        """
        import cv2

        rgb = cv2.cvtColor(cv2.resize(face, self._size), cv2.COLOR_BGR2RGB).astype(np.float32)
        batch = ((rgb - 127.5) / 127.5).transpose(2, 0, 1)[np.newaxis]
        vector = np.asarray(self._session.run(None, {self._input: batch})[0], np.float32).ravel()
        length = float(np.linalg.norm(vector))
        if not np.isfinite(length) or length == 0:
            raise MatcherRefusedError("FACTORY_IDENTITY__LOCAL_MODEL: the model gave no vector for a face")
        return vector / length


class LocalMatcher:
    """Enrolled faces live as templates in the warehouse; this class holds none. Safe to call from any thread."""

    name = "local"
    collection: str | None = None

    def __init__(self, templates: Callable[[], Iterable[Template]], model: Path | None = None) -> None:
        """``templates`` gives all enrolled faces of this moment; ``model`` is the user's ONNX file."""
        self._templates = templates
        self._model = model
        self._describer: Describer | None = None
        self._finder: Any = None
        self._alone = Lock()  # neither OpenCV's cascade nor its making is safe in several threads

    @property
    def default_similarity_pct(self) -> float:
        """Of the describer in use."""
        return OnnxEmbedding.default_similarity_pct if self._model else PatternHistograms.default_similarity_pct

    def index(self, picture: Picture, face_key: str) -> Indexed | NoFace:
        """As ``FaceMatcher.index``; the template is for the caller to keep."""
        described = self._described(picture, is_search=False)
        if described is None:
            return NoFace("no face looks into the camera")
        kind, [vector] = described
        return Indexed(None, vector.astype(np.float16).tobytes(), kind, None)

    def search(self, picture: Picture, *, min_similarity_pct: float, limit: int = 5) -> list[FaceMatch] | NoFace:
        """As ``FaceMatcher.search``; similarity is the cosine of both vectors, in percent, never below 0."""
        described = self._described(picture, is_search=True)
        if described is None:
            return NoFace("no face looks into the camera")
        kind, vectors = described
        known = [(key, template) for key, made_by, template in self._templates() if made_by == kind]
        if not known:
            return []
        matrix = np.stack([np.frombuffer(template, np.float16) for _, template in known]).astype(np.float32)
        similarity_pct = 100 * np.clip((matrix @ np.stack(vectors).T).max(axis=1), 0, 1)
        best = np.argsort(-similarity_pct, kind="stable")[:limit]
        found = [FaceMatch(known[place][0], float(similarity_pct[place])) for place in best]
        return [match for match in found if match.similarity_pct >= min_similarity_pct]

    def erase(self, faces: Sequence[FaceRef]) -> None:
        """As ``FaceMatcher.erase``: the template went with its row, there is nothing else."""

    def _described(self, picture: Picture, *, is_search: bool) -> tuple[str, list[Any]] | None:
        """Kind and vectors of the largest face, in one scale or all; None without a face."""
        image = pixels(picture)
        with self._alone:
            box = self._largest_face(image)
            if box is None:
                return None
            if self._describer is None:
                self._describer = OnnxEmbedding(self._model) if self._model else PatternHistograms()
            scales = self._describer.scales if is_search else (1.0,)
            return self._describer.kind, [self._describer.describe(_cut_out(image, box, scale)) for scale in scales]

    def _largest_face(self, image: Any) -> Any:
        """Box (x, y, width, height, in pixels) of the largest upright frontal face; None when there is none."""
        import cv2

        if self._finder is None:
            folder: str = cv2.data.haarcascades  # type: ignore[attr-defined]
            self._finder = cv2.CascadeClassifier(str(Path(folder) / "haarcascade_frontalface_default.xml"))
        scale = min(1.0, _SEARCHED_SIDE_PX / max(image.shape[:2]))
        grey = cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), None, fx=scale, fy=scale)
        smallest = round(_SMALLEST_FACE_PX * scale) if scale < 1 else _SMALLEST_FACE_PX
        boxes = self._finder.detectMultiScale(grey, 1.1, 5, minSize=(max(smallest, 24), max(smallest, 24)))
        if len(boxes) == 0:
            return None
        return max(boxes, key=lambda box: box[2] * box[3]) / scale


def _cut_out(image: Any, box: Any, scale: float) -> Any:
    """The face in its box, without the background at its edges, a little closer or wider."""
    x, y, width, height = box
    half_x, half_y = ((0.5 - _BACKGROUND) * scale * side for side in (width, height))
    x, y = x + width / 2, y + height / 2
    return image[max(0, round(y - half_y)) : round(y + half_y), max(0, round(x - half_x)) : round(x + half_x)]


def _binary_patterns(grey: Any) -> Any:
    """For each pixel, which of eight neighbours are brighter by more than the tolerance: one bit each, around it."""
    r = _RADIUS_PX
    padded = np.pad(grey, r, mode="edge").astype(np.int16)
    least = grey.astype(np.int16) + _TOLERANCE
    rows, columns = grey.shape
    codes = np.zeros_like(grey)
    around = [(0, 0), (0, r), (0, 2 * r), (r, 2 * r), (2 * r, 2 * r), (2 * r, r), (2 * r, 0), (r, 0)]
    for bit, (dy, dx) in enumerate(around):
        codes |= (padded[dy : dy + rows, dx : dx + columns] > least).astype(np.uint8) << bit
    return codes
