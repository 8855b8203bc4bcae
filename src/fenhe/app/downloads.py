"""A download as an answer: streamed, with a name that no browser runs, private to whoever asked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from urllib.parse import quote

from django.http import StreamingHttpResponse

from fenhe.publish import downloads
from fenhe.publish.downloads import Download


def answer(download: Download, form: str) -> StreamingHttpResponse:
    """The first piece is made before anything is sent, so that a refusal is still one."""
    pieces = downloads.write(download, form)
    first = next(pieces, b"")
    told = StreamingHttpResponse(
        _joined(first, pieces), content_type=downloads.of_form(form).media_type
    )
    name = quote(f"{download.name}.{form}", safe="")
    told["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return told


def _joined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    return chain([first], rest)
