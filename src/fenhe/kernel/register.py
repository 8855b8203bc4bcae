"""A register of things known by id: filled while the platform starts, then frozen.

Kinds, properties, rules and editions each keep one. A second thing under an id already taken, or
anything after the freeze, is a mistake in the program and raises at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from fenhe.kernel.errors import Conflict, NotFound
from fenhe.kernel.text import Text

Thing = TypeVar("Thing")


class Register(Generic[Thing]):
    """`noun` names what is kept, in both languages, for the errors; `code` begins their code."""

    def __init__(self, code: str, noun: Text, id_of: Callable[[Thing], str]) -> None:
        self._code, self._noun, self._id_of = code, noun, id_of
        self._things: dict[str, Thing] = {}
        self._frozen = False

    def add(self, thing: Thing) -> Thing:
        """The same thing may come twice; a different one under a known id may not."""
        id = self._id_of(thing)
        known = self._things.get(id)
        if known == thing:
            return thing
        if known is not None or self._frozen:
            zh, en = (
                ("已经登记过", "is already registered")
                if known is not None
                else ("来得太晚：平台已启动", "comes too late: the platform has started")
            )
            raise Conflict(
                f"{self._code}-taken", f"{self._noun.zh} {id} {zh}", f"{self._noun.en} {id} {en}"
            )
        self._things[id] = thing
        return thing

    def get(self, id: str) -> Thing:
        try:
            return self._things[id]
        except KeyError:
            known = "、".join(self._things)
            raise NotFound(
                f"{self._code}-unknown",
                f"没有 {self._noun.zh} {id}；现有：{known or '（无）'}",
                f"there is no {self._noun.en} {id}; known: {known or '(none)'}",
            ) from None

    def __contains__(self, id: object) -> bool:
        return id in self._things

    def __iter__(self) -> Iterator[Thing]:
        return iter(self._things.values())

    def __len__(self) -> int:
        return len(self._things)

    def freeze(self) -> None:
        self._frozen = True

    def clear(self) -> None:
        """Empty and open again, before the platform reads its domains anew."""
        self._things.clear()
        self._frozen = False
