"""The body of a request as a file: streamed to disk, counted, never held in memory whole."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.http import HttpRequest
from django.http.request import UnreadablePostError

from fenhe.app.api.refusals import Refused, by_status

CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Received:
    path: Path
    size: int
    hash: str


@contextmanager
def received(request: HttpRequest, most: int, suffix: str) -> Iterator[Received]:
    """The body as a file that is gone afterwards. Raises 413 past `most` bytes, whatever length
    was announced."""
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        try:
            while chunk := request.read(CHUNK):
                size += len(chunk)
                if size > most:
                    raise too_large(most)
                digest.update(chunk)
                file.write(chunk)
        except UnreadablePostError as error:
            raise by_status(400) from error
        file.flush()
        yield Received(Path(file.name), size, digest.hexdigest())


def too_large(most: int) -> Refused:
    return Refused(
        "api.too-large",
        f"请求体超过 {most // CHUNK} MB，请分成几次",
        f"the body is larger than {most // CHUNK} MB; send it in parts",
        status=413,
    )
