"""Stands in for pywin32 on machines that are not Windows: its constants."""

SERVICE_STOP_PENDING = 3
