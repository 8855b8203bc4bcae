"""法定期限：按规则和工作日历计算到期日 | deadline: the last day of a statutory time limit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from fenhe.app.output import AsJson, show


class _RulesToo(TyperGroup):
    """`fenhe deadline pen.decision …`: what is no verb is a rule."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in self.commands:
            args = ["of", *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_RulesToo,
    add_completion=False,
    no_args_is_help=True,
    help=f"{__doc__}\n\nfenhe deadline RULE --from DATE[THH:MM] [--extend TIMES] [--exclude DAYS]",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("of")
def of(
    rule: Annotated[str, typer.Argument(help="规则编号，如 pen.decision | the rule's id")],
    start: Annotated[
        str,
        typer.Option(
            "--from", help="起算事件：日期或日期T时:分；倒推的规则为后一事件 | the trigger"
        ),
    ],
    extend: Annotated[int, typer.Option(help="已批准延长的次数 | extensions granted")] = 0,
    exclude: Annotated[int, typer.Option(help="不计入的天数 | days that do not count")] = 0,
    variant: Annotated[str, typer.Option("--case", help="情形 | which case of the rule")] = "",
    as_json: AsJson = False,
) -> None:
    """一条规则的到期日与每一步 | one limit, counted, with every step. RULE alone means this."""
    from fenhe.act import notices
    from fenhe.act.deadlines.asked import answer

    result = answer(rule, start, notices.current(), variant=variant, extend=extend, exclude=exclude)
    said = result.as_dict()
    mark = "  (暂定 provisional)" if result.provisional else ""
    lines = [
        f"{rule}  {result.rule.step.zh} | {result.rule.step.en}",
        f"{said['start']} → {said['due'] or '—'}{mark}",
        *(f"  · {step.zh} | {step.en}" for step in result.steps),
        f"  {result.article} [{result.confidence.label.zh} | {result.confidence.label.en}]",
        f"  {result.calendar}",
    ]
    show(said, lines, as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """全部期限规则 | every rule with limit, article and confidence."""
    from fenhe.act.deadlines import listed

    rules = listed.rules_listed()
    lines = [f"{one['id']:<22} {one['limit']['zh']:<24} {one['article']}" for one in rules]
    show(rules, lines, as_json)


@app.command("load-holidays")
def load_holidays(
    file: Annotated[Path, typer.Argument(help="CSV：date,kind(holiday|workday),note | the file")],
    year: Annotated[int, typer.Option(help="年份 | the year", min=1949, max=2199)],
    source: Annotated[str, typer.Option(help="通知文号 | where it was published")] = "",
    as_json: AsJson = False,
) -> None:
    """载入一年的放假通知 | load the holiday notice of a year the calendar does not cover."""
    from fenhe.act import notices

    notice = notices.load(file, year, source)
    worked = sum(notice.days.values())
    free = len(notice.days) - worked
    said = {
        "year": year, "holidays": free, "workdays": worked, "source": notice.source,
        "hash": notice.hash, "calendar": notices.current().version,
    }  # fmt: skip
    lines = [f"{year}：放假 {free} 天，调休上班 {worked} 天 | {free} days off, {worked} worked"]
    show(said, lines, as_json)
