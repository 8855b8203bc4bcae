"""The level colours of all domains as one style sheet per palette, from their editions.

A domain's `palette` function answers {level: {"official": "#rrggbb", "safe": "#rrggbb"}}; the ink
on each colour is black or white, whichever reads better.
"""

from __future__ import annotations

import hashlib
from functools import cache

from django.http import HttpRequest, HttpResponse

from fenhe.app.views import function, of_domains


@cache
def sheet(palette: str) -> str:
    rules = []
    variables = []
    for domain_id, views in of_domains().items():
        if not views.palette:
            continue
        for level, colours in function(domain_id, views.palette)().items():
            colour = colours[palette]
            variables.append(f"--{domain_id}-{level}:{colour}")
            rules.append(f".{domain_id}-{level}{{--level:{colour};--level-ink:{_ink(colour)}}}")
    return f":root{{{';'.join(variables)}}}\n" + "\n".join(rules) + "\n"


def url(palette: str) -> str:
    digest = hashlib.sha256(sheet(palette).encode()).hexdigest()[:8]
    return f"/palette-{palette}.css?{digest}"


def serve(request: HttpRequest, palette: str) -> HttpResponse:
    answer = HttpResponse(sheet(palette), content_type="text/css; charset=utf-8")
    answer["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


def _ink(colour: str) -> str:
    """By WCAG contrast; the tie lies at a luminance of 0.179."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000" if luminance > 0.179 else "#fff"
