"""Resources as Dagster sees them; the objects they make know nothing of Dagster."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.addresses import Role
from factory_pipelines.warehouse.pool import Warehouse, open_warehouse


class WarehouseResource(dg.ConfigurableResource[Warehouse]):
    """The warehouse of this process's environment (``FACTORY_DATABASE_URL`` or the embedded server), as the writer.

    The address is no field: it is a secret, and the UI shows fields.
    """

    application_name: str = "dagster"

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Warehouse]:
        """One pool per run (or per check), closed at its end."""
        warehouse = open_warehouse(load_settings(), Role.WRITER, self.application_name)
        try:
            yield warehouse
        finally:
            warehouse.close()
