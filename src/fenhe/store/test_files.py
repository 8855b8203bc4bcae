from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenhe.kernel.errors import NotFound
from fenhe.store.files import CHUNK, Files, Stored


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_is_put_is_what_is_opened(files: Files, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    stored = files.put(io.BytesIO(content))
    assert stored == Stored(hashlib.sha256(content).hexdigest(), size)
    with files.open(stored.hash) as stream:
        assert stream.read() == content


def test_the_same_content_is_kept_once(files: Files) -> None:
    assert files.put(io.BytesIO(b"a")) == files.put(io.BytesIO(b"a"))
    assert len(list(files.verify())) == 1


@given(content=st.binary(min_size=1, max_size=200), data=st.data())
def test_any_flipped_bit_is_found(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, data: st.DataObject
) -> None:
    files = Files(tmp_path_factory.mktemp("files"))
    sound, flipped = files.put(io.BytesIO(b"sound")), files.put(io.BytesIO(content))
    place = files.path(flipped.hash)
    place.chmod(0o640)
    damaged = bytearray(content)
    damaged[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    place.write_bytes(damaged)
    assert dict(files.verify()) == {sound.hash: True, flipped.hash: False}


class _Broken(io.BytesIO):
    """A stream that ends in the middle, as an upload does when the line goes."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise OSError("connection lost")
        return super().read(1)


def test_a_broken_stream_leaves_nothing(files: Files) -> None:
    with pytest.raises(OSError, match="connection lost"):
        files.put(_Broken(b"abc"))
    assert [path for path in files.root.rglob("*") if path.is_file()] == []


def test_an_unknown_hash_is_said_so_and_a_path_is_no_hash(files: Files) -> None:
    with pytest.raises(NotFound, match=r"files\.absent"):
        files.open("0" * 64)
    with pytest.raises(ValueError, match="not a SHA-256"):
        files.open("../../secret_key")
