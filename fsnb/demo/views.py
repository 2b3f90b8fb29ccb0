"""The demo's sources and feature views: five questions that an airline's desk would ask two hours before departure.

All of them look at a flight under its scheduled departure, for that is how people join flights, and rely on `available`
to keep out what had not happened yet. Joined without it, the very same views see delays of flights
that are still in the air or at the gate: the mistake that `fsnb.demo.leaks` measures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import ibis.expr.types as ir

from fsnb.demo.flights import LATE, WEATHER, Tables
from fsnb.model import Entity, FeatureView, Source, feature_view
from fsnb.store import FeatureStore

Features = Mapping[str, ir.Value]

AIRCRAFT = Entity("aircraft", "tailnum")
ORIGIN = Entity("origin", "origin")
CARRIER = Entity("carrier", "carrier")


@dataclass(frozen=True, slots=True)
class Sources:
    """Flights with the clock of their departure, with the clock of their landing, and the weather."""

    departures: Source
    landings: Source
    weather: Source

    def __iter__(self) -> Iterator[Source]:
        return iter((self.departures, self.landings, self.weather))


def sources(store: FeatureStore, tables: Tables) -> Sources:
    """The tables as sources of a store."""
    return Sources(
        store.source(
            "departures",
            tables.departures,
            event_time="scheduled_at",
            available="departed_at",
            description="Flights from New York. How late one leaves is known when it has left.",
        ),
        store.source(
            "landings",
            tables.landings,
            event_time="scheduled_at",
            available="landed_at",
            description="The same flights. How late one arrives is known when it has landed.",
        ),
        store.source(
            "weather",
            tables.weather,
            event_time="observed_at",
            available="published_at",
            description="Hourly observations at the three airports, published an hour later.",
        ),
    )


def views(given: Sources) -> tuple[FeatureView, ...]:
    """The feature views on the given sources."""

    @feature_view(entity=AIRCRAFT, source=given.landings, ttl="1d", owner="ops", tags=["delay"])
    def aircraft_last_leg(t: ir.Table) -> Features:
        """The delays of the last leg that this aircraft is known to have landed, within a day."""
        return {"last_dep_delay": t.dep_delay, "last_arr_delay": t.arr_delay}

    @feature_view(entity=AIRCRAFT, source=given.landings, windows=["7d"], refresh="1d", owner="ops", tags=["delay"])
    def aircraft_week(t: ir.Table) -> Features:
        """How late this aircraft has been running; told once a day."""
        return {
            "aircraft_legs": t.count(),
            "aircraft_mean_delay": t.arr_delay.mean(),
            "aircraft_late_share": (t.arr_delay > LATE).mean(),
        }

    @feature_view(
        entity=ORIGIN, source=given.departures, windows=["1h", "3h"], refresh="1h", owner="ops", tags=["delay"]
    )
    def origin_departures(t: ir.Table) -> Features:
        """How busy and how late departures from this airport have been in the last hours."""
        return {
            "origin_left": t.count(),
            "origin_mean_delay": t.dep_delay.mean(),
            "origin_late_share": (t.dep_delay > LATE).mean(),
        }

    @feature_view(
        entity=CARRIER, source=given.landings, windows=["6h", "1d"], refresh="1h", owner="ops", tags=["delay"]
    )
    def carrier_landings(t: ir.Table) -> Features:
        """How late this carrier's flights have landed lately."""
        return {
            "carrier_landed": t.count(),
            "carrier_mean_delay": t.arr_delay.mean(),
            "carrier_late_share": (t.arr_delay > LATE).mean(),
        }

    @feature_view(entity=ORIGIN, source=given.weather, ttl="6h", owner="ops", tags=["weather"])
    def origin_weather(t: ir.Table) -> Features:
        """The last published weather at this airport, unless it is older than six hours."""
        return {name: t[name] for name in WEATHER}

    return aircraft_last_leg, aircraft_week, origin_departures, carrier_landings, origin_weather
