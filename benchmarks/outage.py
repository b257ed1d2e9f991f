"""A million devices after an outage: how many ask at once, and when each is up to date again. A simulation.

Nothing is measured here: every wait is computed by the client's own `next_attempt_after`, every pause of a
kiosk is the kiosk's own, and the rest is drawn from seeds. A device that finds the server away tries again as
its way says; its first attempt after the outage succeeds, unless the server is full. Ways:

- ``kiosk``: as `pocketshelf kiosk` syncs, every 15 minutes, more or less; asks at its first turn once due.
- ``timer``: `pocketshelf sync --if-due` by a line of cron at each full quarter of an hour, clocks within a
  second. ``timer, spread``: the same with ``--spread 600``.
- ``fixed``: tries every minute. ``doubling``: waits 1, 2, 4 … minutes, up to six hours, without jitter. Each
  from devices that ask at times of their own, and from devices that ask together, at the full quarter.

With ``--capacity`` the server answers so many syncs a second, and all others 503 with ``Retry-After``.

    python benchmarks/outage.py [--devices 1000000] [--seeds 3] [--picture docs/outage.png]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from common import record
from pocketshelf.cli import values
from pocketshelf.kiosk.syncing import JITTER, SyncPlan
from pocketshelf.sync.backoff import next_attempt_after

OUTAGES = {"5 minutes": 300.0, "1 hour": 3600.0, "1 day": 86_400.0}
EVERY, SPREAD, SKEW = SyncPlan.every_s, 600.0, 1.0
# Of a quarter of an hour, what has passed when the server goes away.
PHASE = 840.0
RETRY_AFTER = 120.0
# Draws at which the client's function is asked; in between it is linear.
LEVELS, MOST_FAILURES = 256, 24
# No way tries again sooner.
SOONEST = 30.0
LATEST = 3 * 6 * 3600.0

Draws = np.random.Generator
Waits = Callable[[np.ndarray, Draws, float | None], np.ndarray]


@lru_cache
def table(asked: float | None) -> np.ndarray:
    """The client's waits in seconds (failures, draws): `next_attempt_after` itself, at `LEVELS` + 1 draws."""
    levels = np.arange(LEVELS + 1) / LEVELS
    return np.array(
        [
            [next_attempt_after(failures, lambda draw=draw: draw, asked) for draw in levels]
            for failures in range(1, MOST_FAILURES + 1)
        ]
    )


def client_waits(failures: np.ndarray, draws: np.ndarray, asked: float | None = None) -> np.ndarray:
    """What the client waits after so many failures in a row, by draws in [0, 1)."""
    known = table(asked)
    row, place = np.minimum(failures, MOST_FAILURES) - 1, draws * LEVELS
    left = place.astype(np.int64)
    return known[row, left] + (place - left) * (known[row, left + 1] - known[row, left])


def _client(failures: np.ndarray, rng: Draws, asked: float | None) -> np.ndarray:
    return client_waits(failures, rng.random(len(failures)), asked)


def _fixed(failures: np.ndarray, rng: Draws, asked: float | None) -> np.ndarray:
    return np.full(len(failures), 60.0)


def _doubling(failures: np.ndarray, rng: Draws, asked: float | None) -> np.ndarray:
    return np.minimum(6 * 3600.0, 60.0 * 2.0 ** np.minimum(failures - 1, 20))


@dataclass(frozen=True)
class Way:
    """How devices come back.

    Attributes:
        waits: seconds until a device is due after failures in a row.
        turns: "kiosk" and "timer" act at their turns alone; "now" when it is due.
        together: whether their regular turns are the same moments.
        spread: seconds over which each turn of a timer is drawn.
    """

    name: str
    waits: Waits
    turns: str = "now"
    together: bool = False
    spread: float = 0.0


WAYS = (
    Way("kiosk", _client, "kiosk"),
    Way("timer", _client, "timer", True),
    Way("timer, spread", _client, "timer", True, SPREAD),
    Way("fixed", _fixed),
    Way("doubling", _doubling),
    Way("fixed, together", _fixed, together=True),
    Way("doubling, together", _doubling, together=True),
)


def first_turns(way: Way, devices: int, rng: Draws) -> np.ndarray:
    """The first regular turn of each device after the server went away, at 0."""
    if not way.together:
        return rng.uniform(0.0, EVERY, devices)
    return EVERY - PHASE + _about(devices, rng) + way.spread * rng.random(devices)


def _about(devices: int, rng: Draws) -> np.ndarray:
    """How far off clocks are: within a second, mostly."""
    return np.abs(rng.normal(0.0, SKEW / 2, devices))


def turns_after(way: Way, now: np.ndarray, due: np.ndarray, rng: Draws) -> np.ndarray:
    """When devices that acted at ``now`` and are due at ``due`` act again."""
    if way.turns == "now":
        return due
    if way.turns == "timer":
        tick = np.ceil((due + PHASE) / EVERY) * EVERY - PHASE
        return tick + _about(len(due), rng) + way.spread * rng.random(len(due))
    found = now.copy()
    left = np.arange(len(due))
    while len(left):
        found[left] += EVERY * rng.uniform(1 - JITTER, 1 + JITTER, len(left))
        left = left[found[left] < due[left]]
    return found


@dataclass
class Return:
    """What came of an outage.

    Attributes:
        up_to_date: of each device, seconds after the server was back.
        asked_at: of each request after that, in seconds, refused ones as well.
        refused_at, came_back_at: of each refusal with ``Retry-After``, and of that device's next request.
    """

    up_to_date: np.ndarray
    asked_at: np.ndarray
    refused_at: np.ndarray
    came_back_at: np.ndarray


def simulate(
    way: Way, outage: float, devices: int, seed: int, capacity: int | None = None, asked: float = RETRY_AFTER
) -> Return:
    """One outage.

    Args:
        outage: seconds.
        capacity: syncs a second that the server answers afterwards; None: all.
        asked: seconds of its ``Retry-After``.
    """
    rng = np.random.default_rng([seed, devices])
    at, failures = first_turns(way, devices, rng), np.zeros(devices, np.int64)
    if way.waits is _fixed:  # A day of minutes is skipped.
        at += 60.0 * np.maximum(0.0, np.ceil((outage - at) / 60.0))
    while len(down := np.flatnonzero(at < outage)):
        failures[down] += 1
        due = at[down] + way.waits(failures[down], rng, None)
        at[down] = turns_after(way, at[down], due, rng)
    at -= outage
    if capacity is None:
        return Return(at, at, np.empty(0), np.empty(0))
    return _served(way, at, failures, capacity, asked, rng)


def _served(
    way: Way, at: np.ndarray, failures: np.ndarray, capacity: int, asked: float, rng: Draws
) -> Return:
    """The first ``capacity`` requests of each second are answered, the others refused."""
    up_to_date = np.full(len(at), np.inf)
    seen, refused, back = [], [], []
    waiting, begun = at.copy(), 0.0
    while np.isinf(up_to_date).any() and begun < LATEST:
        here = np.flatnonzero(waiting < begun + SOONEST)
        begun += SOONEST
        if not len(here):
            continue
        here = here[np.argsort(waiting[here])]
        moments = waiting[here]
        seen.append(moments)
        second = moments.astype(np.int64)
        rank = np.arange(len(here)) - np.searchsorted(second, second)
        served, turned = here[rank < capacity], here[rank >= capacity]
        up_to_date[served], waiting[served] = waiting[served], np.inf
        failures[turned] += 1
        due = waiting[turned] + way.waits(failures[turned], rng, asked)
        later = turns_after(way, waiting[turned], due, rng)
        refused.append(waiting[turned])
        back.append(later)
        waiting[turned] = later
    return Return(up_to_date, *(np.concatenate(each) for each in (seen, refused, back)))


def figures(found: Return) -> dict[str, Any]:
    """The fullest second, and when so many devices are up to date."""
    ordered = np.sort(found.up_to_date)
    at = {f"up_to_date_{share}_s": ordered[share * (len(ordered) - 1) // 100] for share in (50, 95, 99)}
    return {
        "peak_a_second": int(np.bincount(found.asked_at.astype(np.int64)).max()),
        **{name: _seconds(value) for name, value in at.items()},
        "last_s": _seconds(ordered[-1]),
    }


def _seconds(value: float) -> int | None:
    """None: not within `LATEST`."""
    return round(float(value)) if np.isfinite(value) else None


def middle(found: list[int | None]) -> int | None:
    """The median; None where that is not reached."""
    middle_one = sorted(np.inf if each is None else each for each in found)[len(found) // 2]
    return _seconds(middle_one)


def rows(devices: int, seeds: int, capacity: int) -> Iterator[dict[str, Any]]:
    """Medians over the seeds, and the highest peak of all; then the same before a server that is full."""
    for bound in (None, capacity):
        for name, outage in OUTAGES.items():
            for way in WAYS:
                if bound is not None and way.waits is not _client and way.together:
                    continue
                each = [figures(simulate(way, outage, devices, seed, bound)) for seed in range(seeds)]
                medians = {key: middle([row[key] for row in each]) for key in each[0]}
                highest = max(row["peak_a_second"] for row in each)
                yield {
                    "outage": name,
                    "way": way.name,
                    "capacity": bound,
                    **medians,
                    "peak_of_seeds": highest,
                }


def main() -> int:
    """Simulate, print, write ``results/outage.json``, and the picture."""
    parser = record.parser(__doc__)
    parser.add_argument("--devices", type=values.count, default=1_000_000)
    parser.add_argument("--seeds", type=values.count, default=3)
    parser.add_argument("--capacity", type=values.count, default=500, help="syncs a second (default 500)")
    parser.add_argument("--picture", type=Path, help="PNG to draw as well")
    args = parser.parse_args()
    found = []
    for row in rows(args.devices, args.seeds, args.capacity):
        print(" · ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        found.append(row)
    said = {name: getattr(args, name) for name in ("devices", "seeds", "capacity")}
    what = "devices after an outage: simulated, with the client's own waits; nothing is measured"
    record.write(
        "outage", {"what": what, **said, "every_s": EVERY, "retry_after_s": RETRY_AFTER, "rows": found}
    )
    if args.picture:
        from tables.outage_picture import draw

        draw(args.devices, args.picture)
    return 0


if __name__ == "__main__":
    record.run(main)
