"""One domain as the platform sees it: a folder of data files and pure modules.

Nothing here registers anything; `app.discovery` does, and `app.checker` judges the folder.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import Field

from fenhe import __version__
from fenhe.kernel.declared import Declared, DeclaredText, read
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import LANGUAGES, Text
from fenhe.store import yaml

TIERS = ("seed", "working", "trusted", "exemplary")

CAPABILITIES = {
    "kinds": "kinds.yaml",
    "vocabulary": "vocabulary.yaml",
    "standards": "standards/",
    "procedures": "procedures/",
    "profiles": "profiles/",
    "connectors": "connectors.py",
    "quality": "quality.py",
    "rules": "rules.py",
    "alerts": "alerts.yaml",
    "views": "views.yaml",
    "bulletin": "bulletin.py",
    "targets": "targets.py",
    "pages": "pages.py",
    "commands": "commands.py",
}
"""What a domain may be able to do, and the file (or package, or folder) that says so."""


class Manifest(Declared):
    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: DeclaredText
    tier: str = Field(pattern=f"^({'|'.join(TIERS)})$")
    core: str = Field(pattern=r"^(>=|<=|<|>|==)\d+(\.\d+)*(,(>=|<=|<|>|==)\d+(\.\d+)*)*$")
    capabilities: tuple[str, ...]


@dataclass(frozen=True)
class Domain:
    manifest: Manifest
    folder: Path
    package: str
    """How its modules are imported: `fenhe.domains.air`, `fenhe_domains_ext.noise`."""
    text: dict[str, dict[str, str]] = field(default_factory=dict)
    """Per language, flat keys without the domain's id: `text["zh"]["page.city.title"]`."""
    views: dict[str, Any] = field(default_factory=dict)
    alerts: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def name(self) -> Text:
        return self.manifest.name

    @property
    def tier(self) -> str:
        return self.manifest.tier

    def module(self, name: str) -> ModuleType | None:
        """A module of the domain, None where it has none; BadInput with the line when broken."""
        full = f"{self.package}.{name}"
        try:
            if importlib.util.find_spec(full) is None:
                return None
            return importlib.import_module(full)
        except ModuleNotFoundError as error:
            if error.name and full.startswith(error.name):
                return None
            raise self._broken(name, error) from error
        except BadInput:
            raise
        except Exception as error:
            raise self._broken(name, error) from error

    def _broken(self, name: str, error: Exception) -> BadInput:
        file, line = f"{self.folder.name}/{name.replace('.', '/')}.py", None
        trace = error.__traceback__
        while trace is not None:
            path = Path(trace.tb_frame.f_code.co_filename)
            if path.is_relative_to(self.folder):
                file, line = str(path.relative_to(self.folder.parent)), trace.tb_lineno
            trace = trace.tb_next
        if isinstance(error, SyntaxError):
            line = error.lineno
        what = f"{type(error).__name__}: {error}"
        problem = Problem(
            "domain.module-broken",
            Text(f"模块载入失败：{what}", f"the module fails to load: {what}"),
            file=file,
            row=line,
        )
        return BadInput(
            "domain.module-broken",
            f"领域 {self.id} 的代码有误",
            f"the code of domain {self.id} fails",
            [problem],
        )


def present(folder: Path) -> set[str]:
    """The capabilities the folder's files give it."""
    found = set()
    for capability, name in CAPABILITIES.items():
        path = folder / name
        if name.endswith("/"):
            there = any(path.glob("*.yaml"))
        elif name.endswith(".py"):
            there = path.is_file() or (folder / capability / "__init__.py").is_file()
        else:
            there = path.is_file()
        if there:
            found.add(capability)
    return found


def read_manifest(folder: Path) -> Manifest:
    name = f"{folder.name}/manifest.toml"
    try:
        raw = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(
            "domain.manifest-unreadable", f"读不了 {name}：{error}", f"cannot read {name}: {error}"
        ) from error
    manifest = read(Manifest, raw, name)
    findings = [
        *_mismatch(manifest.id, folder.name, name),
        *_core_mismatch(manifest.core, name),
    ]
    if findings:
        raise BadInput(
            "domain.manifest",
            f"{name} 与目录内容不符",
            f"{name} does not agree with its folder",
            findings,
        )
    return manifest


def _mismatch(id: str, folder: str, file: str) -> list[Problem]:
    if id == folder:
        return []
    text = Text(f"id 是 {id}，目录名却是 {folder}", f"id is {id}, but the folder is {folder}")
    return [Problem("domain.manifest-id", text, file=file, column="id", value=id)]


def _core_mismatch(wanted: str, file: str) -> list[Problem]:
    mine = _version(__version__)
    for sign, version in re.findall(r"(>=|<=|<|>|==)([\d.]+)", wanted):
        theirs = _version(version)
        if not {
            ">=": mine >= theirs,
            "<=": mine <= theirs,
            "<": mine < theirs,
            ">": mine > theirs,
            "==": mine[: len(theirs)] == theirs,
        }[sign]:
            text = Text(
                f"需要平台版本 {wanted}，现为 {__version__}",
                f"needs platform {wanted}, this is {__version__}",
            )
            return [Problem("domain.core-version", text, file=file, column="core", value=wanted)]
    return []


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text))


def capability_mismatch(domain: Domain) -> list[Problem]:
    """Where the manifest and the folder disagree. The checker refuses it; the platform starts,
    because what is there is what counts."""
    claimed, there = set(domain.manifest.capabilities), present(domain.folder)
    file = f"{domain.folder.name}/manifest.toml"
    claims = Text("声明了此能力，但没有对应文件", "is claimed, but its file is not there")
    hides = Text("有对应文件，但没有声明此能力", "has its file, but the manifest does not say so")
    return [
        Problem("domain.capability", text, file=file, column="capabilities", value=name)
        for names, text in ((claimed - there, claims), (there - claimed, hides))
        for name in sorted(names)
        for text in [Text(f"{name}：{text.zh}", f"{name}: {text.en}")]
    ]


def read_text(folder: Path) -> dict[str, dict[str, str]]:
    """`text/zh.yaml`, or the files of `text/zh/` once one has grown too long, and the same in
    English; nested keys joined with dots."""
    catalogue: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        catalogue[language] = {}
        texts = folder / "text"
        for path in sorted([*texts.glob(f"{language}.yaml"), *texts.glob(f"{language}/*.yaml")]):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            catalogue[language] |= dict(_flat(yaml.read(path, name) or {}))
    return catalogue


def _flat(raw: dict[str, Any], before: str = "") -> list[tuple[str, str]]:
    pairs = []
    for key, value in raw.items():
        name = f"{before}{key}"
        pairs += _flat(value, f"{name}.") if isinstance(value, dict) else [(name, str(value))]
    return pairs
