"""Reads a declared YAML file; what is wrong comes back with file and line.

A key written twice is refused: YAML keeps the last silently, and a limit would be lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Strict(_Base):  # type: ignore[misc]  # the C loader has no types
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag.endswith(":merge"):
                continue
            if key_node.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"key written twice: {key_node.value}",
                    problem_mark=key_node.start_mark,
                )
            seen.add(key_node.value)
        return dict(super().construct_mapping(node, deep=deep))


def read(path: Path, name: str = "") -> Any:
    """The file's content. `name` is what a person knows the file by; default: its own name."""
    name = name or path.name
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Strict)  # noqa: S506 (safe base)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise _unreadable(name, str(error.problem), line) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _unreadable(name, str(error), None) from error


def _unreadable(name: str, why: str, line: int | None) -> BadInput:
    problem = Problem(
        "yaml.unreadable", Text(f"读不了：{why}", f"cannot be read: {why}"), file=name, row=line
    )
    return BadInput(
        "yaml.unreadable", f"文件 {name} 不是有效的 YAML", f"{name} is not valid YAML", [problem]
    )


def lines(path: Path) -> dict[str, int]:
    """The line of every field by its dotted path (`states.filed.name`, `transitions.0.by`), so that
    what is wrong with a value can be shown where it stands."""
    with path.open(encoding="utf-8") as stream:
        root = yaml.compose(stream, Loader=_Base)
    return dict(_places(root, "")) if root is not None else {}


def _places(node: yaml.Node, before: str) -> Iterator[tuple[str, int]]:
    children: list[tuple[str, yaml.Node, yaml.Node]] = []
    if isinstance(node, yaml.MappingNode):
        children = [(str(key.value), key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        children = [(str(number), value, value) for number, value in enumerate(node.value)]
    for name, place, value in children:
        yield f"{before}{name}", place.start_mark.line + 1
        yield from _places(value, f"{before}{name}.")
