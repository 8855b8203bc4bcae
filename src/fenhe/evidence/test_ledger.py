from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from fenhe.evidence import ledger
from fenhe.evidence.models import Act

pytestmark = pytest.mark.django_db


def _three() -> None:
    for number in range(3):
        ledger.record("li", "import.commit", f"file-{number}", {"rows": 24, "mean": 35.5}, "试验")


def test_a_chain_verifies_and_has_no_gaps() -> None:
    _three()
    verification = ledger.verify()
    assert (verification.count, verification.problems) == (3, [])
    assert list(Act.objects.values_list("seq", flat=True)) == [1, 2, 3]
    assert verification.head == f"3:{Act.objects.get(seq=3).hash}"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("person", "Li"),
        ("action", "import.check"),
        ("subject", "file-2"),
        ("detail", {"rows": 25, "mean": 35.5}),
        ("reason", "试"),
        ("previous_hash", "f" * 64),
        ("hash", "f" * 64),
        ("at", "2026-01-01T00:00:00Z"),
        ("seq", 9),
    ],
)
def test_any_changed_field_is_found(field: str, value: object) -> None:
    _three()
    Act.objects.filter(seq=2).update(**{field: value})
    assert ledger.verify().problems


def test_a_look_at_a_few_acts_finds_what_is_wrong_with_them() -> None:
    _three()
    assert ledger.wrong(list(Act.objects.filter(seq__gte=2))) == {}
    Act.objects.filter(seq=2).update(subject="file-9")
    assert set(ledger.wrong(list(Act.objects.all()))) == {2}
    Act.objects.filter(seq=2).delete()
    assert set(ledger.wrong(list(Act.objects.all()))) == {3}


@pytest.mark.parametrize("seq", [1, 2])
def test_a_removed_act_is_found(seq: int) -> None:
    _three()
    Act.objects.filter(seq=seq).delete()
    assert ledger.verify().problems


def test_acts_cut_off_at_the_end_are_found_by_a_head_kept_elsewhere() -> None:
    _three()
    head = ledger.verify().head
    Act.objects.filter(seq=3).delete()
    assert not ledger.verify().problems
    assert [problem.code for problem in ledger.verify(head).problems] == ["evidence.head-missing"]


def test_an_act_goes_with_the_transaction_it_belongs_to() -> None:
    with transaction.atomic():
        ledger.record("li", "import.commit", "x")
        transaction.set_rollback(True)
    ledger.record("li", "import.commit", "y")
    assert ledger.verify().problems == []
    assert Act.objects.get().seq == 1


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_make_one_chain() -> None:
    def write(number: int) -> None:
        for _ in range(5):
            ledger.record(f"person-{number}", "flag.review", number)
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    verification = ledger.verify()
    assert (verification.count, verification.problems) == (20, [])


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc号"), inner, max_size=3)
    ),
    max_leaves=8,
)


class AnyDetail(TestCase):
    @settings(max_examples=50, suppress_health_check=list(HealthCheck))
    @given(_json)
    def test_any_detail_survives_the_database(self, detail: object) -> None:
        ledger.record("li", "x", "y", {"detail": detail})
        assert ledger.verify().problems == []
