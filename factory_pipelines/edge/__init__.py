"""The edge: a sidecar process for what cannot wait for a Dagster run.

Belongs here: the API application and everything every route shares (keys, limits, errors, metrics, audit log, JSON
logs), and the server that carries it. Does not belong here: what a domain answers (its own ``api.py`` is a router that
this package mounts), schedules, and anything of Dagster: the edge lives when Dagster is down.

``app`` joins the pieces, ``server`` runs them. ``gate``, ``limits`` and ``context`` are plain ASGI middleware;
``security``, ``errors``, ``logs``, ``metrics``, ``audit`` and ``watched`` are what they use; ``routes`` and ``pages``
are the routes that belong to no domain.
"""
