"""Text on the colours of levels can be read: WCAG AA on every colour of both palettes."""

from __future__ import annotations

import re

import pytest

from fenhe.app.boot import boot
from fenhe.app.web import palette

boot()


def luminance(colour: str) -> float:
    full = colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])
    parts = [int(full[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", ["official", "safe"])
def test_ink_on_every_level_has_enough_contrast(name: str) -> None:
    pairs = re.findall(r"--level:(#\w+);--level-ink:(#\w+)", palette.sheet(name))
    assert pairs
    for ground, ink in pairs:
        light, dark = sorted((luminance(ground), luminance(ink)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ground, ink)
