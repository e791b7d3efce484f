"""Attendance: punches become shifts worked, and shifts become pay.

Belongs here: taking in punches, rosters, the tables of shift instances, exceptions and payroll, their API and commands.
Does not belong here: what a shift, lateness or overtime is (``plant/``), who is inside a building (``occupancy/``).
"""
