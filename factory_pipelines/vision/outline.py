"""What stands out of an outline: the heads of those who have become one blob."""

from collections.abc import Sequence


def summits(heights: Sequence[int], *, stands_out: float, apart: float) -> list[int]:
    """Places of the tops in a row of heights; of a level top, the middle.

    The same as ``scipy.signal.find_peaks`` with ``prominence`` and ``distance``, whose import takes longer than a
    second, and that in the moment in which the first person comes into view.

    Args:
        heights: one for each place; the ends are no tops.
        stands_out: how far it is down from a top, on its higher side, before a higher one comes (prominence).
        apart: of two tops nearer to each other than this, the higher one stays, or the later of equals.
    """
    tops = _tops(heights)
    kept: list[int] = []
    for top in sorted(tops, key=lambda place: (heights[place], place), reverse=True):
        if all(abs(top - other) >= apart for other in kept):
            kept.append(top)
    return sorted(top for top in kept if _prominence(heights, top) >= stands_out)


def _tops(heights: Sequence[int]) -> list[int]:
    tops = []
    place = 1
    while place < len(heights) - 1:
        if heights[place] > heights[place - 1]:
            last = place
            while last < len(heights) - 1 and heights[last + 1] == heights[place]:
                last += 1
            if last < len(heights) - 1 and heights[last + 1] < heights[place]:
                tops.append((place + last) // 2)
            place = last
        place += 1
    return tops


def _prominence(heights: Sequence[int], top: int) -> int:
    """How far the top stands over the higher of the two lowest points between it and what is higher on either side."""
    valleys = []
    for step in (-1, 1):
        lowest = heights[top]
        place = top + step
        while 0 <= place < len(heights) and heights[place] <= heights[top]:
            lowest = min(lowest, heights[place])
            place += step
        valleys.append(lowest)
    return heights[top] - max(valleys)
