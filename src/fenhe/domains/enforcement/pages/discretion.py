"""裁量: what a discretion model proposes for a penalty article, factor by factor. The model is a
dated table; the one that ships is unconfirmed and says so, and the result decides nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fenhe.domains.enforcement.pages.asked import percent, refused, yuan
from fenhe.domains.enforcement.rules import fines
from fenhe.domains.enforcement.rules.tables import edition, table
from fenhe.kernel.errors import BadInput
from fenhe.publish.page import Ask

MODEL = "discretion model"
WAN = Decimal(10_000)


def discretion(ask: Ask) -> dict[str, Any]:
    factors = _factors(ask.language)
    articles = _articles()
    asked = {"article": ask.params.get("article", ""), "lighter": ask.params.get("lighter", "")}
    chosen = {one["id"]: ask.params[one["id"]] for one in factors if ask.params.get(one["id"])}
    for one in factors:
        for tier in one["tiers"]:
            tier["chosen"] = chosen.get(one["id"]) == tier["id"]
    made = edition(MODEL)
    data: dict[str, Any] = {
        "articles": articles,
        "factors": factors,
        "asked": asked,
        "model": {
            "title": made.title[ask.language],
            "note": made.note[ask.language] if made.note else "",
            "source": made.source[ask.language],
        },
        "confidence": next(iter(table(MODEL, "weights"))).confidence,
    }  # fmt: skip
    article = next((one for one in articles if one["id"] == asked["article"]), None)
    if article is None:
        return data
    try:
        return data | {"found": _found(article, factors, chosen, bool(asked["lighter"]))}
    except BadInput as error:
        return data | {"refused": refused(error, ask)}


def _found(
    article: dict[str, Any], factors: list[dict[str, Any]], chosen: dict[str, str], lighter: bool
) -> dict[str, Any]:
    least, most = article["least"] * WAN, article["most"] * WAN
    model = [
        fines.Factor(one["id"], {tier["id"]: tier["weight"] for tier in one["tiers"]})
        for one in factors
    ]
    fine = fines.weight_sum(model, chosen, least, most, lighter)
    steps, total = [], Decimal(0)
    for one in factors:
        tier = next(
            (tier for tier in one["tiers"] if tier["id"] == chosen.get(one["id"])), one["tiers"][0]
        )
        total += tier["weight"]
        steps.append(
            {"name": one["name"], "tier": tier["name"], "weight": percent(tier["weight"]),
             "unknown": one["id"] in fine.unknown}
        )  # fmt: skip
    return {
        "article": article, "amount": yuan(fine.amount), "share": percent(fine.share),
        "steps": steps, "least": yuan(least), "most": yuan(most), "total": percent(total),
        "raised": fine.amount == least > fine.share * most,
    }  # fmt: skip


def _factors(tongue: str) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in table(MODEL, "weights"):
        one = found.setdefault(
            row["factor"], {"id": row["factor"], "name": row.text("name")[tongue], "tiers": []}
        )
        one["tiers"].append(
            {"id": row["tier"], "name": row.text("tier_name")[tongue],
             "weight": Decimal(str(row["weight"])), "percent": percent(Decimal(str(row["weight"])))}
        )  # fmt: skip
    return list(found.values())


def _articles() -> list[dict[str, Any]]:
    """Each range of each penalty article: "2/10" to "20/50" are two."""
    found = []
    for row in table("penalty articles", "articles"):
        leasts, mosts = str(row["least"]).split("/"), str(row["most"]).split("/")
        for place, (least, most) in enumerate(zip(leasts, mosts, strict=True), start=1):
            found.append(
                {"id": f"{row['article']}.{place}", "article": row["article"],
                 "conduct": row["conduct"], "actor": row["actor"], "least": Decimal(least),
                 "most": Decimal(most), "aggravated": row["aggravated"] or "",
                 "measures": row["measures"] or "", "clause": row.clause}
            )  # fmt: skip
    return found
