"""Vision: what is seen in a picture – people and vehicles, their tracks, the lines they cross, the plates they carry.

Belongs here: detectors, the tracker, lines and zones, what one camera's pictures come to (`scene.py`), plate reading.
Does not belong here: threads, network, database, where pictures come from (the edge), what a count means (occupancy),
whose a plate is (gate). Pictures, times and settings in, values out: a recorded clip gives the same result again.
"""
