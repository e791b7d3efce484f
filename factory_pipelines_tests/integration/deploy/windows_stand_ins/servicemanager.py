"""Stands in for pywin32 on machines that are not Windows: the event log."""

import sys


def LogErrorMsg(text: str) -> None:  # noqa: N802 - the name is pywin32's
    sys.stderr.write(f"event log: {text}\n")
