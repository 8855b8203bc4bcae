"""执法：双随机抽查、入罪标准、罚款、检测报告 | enforcement: draws, thresholds, fines, laboratories.

Pure verbs: files in, files out. What they find prompts a person and decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from fenhe.domains.enforcement import tabular
from fenhe.domains.enforcement.rules import criminal, fines, laboratory
from fenhe.domains.enforcement.rules.draw import commitment
from fenhe.domains.enforcement.rules.draw import draw as drawn
from fenhe.domains.enforcement.rules.tables import table
from fenhe.ingest.frames import Sheet, read_table, whole_file, write_table
from fenhe.kernel.errors import BadInput
from fenhe.kernel.text import Text

app = typer.Typer(no_args_is_help=True, help=__doc__)

In = Annotated[str, typer.Argument(metavar="IN", help="CSV、Parquet 或 - | CSV, Parquet or -")]
Out = Annotated[str, typer.Argument(metavar="OUT", help="CSV、Parquet 或 - | CSV, Parquet or -")]
Json = Annotated[bool, typer.Option("--json", help="结果为 JSON | results as JSON")]


@app.command()
def draw(
    roll: Annotated[str, typer.Argument(metavar="ROLL", help="检查对象名录 | the roll")],
    people: Annotated[str, typer.Argument(metavar="PEOPLE", help="执法人员 | inspectors")],
    target: Out,
    seed: Annotated[str, typer.Option(help="种子；抽取前公布其哈希 | publish its hash before")],
    share: Annotated[
        list[str], typer.Option(help="类别=比例，可多次 | class=share, e.g. key=0.25")
    ],
    team: Annotated[int, typer.Option(help="每组人数 | inspectors a team")] = 2,
    record: Annotated[
        str | None, typer.Option(help="另写抽取记录 JSON | also write the record as JSON")
    ] = None,
    as_json: Json = False,
) -> None:
    """双随机抽取：同一种子与名录总得同一结果 | random inspection, the same from the same seed.

    ROLL: code[, class（缺省 general）, excluded（剔除理由 | reason for leaving it out）]。
    PEOPLE: code[, recused（须回避的对象，用 ; 分隔 | objects, with ;）]。
    OUT: order, code, inspectors。
    """
    entries, excluded = tabular.roll(read_table(roll))
    found = drawn(
        entries, tabular.people(read_table(people)), tabular.shares(share), seed, excluded, team
    )
    typer.echo(f"· 种子哈希 | hash of the seed: {found.seed_hash}", err=True)
    if record:
        _record(record, {
            "seed": found.seed, "seed_hash": found.seed_hash, "roll_hash": found.roll_hash,
            "shares": found.shares, "on_the_roll": found.on_the_roll, "excluded": found.excluded,
            "drawn": [[code, *who] for code, who in found.drawn],
        })  # fmt: skip
    rows = [
        {"order": k, "code": code, "inspectors": ";".join(who)}
        for k, (code, who) in enumerate(found.drawn, start=1)
    ]
    schema = {"order": pl.Int64, "code": pl.String, "inspectors": pl.String}
    write_table(pl.DataFrame(rows, schema=schema), target, as_json=as_json)


@app.command("seed-hash")
def seed_hash(seed: str) -> None:
    """抽取前公布的种子哈希 | the hash to publish before a draw."""
    typer.echo(commitment(seed))


@app.command("criminal")
def criminal_(source: In, target: Out, as_json: Json = False) -> None:
    """对照入罪标准（法释〔2023〕7号），只提示移送审查 | thresholds of referral; prompts only.

    读取列 | columns read: code（如 J1-2 | e.g.）, value[, part]，或 | or concentration, limit。
    写出 | columns added: answer（reached | not_reached | review）, excess（(C−S)/S）, ratio（C/S）,
    clause, text_zh, text_en。
    """
    sheet = read_table(source)
    sheet.rename({})
    sheet.need(["code"])
    names = [n for n in ("value", "part", "concentration", "limit") if n in sheet.frame.columns]
    numbers = {name: sheet.numbers(name) for name in names}
    codes = sheet.frame["code"].cast(pl.String)
    known = [str(row["code"]) for row in table(criminal.STANDARD, "thresholds")]
    said = Text("没有这条入罪标准", "is no threshold")
    sheet.blame("code", ~codes.is_in(known), "enforcement.threshold-unknown", said)
    sheet.refuse()
    found = []
    for k, code in enumerate(codes):
        values: dict[str, float | None] = {name: numbers[name][k] for name in names}
        found.append(_against(code, values, sheet, int(sheet.rows[k])))
    added = pl.DataFrame(
        {
            "answer": [one.answer.value for one in found],
            "excess": [one.excess for one in found],
            "ratio": [one.ratio for one in found],
            "clause": [one.clause for one in found],
            "text_zh": [one.text.zh for one in found],
            "text_en": [one.text.en for one in found],
        },
        schema_overrides={"excess": pl.Float64, "ratio": pl.Float64},
    )
    write_table(sheet.frame.with_columns(added), target, as_json=as_json)


@app.command("daily-fine")
def daily_fine(
    original: Annotated[str, typer.Argument(help="原处罚款（元）| the original fine, yuan")],
    period: Annotated[
        list[str], typer.Option(help="送达日..复查日，可多次 | served..rechecked, repeatable")
    ],
    as_json: Json = False,
) -> None:
    """按日连续处罚：次日起至复查日，均计 | daily fines: the day after service to the recheck."""
    periods = [_period(text) for text in period]
    amount = fines.daily_fine(_money(original), periods)
    days = sum(fines.daily_days(*one) for one in periods)
    _answer({"days": days, "amount": str(amount), "clause": "部令28 第十七条；法典 1060"}, as_json)


@app.command("late-fee")
def late_fee(
    fine: Annotated[str, typer.Argument(help="罚款（元）| the fine, yuan")],
    due: Annotated[str, typer.Option(help="缴款期限 | last day of payment")],
    paid: Annotated[str, typer.Option(help="缴款日 | day of payment")],
    pause: Annotated[
        list[str] | None, typer.Option(help="复议诉讼期间 首日..末日 | review or litigation")
    ] = None,
    as_json: Json = False,
) -> None:
    """加处罚款：每日 3%，不超过本金 | late fee: 3 % a day, no more than the fine."""
    pauses = [_period(text) for text in pause or []]
    amount = fines.late_fee(_money(fine), _day(due), _day(paid), pauses)
    _answer({"amount": str(amount), "clause": "行政处罚法 72、73"}, as_json)


@app.command()
def labs(
    source: In,
    target: Out,
    scope: Annotated[
        str | None, typer.Option(help="资质范围 agency,item[,valid_from,valid_to] | qualifications")
    ] = None,
    as_json: Json = False,
) -> None:
    """检测报告核查：不可能的时间、重复的结果、超资质 | impossible times, duplicates, scope.

    读取列 | columns read（有哪些列做哪些检查 | the checks follow from the columns）: agency,
    sample, item; sampler, longitude, latitude, start, end; instrument, run_start, run_end;
    chromatogram, peak_area; record_time, report_time; held_h, holding_h; value_a, value_b,
    repeatability_pct。OUT: check, agency, rows, text_zh, text_en。
    """
    sheet = read_table(source)
    sheet.rename({})
    rows = tabular.lab_rows(sheet)
    qualified = tabular.scope(read_table(scope)) if scope else None
    checks = laboratory.made(rows, qualified)
    if not checks:
        raise BadInput(
            "enforcement.labs-columns",
            "没有任何检查所需的列，见 --help",
            "the columns allow no check; see --help",
        )
    names = {row["check"]: row.text("name") for row in table("supervision checks", "laboratory")}
    for check in checks:
        typer.echo(f"· {names[check].zh} | {names[check].en}", err=True)
    found = laboratory.findings(rows, qualified)
    columns = ("check", "agency", "rows", "text_zh", "text_en")
    cells = [
        (one.check, one.agency, ";".join(map(str, one.rows)), one.text.zh, one.text.en)
        for one in found
    ]
    frame = pl.DataFrame(cells, schema=dict.fromkeys(columns, pl.String), orient="row")
    write_table(frame, target, as_json=as_json)


def _against(
    code: str, values: Mapping[str, float | None], sheet: Sheet, row: int
) -> criminal.Finding:
    concentration, limit = values.get("concentration"), values.get("limit")
    value, part = values.get("value"), values.get("part")
    if concentration is not None and limit is not None:
        return criminal.times_over(code, concentration, limit)
    if value is not None:
        return criminal.amount(code, value, int(part or 1))
    raise BadInput(
        "enforcement.threshold-value",
        f"{sheet.name} 第 {row} 行既没有 value，也没有 concentration 与 limit",
        f"{sheet.name} row {row} has neither value nor concentration and limit",
    )


def _period(text: str) -> tuple[date, date]:
    first, _, last = text.partition("..")
    return _day(first), _day(last)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise BadInput(
            "enforcement.day",
            f"“{text}”不是日期，请写成 2026-05-01",
            f"“{text}” is no date; write 2026-05-01",
        ) from error


def _money(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise BadInput("enforcement.amount", f"“{text}”不是金额", f"“{text}” is no amount of money")
    return amount


def _record(path: str, content: dict[str, object]) -> None:
    with whole_file(Path(path)) as file:
        file.write(json.dumps(content, ensure_ascii=False, indent=2).encode())


def _answer(found: dict[str, object], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for name, value in found.items():
        typer.echo(f"{name}: {value}")
