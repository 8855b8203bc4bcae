"""ZIP packages (DOCX) whose bytes depend on their content alone: the clocks inside stand still."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime

SOME_DAY = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""What every document says it was made on; the true day stands in its text."""


def timeless(package: io.BytesIO) -> bytes:
    """The same parts with the clock of the ZIP entries standing still."""
    out = io.BytesIO()
    with zipfile.ZipFile(package) as made, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as kept:
        for part in made.infolist():
            entry = zipfile.ZipInfo(part.filename, date_time=SOME_DAY.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            kept.writestr(entry, made.read(part))
    return out.getvalue()
