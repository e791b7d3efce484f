"""Live pictures for people: one encoding for all who look, streams that lose pictures rather than memory.

Belongs here: overlays, JPEG encoding, MJPEG, the camera wall and its stream. Does not belong here: reading cameras
(`edge/streams`), and what is recognised in a picture (`vision`).
"""
