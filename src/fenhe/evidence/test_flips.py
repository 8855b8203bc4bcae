"""One flipped bit anywhere: in a column of the ledger, in the file of an attachment, in the heads
noted elsewhere. Verification finds each."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from fenhe.evidence import ledger
from fenhe.evidence.models import Act
from fenhe.store.files import Files

COLUMNS = ("seq", "at", "person", "action", "subject", "detail", "reason", "previous_hash", "hash")
DETAIL: dict[str, Any] = {"rows": 24, "mean": 35.5, "ok": True, "who": "#1", "list": [1, "#", None]}


def flipped(value: Any, bit: int, at: int) -> Any:
    """The value with one bit of it turned over."""
    match value:
        case bool():
            return not value
        case None:
            return 0
        case int():
            return value ^ (1 << bit % 20)
        case float():
            return value + 2.0 ** (bit % 8 - 4)
        case datetime():
            return value + timedelta(microseconds=1 << bit % 20)
        case str():
            place = at % max(len(value), 1)
            old = value[place : place + 1] or "\0"
            new = chr(ord(old) ^ (1 << bit % 5))
            return value[:place] + (new if new.isprintable() else f"{old}x") + value[place + 1 :]
        case list():
            place = at % len(value)
            return [*value[:place], flipped(value[place], bit, at), *value[place + 1 :]]
        case dict():
            key = sorted(value)[at % len(value)]
            if bit % 2:
                return {k: v for k, v in value.items() if k != key} | {f"{key}_": value[key]}
            return value | {key: flipped(value[key], bit, at)}
    raise TypeError(type(value))


class Rows(TestCase):
    @settings(max_examples=150, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(COLUMNS), st.integers(1, 4), st.integers(0, 40), st.integers(0, 70))
    def test_any_flip_in_any_column_is_found(
        self, column: str, seq: int, bit: int, at: int
    ) -> None:
        for number in range(4):
            ledger.record("li", "import.commit", f"文件-{number}", DETAIL, "试验")
        assert ledger.verify().problems == []
        act = Act.objects.get(seq=seq)
        old = getattr(act, column)
        new = flipped(old, bit, at)
        assert new != old
        if column == "seq" and 1 <= new <= 4:
            new += 10  # the database itself refuses a number that is taken
        Act.objects.filter(pk=act.pk).update(**{column: new})
        assert ledger.verify().problems, (column, old, new)

    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 3))
    def test_a_tail_cut_off_is_found_by_the_heads_noted(self, cut: int) -> None:
        path = Path(self.folder()) / "heads"
        for number in range(4):
            ledger.record("li", "x", number)
            ledger.anchor(path)
        Act.objects.filter(seq__gt=cut).delete()
        assert len(ledger.verify(*ledger.anchored(path)).problems) == 4 - cut
        path.unlink()

    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 60), st.integers(0, 6))
    def test_a_flip_in_the_heads_is_found(self, at: int, bit: int) -> None:
        path = Path(self.folder()) / "heads"
        ledger.record("li", "x", "y")
        ledger.anchor(path)
        ledger.anchor(path)
        assert len(ledger.anchored(path)) == 1
        raw = bytearray(path.read_bytes())
        raw[at] ^= 1 << bit
        path.write_bytes(raw)
        assert ledger.verify(*ledger.anchored(path)).problems
        path.unlink()

    def folder(self) -> str:
        import tempfile

        return tempfile.mkdtemp(prefix="fenhe-heads-")


def test_text_is_not_taken_for_a_number() -> None:
    assert ledger._canonical(1) != ledger._canonical("#1")
    assert ledger._canonical("#1") != ledger._canonical("##1")
    assert ledger._canonical({"a": [True]}) != ledger._canonical({"a": ["true"]})


def test_heads_that_are_not_there_yet_are_none(tmp_path: Path) -> None:
    assert ledger.anchored(tmp_path / "none") == []


@settings(max_examples=60)
@given(st.binary(min_size=1, max_size=300), st.integers(0, 299), st.integers(0, 7))
def test_a_flip_in_a_file_is_found(content: bytes, at: int, bit: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        files = Files(folder)
        stored = files.put(io.BytesIO(content))
        place = files.path(stored.hash)
        place.chmod(0o640)
        raw = bytearray(content)
        raw[at % len(raw)] ^= 1 << bit
        place.write_bytes(raw)
        assert dict(files.verify()) == {stored.hash: False}


def test_the_moment_counts_to_the_microsecond() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    one = Act(seq=1, at=moment, person="", action="", subject="", detail={}, previous_hash="")
    two = Act(seq=1, at=moment + timedelta(microseconds=1), person="", action="", subject="",
              detail={}, previous_hash="")  # fmt: skip
    assert ledger._hash(one) != ledger._hash(two)
