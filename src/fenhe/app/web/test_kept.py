"""What is kept for a while, and how often an address may ask; both by a clock of the test's own."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest

from fenhe.app.web.kept import Kept, Rate


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_made_once_and_again_when_its_time_is_over() -> None:
    clock, made = Clock(), list[int]()
    kept: Kept[int] = Kept(60, clock=clock)

    def make() -> int:
        made.append(1)
        return len(made)

    assert [kept.get("a", make), kept.get("a", make)] == [1, 1]
    clock.now = 59.9
    assert kept.get("a", make) == 1
    clock.now = 60
    assert kept.get("a", make) == 2
    kept.forget()
    assert kept.get("a", make) == 3


def test_many_at_once_make_one() -> None:
    kept: Kept[int] = Kept(60)
    together, made, seen = Barrier(8), list[int](), list[int]()

    def make() -> int:
        made.append(1)
        return len(made)

    def ask() -> None:
        together.wait()
        seen.append(kept.get("a", make))

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert seen == [1] * 8


def test_the_eldest_is_dropped_when_there_are_too_many() -> None:
    kept: Kept[int] = Kept(60, most=2)
    for key in ("a", "b", "c"):
        kept.get(key, lambda: 1)
    assert kept.get("c", lambda: 9) == 1
    assert kept.get("a", lambda: 9) == 9


def test_a_failure_is_not_kept() -> None:
    kept: Kept[int] = Kept(60)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 // 0)
    assert kept.get("a", lambda: 5) == 5


def test_so_many_a_minute_and_each_address_for_itself() -> None:
    clock = Clock()
    rate = Rate(clock)
    assert [rate.wait("a", 3) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert rate.wait("a", 3) == 20.0
    assert rate.wait("b", 3) == 0.0
    clock.now = 20
    assert rate.wait("a", 3) == 0.0
    assert rate.wait("a", 3) > 0
    assert rate.wait("a", 0) == 0.0


def test_addresses_are_forgotten_rather_than_kept_for_ever() -> None:
    rate = Rate(Clock())
    for number in range(Rate.MOST + 10):
        rate.wait(str(number), 1)
    assert rate.wait("0", 1) == 0.0  # forgotten
    assert rate.wait(str(Rate.MOST + 9), 1) > 0  # remembered
