"""How sure we are of a number in a standard, shown beside every number that is judged by it."""

from __future__ import annotations

from enum import StrEnum

from fenhe.kernel.text import Text


class Confidence(StrEnum):
    OFFICIAL = "official"
    REPRODUCED = "reproduced"
    SECOND_HAND = "second_hand"
    FROM_MEMORY = "from_memory"
    UNCONFIRMED = "unconfirmed"
    EXTRAPOLATION = "extrapolation"

    @property
    def label(self) -> Text:
        return _LABELS[self]

    @property
    def firm(self) -> bool:
        """Whether somebody has held it against the text or the published results."""
        return self in (Confidence.OFFICIAL, Confidence.REPRODUCED)

    @property
    def accuses(self) -> bool:
        """Whether a judgement resting on it may be held against somebody."""
        return self in (Confidence.OFFICIAL, Confidence.REPRODUCED, Confidence.SECOND_HAND)


_LABELS = {
    Confidence.OFFICIAL: Text("已核对官方文本", "official text read"),
    Confidence.REPRODUCED: Text("已用公布结果复现", "reproduces published results"),
    Confidence.SECOND_HAND: Text("转引，未见原文", "second-hand, original not seen"),
    Confidence.FROM_MEMORY: Text("凭记忆，待核实", "from memory, to be checked"),
    Confidence.UNCONFIRMED: Text("未经证实", "unconfirmed"),
    Confidence.EXTRAPOLATION: Text("外推", "extrapolation"),
}
