"""Amazon Rekognition: a collection of faces, filled, searched and emptied through boto3.

One attempt a call inside boto3, retries outside (``retries.py``), at the pace that all threads share, behind a circuit
breaker. What leaves the house is the re-encoded picture and a random number; never a name.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Lock
from typing import Any

from factory_pipelines.identity.faces import (
    FaceMatch,
    FaceRef,
    Indexed,
    MatcherAwayError,
    MatcherRefusedError,
    NoFace,
    Picture,
    PictureRefusedError,
)
from factory_pipelines.identity.pacing import CircuitBreaker, CircuitOpenError, SharedRate
from factory_pipelines.identity.retries import Retry, retry_on_aws_outage, transient_reason
from factory_pipelines.identity.tally import Tally
from factory_pipelines.settings import IdentitySettings

_MOST_AT_ONCE = 4096  # faces in one DeleteFaces and one ListFaces, by the service's limits
_CONNECTIONS = 16
_BAD_PICTURE = frozenset({"InvalidImageFormatException", "ImageTooLargeException", "InvalidParameterException"})


class RekognitionMatcher:
    """One collection; safe to call from any thread. Nothing connects before the first call."""

    name = "rekognition"
    default_similarity_pct = 90.0

    def __init__(
        self,
        settings: IdentitySettings,
        collection: str,
        *,
        tally: Tally | None = None,
        on_retry: Callable[[str, Retry], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """The client is made at the first call: importing boto3 takes half a second.

        Args:
            settings: region, credentials, time-outs, retries, rate, breaker.
            collection: made at the first call where it is missing.
            tally: counts calls and retries.
            on_retry: hears operation and retry before each wait.
            sleep: waits so many seconds.
            clock: counts seconds.
            chance: from 0 up to 1, for the jitter.
        """
        self.collection: str | None = collection
        self.tally = tally or Tally()
        self.breaker = CircuitBreaker(
            settings.breaker_failures, settings.breaker_pause_s, counts=lambda e: bool(_reason(e)), clock=clock
        )
        self._settings = settings
        self._on_retry = on_retry
        self._sleep = sleep
        self._chance = chance
        self._rate = SharedRate(settings.calls_per_s, clock=clock, sleep=sleep)
        self._made: Any = None
        self._making = Lock()
        self._is_ready = False

    def create(self) -> bool:
        """Makes the collection; says whether it was missing. Doing it again changes nothing."""
        from botocore.exceptions import ClientError

        try:
            self._call("create_collection")
        except ClientError as error:
            if _code(error) != "ResourceAlreadyExistsException":
                raise self._refusal(error) from error
            self._is_ready = True
            return False
        self._is_ready = True
        return True

    def describe(self) -> dict[str, Any] | None:
        """``faces`` and ``model_version`` of the collection; None when there is none."""
        from botocore.exceptions import ClientError

        try:
            answer = self._call("describe_collection")
        except ClientError as error:
            if _code(error) == "ResourceNotFoundException":
                return None
            raise self._refusal(error) from error
        self._is_ready = True
        return {"faces": answer["FaceCount"], "model_version": answer["FaceModelVersion"]}

    def index(self, picture: Picture, face_key: str) -> Indexed | NoFace:
        """As ``FaceMatcher.index``. The same picture and key again give no second face: so the service promises."""
        from botocore.exceptions import ClientError

        self._ensure_collection()
        try:
            answer = self._call(
                "index_faces",
                Image={"Bytes": picture.jpeg},
                ExternalImageId=face_key,
                MaxFaces=1,
                QualityFilter="AUTO",
                DetectionAttributes=[],
            )
        except ClientError as error:
            if _is_no_face(error):
                return NoFace("Rekognition sees no face")
            raise self._refusal(error) from error
        if not answer["FaceRecords"]:
            reasons = sorted({reason for face in answer.get("UnindexedFaces", ()) for reason in face["Reasons"]})
            return NoFace(f"Rekognition indexed no face ({', '.join(reasons) or 'none seen'})")
        face = answer["FaceRecords"][0]["Face"]
        return Indexed(face["FaceId"], None, None, face.get("Confidence"))

    def search(self, picture: Picture, *, min_similarity_pct: float, limit: int = 5) -> list[FaceMatch] | NoFace:
        """As ``FaceMatcher.search``."""
        from botocore.exceptions import ClientError

        self._ensure_collection()
        try:
            answer = self._call(
                "search_faces_by_image",
                Image={"Bytes": picture.jpeg},
                MaxFaces=limit,
                FaceMatchThreshold=min_similarity_pct,
                QualityFilter="AUTO",
            )
        except ClientError as error:
            if _is_no_face(error):
                return NoFace("Rekognition sees no face")
            raise self._refusal(error) from error
        # A face without our number was put there by somebody else: nobody here consented to it.
        known = (found for found in answer["FaceMatches"] if found["Face"].get("ExternalImageId"))
        return [FaceMatch(found["Face"]["ExternalImageId"], found["Similarity"]) for found in known]

    def erase(self, faces: Sequence[FaceRef]) -> None:
        """As ``FaceMatcher.erase``. A face whose indexing was never confirmed is looked for by its key."""
        from botocore.exceptions import ClientError

        ids = {face.face_id for face in faces if face.face_id is not None}
        try:
            if unsure := {face.face_key for face in faces if face.face_id is None}:
                ids |= {face_id for face_id, key in self.listed() if key in unsure}
            for part in _parts(sorted(ids), _MOST_AT_ONCE):
                answer = self._call("delete_faces", FaceIds=part)
                failed = [f for f in answer.get("UnsuccessfulFaceDeletions", ()) if _still_there(f)]
                if failed:
                    raise MatcherAwayError(f"Rekognition kept {len(failed)} faces: {failed[0].get('Reasons')}")
        except ClientError as error:
            if _code(error) != "ResourceNotFoundException":  # no collection, no faces
                raise self._refusal(error) from error

    def listed(self) -> Iterator[tuple[str, str | None]]:
        """Every face of the collection: the service's number and our key, where it has one."""
        token: dict[str, str] = {}
        while True:
            answer = self._call("list_faces", MaxResults=_MOST_AT_ONCE, **token)
            yield from ((face["FaceId"], face.get("ExternalImageId")) for face in answer["Faces"])
            if not answer.get("NextToken"):
                return
            token = {"NextToken": answer["NextToken"]}

    def _ensure_collection(self) -> None:
        if not self._is_ready and self.describe() is None:
            self.create()

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """One call with its retries.

        Raises:
            MatcherAwayError: when every attempt failed, or the circuit is open.
            botocore.exceptions.ClientError: when the service refuses the call.
        """

        def attempt() -> dict[str, Any]:
            self.tally.paced(self._rate.take())
            answer: dict[str, Any] = getattr(self._client(), operation)(CollectionId=self.collection, **arguments)
            return answer

        def heard(retry: Retry) -> None:
            self.tally.retried(operation, retry.reason)
            if self._on_retry is not None:
                self._on_retry(operation, retry)

        retrying = retry_on_aws_outage(
            self._settings.max_retries, on_retry=heard, sleep=self._sleep, chance=self._chance
        )
        try:
            answer = self.breaker.call(retrying(attempt))
        except CircuitOpenError as error:
            self.tally.called(operation, "not_called")
            raise MatcherAwayError(f"Rekognition is away: {error}") from error
        except Exception as error:
            self._tell(operation, error)
            raise
        self.tally.called(operation, "ok")
        return answer

    def _tell(self, operation: str, error: Exception) -> None:
        """Counts what went wrong, and says it in our words where it is no answer of the service."""
        from botocore.exceptions import BotoCoreError

        reason = _reason(error)
        if reason is not None:
            self.tally.called(operation, "away")
            attempts = self._settings.max_retries + 1
            raise MatcherAwayError(f"Rekognition is away ({reason}, {attempts} attempts): {error}") from error
        self.tally.called(operation, "no_face" if _is_no_face(error) else "refused")
        if isinstance(error, BotoCoreError):
            raise MatcherRefusedError(
                f"Rekognition cannot be called: {error}; see FACTORY_IDENTITY__AWS_REGION and the credentials"
            ) from error

    def _refusal(self, error: Any) -> MatcherRefusedError:
        said = error.response.get("Error", {})
        if said.get("Code") == "ResourceNotFoundException":
            self._is_ready = False  # somebody deleted the collection: the next call makes it anew
        detail = f"{said.get('Code')}: {said.get('Message')}"
        if said.get("Code") in _BAD_PICTURE:
            return PictureRefusedError(f"Rekognition does not take this picture ({detail})")
        return MatcherRefusedError(f"Rekognition refuses: {detail}; docs/identity.md names the rights it needs")

    def _client(self) -> Any:
        with self._making:  # sessions of boto3 are not safe to make clients from in several threads
            if self._made is None:
                self._made = _client(self._settings)
            return self._made


def _client(settings: IdentitySettings) -> Any:
    import boto3
    from botocore.config import Config

    secret = settings.aws_secret_access_key
    key = settings.aws_access_key_id
    return boto3.session.Session().client(
        "rekognition",
        region_name=settings.aws_region,
        endpoint_url=settings.aws_endpoint_url,
        aws_access_key_id=key.get_secret_value() if key else None,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
        config=Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            connect_timeout=settings.timeout_s,
            read_timeout=settings.timeout_s,
            max_pool_connections=_CONNECTIONS,
        ),
    )


def _reason(error: BaseException) -> str | None:
    # A service that keeps some faces has answered.
    return None if isinstance(error, MatcherAwayError) else transient_reason(error)


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _is_no_face(error: Any) -> bool:
    """The service answers a picture without a face with an error, whose code bad parameters share."""
    response = getattr(error, "response", {})
    said = response.get("Error", {})
    return said.get("Code") == "InvalidParameterException" and "no faces" in str(said.get("Message", "")).lower()


def _still_there(failed: dict[str, Any]) -> bool:
    return "FACE_NOT_FOUND" not in failed.get("Reasons", ())


def _parts(values: Sequence[str], size: int) -> Iterable[list[str]]:
    return (list(values[start : start + size]) for start in range(0, len(values), size))
