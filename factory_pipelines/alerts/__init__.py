"""From a breach to somebody who knows: breach → alert → outbox → channel, and platform incidents by the same road.

Belongs here: what a breach is, when it becomes an alert (policies), how the message reads, how it is delivered and what
became of it. Does not belong here: how a breach is found (each domain knows its own figures) and how incidents of the
platform are noticed (`operations`).

The files, from pure to wired: `breaches`, `phones`, `attention`, `policies`, `messages` know neither database nor
network; `store`, `engine`, `ledger` keep the state; `outbox` and the channels deliver; `assets`, `checks`,
`automation`, `definitions` and `api` declare.
"""
