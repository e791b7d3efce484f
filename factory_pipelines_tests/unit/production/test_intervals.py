import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from factory_pipelines.production.intervals import Margins, calibrate, coverage


def residuals(values: np.ndarray, line: str = "a", per_day: int = 3) -> pd.DataFrame:
    days = [date(2025, 1, 1) + timedelta(days=number // per_day) for number in range(len(values))]
    return pd.DataFrame({"line": line, "production_day": days, "residual": values})


@pytest.mark.parametrize("draw", ["normal", "exponential", "uniform"])
def test_intervals_cover_new_draws_at_their_level(draw: str) -> None:
    rng = np.random.default_rng(3)
    margins = calibrate(residuals(getattr(rng, draw)(size=2000)))
    actual = pd.Series(50 + getattr(rng, draw)(size=4000))
    frame = margins.bounds(pd.Series(50.0, index=actual.index), pd.Series("a", index=actual.index))
    frame["actual_pct"] = actual
    assert coverage(frame, 80) == pytest.approx(80, abs=3)
    assert coverage(frame, 95) == pytest.approx(95, abs=2)


def test_noisy_lines_get_wider_intervals() -> None:
    rng = np.random.default_rng(3)
    margins = calibrate(
        pd.concat([residuals(rng.normal(size=200), "calm"), residuals(5 * rng.normal(size=200), "wild")])
    )
    bounds = margins.bounds(pd.Series([50.0, 50.0]), pd.Series(["calm", "wild"]))
    width = bounds["hi_80"] - bounds["lo_80"]
    assert width[1] > 3 * width[0]


def test_too_few_residuals_give_no_interval() -> None:
    bounds = calibrate(residuals(np.arange(15.0), per_day=1)).bounds(pd.Series([50.0]), pd.Series(["a"]))
    assert bounds[["lo_80", "hi_80"]].notna().all(axis=None)
    assert bounds[["lo_95", "hi_95"]].isna().all(axis=None)
    many_on_few_days = calibrate(residuals(np.arange(400.0), per_day=50)).bounds(pd.Series([50.0]), pd.Series(["a"]))
    assert many_on_few_days.isna().all(axis=None)
    nothing = calibrate(residuals(np.array([]))).bounds(pd.Series([50.0]), pd.Series(["a"]))
    assert nothing.isna().all(axis=None)


def test_an_unknown_line_gets_the_plants_scale() -> None:
    margins = calibrate(residuals(np.linspace(-10, 10, 101)))
    bounds = margins.bounds(pd.Series([50.0, 50.0]), pd.Series(["a", "never seen"]))
    assert bounds.loc[1, "hi_80"] - 50 == pytest.approx(bounds.loc[0, "hi_80"] - 50, rel=0.05)


def test_efficiency_is_never_negative() -> None:
    bounds = calibrate(residuals(np.linspace(-60, 60, 101))).bounds(pd.Series([5.0]), pd.Series(["a"]))
    assert (bounds >= 0).all(axis=None)


def test_margins_survive_json() -> None:
    margins = calibrate(residuals(np.arange(15.0), per_day=1))
    assert Margins.from_dict(json.loads(json.dumps(margins.to_dict()))) == margins


def test_coverage_of_nothing_is_unknown() -> None:
    assert coverage(pd.DataFrame({"actual_pct": [1.0], "lo_80": [np.nan], "hi_80": [np.nan]}), 80) is None
