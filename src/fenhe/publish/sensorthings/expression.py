"""Text of `$filter` and `$orderby` -> tree. By the grammar of OData 4 that OGC 18-088 §9.3.3.5
takes over, with its literals: text, numbers, instants, intervals, durations, geographies."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from shapely import from_wkt
from shapely.errors import ShapelyError

from fenhe.publish.sensorthings.refused import malformed
from fenhe.publish.sensorthings.tree import Binary, Call, Literal, Path, Span, Tree, Unary, Value

LONGEST = 8000
DEEPEST = 40

FUNCTIONS: dict[str, tuple[int, int]] = {
    "substringof": (2, 2), "endswith": (2, 2), "startswith": (2, 2), "length": (1, 1),
    "indexof": (2, 2), "substring": (2, 3), "tolower": (1, 1), "toupper": (1, 1), "trim": (1, 1),
    "concat": (2, 2), "year": (1, 1), "month": (1, 1), "day": (1, 1), "hour": (1, 1),
    "minute": (1, 1), "second": (1, 1), "fractionalseconds": (1, 1), "date": (1, 1),
    "time": (1, 1), "totaloffsetminutes": (1, 1), "now": (0, 0), "mindatetime": (0, 0),
    "maxdatetime": (0, 0), "round": (1, 1), "floor": (1, 1), "ceiling": (1, 1),
    "geo.distance": (2, 2), "geo.length": (1, 1), "geo.intersects": (2, 2), "st_equals": (2, 2),
    "st_disjoint": (2, 2), "st_touches": (2, 2), "st_within": (2, 2), "st_overlaps": (2, 2),
    "st_crosses": (2, 2), "st_intersects": (2, 2), "st_contains": (2, 2), "st_relate": (3, 3),
}  # fmt: skip
"""Each with how many arguments it takes, least and most (table 24 of OGC 18-088)."""

_INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)"
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<geography>(?:geography|geometry)'(?:[^']|'')*')
    | (?P<duration>duration'[^']*')
    | (?P<text>'(?:[^']|'')*')
    | (?P<span>{_INSTANT}/{_INSTANT})
    | (?P<instant>{_INSTANT})
    | (?P<date>\d{{4}}-\d\d-\d\d)
    | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<name>[@A-Za-z_][\w.@]*(?:/[@A-Za-z_][\w.@]*)*)
    | (?P<sign>[(),-])
    )""",
    re.VERBOSE,
)
_COMPARE = ("eq", "ne", "gt", "ge", "lt", "le")
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None}


class Token(NamedTuple):
    kind: str
    text: str
    at: int


def parse(text: str, where: str = "$filter") -> Tree:
    """The tree of a whole expression. Raises Malformed."""
    reader = _Reader(_tokens(text, where), where)
    tree = reader.either()
    reader.end()
    return tree


def literal(text: str, where: str) -> Value:
    """One literal by itself: a key in a path."""
    reader = _Reader(_tokens(text, where), where)
    tree = reader.primary()
    reader.end()
    if not isinstance(tree, Literal):
        raise malformed("这里须是一个值", "a value is needed here", where, text)
    return tree.value


def instant(text: str) -> datetime:
    return datetime.fromisoformat(_six(text).replace("Z", "+00:00")).astimezone(UTC)


def span(text: str) -> Span:
    """`start/end`, or an instant. Raises ValueError."""
    first, slash, last = text.partition("/")
    for part in (first, last) if slash else (first,):
        if not re.fullmatch(_INSTANT, part):
            raise ValueError(part)
    start = instant(first)
    end = instant(last) if slash else start
    if end < start:
        raise ValueError(text)
    return Span(start, end)


def _six(text: str) -> str:
    return re.sub(r"(\.\d{6})\d+", r"\1", text)


def _tokens(text: str, where: str) -> list[Token]:
    if len(text) > LONGEST:
        raise malformed(f"超过 {LONGEST} 个字符", f"longer than {LONGEST} characters", where)
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise malformed(
                f"第 {at + 1} 个字符处读不懂", f"cannot be read at character {at + 1}", where,
                text[at:],
            )  # fmt: skip
        found.append(Token(match.lastgroup, match.group(match.lastgroup), at))
        at = match.end()
    return found


@dataclass
class _Reader:
    tokens: list[Token]
    where: str
    at: int = 0
    depth: int = 0

    # -- from what binds least to what binds most ------------------------------------------------

    def either(self) -> Tree:
        self.depth += 1
        if self.depth > DEEPEST:
            raise malformed("嵌套过深", "nested too deeply", self.where)
        tree = self._chain(self._both, ("or",))
        self.depth -= 1
        return tree

    def _both(self) -> Tree:
        return self._chain(self._denied, ("and",))

    def _denied(self) -> Tree:
        count = 0
        while self._word("not"):
            count += 1
        tree = self._compared()
        return Unary("not", tree) if count % 2 else tree

    def _compared(self) -> Tree:
        left = self._sum()
        word = self._word(*_COMPARE)
        return Binary(word, left, self._sum()) if word else left

    def _sum(self) -> Tree:
        return self._chain(self._product, ("add", "sub"))

    def _product(self) -> Tree:
        return self._chain(self._signed, ("mul", "div", "mod"))

    def _signed(self) -> Tree:
        count = 0
        while self._sign("-"):
            count += 1
        tree = self.primary()
        if not count % 2:
            return tree
        if isinstance(tree, Literal) and isinstance(tree.value, int | float):
            return Literal(-tree.value)
        return Unary("-", tree)

    def primary(self) -> Tree:
        token = self._next()
        if token.kind == "sign":
            if token.text == "-":
                self.at -= 1
                return self._signed()
            if token.text != "(":
                raise self._unexpected(token)
            tree = self.either()
            self._need(")")
            return tree
        if token.kind == "name":
            return self._named(token)
        return Literal(self._value(token))

    # -- parts -------------------------------------------------------------------------------------

    def _chain(self, part: Callable[[], Tree], operators: tuple[str, ...]) -> Tree:
        tree = part()
        links = 0
        while word := self._word(*operators):
            links += 1
            if links > DEEPEST * 5:
                raise malformed("过长", "too many parts", self.where)
            tree = Binary(word, tree, part())
        return tree

    def _named(self, token: Token) -> Tree:
        if token.text in _WORDS:
            return Literal(_WORDS[token.text])
        if not self._sign("("):
            return Path(tuple(token.text.split("/")))
        bounds = FUNCTIONS.get(token.text)
        if bounds is None:
            raise malformed(
                f"没有函数 {token.text}", f"there is no function {token.text}", self.where,
                token.text,
            )  # fmt: skip
        arguments: list[Tree] = []
        if not self._sign(")"):
            arguments.append(self.either())
            while self._sign(","):
                arguments.append(self.either())
            self._need(")")
        if not bounds[0] <= len(arguments) <= bounds[1]:
            raise malformed(
                f"函数 {token.text} 的参数个数不对",
                f"{token.text} takes another number of arguments", self.where, token.text,
            )  # fmt: skip
        return Call(token.text, tuple(arguments))

    def _value(self, token: Token) -> Value:
        try:
            match token.kind:
                case "text":
                    return token.text[1:-1].replace("''", "'")
                case "number":
                    plain = re.fullmatch(r"\d{1,18}", token.text)
                    return int(token.text) if plain else _finite(token.text)
                case "span":
                    return span(token.text)
                case "instant":
                    return instant(token.text)
                case "date":
                    return date.fromisoformat(token.text)
                case "duration":
                    return _duration(token.text[9:-1])
                case "geography":
                    return from_wkt(
                        token.text.split("'", 1)[1][:-1].partition(";")[-1] or _wkt(token)
                    )
        except (ValueError, OverflowError, ShapelyError) as error:
            raise malformed("值写错了", "the value is not valid", self.where, token.text) from error
        raise self._unexpected(token)

    def _next(self) -> Token:
        if self.at >= len(self.tokens):
            raise malformed("不完整", "it ends too early", self.where)
        self.at += 1
        return self.tokens[self.at - 1]

    def _word(self, *words: str) -> str:
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token.kind == "name" and token.text in words:
                self.at += 1
                return token.text
        return ""

    def _sign(self, sign: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at][:2] == ("sign", sign):
            self.at += 1
            return True
        return False

    def _need(self, sign: str) -> None:
        if not self._sign(sign):
            raise malformed(f"缺少 {sign}", f"{sign} is missing", self.where)

    def end(self) -> None:
        if self.at < len(self.tokens):
            raise self._unexpected(self.tokens[self.at])

    def _unexpected(self, token: Token) -> Exception:
        return malformed("多余的内容", "something is left over", self.where, token.text)


def _wkt(token: Token) -> str:
    return token.text.split("'", 1)[1][:-1]


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return number


def _duration(text: str) -> timedelta:
    """ISO 8601 in days and less: `PT1H`, `P1DT12H`."""
    match = re.fullmatch(
        r"(-?)P(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9}(?:\.\d+)?)S)?)?", text
    )
    if match is None or text.rstrip("T") in ("P", "-P"):
        raise ValueError(text)
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups()[1:])
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if match[1] else length
