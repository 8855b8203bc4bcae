"""Random inspection: the roll, the shares and the hash of the seed are fixed and published, then
the seed is revealed and the draw made; whoever has both gets the same draw again, and the page of
a draw does so each time it is shown."""

from __future__ import annotations

import math
import secrets
from typing import Any

from fenhe.access import gate
from fenhe.act import cases, holding
from fenhe.act.models import Case
from fenhe.act.procedures import register
from fenhe.domains.enforcement import tabular
from fenhe.domains.enforcement.pages.asked import refused, text_or_file
from fenhe.domains.enforcement.rules import draw as rules
from fenhe.ingest.frames import read_text
from fenhe.kernel.errors import BadInput, Conflict, FenheError, Forbidden, NotFound
from fenhe.kernel.ids import content_hash, new_id
from fenhe.kernel.period import civil
from fenhe.publish.page import Ask, Table

PROCEDURE, PAGE = "enforcement.random_draw", "/enforcement/draws"
MOST = 200


def draws(ask: Ask) -> dict[str, Any]:
    found = _visible(ask).select_related("organ").order_by("-pk")[:MOST]
    return {"rows": [_row(one, ask.language) for one in found], "may": _may(ask), "most": MOST}


def new_draw(ask: Ask) -> dict[str, Any]:
    """The form; sent once it shows what will be fixed, sent again it is fixed."""
    asked = {
        name: ask.form.get(name, "") for name in ("name", "shares", "seed", "team", "do", "key")
    }
    asked |= {name: text_or_file(ask, name) for name in ("roll", "people")}
    data: dict[str, Any] = {"asked": asked, "may": _may(ask), "examples": _examples()}
    if not asked["do"]:
        asked |= {"seed": secrets.token_hex(16), "team": str(rules.LEAST_INSPECTORS)}
        return data
    try:
        plan = _plan(asked)
        if asked["do"] == "commit":
            case = _announce(ask, asked, plan)
            return _shown(ask, case) | {"template": "enforcement/draw.html", "fresh": True}
    except (BadInput, Conflict, Forbidden) as error:
        return data | {"refused": refused(error, ask)}
    return data | {"plan": plan, "key": new_id()}


def draw(ask: Ask) -> dict[str, Any]:
    pk = ask.params.get("pk", "")
    case = _visible(ask).filter(pk=int(pk)).first() if pk.isdecimal() and len(pk) < 18 else None
    if case is None:
        raise NotFound("enforcement.no-draw", "没有这次抽取", "there is no such draw")
    if ask.form.get("do") != "draw":
        return _shown(ask, case)
    try:
        _draw(ask, case)
    except FenheError as error:
        return _shown(ask, case) | {"refused": refused(error, ask)}
    case.refresh_from_db()
    return _shown(ask, case)


def _visible(ask: Ask) -> Any:
    return ask.visible(Case.objects.filter(procedure=PROCEDURE))


def _may(ask: Ask) -> bool:
    opening = register.in_force(PROCEDURE, civil(ask.now).date()).opening
    return bool(holding.held(ask.person, opening.by))


def _plan(asked: dict[str, str]) -> dict[str, Any]:
    """What would be fixed: tried out, so that a roll that cannot be drawn from is refused now."""
    if not asked["name"].strip():
        raise BadInput("enforcement.draw-name", "请写明抽查名称", "name the draw")
    parsed = _parsed(asked)
    found = rules.draw(*parsed)
    entries, _, shares, _, excluded, _ = parsed
    sorts = sorted({one.sort for one in entries})
    return {
        "seed_hash": found.seed_hash,
        "roll_hash": _roll_hash(asked),
        "on_the_roll": len(entries),
        "count": len(found.drawn),
        "excluded": sorted(excluded.items()),
        "classes": [
            {
                "sort": sort,
                "all": sum(one.sort == sort for one in entries),
                "share": shares.get(sort),
                "drawn": math.ceil(
                    round(found.on_the_roll.get(sort, 0) * shares.get(sort, 0.0), 9)
                ),
            }
            for sort in sorts
        ],
    }


def _parsed(asked: dict[str, str]) -> tuple[Any, Any, dict[str, float], str, dict[str, str], int]:
    entries, excluded = tabular.roll(read_text("ROLL", asked["roll"]))
    people = tabular.people(read_text("PEOPLE", asked["people"]))
    shares = tabular.shares(filter(None, map(str.strip, asked["shares"].split())))
    team = int(asked["team"]) if asked["team"].isdecimal() and len(asked["team"]) < 3 else 0
    return entries, people, shares, asked["seed"], excluded, team


def _roll_hash(asked: dict[str, str]) -> str:
    """Of all that decides beside the seed: the roll with what is left out, people, shares, team."""
    entries, people, shares, _, excluded, team = _parsed({**asked, "seed": "-"})
    return content_hash(
        [
            sorted((one.code, one.sort) for one in entries),
            sorted((one.code, *sorted(one.recused)) for one in people),
            sorted(excluded.items()),
            sorted(shares.items()),
            team,
        ]
    )


def _announce(ask: Ask, asked: dict[str, str], plan: dict[str, Any]) -> Case:
    if ask.person is None:
        raise Forbidden("access.forbidden", "请先登录", "sign in first")
    source = f"draw:{ask.person.pk}:{asked['key'][:60]}" if asked["key"] else None
    given = {name: asked[name] for name in ("name", "roll", "people", "shares", "team")}
    given |= {name: plan[name] for name in ("on_the_roll", "seed_hash", "roll_hash")}
    given["shares"] = " ".join(asked["shares"].split())
    wanted = cases.Opening(PROCEDURE, given, title=asked["name"], source=source, through=PAGE)
    return cases.open_(wanted, ask.person, ask.now)


def _draw(ask: Ask, case: Case) -> None:
    if ask.person is None:
        raise Forbidden("access.forbidden", "请先登录", "sign in first")
    seed = ask.form.get("seed", "").strip()
    if rules.commitment(seed) != case.fields["seed_hash"]:
        raise BadInput(
            "enforcement.seed",
            "这不是公布哈希时的种子；种子遗失的，只能作废重新公布",
            "this is not the seed whose hash was published; if it is lost, declare the draw void",
        )
    found = _again(case, seed)
    given = {"seed": seed, "drawn": _lines(found), "drawn_count": len(found.drawn)}
    cases.take(
        case.pk, "draw", ask.person, ask.now, revision=case.revision, given=given, through=PAGE
    )


def _again(case: Case, seed: str) -> rules.Draw:
    return rules.draw(*_parsed({**_fixed(case), "seed": seed}))


def _fixed(case: Case) -> dict[str, str]:
    return {name: str(case.fields[name]) for name in ("roll", "people", "shares", "team")}


def _lines(found: rules.Draw) -> list[str]:
    return [f"{code}：{'、'.join(who)}" for code, who in found.drawn]


def _shown(ask: Ask, case: Case) -> dict[str, Any]:
    secret = gate.may(ask.person, holding.SECRETS, case)
    seed = case.fields.get("seed", "")
    procedure = register.get(case.procedure, case.version)
    data: dict[str, Any] = {
        "case": case,
        "state": procedure.states[case.state].name[ask.language],
        "waiting": case.state == "announced",
        "may": bool(holding.held(ask.person, procedure.transitions["draw"].by, case)),
        "secret": secret,
        "seed": seed,
    }
    if not seed:
        return data
    found = _again(case, seed)
    data["proof"] = {
        "seed": rules.commitment(seed) == case.fields["seed_hash"],
        "roll": _roll_hash(_fixed(case)) == case.fields["roll_hash"],
        "draw": _lines(found) == case.fields["drawn"],
    }
    if secret:
        rows = [(n, code, "、".join(who)) for n, (code, who) in enumerate(found.drawn, start=1)]
        data["rows"] = rows
        columns = ["order", "code", "inspectors"]
        data["tables"] = {"drawn": Table(f"draw-{case.pk}", columns, rows)}
    return data


def _row(case: Case, tongue: str) -> dict[str, Any]:
    state = register.get(case.procedure, case.version).states[case.state]
    return {
        "case": case,
        "state": state.name[tongue],
        "final": state.final,
        "count": case.fields.get("drawn_count"),
        "organ": case.organ.name(tongue) if case.organ else "",
    }


def _examples() -> list[dict[str, Any]]:
    from fenhe.domains.enforcement.rules.tables import table

    return [
        {"place": one["place"], "sort": one["object_class"], "share": one["share"]}
        for one in table("supervision checks", "shares")
    ]
