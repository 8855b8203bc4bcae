"""Random inspection (双随机): which objects are inspected, and by whom.

Whoever holds the seed, the roll and this function gets the same draw: each object's place in line
is a hash of the seed and its code, so neither the order of the roll nor who draws changes anything.
The seed is named before the draw by its hash and published after it. What is left out of the roll
is left out by name and reason.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fenhe.kernel.errors import BadInput
from fenhe.kernel.ids import content_hash

LEAST_INSPECTORS = 2
"""行政处罚法 (2021) Art. 42: at least two officers."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An object on the roll, with its class (key, special, general, …)."""

    code: str
    sort: str = "general"


@dataclass(frozen=True, slots=True)
class Inspector:
    """`recused`: codes of objects this person may not inspect (回避)."""

    code: str
    recused: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Draw:
    """What goes into the evidence ledger."""

    seed: str
    seed_hash: str
    roll_hash: str
    shares: Mapping[str, float]
    excluded: Mapping[str, str]
    drawn: tuple[tuple[str, tuple[str, ...]], ...]
    """(object, its inspectors), in the order drawn."""
    on_the_roll: Mapping[str, int] = field(default_factory=dict)


def commitment(seed: str) -> str:
    """What is published before the draw."""
    return hashlib.sha256(seed.encode()).hexdigest()


def draw(
    roll: Sequence[Entry],
    inspectors: Sequence[Inspector],
    shares: Mapping[str, float],
    seed: str,
    excluded: Mapping[str, str] | None = None,
    team: int = LEAST_INSPECTORS,
) -> Draw:
    """Draws the share of each class, rounded up, and a team for each object; work is spread evenly.
    Raises BadInput where the roll, the shares or the teams cannot be right."""
    excluded = dict(excluded or {})
    _check(roll, inspectors, shares, seed, excluded, team)
    drawn: list[str] = []
    sizes: dict[str, int] = {}
    for sort in sorted(shares):
        some = [one.code for one in roll if one.sort == sort and one.code not in excluded]
        sizes[sort] = len(some)
        wanted = math.ceil(round(len(some) * shares[sort], 9))
        drawn += sorted(some, key=lambda code: _place(seed, sort, code))[:wanted]
    return Draw(
        seed=seed,
        seed_hash=commitment(seed),
        roll_hash=content_hash(sorted((one.code, one.sort) for one in roll)),
        shares=dict(shares),
        excluded=excluded,
        drawn=tuple(_teams(drawn, inspectors, seed, team)),
        on_the_roll=sizes,
    )


def repeats(found: Draw, roll: Sequence[Entry], inspectors: Sequence[Inspector]) -> bool:
    """Whether the draw comes out the same again from its own record."""
    team = len(found.drawn[0][1]) if found.drawn else LEAST_INSPECTORS
    return draw(roll, inspectors, found.shares, found.seed, found.excluded, team) == found


def _teams(
    drawn: Sequence[str], inspectors: Sequence[Inspector], seed: str, team: int
) -> list[tuple[str, tuple[str, ...]]]:
    """The least busy first; among equals the hash of seed, object and person decides."""
    load = dict.fromkeys((one.code for one in inspectors), 0)
    found = []
    for code in drawn:
        free = [one.code for one in inspectors if code not in one.recused]
        if len(free) < team:
            raise BadInput(
                "enforcement.draw-team",
                f"{code} 可派的执法人员不足 {team} 人（回避后余 {len(free)} 人）",
                f"{code} has {len(free)} inspectors who need not recuse themselves, not {team}",
            )
        chosen = sorted(free, key=lambda who: (load[who], _place(seed, code, who)))[:team]
        for who in chosen:
            load[who] += 1
        found.append((code, tuple(chosen)))
    return found


def _place(*parts: str) -> bytes:
    return hashlib.sha256("\x1f".join(parts).encode()).digest()


def _check(
    roll: Sequence[Entry],
    inspectors: Sequence[Inspector],
    shares: Mapping[str, float],
    seed: str,
    excluded: Mapping[str, str],
    team: int,
) -> None:
    codes = [one.code for one in roll]
    faults = [
        (len(set(codes)) < len(codes), "名录中有重复的对象", "the roll names an object twice"),
        (not seed.strip(), "没有种子", "there is no seed"),
        (
            any(not 0 < share <= 1 for share in shares.values()) or not shares,
            "抽查比例应在 0 与 1 之间",
            "a share must lie above 0 and up to 1",
        ),
        (
            bool(set(excluded) - set(codes)),
            f"名录中没有：{'、'.join(sorted(set(excluded) - set(codes)))}",
            f"not on the roll: {', '.join(sorted(set(excluded) - set(codes)))}",
        ),
        (
            any(not reason.strip() for reason in excluded.values()),
            "剔除的对象须写明理由",
            "what is left out needs a reason",
        ),
        (
            team < LEAST_INSPECTORS,
            f"每组不少于 {LEAST_INSPECTORS} 人",
            f"a team has {LEAST_INSPECTORS} at least",
        ),
        (
            len({one.code for one in inspectors}) < len(inspectors),
            "执法人员重复",
            "an inspector is named twice",
        ),
    ]
    for wrong, zh, en in faults:
        if wrong:
            raise BadInput("enforcement.draw", zh, en)
