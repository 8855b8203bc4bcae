"""Template tags of the platform, loaded everywhere: words, figures, what explains a figure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from fenhe.access import gate
from fenhe.app import assets
from fenhe.app.text import said, say
from fenhe.kernel.period import DAY, civil
from fenhe.standards.clauses import clause_in

register = template.Library()

NOTHING = "—"
WEEKDAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}


@register.simple_tag(takes_context=True)
def t(context: Context, key: str, **values: Any) -> SafeString:
    """`{% t "air.today.title" city=name %}`. The sentence is ours, the values are escaped."""
    sentence = say(key, context["language"])
    return format_html(sentence, **values) if values else mark_safe(sentence)  # noqa: S308 (ours)


@register.simple_tag(takes_context=True)
def may(context: Context, action: str) -> bool:
    """Whether who looks at the page may do this anywhere at all: offers nothing that is refused."""
    return gate.may(context["request"].user, action)


@register.simple_tag
def asset(name: str) -> str:
    return assets.url(name)


@register.filter
def fig(value: Any, decimals: int = 0) -> str:
    """A figure with so many decimals and thin spaces; a dash where there is none."""
    if value is None or value == "":
        return NOTHING
    return f"{float(value):,.{decimals}f}".replace(",", "\u2009").replace("-", "−")


@register.filter
def signed(value: Any, decimals: int = 1) -> str:
    """A change with its sign."""
    if value is None or value == "":
        return NOTHING
    text = fig(abs(float(value)), decimals)
    return text if float(text.replace("\u2009", "")) == 0 else f"{'+' if value > 0 else '−'}{text}"


@register.filter
def percent_of(value: Any, whole: Any) -> str:
    """A share for a drawing: 0 to 100."""
    if value is None or not whole:
        return "0"
    return f"{min(100.0, max(0.0, 100 * float(value) / float(whole))):.2f}"


@register.filter
def share(text: str) -> str:
    """A printed percentage as a width."""
    try:
        return f"{min(100.0, max(0.0, float(text))):.2f}"
    except ValueError:
        return "0"


@register.filter
def at(table: Any, key: Any) -> Any:
    """`row|at:column`."""
    try:
        return table[key]
    except (KeyError, IndexError, TypeError):
        return None


@register.filter
def days_of(hours: int) -> int:
    """Whole days of so many hours."""
    return hours // 24


@register.filter
def say_in(text: Any, language: str) -> str:
    """One language of a bilingual text: a `Text` or {zh, en}."""
    return "" if text is None else str(text[language])


@register.filter
def column(name: str, language: str) -> str:
    """What a column of our tables is called."""
    return said("column", name, language)


@register.filter
def clause(text: str | None, language: str) -> str:
    """A clause as it is read in the language: 表4 or Table 4."""
    return clause_in(text or "", language)


@register.filter
def moment(instant: datetime | None, form: str = "%Y-%m-%d %H:%M") -> str:
    """An instant as civil time."""
    return NOTHING if instant is None else civil(instant).strftime(form)


BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("MicroMessenger", "WeChat"), ("Firefox", "Firefox"),
            ("Chrome", "Chrome"), ("Safari", "Safari"))  # fmt: skip
MACHINES = ("Windows", "Android", "iPhone", "iPad", "Macintosh", "Linux")


@register.filter
def browser(agent: str) -> str:
    """What a browser says it is, in two words: Chrome · Windows. What is not known stays whole."""
    name = next((name for mark, name in BROWSERS if mark in agent), "")
    machine = next((one for one in MACHINES if one in agent), "")
    return f"{name} · {machine}" if name and machine else agent


@register.filter
def until(end: datetime | None, form: str = "%Y-%m-%d %H:%M") -> str:
    """The end of a period as civil time: midnight is 24:00 of the day that ends with it."""
    if end is None or civil(end).time() != time():
        return moment(end, form)
    return (civil(end) - DAY).strftime(form.replace("%H", "24"))


@register.filter
def day(value: date | datetime | None, language: str = "zh") -> str:
    """2026-11-23 周一"""
    if value is None:
        return NOTHING
    value = civil(value).date() if isinstance(value, datetime) else value
    return f"{value.isoformat()} {WEEKDAYS[language][value.weekday()]}"


@register.simple_tag(takes_context=True)
def why(context: Context, url: str | None, shown: Any) -> SafeString | str:
    """A figure as a link to its explanation; plain where nothing explains it."""
    if not url or shown == NOTHING:
        return str(shown)
    return format_html(
        '<a class="why" href="{}" title="{}">{}</a>',
        url,
        say("explain.why", context["language"]),
        shown,
    )


@register.filter
def positive(value: int) -> int:
    return abs(value)


SPARK_WIDTH, SPARK_HEIGHT = 240, 40


@register.simple_tag
def spark(values: Sequence[float | None], limit: float | None, label: str) -> SafeString | str:
    """A small line without axes: gaps stay gaps, the limit is dashed. Its words and its table
    stand beside it; here the label is what a screen reader says."""
    there = [one for one in values if one is not None]
    if len(there) < 2:
        return ""
    top = max([*there, limit or 0.0]) or 1.0
    step = SPARK_WIDTH / max(1, len(values) - 1)

    def y(value: float) -> float:
        return SPARK_HEIGHT - 2 - (SPARK_HEIGHT - 4) * value / top

    path, pen = "", "M"
    for at, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        path += f"{pen}{at * step:.1f} {y(value):.1f}"
        pen = "L"
    line = (
        format_html(
            '<line class="spark-limit" x1="0" x2="{}" y1="{}" y2="{}"/>',
            SPARK_WIDTH,
            f"{y(limit):.1f}",
            f"{y(limit):.1f}",
        )
        if limit is not None
        else ""
    )
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}<path d="{}"/></svg>',
        SPARK_WIDTH,
        SPARK_HEIGHT,
        label,
        line,
        path,
    )


FLAG_LOOKS = {3: "warn", 4: "bad"}


@register.simple_tag(takes_context=True)
def flag(context: Context, number: int | None) -> SafeString | str:
    """A quality flag as a word; a chip where it needs attention."""
    if number is None:
        return ""
    word = say(f"flag.{int(number)}", context["language"])
    look = FLAG_LOOKS.get(int(number))
    return format_html('<span class="chip {}">{}</span>', look, word) if look else word
