"""How one RTMS column becomes one warehouse column: clean values, and a reason for every value that cannot be.

Work is done a column at a time; Python looks only at distinct texts and at faulty values.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Problems = dict[int, str]
"""Row index -> what is wrong with the value there, as the end of a sentence that begins with the column's name."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)([ T]\d\d:\d\d(:\d\d(\.\d*)?)?)?", re.ASCII)
_EXCEL_INTEGER = re.compile(r"(\d+)\.0", re.ASCII)
_FLAGS = {"y": True, "n": False, "1": True, "0": False, "true": True, "false": False}
# The largest bigint that a float64 holds exactly, because some exports carry counts and keys as floats.
_LIMITS = {pa.int32(): 2**31 - 1, pa.int64(): 2**63 - 1024}


class UnacceptableError(ValueError):
    """The value cannot be taken in; the message ends a sentence that begins with the column's name."""


@dataclass(frozen=True)
class Field:
    """One column of the contract.

    Attributes:
        column: its name in the warehouse.
        rtms: its name in RTMS.
        kind: the Arrow type it is stored as.
        required: whether an empty value is refused.
        minimum: smallest number accepted.
        maximum: largest number accepted.
        tidy: for texts, what is done beyond trimming.
    """

    column: str
    rtms: str
    kind: pa.DataType
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    tidy: Callable[[str], str] | None = None

    @property
    def is_numeric(self) -> bool:
        """Whether the column holds numbers."""
        return bool(pa.types.is_integer(self.kind) or pa.types.is_floating(self.kind))

    def clean(self, values: pa.Array) -> tuple[pa.Array, Problems]:
        """``values`` (numbers, texts, dates, anything Arrow) as ``kind``; NULL where empty or faulty.

        Returns:
            The clean array, and the problem of each faulty row.
        """
        if pa.types.is_null(values.type):
            clean, problems = pa.nulls(len(values), self.kind), Problems()
        elif self.is_numeric and (pa.types.is_integer(values.type) or pa.types.is_float64(values.type)):
            clean, problems = self._from_numbers(values)
        elif self.kind == pa.date32() and (pa.types.is_timestamp(values.type) or pa.types.is_date(values.type)):
            clean, problems = values.cast(pa.timestamp("us"), safe=False).cast(pa.date32(), safe=False), Problems()
        else:
            clean, problems = self._from_texts(as_text(values))
        if self.required and clean.null_count:
            for row in np.flatnonzero(clean.is_null().to_numpy(zero_copy_only=False)).tolist():
                problems.setdefault(row, "is empty")
        return clean, problems

    def parse(self, text: str) -> Any:
        """One text as a plain value, None where it is empty.

        Raises:
            UnacceptableError: saying what is wrong with it.
        """
        text = " ".join(text.split())
        if "\0" in text:
            raise UnacceptableError("contains a NUL character")
        if pa.types.is_string(self.kind):
            return (self.tidy(text) if self.tidy else text) or None
        if not text:
            return None
        if self.kind == pa.date32():
            return parse_day(text)
        if self.kind == pa.bool_():
            return _parse_flag(text)
        return self._parse_number(text)

    def _parse_number(self, text: str) -> int | float | None:
        if text.lower() == "nan":
            return None
        if not _NUMBER.fullmatch(text):
            raise UnacceptableError(f"is {_shown(text)}, not a {self._kind_name()}")
        if self.kind == pa.float64():
            value: int | float = float(text)
        else:
            exact = Decimal(text)
            if exact != exact.to_integral_value():
                raise UnacceptableError(f"is {text}, not a whole number")
            value = int(exact)
        if problem := self._range_problem(value):
            raise UnacceptableError(problem)
        return value

    def _range_problem(self, value: float) -> str | None:
        low, high = self._limits()
        shown = f"{value:.15g}" if isinstance(value, float) else str(value)
        if not low <= value <= high:
            return f"is {shown}, below {low:g}" if value < low else f"is {shown}, above {high:g}"
        return None

    def _limits(self) -> tuple[float, float]:
        widest = _LIMITS.get(self.kind, float(np.finfo(np.float64).max))
        return (-widest if self.minimum is None else self.minimum), (widest if self.maximum is None else self.maximum)

    def _kind_name(self) -> str:
        return "number" if self.kind == pa.float64() else "whole number"

    def _from_numbers(self, values: pa.Array) -> tuple[pa.Array, Problems]:
        low, high = self._limits()
        if pa.types.is_floating(values.type):
            values = pc.if_else(pc.is_nan(values), None, values)
        elif (found := pc.min_max(values).as_py())["min"] is None or (low <= found["min"] and found["max"] <= high):
            return values.cast(self.kind), {}  # the usual case, told without looking at each value
        numbers = values.fill_null(0).to_numpy(zero_copy_only=False)
        faulty = (numbers < low) | (numbers > high)
        if self.kind != pa.float64() and pa.types.is_floating(values.type):
            faulty |= numbers != np.trunc(numbers)
        faulty &= values.is_valid().to_numpy(zero_copy_only=False)
        if not faulty.any():
            return values.cast(self.kind), {}
        problems = {row: self._number_problem(numbers[row].item()) for row in np.flatnonzero(faulty).tolist()}
        return pc.if_else(pa.array(faulty), None, values).cast(self.kind), problems

    def _number_problem(self, value: float) -> str:
        return self._range_problem(value) or f"is {value:.15g}, not a whole number"

    def _from_texts(self, texts: pa.Array) -> tuple[pa.Array, Problems]:
        encoded = texts.dictionary_encode()
        distinct = encoded.dictionary.to_pylist()
        parsed: list[Any] = []
        faults: dict[int, str] = {}
        for code, text in enumerate(distinct):
            try:
                parsed.append(self.parse(text))
            except UnacceptableError as fault:
                parsed.append(None)
                faults[code] = str(fault)
        problems: Problems = {}
        if faults:
            codes = encoded.indices.fill_null(-1).to_numpy()
            problems = {row: faults[codes[row]] for row in np.flatnonzero(np.isin(codes, list(faults))).tolist()}
        if pa.types.is_string(self.kind) and parsed == distinct:
            return texts, problems
        return pa.array(parsed, self.kind).take(encoded.indices), problems


def as_text(values: pa.Array) -> pa.Array:
    """``values`` as texts; whole floats lose their ``.0``, so that a code read as a number is the same code."""
    if pa.types.is_string(values.type):
        return values
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), None, values)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return values.cast(pa.string())


def from_python(values: Sequence[Any]) -> pa.Array:
    """Plain Python values (None where empty) as an array; a mix of types, or an unpaired surrogate, becomes texts."""
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeError):
        return pa.array([None if value is None else _encodable(str(value)) for value in values], pa.string())


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def without_leading_dots(code: str) -> str:
    """RTMS puts stray dots before some employee codes."""
    return code.lstrip(". ")


def without_excel_decimals(phone: str) -> str:
    """A spreadsheet turns a phone number into ``9876543210.0``."""
    match = _EXCEL_INTEGER.fullmatch(phone)
    return match[1] if match else phone


def parse_day(text: str) -> date:
    """The calendar day of an ISO date or date and time.

    Raises:
        UnacceptableError: when it is neither; day and month are never guessed.
    """
    match = _DAY.fullmatch(text)
    try:
        if match:
            return date.fromisoformat(match[1])
    except ValueError:
        pass  # falls through to the one message below
    raise UnacceptableError(f"is {_shown(text)}, not a date written YYYY-MM-DD")


def _parse_flag(text: str) -> bool:
    try:
        return _FLAGS[text.lower()]
    except KeyError:
        raise UnacceptableError(f"is {_shown(text)}, neither Y nor N") from None


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
