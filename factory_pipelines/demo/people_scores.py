"""Scores of attendance and the gate, from evidence that others gathered. Pure."""

from datetime import datetime

import pandas as pd

from factory_pipelines.demo.scores import Score, made_score, share

Badges = set[tuple[str, datetime]]

_GAIN_POINTS = 15.0  # what agreement is to be worth over the best single read (issue 3)


def attendance_scores(shifts: pd.DataFrame, found: Badges, true: Badges) -> list[Score]:
    """Status, pay, forgotten punches and strange badges.

    Args:
        shifts: one row a person and shift that was to be worked: true_status, true_is_late, true_is_early_exit,
            true_paid_s, forgot (a punch is missing), and ours: status, is_late, is_early_exit, our_paid_s,
            flagged_for_review; null where we have no such shift.
        found: punches in the exceptions queue, by person and time.
        true: punches of people nobody knows.
    """
    right = shifts["status"] == shifts["true_status"]
    exact = (
        right
        & _same(shifts["is_late"], shifts["true_is_late"])
        & _same(shifts["is_early_exit"], shifts["true_is_early_exit"])
        & (shifts["our_paid_s"] == shifts["true_paid_s"])
    )
    whole = shifts[~shifts["forgot"].astype(bool)]
    lacking = shifts[shifts["forgot"].astype(bool)]
    of_whole = int(exact[whole.index].sum())
    statuses = sorted(set(shifts["true_status"]))
    known = {name: shifts["true_status"] == name for name in statuses}
    by_status = ", ".join(f"{n.lower()} {int((right & known[n]).sum())} of {int(known[n].sum())}" for n in statuses)
    return [
        made_score(
            "attendance_exact",
            share(of_whole, len(whole)),
            "%",
            100.0,
            "at_least",
            f"{of_whole} of {len(whole)} shifts with all their punches have the true status, flags and paid seconds",
        ),
        made_score(
            "attendance_status_right",
            share(int(right.sum()), len(shifts)),
            "%",
            98.0,
            "at_least",
            f"status of all shifts, {len(lacking)} of which lack a punch: {by_status}",
        ),
        _paid_error(shifts),
        made_score(
            "forgotten_punches_found",
            share(int((lacking["flagged_for_review"] == True).sum()), len(lacking)),  # noqa: E712
            "%",
            98.0,
            "at_least",
            f"of {len(lacking)} shifts with a forgotten punch: flagged for review",
        ),
        made_score(
            "exceptions_exact",
            share(len(found & true), len(found | true)),
            "%",
            100.0,
            "at_least",
            f"{len(true)} punches were made with badges nobody knows; {len(true - found)} of them are not in the"
            f" exceptions queue, and {len(found - true)} others are",
        ),
    ]


def _paid_error(shifts: pd.DataFrame) -> Score:
    """Minutes paid too much or too little, where no person will look at the shift."""
    trusted = shifts[shifts["flagged_for_review"] == False]  # noqa: E712
    off_min = (trusted["our_paid_s"].astype(float) - trusted["true_paid_s"].astype(float)).abs() / 60.0
    return made_score(
        "paid_minutes_error",
        float(off_min.mean()) if len(off_min) else None,
        "minutes",
        0.5,
        "at_most",
        f"mean absolute error over {len(trusted)} shifts that are not flagged for review; {int((off_min > 0).sum())} of"
        " them are off, whose people forgot to punch both ways and count as absent",
    )


def gate_scores(vehicles: pd.DataFrame) -> list[Score]:
    """Openings, decisions, and what agreement of reads is worth.

    Args:
        vehicles: one row a passage: true_plate (null: not a plate), kind, may_enter, single (the most confident
            frame's plate), agreed (that of all frames), and ours: valid, plate, status, opened; null where nothing
            was decided. Empty where no vehicle was fed.
    """
    if vehicles.empty:
        vehicles = pd.DataFrame(columns=["true_plate", "kind", "may_enter", "single", "agreed", "status", "opened"])
    known = vehicles.dropna(subset=["true_plate"])
    may_enter, opened = vehicles["may_enter"].astype(bool), vehicles["opened"] == True  # noqa: E712
    wrongly = int((opened & ~may_enter).sum())
    right = (opened & may_enter) | (
        ~may_enter & ~opened & ((vehicles["kind"] != "blocked") | (vehicles["status"] == "BLOCKED"))
    )
    single = share(int((known["single"] == known["true_plate"]).sum()), len(known))
    agreed = share(int((known["agreed"] == known["true_plate"]).sum()), len(known))
    strangers = int((~may_enter).sum())
    return [
        made_score(
            "gate_false_opens",
            float(wrongly) if len(vehicles) else None,
            "vehicles",
            0.0,
            "at_most",
            f"of {strangers} that may not enter, look-alikes of listed plates and blocked ones among them",
        ),
        made_score(
            "gate_decisions_right",
            share(int(right.sum()), len(vehicles)),
            "%",
            90.0,
            "at_least",
            f"{int(right.sum())} of {len(vehicles)}: opened for whoever may enter, closed for the others, blocked known"
            " as blocked; the rest were too unsure to open and wait for the guard",
        ),
        made_score(
            "plates_agreed_right",
            agreed,
            "%",
            None if single is None else round(min(single + _GAIN_POINTS, 99.0), 2),
            "at_least",
            f"plates of {len(known)} vehicles by the agreement of all frames; the bar is what the best single frame"
            f" reaches ({0.0 if single is None else single:.1f} %) and {_GAIN_POINTS:g} points",
        ),
    ]


def _same(ours: pd.Series, true: pd.Series) -> pd.Series:
    """Equal, and unknown where the truth is unknown."""
    return (ours == true) | (ours.isna() & true.isna())
