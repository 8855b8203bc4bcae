"""Why a file that a person named cannot be read: where it was looked for, in plain words."""

from __future__ import annotations

from pathlib import Path

from fenhe.kernel.text import Text


def why_not(source: str | Path, error: OSError) -> Text:
    """A sentence with the absolute path; the system's own words only where there are no better."""
    place = Path(source).absolute()
    match error:
        case FileNotFoundError():
            return Text(f"没有这个文件：{place}", f"there is no such file: {place}")
        case IsADirectoryError():
            return Text(f"是一个目录，不是文件：{place}", f"is a directory, not a file: {place}")
        case PermissionError():
            return Text(f"没有读取权限：{place}", f"may not be read by you: {place}")
        case _:
            said = error.strerror or "?"
            return Text(f"读不了：{place}（系统提示 {said}）", f"cannot be read: {place} ({said})")
