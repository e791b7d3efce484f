"""All that days before have taught, as one value: what doors miss, what people do, who has no badge, who is where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from factory_pipelines.occupancy.doors import DoorRate, Rates
from factory_pipelines.occupancy.habits import Habits
from factory_pipelines.occupancy.strangers import Strangers
from factory_pipelines.plant.clock import PlantClock


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a headcount begins with.

    Attributes:
        rates: what doors miss, by door and direction.
        habits: how people come, go and forget.
        strangers: people without a badge, by area and half hour.
        homes: area of everybody's newest punch.
    """

    strangers: Strangers
    rates: Rates = field(default_factory=dict)
    habits: Habits = field(default_factory=Habits)
    homes: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """To be stored; ``from_json`` gives the same value back."""
        return {
            "rates": [[door, way, rate.extra, rate.sd] for (door, way), rate in sorted(self.rates.items())],
            "habits": {
                "forget_in": self.habits.forget_in,
                "forget_out": self.habits.forget_out,
                "absence": self.habits.absence,
                "arrivals": list(self.habits.arrivals),
                "departures": list(self.habits.departures),
            },
            "strangers": self.strangers.as_json(),
            "homes": dict(self.homes),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None, clock: PlantClock) -> "Knowledge":
        """What was stored; None: nothing is known yet."""
        if stored is None:
            return cls(Strangers(clock))
        habits = stored["habits"]
        return cls(
            strangers=Strangers.from_json(stored["strangers"], clock),
            rates={(door, way): DoorRate(extra, sd) for door, way, extra, sd in stored["rates"]},
            habits=Habits(
                habits["forget_in"],
                habits["forget_out"],
                habits["absence"],
                tuple(habits["arrivals"]),
                tuple(habits["departures"]),
            ),
            homes=stored["homes"],
        )
