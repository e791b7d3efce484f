"""The production hierarchy of FP-2, in ISA-95 order from the site down to the person."""

from enum import StrEnum


class Level(StrEnum):
    """One level; the value is the warehouse column, ``api_name`` is the seed's public name."""

    UNIT = "unit_code"
    FLOOR = "floor_name"
    LINE = "line_name"
    STYLE = "style_no"
    PART = "part_name"
    OPERATION = "new_oper_seq"
    DEVICE = "device_id"
    EMPLOYEE = "emp_code"

    @property
    def api_name(self) -> str:
        """The level's name in the seed's API (``UnitCode`` … ``EmpName``)."""
        return _API_NAMES[self]

    @property
    def path(self) -> tuple["Level", ...]:
        """All levels from the unit down to this one."""
        order = tuple(Level)
        return order[: order.index(self) + 1]

    @classmethod
    def parse(cls, name: str) -> "Level":
        """The level called ``name``, by column or by API name, in any case.

        Raises:
            ValueError: listing the eight names, when there is no such level.
        """
        wanted = name.strip().lower()
        for level in cls:
            if wanted in {level.value, level.api_name.lower()}:
                return level
        raise ValueError(f"unknown level {name!r}: use one of {', '.join(level.api_name for level in cls)}")


_API_NAMES = {
    Level.UNIT: "UnitCode",
    Level.FLOOR: "FloorName",
    Level.LINE: "LineName",
    Level.STYLE: "StyleNo",
    Level.PART: "PartName",
    Level.OPERATION: "NewOperSeq",
    Level.DEVICE: "DeviceID",
    Level.EMPLOYEE: "EmpName",
}
