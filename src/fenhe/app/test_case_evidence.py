"""Histories of cases stand beside the chain of acts in every verification."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fenhe.access.models import Organ, Person
from fenhe.act import cases
from fenhe.act.models import Case, CaseDocument, CaseEntry
from fenhe.app import audit, doctor
from fenhe.app.boot import boot
from fenhe.kernel.period import utc_now

boot()
WHAT = {"what": "查看扬尘"}

IN_A_PLACE = """
from fenhe.app.boot import boot
boot()
from fenhe.access.models import Organ, Person
from fenhe.act import cases
from fenhe.act.models import CaseEntry
from fenhe.app import records
from fenhe.kernel.period import utc_now
records.migrate()
names = {"code": "b", "name_zh": "局", "name_en": "b", "kind": "bureau", "area": "110000"}
organ = Organ.objects.create(**names, issuing=True)
person = Person.objects.create(username="p", role="office", organ=organ)
cases.open_(cases.Opening("dispatch.order", {"what": "x"}), person, utc_now())
"""
CHANGED = 'CaseEntry.objects.update(reason="slipped in")\n'


@pytest.fixture
def order(db: None) -> Case:
    organ = Organ.objects.create(
        code="b", name_zh="局", name_en="Bureau", kind="bureau", area="110000", issuing=True
    )
    person = Person.objects.create(username="p", role="office", organ=organ)
    wanted = cases.Opening("dispatch.order", WHAT)
    return cases.open_(wanted, person, utc_now(), ["order"])


def test_untouched_cases_are_found_sound(order: Case) -> None:
    assert audit.verify(utc_now()).problems == []
    found = doctor.histories()
    assert found.ok
    assert found.text.zh == "最近 1 件案件与存证相符"


def test_a_changed_entry_is_told_with_the_number_of_its_case(order: Case) -> None:
    CaseEntry.objects.update(reason="补记")
    [told] = audit.verify(utc_now()).problems
    assert told["zh"] == f"{order.number}：第 1 条与存证不符"
    found = doctor.histories()
    assert not found.ok
    assert order.number in found.text.en


def test_a_changed_document_and_a_case_that_is_gone_are_found(order: Case) -> None:
    made = CaseDocument.objects.get()
    made.content["paragraphs"] = ["任务：别的"]
    made.save()
    [told] = audit.verify(utc_now()).problems
    assert "任务派遣单" in told["zh"]
    CaseDocument.objects.all().delete()
    CaseEntry.objects.all().delete()
    order.delete()
    [told] = audit.verify(utc_now()).problems
    assert "历史里没有" in told["zh"]


@pytest.mark.parametrize(("change", "code"), [("", 0), (CHANGED, 1)], ids=["sound", "changed"])
def test_the_commands_say_it_with_their_exit_code(tmp_path: Path, change: str, code: int) -> None:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FENHE_")}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words], env=kept | {"FENHE_DATA_DIR": str(tmp_path)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    made = run("-c", IN_A_PLACE + change)
    assert made.returncode == 0, made.stderr
    verified = run("-m", "fenhe", "evidence", "verify", "--json")
    assert verified.returncode == code, verified.stderr
    assert len(json.loads(verified.stdout)["problems"]) == code
    examined = json.loads(run("-m", "fenhe", "doctor", "--json").stdout)
    [histories] = [one for one in examined["checks"] if one["name"] == "histories"]
    assert histories["ok"] == (code == 0)
