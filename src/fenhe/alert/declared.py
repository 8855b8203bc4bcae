"""What alarms whom: the entries of a domain's `alerts.yaml`.

alerts:
  air.heavy-pollution:
    name: {zh: 重污染天气, en: heavy pollution}
    kind: air.city                  # of the subject
    verdict: {rule: air.alert-level, metric: level, severity: {3: yellow, 2: orange, 1: red}}
    message: {zh: "{subject} …", en: "{subject} …"}
    to: [duty_officer]
    within_hours: 2                 # by when it should be answered
    escalate:                       # nobody has taken it in hand: who is told, counted from raising
      - {after_minutes: 30, to: [office_head]}
      - {after_minutes: 120, to: [director]}
  air.silent:
    …
    silence_hours: 3                # instead of `verdict`: no reading for so long
    severity: notice
"""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field, model_validator

from fenhe.kernel.declared import Declared, DeclaredText, read
from fenhe.kernel.register import Register
from fenhe.kernel.text import Text

Severity = Literal["notice", "yellow", "orange", "red"]


class Condition(Declared):
    """A value of a verdict and what it means. A value that is not listed is no alarm."""

    rule: str
    metric: str
    severity: dict[str, Severity]
    recent_days: int = Field(3, ge=1)  # older verdicts tell history, they alarm nobody
    each: str = ""
    """A metric whose value tells one condition from the next: each has an alarm of its own, and the
    one before is over. Left out: one open alarm per subject."""
    stands: bool = False
    """What happened stays happened: every period has an alarm of its own, which a person clears.
    The platform takes it back only when the verdict of that same period was corrected."""
    says: str = ""
    """A metric whose value is a text {zh, en}: `{said}` of the message."""


class EscalationStep(Declared):
    after_minutes: int = Field(ge=1)
    to: tuple[str, ...] = Field(min_length=1)


class Alert(Declared):
    id: str
    domain: str
    name: DeclaredText
    kind: str
    verdict: Condition | None = None
    silence_hours: float | None = Field(None, gt=0)
    severity: Severity = "notice"
    message: DeclaredText
    to: tuple[str, ...] = ()
    within_hours: float | None = Field(None, gt=0)
    escalate: tuple[EscalationStep, ...] = ()
    page: str = ""
    """Where the domain shows it: an address with {code} of the subject, and {each}."""

    @model_validator(mode="after")
    def _steps_rise(self) -> Alert:
        minutes = [step.after_minutes for step in self.escalate]
        if minutes != sorted(set(minutes)):
            raise ValueError("the minutes of `escalate` must rise from step to step")
        return self

    @model_validator(mode="after")
    def _one_condition(self) -> Alert:
        if (self.verdict is None) == (self.silence_hours is None):
            raise ValueError("either `verdict` or `silence_hours`")
        return self

    def page_of(self, code: str, each: str = "") -> str:
        """The address of one alarm's own page; empty where the domain has none."""
        return self.page.format(code=quote(code, safe=""), each=quote(each, safe=""))

    def key(self, subject_id: int, each: str = "") -> str:
        return f"{self.id}:{subject_id}:{each}" if each else f"{self.id}:{subject_id}"


_alerts: Register[Alert] = Register("alert.alert", Text("告警规则", "alert"), lambda one: one.id)
register = _alerts.add
get = _alerts.get
freeze = _alerts.freeze
clear = _alerts.clear


def find(id: str) -> Alert | None:
    """The alert of this id, None where its domain is not there."""
    return next((one for one in _alerts if one.id == id), None)


def all() -> tuple[Alert, ...]:
    return tuple(_alerts)


def register_file(raw: dict[str, Any], domain: str, file: str) -> None:
    """The entries of one `alerts.yaml`; BadInput with what does not fit."""
    for id, entry in (raw.get("alerts") or {}).items():
        register(read(Alert, {**entry, "id": id, "domain": domain}, file, f"alerts.{id}"))
