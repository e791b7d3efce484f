"""Shop-floor production: from RTMS rows to efficiency, patterns, insights and forecasts.

Belongs here: the RTMS sources and their contract, the arithmetic of efficiency, what is read out of it, and the Dagster
declarations for all of it. Does not belong here: who is told (``alerts``), attendance, machines, or anything that needs
another domain's code; a neighbour's table is read by name.
"""
