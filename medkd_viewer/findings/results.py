"""What is known about the film in hand, as plain data."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Value = TypeVar("Value")


class MapStatus(StrEnum):
    """How far a network's map is."""

    IDLE = "idle"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    EMPTY = "empty"
    FAILED = "failed"
    STOPPED = "stopped"


FINISHED = (MapStatus.IDLE, MapStatus.DONE, MapStatus.EMPTY, MapStatus.FAILED, MapStatus.STOPPED)


@dataclass(frozen=True, slots=True)
class NetworkMap:
    """A map, finished or on its way to the exact one.

    Attributes
    ----------
    overlay : float32, (rows, columns), [0, 1]
        Covers the film; not finer than the screen needs.
    native : float32, (h, w), [0, 1]
        At the resolution of the target layer.
    empty : bool
        No channel speaks for the class.
    seconds : float
    exact : bool
    error : float or None
        See `Explanation.error`.
    other_classes, channel_mean : float or None, [-1, 1]
        See `Sensitivity`.
    against : int or None
        The class that a contrast map holds against the explained one.
    """

    overlay: FloatArray
    native: FloatArray
    empty: bool
    seconds: float
    exact: bool = True
    error: float | None = None
    other_classes: float | None = None
    channel_mean: float | None = None
    against: int | None = None


@dataclass(frozen=True, slots=True)
class NetworkView:
    """One network's answer about the film in hand.

    Attributes
    ----------
    name, label : str
        Registry name and the name for the screen.
    is_student : bool
    probability : float or None
        Calibrated probability of the class that is explained.
    status : MapStatus
    done, total : int
        Masked passes while running; 0 of 0 is not known yet.
    message : str
        Why there is no map.
    map : NetworkMap or None
    """

    name: str
    label: str
    is_student: bool
    probability: float | None = None
    status: MapStatus = MapStatus.IDLE
    done: int = 0
    total: int = 0
    message: str = ""
    map: NetworkMap | None = None


class BoundedCache(Generic[Value]):
    """Keeps the results that were used last."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[Hashable, Value] = OrderedDict()

    def get(self, key: Hashable) -> Value | None:
        """The result kept for a key, or None."""
        if key in self._entries:
            self._entries.move_to_end(key)
        return self._entries.get(key)

    def put(self, key: Hashable, value: Value) -> None:
        """Keep a result; the one not used for longest goes."""
        self._entries[key] = value
        self._entries.move_to_end(key)
        while len(self._entries) > self._capacity:
            self._entries.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
