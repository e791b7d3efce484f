"""Faces: whose face it is, by whose consent that is known, and how all of it is forgotten again.

Belongs here: the matchers (Amazon Rekognition, a local comparison), consents, enrolment, search, snapshots and their
retention, erasure of a person.
Does not belong here: cameras (the edge hands pictures in), plates (gate), what a recognised face means for pay
(attendance; the edge writes the punch).
"""
