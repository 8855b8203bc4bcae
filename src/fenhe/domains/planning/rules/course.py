"""Whether a target of the year is on course: from what is so far, what may still come, and where
the year ends. No national rule was found: this is the product's own reading, said with its reason.

| so far | best possible rest | at year end | light |
|---|---|---|---|
| any | would not do | any | off |
| within | would do | within | on course |
| beyond | would do | beyond | off |
| one of both | would do | the other | at risk |

With no day left the year is settled: within is on course, beyond is off.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fenhe.kernel.text import Text


class Course(StrEnum):
    ON = "on_course"
    RISK = "at_risk"
    OFF = "off"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Judged:
    course: Course
    reason: Text


SETTLED = {
    True: Judged(Course.ON, Text("全年已结束，达到目标", "the year is over and the target is met")),
    False: Judged(
        Course.OFF, Text("全年已结束，未达到目标", "the year is over and the target is missed")
    ),
}
UNKNOWN = Judged(
    Course.UNKNOWN, Text("今年还没有可评价的数据", "there are no data of the year yet")
)
LOST = Judged(
    Course.OFF,
    Text("其余时间再好也达不到目标", "even the best rest of the year would not reach the target"),
)
READING = {
    (True, True): Judged(
        Course.ON, Text("至今在目标以内，预计全年也在", "within so far, and expected to end so")
    ),
    (True, False): Judged(
        Course.RISK,
        Text("至今在目标以内，但预计全年达不到", "within so far, but expected to end beyond it"),
    ),
    (False, True): Judged(
        Course.RISK,
        Text("至今未达目标，但预计全年可达到", "beyond so far, but expected to end within"),
    ),
    (False, False): Judged(
        Course.OFF, Text("至今未达目标，预计全年也达不到", "beyond so far, and expected to end so")
    ),
}


def judge(
    met: bool | None, days_left: int, reachable: bool | None, forecast_met: bool | None
) -> Judged:
    """`met`: None while nothing is measured; `reachable`: None where it cannot be said;
    `forecast_met`: None without a forecast, which then says what the value so far says."""
    if met is None:
        return UNKNOWN
    if days_left <= 0:
        return SETTLED[met]
    if reachable is False:
        return LOST
    return READING[met, met if forecast_met is None else forecast_met]


def progress(baseline: float | None, value: float, target: float) -> float | None:
    """How much of the way from the baseline to the target is gone, in percent; None where there is
    no way."""
    if baseline is None or baseline == target:
        return None
    return round(100 * (value - baseline) / (target - baseline), 1)
