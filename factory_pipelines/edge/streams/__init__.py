"""Streams: cameras in, latest pictures out, for as long as the process lives.

Belongs here: opening sources and telling why it failed, one thread a camera, the watchdog, restarts with a budget, and
the worker that hands pictures to vision and what it sees to the warehouse. Does not belong here: what is configured
(``cameras``), what a picture shows (``vision``), routes.

``slot`` holds the newest picture of a camera; ``sources`` open addresses; ``failures`` names what went wrong; ``knock``
and ``pacing`` say when to try again; ``stream`` is one camera's thread and ``fleet`` all of them with their watchdog.
"""
