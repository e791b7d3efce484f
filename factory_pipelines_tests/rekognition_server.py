"""Amazon Rekognition as far as collections go, on loopback: speaks its JSON, and throttles, hangs, drops, recovers.

Two pictures show the same face when they are the same after shrinking to 8 × 8 grey values, up to a difference; a
picture without contrast shows none. Faults are taken in order, one for each request.
"""

import base64
import io
import json
import re
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from uuid import uuid4

import numpy as np
from PIL import Image

THROTTLE = (400, "ThrottlingException", "Rate exceeded")
TOO_FAST = (400, "ProvisionedThroughputExceededException", "Slow down")
UNAVAILABLE = (503, "ServiceUnavailableException", "Try later")
BROKEN = (500, "InternalServerError", "Something broke")
DENIED = (400, "AccessDeniedException", "You may not")
BAD_PICTURE = (400, "InvalidImageFormatException", "Request has invalid image format")
HANG, DROP = "hang", "drop"
NOTHING = None  # this request is served


@dataclass
class Request:
    """What came over the wire."""

    at_s: float
    operation: str
    body: dict[str, Any]
    headers: dict[str, str]


@dataclass
class RekognitionServer:
    """Collections by name, each a list of faces."""

    hang_s: float = 1.0
    faults: deque[Any] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)
    collections: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    is_down: bool = False
    lose_next_answer: bool = False
    """Does what is asked, and drops the connection before the answer."""

    def __post_init__(self) -> None:
        self.lock = Lock()
        handler = type("Handler", (_Handler,), {"fake": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def asked(self, operation: str) -> list[Request]:
        return [request for request in self.requests if request.operation == operation]

    def keys(self, collection: str = "people") -> list[str | None]:
        return [face["ExternalImageId"] for face in self.collections.get(collection, [])]

    def answer(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            return getattr(self, re.sub("([A-Z])", r"_\1", operation).lower())(body)

    def _create_collection(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["CollectionId"] in self.collections:
            raise _RefusedError(400, "ResourceAlreadyExistsException", "It exists")
        self.collections[body["CollectionId"]] = []
        return {"StatusCode": 200, "FaceModelVersion": "7.0"}

    def _describe_collection(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"FaceCount": len(self._faces(body)), "FaceModelVersion": "7.0"}

    def _index_faces(self, body: dict[str, Any]) -> dict[str, Any]:
        faces, look = self._faces(body), _look(body)
        if look is None:
            return {"FaceRecords": [], "UnindexedFaces": [{"Reasons": ["LOW_CONFIDENCE"]}]}
        for known in faces:
            # "doesn't save duplicate face metadata" for the same picture, collection and external id.
            if known["ExternalImageId"] == body["ExternalImageId"] and np.array_equal(known["look"], look):
                return {"FaceRecords": [{"Face": {"FaceId": known["FaceId"], "Confidence": 99.9}}]}
        face = {"FaceId": str(uuid4()), "ExternalImageId": body["ExternalImageId"], "look": look}
        faces.append(face)
        return {"FaceRecords": [{"Face": {"FaceId": face["FaceId"], "Confidence": 99.9}}], "UnindexedFaces": []}

    def _search_faces_by_image(self, body: dict[str, Any]) -> dict[str, Any]:
        faces, look = self._faces(body), _look(body)
        if look is None:
            raise _RefusedError(
                400, "InvalidParameterException", "There are no faces in the image. Should be at least 1."
            )
        found = [(100.0 - float(np.abs(face["look"] - look).mean()), face) for face in faces]
        matches = [
            {"Similarity": likeness, "Face": {name: face[name] for name in ("FaceId", "ExternalImageId")}}
            for likeness, face in sorted(found, key=lambda one: -one[0])
            if likeness >= body["FaceMatchThreshold"]
        ]
        return {"FaceMatches": matches[: body["MaxFaces"]], "SearchedFaceConfidence": 99.9}

    def _list_faces(self, body: dict[str, Any]) -> dict[str, Any]:
        faces, start = self._faces(body), int(body.get("NextToken", 0))
        page = faces[start : start + 2]  # small pages, so that callers must turn them
        answer = {"Faces": [{name: f[name] for name in ("FaceId", "ExternalImageId")} for f in page]}
        return answer | ({"NextToken": str(start + 2)} if start + 2 < len(faces) else {})

    def _delete_faces(self, body: dict[str, Any]) -> dict[str, Any]:
        faces, doomed = self._faces(body), set(body["FaceIds"])
        gone = [face["FaceId"] for face in faces if face["FaceId"] in doomed]
        faces[:] = [face for face in faces if face["FaceId"] not in doomed]
        lost = [{"FaceId": one, "Reasons": ["FACE_NOT_FOUND"]} for one in doomed - set(gone)]
        return {"DeletedFaces": gone, "UnsuccessfulFaceDeletions": lost}

    def _faces(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        if body["CollectionId"] not in self.collections:
            raise _RefusedError(400, "ResourceNotFoundException", "No such collection")
        return self.collections[body["CollectionId"]]


class _RefusedError(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


class _Handler(BaseHTTPRequestHandler):
    fake: RekognitionServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        operation = self.headers["X-Amz-Target"].removeprefix("RekognitionService.")
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fake = self.fake
        with fake.lock:
            fake.requests.append(Request(time.monotonic(), operation, body, dict(self.headers)))
            fault = UNAVAILABLE if fake.is_down else fake.faults.popleft() if fake.faults else None
        if fault == HANG:
            time.sleep(fake.hang_s)
        if fault in (HANG, DROP):
            self.close_connection = True
            return
        try:
            if fault is not None:
                raise _RefusedError(*fault)
            answer = fake.answer(operation, body)
            if fake.lose_next_answer:
                fake.lose_next_answer = False
                self.close_connection = True
                return
            self._send(200, answer)
        except _RefusedError as error:
            self._send(error.status, {"__type": error.code, "message": error.message})

    def _send(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def _look(body: dict[str, Any]) -> Any:
    """The face as 8 × 8 grey values; None for a picture without contrast."""
    image = Image.open(io.BytesIO(base64.b64decode(body["Image"]["Bytes"]))).convert("L").resize((8, 8))
    look = np.asarray(image, float)
    return None if look.std() < 5 else look
