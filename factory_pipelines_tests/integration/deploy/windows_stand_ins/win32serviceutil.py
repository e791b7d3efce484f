"""Stands in for pywin32 on machines that are not Windows: the base class of a service."""

import sys


class ServiceFramework:
    def __init__(self, arguments: list[str]) -> None:
        self.arguments = arguments

    def ReportServiceStatus(self, status: int, waitHint: int = 5000) -> None:  # noqa: N802, N803
        sys.stdout.write(f"status {status}\n")
