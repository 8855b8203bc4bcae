"""The options of a question (`$filter`, `$expand` with options of its own, …) -> `Query`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from fenhe.publish.sensorthings.expression import LONGEST, parse
from fenhe.publish.sensorthings.refused import malformed
from fenhe.publish.sensorthings.tree import Tree

TOP = 100
MOST = 1000
DEEPEST = 6
FARTHEST = 200_000  # beyond it, follow @iot.nextLink


@dataclass
class Query:
    filter: Tree | None = None
    order: list[tuple[Tree, bool]] = field(default_factory=list)  # (expression, descending)
    select: list[str] = field(default_factory=list)
    expand: dict[str, Query] = field(default_factory=dict)
    top: int = TOP
    skip: int = 0
    count: bool = False
    data_array: bool = False
    token: str = ""  # where the page before ended
    raw: dict[str, str] = field(default_factory=dict)  # the options as they were written


def read(pairs: Iterable[tuple[str, str]]) -> Query:
    """From the parameters of an address. Raises Malformed, also for a parameter that is unknown or
    comes twice."""
    query = Query()
    seen: set[str] = set()
    for name, value in pairs:
        if name in seen:
            raise malformed("出现了两次", "comes twice", name)
        seen.add(name)
        if len(value) > LONGEST:
            raise malformed(f"超过 {LONGEST} 个字符", f"longer than {LONGEST} characters", name)
        _option(query, name, value, outermost=True)
    return query


def _option(query: Query, name: str, value: str, outermost: bool, depth: int = 0) -> None:
    query.raw[name] = value
    match name:
        case "$filter":
            query.filter = parse(value, name)
        case "$orderby":
            query.order = _order(value)
        case "$select":
            query.select = _names(value, name)
        case "$expand":
            _expand(query, value, depth)
        case "$count":
            query.count = _yes(value, name)
        case "$top" | "$skip":
            _cut(query, name, value)
        case "$resultFormat" | "$skiptoken" if outermost:
            query.data_array = query.data_array or _data_array(name, value)
            query.token = value if name == "$skiptoken" else query.token
        case _:
            raise malformed("没有这个参数", "there is no such option", name[:100])


def _cut(query: Query, name: str, value: str) -> None:
    if not re.fullmatch(r"\d{1,9}", value):
        raise malformed("须是非负整数", "must be a whole number from 0", name, value)
    if name == "$top":
        query.top = min(int(value), MOST)
        return
    query.skip = int(value)
    if query.skip > FARTHEST:
        raise malformed(
            f"最多跳过 {FARTHEST}，请沿 @iot.nextLink 翻页",
            f"{FARTHEST} at most; follow @iot.nextLink instead", name, value,
        )  # fmt: skip


def _yes(value: str, name: str) -> bool:
    if value not in ("true", "false"):
        raise malformed("须是 true 或 false", "must be true or false", name, value)
    return value == "true"


def _data_array(name: str, value: str) -> bool:
    if name == "$resultFormat" and value != "dataArray":
        raise malformed("只提供 dataArray", "only dataArray is offered", name, value)
    return name == "$resultFormat"


def _names(value: str, name: str) -> list[str]:
    names = [part.strip() for part in value.split(",")]
    if not all(re.fullmatch(r"[@A-Za-z_][\w.@/]*", part) for part in names):
        raise malformed("须是逗号分隔的属性名", "must be property names with commas", name, value)
    return names


def _order(value: str) -> list[tuple[Tree, bool]]:
    found = []
    for part in split(value, ","):
        match = re.fullmatch(r"\s*(.+?)(?:\s+(asc|desc|ASC|DESC))?\s*", part, re.DOTALL)
        if match is None:
            raise malformed("缺少排序项", "nothing to order by", "$orderby", value)
        found.append((parse(match[1], "$orderby"), (match[2] or "").lower() == "desc"))
    return found


def _expand(query: Query, value: str, depth: int) -> None:
    if depth >= DEEPEST:
        raise malformed("展开过深", "expanded too deeply", "$expand")
    for part in split(value, ","):
        match = re.fullmatch(r"\s*([A-Za-z/]+)\s*(?:\((.*)\))?\s*", part, re.DOTALL)
        if match is None:
            raise malformed("写错了", "is not valid", "$expand", part)
        names = match[1].split("/")
        if not all(names) or depth + len(names) > DEEPEST:
            raise malformed("写错了", "is not valid", "$expand", part)
        inner = query
        for name in names:
            inner = inner.expand.setdefault(name, Query())
        for option in split(match[2], ";") if match[2] is not None else []:
            name, equals, text = option.strip().partition("=")
            if not equals:
                raise malformed("缺少 =", "= is missing", "$expand", option)
            _option(inner, name, text, outermost=False, depth=depth + len(names))


def split(text: str, sign: str) -> list[str]:
    """At the sign, but neither inside quotation marks nor inside brackets."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, letter in enumerate(text):
        if letter == "'":
            quoted = not quoted
        elif not quoted and letter == "(":
            depth += 1
        elif not quoted and letter == ")":
            depth -= 1
        elif letter == sign and not quoted and depth == 0:
            parts.append(text[start:at])
            start = at + 1
        if depth < 0:
            raise malformed("括号不配对", "brackets do not match", "", text)
    if quoted or depth:
        raise malformed("引号或括号没有闭合", "a quote or bracket is not closed", "", text)
    return [*parts, text[start:]]
