"""How what is observed is scoped: readings are reached through their series, parameters of an
instrument lie where its device lies."""

from __future__ import annotations

from fenhe.access import gate
from fenhe.observe.models import Latest, Parameter


def declare() -> None:
    gate.exempt(Latest, "a copy of the lake's newest rows, asked for by series the person may see")
    gate.scoped(Parameter, to="device")
