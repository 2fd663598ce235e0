"""Caches: bounded memory of each process, and Redis behind it where one is configured."""

from resources.cache.cached import Cached, Kind
from resources.cache.flights import Flight, Flights
from resources.cache.layers import Layers

__all__ = ["Cached", "Flight", "Flights", "Kind", "Layers"]
