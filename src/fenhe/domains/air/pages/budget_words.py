"""What the budget page says, in both languages."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from fenhe.domains.air.rules.budget import Bound, MeanBudget, Room
from fenhe.kernel.text import Text

SO_FAR = Text("目前", "So far")
LEFT = Text("剩余天数", "Days left")
REST = Text("其余日均最高可为", "The rest may average")
DAYS_OVER = Text("还可超标天数", "Days over the limit left")
GOOD_SO_FAR = Text("已有优良天数", "Good days so far")
SHARE = Text("优良率", "Share")
BAD_LEFT = Text("还可出现的非优良天数", "Bad days left")
DAILY, RUNNING, ALLOWED = (
    Text("日均值", "daily mean"),
    Text("累计平均", "mean so far"),
    Text("其余允许平均", "allowed for the rest"),
)


def valid(days: int, elapsed: int) -> Text:
    return Text(f"有效 {days}/{elapsed} 天", f"{days} of {elapsed} days valid")


def until(day: date) -> Text:
    return Text(f"至 {day}", f"until {day}")


def target(value: Fraction) -> Text:
    return Text(f"目标 {float(value):g}", f"target {float(value):g}")


def needed(days: int) -> Text:
    return Text(f"共需优良 {days} 天", f"{days} good days are needed in all")


def bound(found: Bound, reachable: bool) -> Text:
    if not reachable:
        return Text("其余各日为 0 也达不到目标", "not even 0 on every day left would do")
    sign = "≤" if found.closed else "<"
    value = f"{float(found.value):.4f}".rstrip("0").rstrip(".")
    return Text(f"精确界 {sign} {value}（按修约规则）", f"exactly {sign} {value} (rounding rule)")


def over(above: int, limit: float, percent: float) -> Text:
    return Text(
        f"日均值超过 {limit:g} 的已有 {above} 天；第 {percent:g} 百分位达标为限",
        f"{above} days above {limit:g} so far; as far as the {percent:g}th percentile allows",
    )


def room(found: Room) -> Text:
    if found.headroom is None:
        return Text(
            f"现为 {found.present}，单靠此项无法达到", f"now {found.present}; it alone cannot do it"
        )
    sign = "+" if found.headroom > 0 else "−" if found.headroom < 0 else "±"
    gap = f"{sign}{abs(found.headroom)}"
    return Text(
        f"现为 {found.present}（{gap}），其余不变", f"now {found.present} ({gap}), others as now"
    )


def mean(symbol: str, found: MeanBudget, unit: str) -> Text:
    rest = found.rest()
    if rest is None:
        state = Text("达到目标", "meets the target") if found.met else Text("未达目标", "misses it")
        return Text(f"时段已结束，{symbol} {state.zh}", f"The period is over; {symbol} {state.en}")
    if not found.reachable:
        return Text(f"{symbol} 已无法达到目标", f"{symbol} can no longer meet the target")
    return Text(
        f"其余 {found.remaining} 天 {symbol} 平均不超过 {rest.largest(1)} {unit} 即可达标",
        f"{symbol} meets the target if the {found.remaining} days left average "
        f"{rest.largest(1)} {unit} or less",
    )


def good(bad: int | None, remaining: int) -> Text:
    if bad is None:
        return Text("已无法达到优良率目标", "The target share can no longer be met")
    if remaining == 0:
        return Text("时段已结束，达到目标", "The period is over; the target is met")
    return Text(
        f"其余 {remaining} 天中最多可有 {bad} 天不是优良",
        f"At most {bad} of the {remaining} days left may be bad",
    )


def composite(present: float, wanted: Fraction) -> Text:
    gap = float(wanted) - present
    if gap >= 0:
        return Text(f"综合指数低于目标 {gap:.2f}，各项尚有余地", f"{gap:.2f} below the target")
    return Text(
        f"综合指数高于目标 {-gap:.2f}；以下为单项变化可达目标的最高浓度",
        f"{-gap:.2f} above the target; below, how far one pollutant alone would have to go",
    )


def path(symbol: str) -> Text:
    return Text(
        f"{symbol} 的路径：每日、累计与其余允许", f"The path of {symbol}: days, so far, allowed"
    )
