"""Words that a password of this platform is not made of: its own names, and those of the person.

Beside it Django's list of 20 000 common passwords, most of them from breaches, is asked.
"""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError

from fenhe.access.models import Person

WORDS = (
    "fenhe", "汾河", "taiyuan", "太原", "shanxi", "山西", "shengtai", "生态", "huanjing", "环境",
    "huanbao", "环保", "huanbaoju", "环保局", "shengtaihuanjingju", "生态环境局", "kongqi", "空气",
    "ecology", "environment", "bureau", "admin", "administrator", "password", "mima", "密码",
    "welcome", "qwerty", "12369",
)  # fmt: skip
LEFT = 6
"""Letters that must be left of a password without these words, digits and signs."""


class OwnWords:
    """A validator of Django's kind: refuses a password that is such a word with trimmings."""

    def validate(self, password: str, user: object = None) -> None:
        plain = unicodedata.normalize("NFKC", password).casefold()
        words = sorted({*WORDS, *_of(user)}, key=len, reverse=True)
        found = re.compile("|".join(map(re.escape, words)))
        left = re.sub(r"[\d\W_]+", "", found.sub("", plain))
        if found.search(plain) and len(left) < LEFT:
            raise ValidationError(
                "it is made of a name of this platform or of your own", code="own_words"
            )

    def get_help_text(self) -> str:
        return "not made of the platform's names or your own"


def _of(user: object) -> set[str]:
    """What the person is called here, as far as it is long enough to mean something."""
    if not isinstance(user, Person):
        return set()
    organ = user.organ
    named = [user.username, user.first_name, user.last_name, user.email.partition("@")[0]]
    named += [organ.code, organ.name_zh, organ.name_en] if organ else []
    return {name.casefold() for name in named if len(name) >= 2}
