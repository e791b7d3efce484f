"""The simulated factory, its ground truth, and the scoreboard that compares our tables with it.

Belongs here: the simulator (people, styles, shifts, the day, the source's dirt), the truth it knows, `DemoRtms`, and
`demo/scoreboard`. Does not belong here: anything another domain computes. The simulator imports neither production
nor alerts, so that it can be wrong only in its own way; the scoreboard alone looks at both sides.
"""
