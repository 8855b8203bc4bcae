"""A question that cannot be understood: always the asker's error (400), never the server's."""

from __future__ import annotations

from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text


class Malformed(BadInput):
    """What is wrong, and at which place of the question."""


def malformed(zh: str, en: str, where: str = "", value: str = "") -> Malformed:
    problem = Problem("sta.malformed", Text(zh, en), column=where, value=value[:100])
    return Malformed(
        "sta.malformed",
        f"SensorThings 请求有误：{zh}",
        f"the SensorThings request is not valid: {en}",
        [problem],
    )
