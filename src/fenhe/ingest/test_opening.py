"""A person is told where a file was looked for, in their own language."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fenhe.ingest.opening import why_not


def _why(path: Path) -> str:
    with pytest.raises(OSError) as caught:  # noqa: PT011 (any of them is looked at)
        path.open("rb").close()
    text = why_not(path, caught.value)
    assert "Errno" not in text.zh + text.en
    return text.zh


def test_a_file_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert _why(Path("absent.csv")) == f"没有这个文件：{tmp_path / 'absent.csv'}"


def test_a_directory_is_called_one(tmp_path: Path) -> None:
    assert _why(tmp_path) == f"是一个目录，不是文件：{tmp_path}"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_one_may_not_read(tmp_path: Path) -> None:
    (tmp_path / "closed").touch(mode=0)
    assert "没有读取权限" in _why(tmp_path / "closed")
