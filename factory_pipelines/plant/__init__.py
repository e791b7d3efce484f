"""The shared kernel: what time it is in the plant, what its places are called, how things are identified.

Pure: no I/O, no Dagster, no database. Belongs here: clocks, calendars, shifts, hierarchy levels, identifiers.
Does not belong here: anything that needs a connection, a frame library or a setting.
"""
