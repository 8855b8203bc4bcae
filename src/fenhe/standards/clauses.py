"""A clause as it is read in each language: “Table 4” of our data files is 表4 in a Chinese page."""

from __future__ import annotations

import re

WORDS = (
    (r"\bTable (\S+?)(?=[;,\s]|$)", r"表\1"),
    (r"\bnotes? (\S+(?:, \S+)*)", r"注 \1"),
    (r"\bwith amendment (\d+) \((\d+)\)", r"及第 \1 号修改单（\2）"),
    (r"^definitions$", "术语和定义"),
    (r"^observed$", "由公布结果验证"),
    (r"^table of breakpoints$", "分指数限值表"),
    (r"^definition of the primary pollutant$", "首要污染物的定义"),
    (r"^CNEMC notes$", "CNEMC 说明"),
    (r"; ", "；"),
)


def clause_in(clause: str, language: str) -> str:
    """`Table 4` stays in English, is `表4` in Chinese; numbers of clauses are left alone."""
    if language != "zh":
        return clause
    for pattern, chinese in WORDS:
        clause = re.sub(pattern, chinese, clause)
    return clause
