"""Dialogues the platform begins (6.1, 6.2): request → 9011 → data → 9012, or notice → 9013.

Pure: a `Dialogue` is told what was heard and what time it is, and says what to send. No 9011 within
OverTime: the same request again, ReCount times, then the link counts as dead. After 9011 nothing is
sent again: no 9012 in time means that the request failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from fenhe.ingest.hj212.packet import Packet

State = Literal["sent", "accepted", "done", "refused", "failed", "dead"]

OVER_TIME = 10.0
RE_COUNT = 3
RESULT_SECONDS = 300.0
"""How long 9012 may take after 9011: a history of many hours is many packets."""


@dataclass(slots=True)
class Dialogue:
    """One exchange. `ended` is called once with the dialogue when its state is final."""

    id: str
    mn: str
    qn: str
    cn: str
    raw: bytes
    is_notice: bool = False
    over_time: float = OVER_TIME
    re_count: int = RE_COUNT
    result_seconds: float = RESULT_SECONDS
    ended: Callable[[Dialogue], None] | None = None
    state: State = "sent"
    sent: int = 0
    due: float = 0.0
    code: str = ""  # QnRtn or ExeRtn
    packets: int = 0  # data packets heard in between
    answer: dict[str, str] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        return self.state not in ("sent", "accepted")

    def start(self, now: float) -> bytes:
        self.sent += 1
        self.due = now + self.over_time
        return self.raw

    def hear(self, packet: Packet, now: float) -> None:
        """A packet of the same device; those of other exchanges change nothing."""
        if self.over:
            return
        cn, said = packet.field("CN"), packet.cp or {}
        ours = self.qn in (packet.field("QN"), said.get("QN"))
        if ours and cn == "9011":
            self.code = said.get("QnRtn", "100")
            if self.code == "1":
                self.state, self.due = "accepted", now + self.result_seconds
            else:
                self._end("refused")
        elif ours and cn == "9012":
            self.code = said.get("ExeRtn", "2")
            self._end("done" if self.code in ("1", "100") else "failed")
        elif ours and cn == "9013" and self.is_notice:
            self._end("done")
        elif cn == self.cn and not self.is_notice:
            self.packets += 1
            if ours:
                self.answer.update(said)
                self.answer.update(
                    (f"{code}-{suffix}", value)
                    for code, values in (packet.factors or {}).items()
                    for suffix, value in values.items()
                )
            if self.state == "accepted":
                self.due = now + self.result_seconds

    def tick(self, now: float) -> bytes | None:
        """What to send again, if it is time; or the end."""
        if self.over or now < self.due:
            return None
        if self.state == "accepted":
            self._end("failed")
        elif self.sent > self.re_count:
            self._end("dead")
        else:
            return self.start(now)
        return None

    def _end(self, state: State) -> None:
        self.state = state
        if self.ended is not None:
            self.ended(self)


class Desk:
    """The dialogues under way in one gateway process; with one device one at a time."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Dialogue]] = {}
        self._open: dict[str, Dialogue] = {}
        self._now = 0.0

    def put(self, dialogue: Dialogue) -> None:
        self._waiting.setdefault(dialogue.mn, []).append(dialogue)

    def listens(self, mn: str) -> bool:
        """Whether a packet of the device may belong to a dialogue."""
        return mn in self._open

    def hear(self, mn: str, packet: Packet) -> None:
        dialogue = self._open.get(mn)
        if dialogue is not None:
            dialogue.hear(packet, self._now)

    def tick(self, now: float, connected: set[str]) -> Iterator[tuple[str, bytes]]:
        """What is to be sent now. A dialogue waits until its device is connected."""
        self._now = now
        for mn, dialogue in list(self._open.items()):
            again = dialogue.tick(now)
            if again is not None:
                yield mn, again
            if dialogue.over:
                del self._open[mn]
        for mn in [mn for mn in self._waiting if mn in connected and mn not in self._open]:
            dialogue = self._waiting[mn].pop(0)
            if not self._waiting[mn]:
                del self._waiting[mn]
            self._open[mn] = dialogue
            yield mn, dialogue.start(now)
