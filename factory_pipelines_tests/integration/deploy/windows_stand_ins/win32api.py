"""Stands in for pywin32 on machines that are not Windows: the current process."""


def GetCurrentProcess() -> int:  # noqa: N802 - the name is pywin32's
    return -1
