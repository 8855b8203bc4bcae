from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from fenhe.store import outbox
from fenhe.store.models import Outbox

pytestmark = pytest.mark.django_db


def due_now() -> None:
    Outbox.objects.filter(done_at__isnull=True).update(not_before=timezone.now())


def test_rows_run_once_in_order_and_only_where_a_handler_is() -> None:
    seen: list[Any] = []
    for number in range(3):
        outbox.put("a", {"number": number})
    outbox.put("unknown", {})
    handlers = {"a": lambda payload: seen.append(payload["number"])}
    assert outbox.run(handlers) == 3
    assert outbox.run(handlers) == 0
    assert seen == [0, 1, 2]
    assert Outbox.objects.filter(done_at__isnull=True).get().topic == "unknown"


def test_a_fact_that_is_rolled_back_tells_nobody() -> None:
    with transaction.atomic():
        outbox.put("a", {})
        transaction.set_rollback(True)
    assert outbox.run({"a": lambda _: None}) == 0


def test_a_failing_row_waits_longer_each_time_and_holds_up_nobody() -> None:
    seen: list[Any] = []

    def handler(payload: dict[str, Any]) -> None:
        if payload["bad"]:
            raise ValueError("not today")
        seen.append(payload)

    bad = outbox.put("a", {"bad": True})
    outbox.put("a", {"bad": False})
    waits = []
    for _ in range(3):
        before = timezone.now()
        outbox.run({"a": handler})
        bad.refresh_from_db()
        waits.append(round((bad.not_before - before) / outbox.FIRST_WAIT))
        due_now()
    assert waits == [1, 2, 4]
    assert len(seen) == 1
    assert (bad.attempts, bad.done_at, bad.error) == (3, None, "ValueError: not today")
    assert outbox.run({"a": lambda _: None}) == 1


def test_a_row_under_work_is_out_of_other_workers_reach_until_the_lease_ends() -> None:
    outbox.put("a", {})
    inner: list[int] = []
    outer = outbox.run({"a": lambda _: inner.append(outbox.run({"a": lambda _: None}))})
    assert (outer, inner) == (1, [0])

    row = outbox.put("a", {})
    outbox._claim(["a"])  # a worker that dies here …
    assert outbox.run({"a": lambda _: None}) == 0
    Outbox.objects.filter(pk=row.pk).update(not_before=timezone.now() - timedelta(seconds=1))
    assert outbox.run({"a": lambda _: None}) == 1  # … is followed by another
