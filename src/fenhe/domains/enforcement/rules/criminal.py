"""Whether a fact reaches a threshold of 法释〔2023〕7号, so that referral must be looked at.

"Three times over the standard" is read two ways, (C − S)/S and C/S. Both are computed; where they
differ the answer is `review`. An answer prompts a person; it never says that a crime was committed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from fenhe.domains.enforcement.rules.tables import table
from fenhe.kernel.errors import BadInput, NotFound
from fenhe.kernel.text import Text
from fenhe.standards.edition import Row

STANDARD = "criminal thresholds"


class Answer(StrEnum):
    REACHED = "reached"
    NOT_REACHED = "not_reached"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    answer: Answer
    text: Text
    clause: str
    excess: float | None = None
    """(C − S)/S"""
    ratio: float | None = None
    """C/S"""


def row(code: str) -> Row:
    try:
        return table(STANDARD, "thresholds").one(code=code)
    except NotFound as error:
        known = "、".join(str(one["code"]) for one in table(STANDARD, "thresholds"))
        raise BadInput(
            "enforcement.threshold-unknown",
            f"没有入罪标准 {code}；现有：{known}",
            f"there is no threshold {code}; known: {known}",
        ) from error


def amount(code: str, value: float, part: int = 1) -> Finding:
    """A measured amount against the threshold; `part` where the row names several."""
    line = row(code)
    limits = line["values"]
    if line["operator"] != ">=" or not 1 <= part <= len(limits):
        raise BadInput(
            "enforcement.threshold-part",
            f"{code} 没有第 {part} 个数值标准",
            f"{code} has no numeric threshold number {part}",
        )
    limit = float(limits[part - 1])
    units = line["units"]
    unit = str(units[min(part, len(units)) - 1]) if units else ""
    reached = value >= limit
    answer = Answer.REACHED if reached else Answer.NOT_REACHED
    if reached and (line["precondition"] or line["decidable"] != "yes"):
        answer = Answer.REVIEW
    return Finding(code, answer, _text(line, f"{value:g}", f"{limit:g} {unit}".strip(), answer),
                   line.clause)  # fmt: skip


def times_over(code: str, concentration: float, limit: float) -> Finding:
    """A concentration against its discharge limit, by both readings of "times over"."""
    line = row(code)
    if "times" not in line["units"]:
        raise BadInput(
            "enforcement.threshold-times",
            f"{code} 不是超标倍数标准",
            f"{code} is no threshold in times over a limit",
        )
    if limit <= 0:
        raise BadInput(
            "enforcement.limit", "排放限值须大于 0", "the discharge limit must be above 0"
        )
    least = Fraction(str(line["values"][0]))
    times = Fraction(str(concentration)) / Fraction(str(limit))  # as written: 0.3 is 3 × 0.1
    excess, ratio = float(times - 1), float(times)
    # Reached by one reading at least: the row itself asks for a person in either case.
    answer = Answer.NOT_REACHED if times < least else Answer.REVIEW
    said = f"(C−S)/S = {excess:.2f}, C/S = {ratio:.2f}"
    return Finding(
        code, answer, _text(line, said, f"{float(least):g}", answer), line.clause, excess, ratio
    )


def within_two_years(first_effective: date, act: date) -> bool:
    """Art. 19: from the day the first penalty took effect to the day of the new act."""
    try:
        end = first_effective.replace(year=first_effective.year + 2)
    except ValueError:  # 29 February
        end = first_effective.replace(year=first_effective.year + 2, day=28)
    return first_effective <= act <= end


def _text(line: Row, value: str, limit: str, answer: Answer) -> Text:
    said = {
        Answer.REACHED: Text("达到数值标准，提示移送审查", "reaches the number: look at referral"),
        Answer.NOT_REACHED: Text("未达到", "not reached"),
        Answer.REVIEW: Text(
            "达到或可能达到，须法制审核确认口径与前提",
            "reached or perhaps reached: a lawyer must confirm the reading and the precondition",
        ),
    }[answer]
    before = f"（前提：{line['precondition']}）" if line["precondition"] else ""
    return Text(
        f"{line['measure']}：{value}，标准 {limit}{before}；{said.zh}",
        f"{line['measure']}: {value}, threshold {limit}; {said.en}",
    )
