"""Cameras: which there are, how each is watched, and what became of it.

Belongs here: the configuration of cameras (file and registry), their addresses and how these are kept secret, their
status and figures, checks that a dark camera fails. Does not belong here: opening streams and looking at pictures (the
edge does that while Dagster may be down), what a picture shows (vision), what counts mean (occupancy, gate).
"""
