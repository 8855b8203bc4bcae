"""Finds the domains, reads their files, fills the registries and freezes them.

A domain is a folder with a `manifest.toml`, in `fenhe/domains` or in a folder named by the setting
`domain_paths`; those in `domains_off` are left out. A file that is absent is a capability that is
absent. An invalid domain stops the start with everything that is wrong, in all files at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

import fenhe.domains
from fenhe.act.procedures import register as procedures
from fenhe.alert import declared as alerts
from fenhe.app.domain import Domain, read_manifest, read_text
from fenhe.assess import objections as inspections
from fenhe.assess import rule as rules
from fenhe.assess import watches
from fenhe.ingest import profile as profiles
from fenhe.kernel.declared import read
from fenhe.kernel.errors import BadInput, FenheError, Problem
from fenhe.kernel.text import Text
from fenhe.publish import bulletin as bulletins
from fenhe.publish import metric as metrics
from fenhe.registry import kinds, vocabulary
from fenhe.standards import catalogue
from fenhe.store import yaml
from fenhe.store.config import settings

Thing = TypeVar("Thing")
Result = TypeVar("Result")

OUTSIDE = "fenhe_domains_ext"
"""Domains outside the tree are imported as `fenhe_domains_ext.<id>`."""


class Place(NamedTuple):
    """Where a domain stands, before anything of it is read."""

    id: str
    folder: Path
    package: str


def places() -> list[Place]:
    """Every domain that is switched on, by id; cheap enough for `fenhe --help`."""
    config = settings()
    inside = [(folder, "fenhe.domains") for folder in map(Path, fenhe.domains.__path__)]
    outside = [(folder.resolve(), OUTSIDE) for folder in config.domain_paths]
    if outside:
        _make_importable([folder for folder, _ in outside])
    found: dict[str, Place] = {}
    for folder, package in inside + outside:
        for manifest in sorted(folder.glob("*/manifest.toml")):
            id = manifest.parent.name
            if id in config.domains_off:
                continue
            if id in found:
                raise BadInput(
                    "domain.twice",
                    f"领域 {id} 出现两次：{found[id].folder} 与 {manifest.parent}",
                    f"domain {id} is there twice: {found[id].folder} and {manifest.parent}",
                )
            found[id] = Place(id, manifest.parent, f"{package}.{id}")
    return sorted(found.values())


def _make_importable(folders: list[Path]) -> None:
    """One package whose search path is the list of folders: Python's own import does the rest."""
    package = sys.modules.setdefault(OUTSIDE, ModuleType(OUTSIDE))
    package.__path__ = [str(folder) for folder in folders]


@cache
def load() -> tuple[Domain, ...]:
    """All domains, read and registered; the registries are frozen afterwards. Later calls cost
    nothing."""
    _for_all(REGISTRIES, lambda registry: registry.clear())
    domains = tuple(_for_all(places(), read_domain))
    _for_all(domains, register)
    _check_references()
    for registry in REGISTRIES:
        registry.freeze()
    catalogue.freeze()
    return domains


def get(id: str) -> Domain | None:
    return next((domain for domain in load() if domain.id == id), None)


REGISTRIES: tuple[Any, ...] = (
    kinds,
    vocabulary,
    profiles,
    rules,
    inspections,
    watches,
    alerts,
    bulletins,
    metrics,
    procedures,
)
"""What is emptied before and frozen after; the catalogue of standards fills itself in notebooks
too, so it is only frozen."""


def read_domain(place: Place) -> Domain:
    """The domain's data files, read and shaped; BadInput with all that is wrong."""

    def optional(name: str) -> dict[str, Any]:
        path = place.folder / name
        return (yaml.read(path, f"{place.id}/{name}") or {}) if path.is_file() else {}

    return Domain(
        manifest=read_manifest(place.folder),
        folder=place.folder,
        package=place.package,
        text=read_text(place.folder),
        views=optional("views.yaml"),
        alerts=optional("alerts.yaml"),
    )


def register(domain: Domain) -> None:
    _for_all(
        (
            _register_kinds,
            _register_vocabulary,
            _register_profiles,
            _register_standards,
            _register_rules,
            _register_alerts,
            _register_bulletins,
            _register_metrics,
            _register_procedures,
        ),
        lambda step: step(domain),
    )


def _register_kinds(domain: Domain) -> None:
    _register_entries(domain, "kinds", kinds.Kind, kinds.register)


def _register_vocabulary(domain: Domain) -> None:
    _register_entries(domain, "properties", vocabulary.Property, vocabulary.register)


def _register_profiles(domain: Domain) -> None:
    def one(path: Path) -> None:
        shown = f"{domain.id}/profiles/{path.name}"
        profiles.register(read(profiles.Profile, yaml.read(path, shown), shown))

    _for_all(sorted((domain.folder / "profiles").glob("*.yaml")), one)


def _register_standards(domain: Domain) -> None:
    if (domain.folder / "standards").is_dir():
        catalogue.add_folder(domain.folder / "standards")


def _register_rules(domain: Domain) -> None:
    """A domain lists its rules as RULES: in `rules.py`, or in `rules/registered.py` where they
    have become a package."""
    for module in (domain.module("rules.registered"), domain.module("rules")):
        for one in getattr(module, "RULES", ()):
            rules.register(one)
    for one in getattr(domain.module("inspection"), "INSPECTIONS", ()):
        inspections.register(one)
    for one in getattr(domain.module("watch"), "WATCHES", ()):
        watches.register(one)


def _register_alerts(domain: Domain) -> None:
    alerts.register_file(domain.alerts, domain.id, f"{domain.id}/alerts.yaml")


def _register_bulletins(domain: Domain) -> None:
    """A domain lists its bulletins as BULLETINS in `bulletin.py`."""
    for one in getattr(domain.module("bulletin"), "BULLETINS", ()):
        bulletins.register(one)


def _register_metrics(domain: Domain) -> None:
    """A domain lists what targets can be bound to as METRICS in `targets.py`."""
    for one in getattr(domain.module("targets"), "METRICS", ()):
        metrics.register(one)


def _register_procedures(domain: Domain) -> None:
    """`procedures/*.yaml`, each of the domain's own name: `enforcement.penalty`."""

    def one(path: Path) -> None:
        shown = f"{domain.id}/procedures/{path.name}"
        procedure = procedures.read_file(path, shown)
        if not procedure.id.startswith(f"{domain.id}."):
            raise BadInput(
                "act.procedure-elsewhere",
                f"{shown} 的 id 应以 {domain.id}. 开头",
                f"the id in {shown} must begin with {domain.id}.",
            )
        procedures.add(procedure)

    _for_all(sorted((domain.folder / "procedures").glob("*.yaml")), one)


def _register_entries(
    domain: Domain, top: str, model: type[Any], add: Callable[[Any], object]
) -> None:
    """`<top>: {<id>: {...}}` of the domain's file, each entry as a `model`."""
    name = "kinds.yaml" if top == "kinds" else "vocabulary.yaml"
    path, shown = domain.folder / name, f"{domain.id}/{name}"
    if not path.is_file():
        return
    raw = yaml.read(path, shown)
    if not isinstance(raw, dict) or set(raw) != {top} or not isinstance(raw[top], dict):
        raise BadInput(
            "domain.shape",
            f"{shown} 应以 {top}: 开头，其下每项一个标识",
            f"{shown} must begin with {top}: and hold one entry per id",
        )

    def one(item: tuple[str, Any]) -> None:
        id, entry = item
        entry = {**entry, "id": id, "domain": domain.id} if isinstance(entry, dict) else entry
        add(read(model, entry, shown, f"{top}.{id}"))

    _for_all(raw[top].items(), one)


def _check_references() -> None:
    """What one file says of another must be there."""
    findings = [
        Problem(
            "domain.reference",
            Text(f"没有 {missing}", f"there is no {missing}"),
            file=file,
            column=field,
            value=missing,
        )
        for file, field, missing in _missing_references()
    ]
    if findings:
        raise _invalid(findings)


def _missing_references() -> Iterator[tuple[str, str, str]]:
    """Series name properties, relations and profiles name kinds, profiles name properties,
    procedures name alarm kinds, object kinds and the procedures they may open."""
    properties = {property.id for property in vocabulary.all()}
    known = {kind.id for kind in kinds.all()}
    for kind in kinds.all():
        file, field = f"{kind.domain}/kinds.yaml", f"kinds.{kind.id}"
        for series in set(kind.series) - properties:
            yield file, f"{field}.series", series
        for predicate, relation in kind.relations.items():
            if relation.to not in known:
                yield file, f"{field}.relations.{predicate}", relation.to
    for profile in profiles.all():
        file = f"profiles/{profile.id}.yaml"
        if profile.object_kind not in known:
            yield file, "object_kind", profile.object_kind
        for property in set(profile.used_properties) - properties:
            yield file, "properties", property
    for metric in metrics.all():
        for missing in set(metric.kinds) - known:
            yield f"{metric.id.partition('.')[0]}/targets.py", metric.id, missing
    yield from procedures.missing({alert.id for alert in alerts.all()}, known)


def _for_all(things: Iterable[Thing], act: Callable[[Thing], Result]) -> list[Result]:
    """Acts on every thing; what fails is gathered and raised together."""
    results, findings = [], list[Problem]()
    for thing in things:
        try:
            results.append(act(thing))
        except FenheError as error:
            findings += error.problems or [Problem(error.code, error.message)]
    if findings:
        raise _invalid(findings)
    return results


def _invalid(findings: list[Problem]) -> BadInput:
    return BadInput(
        "domain.invalid",
        f"领域文件有 {len(findings)} 处错误，请按下列各项修改，或在 domains_off 里停用该领域",
        f"the domains have {len(findings)} errors; mend the items below or name the domain in "
        "domains_off",
        findings,
    )
