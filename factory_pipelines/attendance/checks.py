"""Checks of the attendance tables: one step a table, one query a step (see ``orchestration/checks.py``)."""

from factory_pipelines.attendance.tables import EMPLOYEE_ATTENDANCE, PAYROLL_LINES, PUNCH_FILES, PUNCH_LEDGER, PUNCHES
from factory_pipelines.orchestration.checks import table_checks

CHECKS = [
    table_checks(
        PUNCHES,
        query="attendance/check_punches",
        blocking={"times_are_possible": "No punch lies in the future of its arrival; all are whole seconds."},
        warning={"nothing_refused": "No event of the last day was refused; refused ones are in attendance.refusals."},
    ),
    table_checks(
        EMPLOYEE_ATTENDANCE,
        query="attendance/check_employee_attendance",
        blocking={
            "minutes_conserved": "Presence and paid gaps are regular time, overtime and unpaid time, to the second.",
            "values_in_range": "No bin is negative, nobody leaves before coming, and the status fits the flags.",
        },
        warning={
            "sources_report": "All required sources have reported within a day of the newest punch.",
        },
    ),
    table_checks(
        PUNCH_LEDGER,
        query="attendance/check_punch_ledger",
        blocking={
            "every_punch_once": "Each punch of the days stands in the ledger exactly once.",
            "roles_reconcile": "Each shift has as many punches in the ledger as it says.",
        },
        warning={"no_exceptions": "Every punch belongs to a shift; the others wait in attendance.exceptions."},
    ),
    table_checks(
        PAYROLL_LINES,
        query="attendance/check_payroll_lines",
        blocking={
            "pays_what_was_worked": "Lines and adjustments pay regular time and overtime, less a weekly cap.",
            "lines_unique": "A shift has one line a category and multiplier.",
        },
    ),
    table_checks(
        PUNCH_FILES,
        query="attendance/check_punch_files",
        blocking={},
        warning={
            "files_are_read": "No file of the last day was refused; its reason says what to do.",
            "rows_are_punches": "No row of the last day's files was refused; they are in attendance.refusals.",
        },
    ),
]
