"""The tabs every dossier has: overview, verdicts, alarms, documents, evidence, history. The one
with the charts stands in `dossier_data`."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.db.models import Q

from fenhe.access import gate
from fenhe.alert.models import Alarm
from fenhe.app import dossier_data
from fenhe.app.dossier import File, Tab, register
from fenhe.app.listing import columns
from fenhe.app.listing_cells import category, kind_name, look, newest, plain_cell
from fenhe.app.text import say
from fenhe.assess import rule as rules
from fenhe.assess.models import Verdict
from fenhe.evidence.models import Act
from fenhe.publish import bulletin as bulletins
from fenhe.publish.models import Publication
from fenhe.registry import kinds
from fenhe.registry.models import Object, Relation

MOST = 50
OPEN = ("open", "acknowledged")


def overview(file: File) -> dict[str, Any]:
    """What it is, what it belongs to, and what the rules last said of it."""
    thing, tongue = file.thing, file.language
    known = columns(file.kind, tongue) if file.kind else {}
    return {
        "attributes": [
            (column, plain_cell(thing, column, tongue))
            for column in known.values()
            if column.sort == "attribute"
        ],
        "relations": _relations(file),
        "newest": _newest(file),
        "open_alarms": file.visible(Alarm.objects.all())
        .filter(subject=thing, state__in=OPEN)
        .count(),
    }


def _relations(file: File) -> list[dict[str, Any]]:
    """Both ways, in force and ended; the other end only if the person may see it."""
    rows = list(
        Relation.objects.filter(Q(subject=file.thing) | Q(object=file.thing))
        .select_related("subject", "object")
        .order_by("predicate", "valid_to", "subject__code", "object__code")[: 4 * MOST]
    )
    ends = {row.object_id if row.subject_id == file.thing.pk else row.subject_id for row in rows}
    visible = set(file.visible(Object.objects.filter(pk__in=ends)).values_list("pk", flat=True))
    found = []
    for row in rows:
        outward = row.subject_id == file.thing.pk
        other = row.object if outward else row.subject
        if other.pk in visible:
            found.append(
                {
                    "predicate": _predicate(row, file.language),
                    "outward": outward,
                    "other": other,
                    "name": other.name(file.language),
                    "kind": kind_name(other.kind, file.language),
                    "from": row.valid_from,
                    "to": row.valid_to,
                }
            )
    return found


def _predicate(row: Relation, language: str) -> str:
    kind = next((kind for kind in kinds.all() if kind.id == row.subject.kind), None)
    said = kind.relations.get(row.predicate) if kind else None
    return said.name[language] if said else row.predicate


def _newest(file: File) -> list[dict[str, Any]]:
    """The newest current verdict of every rule that judges its kind."""
    found = []
    for one in rules.all():
        if file.thing.kind in one.kinds:
            verdict = newest([file.thing.pk], one.id, file.person).get(file.thing.pk)
            if verdict:
                found.append(_row(verdict, file.language))
    return found


def _row(verdict: Verdict, language: str) -> dict[str, Any]:
    one = next((one for one in rules.all() if one.id == verdict.rule), None)
    return {
        "verdict": verdict,
        "rule": one.name[language] if one else verdict.rule,
        "category": category(verdict, language),
        "look": look(verdict),
        "whole": verdict.expected and verdict.observed >= verdict.expected,
    }


def verdicts(file: File) -> dict[str, Any]:
    """Newest first, page by page; of one rule, if asked."""
    found = file.visible(Verdict.objects.filter(subject=file.thing, current=True))
    wanted = file.params.get("rule", "")
    judging = [one for one in rules.all() if file.thing.kind in one.kinds]
    if wanted in {one.id for one in judging}:
        found = found.filter(rule=wanted)
    before = file.params.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 18:
        last = Verdict.objects.filter(pk=int(before), subject=file.thing).first()
        if last:
            found = found.filter(Q(start__lt=last.start) | Q(start=last.start, pk__lt=last.pk))
    rows = list(found.order_by("-start", "-pk")[: MOST + 1])
    return {
        "rows": [_row(verdict, file.language) for verdict in rows[:MOST]],
        "rules": [(one.id, one.name[file.language]) for one in judging],
        "rule": wanted,
        "before": rows[MOST - 1].pk if len(rows) > MOST else None,
    }


def alarms(file: File) -> dict[str, Any]:
    found = file.visible(Alarm.objects.filter(subject=file.thing)).order_by("-last_seen", "-pk")[
        :MOST
    ]
    return {
        "rows": [
            {
                "alarm": one,
                "message": one.message_en if file.language == "en" else one.message_zh,
            }
            for one in found
        ]
    }


def documents(file: File) -> dict[str, Any]:
    found = file.visible(Publication.objects.filter(subject=file.thing))
    if not gate.may(file.person, "publication.draft"):
        found = found.exclude(state="draft")
    names = {one.id: one.name[file.language] for one in bulletins.all()}
    rows = [
        {"publication": one, "kind": names.get(one.kind, one.kind)}
        for one in found.order_by("-start", "-edition")[:MOST]
    ]
    return {"rows": rows}


def evidence(file: File) -> dict[str, Any]:
    """Acts of the ledger about it: on the object itself, its alarms, its publications."""
    thing = file.thing
    about = {str(thing.pk), f"{thing.kind}:{thing.code}", f"{thing.kind}/{thing.code}"}
    about |= set(Alarm.objects.filter(subject=thing).values_list("key", flat=True)[:200])
    acts = Q(subject__in=about)
    if Publication.objects.filter(subject=thing).exists():
        acts |= Q(action="publish.publish", subject__contains=f" {thing.code} ")
    return {
        "rows": list(
            file.visible(Act.objects.filter(acts), "evidence.view").order_by("-seq")[:MOST]
        )
    }


def history(file: File) -> dict[str, Any]:
    """What was changed, when and by whom; the newest first."""
    known = columns(file.kind, file.language) if file.kind else {}
    changes = file.thing.changes.order_by("-at", "-pk")[: 4 * MOST]
    rows = [
        {"at": one.at, "person": one.person, "field": _field(name, known, file.language),
         "before": ends[0], "after": ends[1]}
        for one in changes
        for name, ends in one.fields.items()
    ]  # fmt: skip
    return {
        "groups": [
            {"at": at, "person": who, "rows": list(group)}
            for (at, who), group in groupby(rows, lambda row: (row["at"], row["person"]))
        ]
    }


def _field(name: str, known: Any, language: str) -> str:
    bare = name.rpartition(".")[2]
    if bare in known:
        return str(known[bare].title)
    return say(f"lists.{bare}", language) if bare in ("name_zh", "name_en") else bare


for _tab in (
    Tab("overview", "dossier.overview", "dossier/overview.html", overview),
    Tab("data", "dossier.data", "dossier/data.html", dossier_data.fill),
    Tab("verdicts", "dossier.verdicts", "dossier/verdicts.html", verdicts),
    Tab("alarms", "dossier.alarms", "dossier/alarms.html", alarms),
    Tab("documents", "dossier.documents", "dossier/documents.html", documents),
    Tab("evidence", "dossier.evidence", "dossier/evidence.html", evidence, "evidence.view"),
    Tab("history", "dossier.history", "dossier/history.html", history),
):
    register(_tab)
