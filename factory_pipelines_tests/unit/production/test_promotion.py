import pandas as pd
import pytest

from factory_pipelines.production.forecast import Metrics
from factory_pipelines.production.promotion import judge

GOOD = Metrics(70, 1, mae_model=4.0, mae_naive=6.0)
BAD = Metrics(70, 1, mae_model=7.0, mae_naive=6.0)


def fair(model: float, champion: float, naive: float) -> pd.DataFrame:
    """Rows on which each forecaster misses by so many points."""
    return pd.DataFrame(
        {
            "actual_pct": [80.0] * 4,
            "model_pct": 80.0 + model,
            "champion_pct": 80.0 - champion,
            "naive_pct": 80.0 + naive,
        }
    )


@pytest.mark.parametrize(
    ("challenger", "champion", "rows", "promote", "served_by"),
    [
        (GOOD, None, None, True, "lightgbm"),
        (BAD, None, None, False, "seasonal_naive"),
        (Metrics(0, 0), None, None, False, "seasonal_naive"),
        (GOOD, "3", None, False, "lightgbm"),
        (GOOD, "3", fair(1, 2, 3).head(0), False, "lightgbm"),
        (GOOD, "3", fair(1, 2, 3), True, "lightgbm"),
        (GOOD, "3", fair(2, 2, 3), False, "lightgbm"),
        (GOOD, "3", fair(2, 1, 3), False, "lightgbm"),
        (BAD, "3", fair(1, 2, 3), False, "lightgbm"),
        (GOOD, "3", fair(3, 4, 2), False, "seasonal_naive"),
        (GOOD, "3", fair(2, 2, 2), False, "seasonal_naive"),
    ],
    ids=[
        "first good model",
        "first bad model",
        "no history",
        "nothing to judge the champion on",
        "no row to judge the champion on",
        "challenger beats both",
        "a draw keeps the champion",
        "champion is better",
        "challenger is better there but loses to the naive overall",
        "the naive beats both",
        "a draw with the naive serves the naive",
    ],
)
def test_judge(
    challenger: Metrics, champion: str | None, rows: pd.DataFrame | None, promote: bool, served_by: str
) -> None:
    verdict = judge(challenger, champion, rows)
    assert (verdict.promote, verdict.served_by) == (promote, served_by)
    assert verdict.reason


def test_the_reason_carries_the_figures() -> None:
    reason = judge(GOOD, "3", fair(1, 2, 3)).reason
    assert reason == (
        "new champion: mean error on 4 line-days: challenger 1.00, champion 3 2.00, seasonal naive 3.00 points"
    )
