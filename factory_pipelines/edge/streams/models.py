"""One model for several cameras: whoever has a picture hands it in, and all that wait go through the model together."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition, Thread

from factory_pipelines.vision.types import Detection, Detector, Image

_MOST_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class _Question:
    image: Image
    answer: Future[list[Detection]] = field(default_factory=Future)


class SharedModel:
    """A detector that many threads may ask; the model itself is used from one thread, on pictures of several cameras.

    Nobody is made to wait for company: the pictures of a batch are those that came while the model was busy.
    """

    def __init__(self, model: Detector, *, name: str) -> None:
        """``name`` of the model, for its thread."""
        self._model = model
        self._waiting: list[_Question] = []
        self._changed = Condition()
        self._is_closed = False
        self.batches = 0
        self._thread = Thread(target=self._run, name=f"model-{name}", daemon=True)
        self._thread.start()

    def predict(self, images: Sequence[Image]) -> list[list[Detection]]:
        """As ``Detector.predict``; waits for the model.

        Raises:
            RuntimeError: when the model was closed meanwhile.
        """
        questions = [_Question(image) for image in images]
        with self._changed:
            if self._is_closed:
                raise RuntimeError("the model is closed: no camera names it any longer")
            self._waiting += questions
            self._changed.notify()
        return [question.answer.result() for question in questions]

    def close(self) -> None:
        """Ends the thread; whoever waits is told."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed or self._waiting)
                batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
                if self._is_closed:
                    for question in [*batch, *self._waiting]:
                        question.answer.set_exception(RuntimeError("the model is closed"))
                    return
            self._answer(batch)

    def _answer(self, batch: list[_Question]) -> None:
        self.batches += 1
        try:
            found = self._model.predict([question.image for question in batch])
        except Exception as error:  # noqa: BLE001
            # It is the askers' failure, each counts it for its camera; the model's thread must serve the others.
            for question in batch:
                question.answer.set_exception(error)
            return
        for question, detections in zip(batch, found, strict=True):
            question.answer.set_result(detections)
