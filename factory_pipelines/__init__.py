"""A Dagster data platform for factories.

One package per domain, joined in ``build.py``; imports run downwards only (see ``docs/decisions/0001-house.md``).
"""
