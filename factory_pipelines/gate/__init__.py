"""The gate: which text is a plate, which plate several reads agree on, whose it is, and whether the barrier may open.

Belongs here: plate grammars, agreement of reads, vehicle lists, gate decisions, their events and statistics.
Does not belong here: cameras, detection and OCR (the edge feeds reads in), people, sending messages (alerts).
"""
