"""Heads in an outline, held against scipy's peaks."""

import math

from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import find_peaks

from factory_pipelines.vision.outline import summits


# Which of two equal tops stays is left open by scipy.
@given(st.lists(st.integers(0, 200), max_size=40, unique=True), st.integers(0, 90), st.integers(1, 12))
def test_summits_are_scipys_peaks(heights: list[int], stands_out: int, apart: int) -> None:
    peaks, _ = find_peaks(heights, prominence=stands_out, distance=apart)
    assert summits(heights, stands_out=stands_out, apart=apart) == peaks.tolist()


def test_two_heads_over_shoulders_are_two() -> None:
    body = [0, 40, 42, 60, 62, 60, 42, 41, 42, 58, 60, 58, 42, 40, 0]
    assert summits(body, stands_out=5, apart=3) == [4, 10]
    assert summits(body, stands_out=5, apart=10) == [4], "nearer than two heads can be"
    assert summits([0, 4, 0, 4, 0], stands_out=1, apart=3) == [3], "the later of equals"
    assert summits([0, 5, 5, 5, 0], stands_out=1, apart=1) == [2]
    assert summits([], stands_out=1, apart=1) == []
    assert summits([0, 3, 0], stands_out=math.inf, apart=1) == []
