from __future__ import annotations

import uuid

import pytest

from fenhe.kernel.ids import content_hash, new_id


def test_ids_are_uuid_7_and_sort_by_time() -> None:
    first, second = new_id(1_700_000_000_000), new_id(1_700_000_000_001)
    assert first < second
    assert uuid.UUID(first).version == 7
    assert uuid.UUID(first).variant == uuid.RFC_4122
    assert len({new_id() for _ in range(1000)}) == 1000


def test_hash_does_not_depend_on_key_order_or_unicode_form() -> None:
    assert content_hash({"b": 1, "a": "é"}) == content_hash({"a": "e\u0301", "b": 1})
    assert content_hash(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_nan_has_no_canonical_form() -> None:
    with pytest.raises(ValueError, match="JSON"):
        content_hash(float("nan"))
