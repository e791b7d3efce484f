"""Checks of identity's tables: one step a table, one query a step (see ``orchestration/checks.py``)."""

from factory_pipelines.identity.tables import CONSENTS, ERASURES, FACES, RECOGNITIONS
from factory_pipelines.orchestration.checks import table_checks

CHECKS = [
    table_checks(
        CONSENTS,
        query="identity/check_consents",
        blocking={"times_are_possible": "No consent was given in the future, or runs for more than ten years."},
        warning={"renewed_in_time": "No consent of an enrolled person runs out within fourteen days."},
    ),
    table_checks(
        FACES,
        query="identity/check_faces",
        blocking={
            "somebody_agreed": "No face is enrolled whose person has had no consent in force for two hours.",
            "findable_faces_are_complete": "An indexed face has Rekognition's number or a local template.",
        },
        warning={"indexed_in_time": "No face waits for its matcher for more than a day."},
    ),
    table_checks(
        RECOGNITIONS,
        query="identity/check_recognitions",
        blocking={
            "named_by_consent": "Everybody who was named had agreed to this purpose at that moment.",
            "times_are_possible": "Nothing was seen in the future.",
            "punches_are_handed_over": "Every punch was handed to attendance within an hour.",
        },
        warning={"cameras_see_faces": "At no device more than half of at least twenty pictures show no face."},
    ),
    table_checks(
        ERASURES,
        query="identity/check_erasures",
        blocking={
            "nothing_is_left": "Of nobody who was erased, and did not agree anew, is anything left.",
            "done_in_time": "No erasure waits for more than a day.",
        },
    ),
]
