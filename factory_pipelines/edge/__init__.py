"""The edge: a sidecar process for what cannot wait for a Dagster run.

Belongs here: the API application and everything every route shares (keys, limits, errors, metrics, audit log, JSON
logs), the server that carries it, and the cameras' running part. Does not belong here: what a domain answers (its own
``api.py`` is a router that this package mounts), what a picture shows (``vision``), schedules and assets: the edge
lives when Dagster is down, and only ``orchestrator`` asks it, from outside.

``app`` joins the pieces, ``server`` runs them. ``gate``, ``limits`` and ``context`` are plain ASGI middleware;
``security``, ``errors``, ``logs``, ``metrics``, ``audit`` and ``watched`` are what they use; ``routes`` and ``pages``
are the routes that belong to no domain, ``sessions`` lets browsers in. ``roles`` says which part of it a process is;
``streams`` watches cameras, ``video`` shows them; ``face_punches`` is where identity and attendance meet.
"""
