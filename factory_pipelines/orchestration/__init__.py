"""What the domains share of Dagster: partitions, resources, the IO manager, check and plot builders.

Belongs here: Dagster pieces that know the warehouse and the clock but no domain.
Does not belong here: assets, schedules or sensors of a domain; data logic of any kind.
"""
