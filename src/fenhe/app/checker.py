"""The domain checker: a folder must be what it says. What `discovery` refuses at the start is not
looked at again; here stands what a running platform could live with and a reader could not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fenhe.app.domain import TIERS, Domain, capability_mismatch, present
from fenhe.app.listing import columns
from fenhe.app.text import missing_keys
from fenhe.app.views import Views, function, of_domains
from fenhe.assess import rule as rules
from fenhe.kernel import units
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text
from fenhe.registry import kinds, vocabulary
from fenhe.store import yaml

PURE = ("rules", "quality", "connectors", "bulletin")
"""Modules, or packages, that may read nothing and write nothing."""
IMPURE = re.compile(
    r"^(django|socket|subprocess|sqlite3|requests|httpx|urllib\.request|psycopg|deltalake"
    r"|fenhe\.(store|app)|fenhe\.\w+\.models|fenhe\.observe\.(readings|imports|latest))(\.|$)"
)
TESTED = (
    "rules",
    "quality",
    "connectors",
    "bulletin",
    "targets",
    "commands",
    "profiles",
    "standards",
    "procedures",
)
"""Capabilities that need a test in the domain's own folder; pages are tested in a browser."""
TIER_RULES = {
    "seed": ("readme", "golden-case"),
    "working": ("capabilities-tested", "both-languages", "stale-alarm"),
    "trusted": ("limit-goldens", "faults-covered", "limitations-stated"),
    "exemplary": ("property-tests", "reference-data", "budget", "drill"),
}


def findings(domain: Domain) -> list[Problem]:
    """Everything that is wrong with the folder; empty when it is honest."""
    return [problem for check in CHECKS for problem in check(domain)]


def _units(domain: Domain) -> Iterator[Problem]:
    for property in vocabulary.all():
        if property.domain != domain.id:
            continue
        try:
            units.unit(property.unit)
        except BadInput as error:
            field = f"properties.{property.id}.unit"
            yield _problem(domain, error.code, error.message, "vocabulary.yaml", field)


def text_findings() -> list[Problem]:
    """What pages say in one language only, unevenly, or not at all; the app's own text included."""
    return [
        Problem("domain.text", Text(f"文字不全：{gap}", f"text is missing: {gap}"), file="text/")
        for gap in missing_keys()
    ]


def _purity(domain: Domain) -> Iterator[Problem]:
    for path in _pure_files(domain.folder):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        file = path.relative_to(domain.folder).as_posix()
        for line, what in _impurities(tree):
            text = Text(f"纯模块里用了 {what}", f"a pure module uses {what}")
            yield _problem(domain, "domain.impure", text, file, row=line)


def _pure_files(folder: Path) -> Iterator[Path]:
    for name in PURE:
        yield from folder.glob(f"{name}.py")
        yield from sorted((folder / name).rglob("*.py"))


def _impurities(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), names=names, level=0):
                modules = [module, *(f"{module}.{alias.name}" for alias in names)]
            case ast.Call(func=ast.Name(id="open" | "print" | "input" as name)):
                yield node.lineno, f"{name}()"
                continue
            case _:
                continue
        for module in modules:
            if IMPURE.match(module):
                yield node.lineno, module
                break


def _tests(domain: Domain) -> Iterator[Problem]:
    written = "\n".join(
        path.read_text(encoding="utf-8")
        for path in sorted((domain.folder / "tests").rglob("test_*.py"))
    )
    for capability in sorted(present(domain.folder).intersection(TESTED)):
        if not re.search(rf"\b{capability.rstrip('s')}s?\b", written):
            text = Text(f"能力 {capability} 没有测试", f"capability {capability} has no test")
            yield _problem(domain, "domain.untested", text, "tests/", capability)


def _views(domain: Domain) -> Iterator[Problem]:
    """What views.yaml names must be there: kinds, columns, rules and functions."""
    said = of_domains().get(domain.id)
    if said is None:
        return
    known = {kind.id: kind for kind in kinds.all()}
    judging = {one.id for one in rules.all()}
    missing = [
        (f"lists.{kind}", column if kind in known else kind)
        for kind, view in said.lists.items()
        for column in (view.columns or ("",))
        if kind not in known
        or (column and column.partition(":")[0] not in columns(known[kind], "zh"))
    ]
    missing += [(f"dossier.{kind}", kind) for kind in said.dossier if kind not in known]
    missing += [(f"map.{layer.id}", layer.kind) for layer in said.map if layer.kind not in known]
    named = [(f"classes.{rule}", rule) for rule in said.classes]
    named += [(f"map.{layer.id}", layer.rule) for layer in said.map if layer.rule]
    missing += [(where, rule) for where, rule in named if rule not in judging]
    for where, name in _functions(said):
        try:
            function(domain.id, name)
        except BadInput:
            missing.append((where, name))
    for where, what in missing:
        text = Text(f"没有 {what}", f"there is no {what}")
        yield _problem(domain, "domain.views", text, "views.yaml", where)


def _functions(said: Views) -> Iterator[tuple[str, str]]:
    yield from ((f"classes.{rule}", name) for rule, name in said.classes.items())
    for layer in said.map:
        yield from ((f"map.{layer.id}", n) for n in (layer.classes, layer.hours) if n)
    for kind, view in said.dossier.items():
        yield from (
            (f"dossier.{kind}", n) for n in (view.limits, *(t.data for t in view.tabs)) if n
        )


def _tier(domain: Domain) -> Iterator[Problem]:
    if not (domain.folder / "README.md").is_file():
        text = Text("缺 README.md", "there is no README.md")
        yield _problem(domain, "domain.readme", text, "README.md")
    path = domain.folder / "tier.yaml"
    said = yaml.read(path, f"{domain.id}/tier.yaml") if path.is_file() else {}
    said = said if isinstance(said, dict) else {}
    claimed = TIERS[: TIERS.index(domain.tier) + 1]
    for rule in (rule for tier in claimed for rule in TIER_RULES[tier]):
        if not _is_settled(said.get(rule)):
            text = Text(
                f"级别 {domain.tier} 要求 {rule}：done，或 exempt 加理由",
                f"tier {domain.tier} needs {rule}: done, or exempt with a reason",
            )
            yield _problem(domain, "domain.tier", text, "tier.yaml", rule)
    known = {rule for rules in TIER_RULES.values() for rule in rules}
    for rule in sorted(map(str, said.keys() - known)):
        text = Text("没有这条级别要求", "is no rule of any tier")
        yield _problem(domain, "domain.tier-unknown", text, "tier.yaml", rule)


def _is_settled(answer: Any) -> bool:
    if isinstance(answer, dict):
        return set(answer) == {"exempt"} and bool(str(answer["exempt"] or "").strip())
    return bool(answer == "done")


def _problem(
    domain: Domain, code: str, text: Text, file: str, column: str = "", row: int | None = None
) -> Problem:
    return Problem(code, text, file=f"{domain.id}/{file}", column=column, row=row)


CHECKS: tuple[Callable[[Domain], Iterator[Problem] | list[Problem]], ...] = (
    capability_mismatch,
    _units,
    _purity,
    _tests,
    _views,
    _tier,
)
