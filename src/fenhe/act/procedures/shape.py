"""The shape of a procedure file: a statutory workflow as dated data.

id: enforcement.penalty
version: 1
valid_from: 2023-07-01               # the first day on which a case may begin under this version
laws:                                # grounds by key; the one in force on a day is chosen by date
  hearing: [{text: 行政处罚法 第63条, confidence: official}]
states:      {clue: {name: {zh: 线索, en: clue}}, closed: {name: …, final: true}}
fields:      {party: {name: …, type: text}}
clocks:      {decision: {rule: pen.decision}}          # rules of act.deadlines
documents:   {decision: {name: …, fields: [party, fine], body: {zh: […], en: […]}}}
opening:     {to: clue, by: [enforcement_officer], starts: [filing], …}
transitions: {file: {from: [clue], to: filed, by: [branch_head], needs: […], …}}
children:    {enforcement.seizure: {from: [investigating], by: [enforcement_officer]}}
migrations:  [{version: 1, states: {old: new}}]         # how cases of that version come over
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from fenhe.kernel.declared import Declared, DeclaredText
from fenhe.kernel.text import Text
from fenhe.standards.confidence import Confidence

Key = str
OPENING = "open"
"""The name under which the opening of a case stands in its history."""

FieldType = Literal[
    "text",
    "long",
    "date",
    "moment",
    "number",
    "integer",
    "yes_no",
    "choice",
    "people",
    "list",
    "photos",
]


class Aliased(Declared):
    """`from`, `in`, `is` are words of Python; in a file they are the natural ones."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Ground(Aliased):
    """One clause and the days it holds. The law's own words stay Chinese; `en` glosses them."""

    text: DeclaredText
    first_day: date | None = Field(None, alias="from")
    last_day: date | None = Field(None, alias="to")
    confidence: Confidence = Confidence.OFFICIAL

    def holds(self, day: date) -> bool:
        return (self.first_day is None or self.first_day <= day) and (
            self.last_day is None or day <= self.last_day
        )


class FieldShape(Declared):
    name: DeclaredText
    type: FieldType = "text"
    choices: dict[str, DeclaredText] = {}
    unit: str = ""
    help: DeclaredText | None = None
    restricted: bool = False  # shown and exported only to whoever may handle the case

    @model_validator(mode="after")
    def _choices(self) -> FieldShape:
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("`choices` belong to type `choice`, and only there")
        return self


class State(Declared):
    name: DeclaredText
    final: bool = False
    waiting: bool = False  # the next step is somebody else's: a court, the police, the public


class Need(Aliased):
    """One guard. Exactly one of the subjects below; `why` says it to a person when it fails."""

    why: DeclaredText
    field: str = ""
    equals: bool | int | str | None = Field(None, alias="is")
    one_of: tuple[str, ...] = ()
    at_least: float | None = None
    count: int | None = None
    past: bool = False  # a date that must lie behind us

    passed: str = ""  # this transition was made, in this round,
    since: str = ""  # and after the last one of that name
    not_passed: str = ""
    document: str = ""  # it was produced, in this round,
    signed: bool = False  # and its signed or stamped copy is attached
    clock: str = ""
    state: Literal["running", "suspended", "not_running"] | None = None
    children_closed: bool = False
    ahead: str = ""  # a clock rule counted back: the date in `field` is still far enough ahead

    @model_validator(mode="after")
    def _one_subject(self) -> Need:
        subjects = [
            bool(self.field),
            bool(self.passed),
            bool(self.not_passed),
            bool(self.document),
            bool(self.clock),
            self.children_closed,
        ]
        if sum(subjects) != 1:
            raise ValueError(
                "a need names one of field, passed, not_passed, document, clock, children_closed"
            )
        if bool(self.clock) != (self.state is not None):
            raise ValueError("`clock` goes with `state`")
        return self


class Clock(Declared):
    """A running limit: `rule` names the deadline rule that counts it, or `until` the field that
    holds the day an organ set, by the ground `basis`; `moved_to` is then the field that holds the
    day to which a step extends it."""

    rule: str = ""
    name: DeclaredText
    variant: str = ""  # where a rule holds several limits
    until: str = ""
    moved_to: str = ""
    basis: str = ""
    owed_by: str = ""  # the field that names who owes it, where that is not the organ of the case

    @model_validator(mode="after")
    def _one_source(self) -> Clock:
        if bool(self.rule) == bool(self.until) or bool(self.until) != bool(self.basis):
            raise ValueError("a clock has either `rule`, or `until` with `basis`")
        return self


class Start(Aliased):
    """Starts a clock now, or on the day that a field names; not where the field `unless` says
    yes."""

    clock: str
    since: str = Field("", alias="from")
    unless: str = ""


class Pause(Aliased):
    """Stops a clock, for a reason that its article names: written here, or chosen in a field."""

    clock: str
    why: str = ""
    chosen: str = Field("", alias="from")

    @model_validator(mode="after")
    def _one_reason(self) -> Pause:
        if bool(self.why) == bool(self.chosen):
            raise ValueError("either `why` or `from`")
        return self


class Merging(Aliased):
    """Duplicates are handled as one; the steps named in `answers` every case takes for itself."""

    sources: tuple[str, ...] = Field(alias="from", min_length=1)
    by: tuple[str, ...] = Field(min_length=1)
    answers: tuple[str, ...] = Field(min_length=1)


class Document(Declared):
    """文书. `body` holds paragraphs with `{{ field }}` in them, in the language of the document."""

    name: DeclaredText
    fields: tuple[str, ...] = ()  # must be filled before it may be produced
    body: tuple[str, ...]
    serial: str = ""  # "{authority}环罚〔{year}〕{serial}号": has a number of its own, without gaps
    signatures: tuple[DeclaredText, ...] = ()
    stamped: bool = False


class Step(Aliased):
    """What opening and transitions share."""

    name: DeclaredText
    by: tuple[str, ...] = Field(min_length=1)
    fields: tuple[str, ...] = ()  # asked for and required
    may_fill: tuple[str, ...] = ()  # asked for, may stay empty
    needs: tuple[Need, ...] = ()
    produces: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()  # documents that may be produced along with it
    starts: tuple[Start, ...] = ()
    meets: tuple[str, ...] = ()
    cancels: tuple[str, ...] = ()
    suspends: tuple[Pause, ...] = ()
    resumes: tuple[str, ...] = ()
    extends: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()  # keys of `laws`
    through: str = ""  # address of the page that takes it: what it fills in is computed there

    @field_validator("starts", mode="before")
    @classmethod
    def _short(cls, raw: object) -> object:
        """`starts: [decision]` for a clock that starts now."""
        if isinstance(raw, list):
            return [{"clock": one} if isinstance(one, str) else one for one in raw]
        return raw


class Opening(Step):
    to: str


class Transition(Step):
    sources: tuple[str, ...] = Field(alias="from", min_length=1)
    to: str = ""  # left out: the case stays in its state
    not_same_as: tuple[str, ...] = ()  # whoever made these may not make this
    reason: bool = False  # a reason must be given
    times: int = Field(0, ge=0)  # at most so often in a round; 0: no limit
    rebound: bool = False  # reopens: a new round under the old number
    resolves: bool = False  # the matter is settled; the case may still be open
    returns: bool = False  # sends back: no progress


class Child(Aliased):
    """A case of another procedure that may be opened from this one."""

    sources: tuple[str, ...] = Field(alias="from", min_length=1)
    by: tuple[str, ...] = Field(min_length=1)
    carries: tuple[str, ...] = ()  # fields copied into it


class Migration(Declared):
    """How a running case of an older version comes to this one. A state that is not named keeps
    its name; a clock or field of the same id goes on."""

    version: int
    states: dict[str, str] = {}
    fields: dict[str, str] = {}
    reason: DeclaredText


class Procedure(Declared):
    id: str = Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")
    version: int = Field(ge=1)
    valid_from: date
    valid_to: date | None = None  # the first day on which no case begins under it any more
    name: DeclaredText
    about: DeclaredText
    number: str = "{authority}〔{year}〕{serial}号"
    confidence: Confidence
    note: DeclaredText | None = None
    starts_on: tuple[str, ...] = ()  # alarm kinds that open a case
    offered_on: tuple[str, ...] = ()  # alarm kinds on which a person may open one
    subject_kinds: tuple[str, ...] = ()  # registry kinds it may be about; none: any, or none at all
    laws: dict[str, tuple[Ground, ...]]
    fields: dict[Key, FieldShape] = {}
    states: dict[Key, State]
    clocks: dict[Key, Clock] = {}
    documents: dict[Key, Document] = {}
    opening: Opening
    transitions: dict[Key, Transition]
    children: dict[str, Child] = {}
    merging: Merging | None = None
    migrations: tuple[Migration, ...] = ()
    list_fields: tuple[str, ...] = ()  # columns of its own in lists and public sheets
    public_fields: tuple[str, ...] = ()  # all that a public sheet of it holds
    progress: tuple[str, ...] = ()  # states told to whoever has the number and the check code

    def step(self, name: str) -> Step:
        return self.opening if name == OPENING else self.transitions[name]

    def leaving(self, state: str) -> Mapping[str, Transition]:
        return {key: one for key, one in self.transitions.items() if state in one.sources}

    def ground(self, key: str, day: date) -> Text | None:
        """The clause in force on the day."""
        return next((one.text for one in self.laws[key] if one.holds(day)), None)

    def steps(self) -> Mapping[str, Step]:
        return {OPENING: self.opening, **self.transitions}

    def holds(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


Raw = Mapping[str, Any]
