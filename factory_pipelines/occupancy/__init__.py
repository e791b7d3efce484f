"""Occupancy: how many people are where, hour by hour, from counts and crossings that cameras and doors send.

Belongs here: taking in events, areas and their sources, hours, days, months, headcount, drift correction, muster list.
Does not belong here: cameras and what is seen in a picture (edge, vision), punches and shifts (attendance).
"""
