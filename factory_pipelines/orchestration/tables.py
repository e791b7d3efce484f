"""What a table holds, said once: shown in the UI as the asset's column schema, and held against the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg


@dataclass(frozen=True)
class Column:
    """One column: SQL type, meaning with unit, and whether it may be unknown."""

    type: str
    description: str
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    """The contract of one table; ``schema.name`` is also its asset key."""

    schema: str
    name: str
    columns: Mapping[str, Column]

    @property
    def key(self) -> dg.AssetKey:
        """The asset that fills this table."""
        return dg.AssetKey([self.schema, self.name])

    def metadata(self) -> dict[str, Any]:
        """Definition metadata for the asset: column schema and table name."""
        columns = [
            dg.TableColumn(name, c.type, c.description, dg.TableColumnConstraints(nullable=c.nullable))
            for name, c in self.columns.items()
        ]
        return {
            "dagster/column_schema": dg.TableSchema(columns),
            "dagster/table_name": f"{self.schema}.{self.name}",
        }
