"""Text in the platform's two languages. Chinese is written first; English is always complete."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal, Self

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Text:
    zh: str
    en: str

    def __getitem__(self, language: str) -> str:
        return self.en if language == "en" else self.zh

    def __str__(self) -> str:
        return self.zh

    @classmethod
    def read(cls, raw: object) -> Self:
        """From a data file: `{zh: ..., en: ...}`, or one string that serves both languages."""
        if isinstance(raw, cls):
            return raw
        if isinstance(raw, str):
            return cls(raw, raw)
        if isinstance(raw, dict) and {"zh", "en"} <= raw.keys():
            return cls(str(raw["zh"]), str(raw["en"]))
        raise ValueError(f"text needs zh and en, got {raw!r}")

    def as_dict(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}


def plain(text: str) -> str:
    """One spelling to compare names by: full-width, subscripts, case and spaces do not matter."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
