"""What the REST interface promises: pages, tags, one refusal, rights, writes that come once."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from django.test import Client

from fenhe.access import keys
from fenhe.access.models import Person
from fenhe.app.api import observations
from fenhe.app.api.build import description
from fenhe.app.boot import boot
from fenhe.evidence.models import Act
from fenhe.kernel.period import Period, utc_now
from fenhe.observe import readings
from fenhe.registry.models import Object

boot()
V1 = "/api/v1"
HOUR = timedelta(hours=1)
World = Any


def get(client: Client, path: str, **params: Any) -> Any:
    answer = client.get(f"{V1}{path}", params)
    assert answer.status_code == 200, answer.content
    return answer.json()


def refused(answer: Any, status: int, code: str) -> Any:
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.content
    told = answer.json()["error"]
    assert set(told) == {"code", "zh", "en", "retryable", "problem_count", "problems"}
    assert told["zh"]
    assert told["en"]
    return told


def send(client: Client, rows: list[dict[str, Any]], **headers: str) -> Any:
    return client.post(
        f"{V1}/observations",
        json.dumps({"observations": rows}),
        content_type="application/json",
        headers=headers,
    )


def row(world: World, hour: int, value: object, **more: object) -> dict[str, Any]:
    start = (world.begin + hour * HOUR).isoformat()
    return {"series": world.pm.pk, "start": start, "value": value, **more}


# -- reading ---------------------------------------------------------------------------------------


def test_every_list_can_be_read(world: World) -> None:
    client = world.client()
    for path, operations in description()["paths"].items():
        if "get" not in operations or re.search(r"\{|/coverage$|/files/", path):
            continue
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.content)
        found = answer.json()
        found = found["items"] if isinstance(found, dict) else found
        assert found or path.endswith(("/imports", "/hooks")), path


def test_pages_follow_one_another_without_gap_or_repetition(world: World) -> None:
    for number in range(7):
        Object.objects.create(kind="air_city", code=f"C{number}", name_zh="市")
    client, seen, after = world.client(), [], None
    while True:
        page = get(
            client, "/objects", kind="air_city", limit=3, **({"after": after} if after else {})
        )
        seen += [item["id"] for item in page["items"]]
        assert "count" not in page
        after = page["next"]
        if after is None:
            break
    assert seen == list(
        Object.objects.filter(kind="air_city").order_by("pk").values_list("pk", flat=True)
    )
    newest = get(client, "/verdicts", newest="true")["items"]
    assert [item["id"] for item in newest] == [world.verdict.pk]


def test_a_cursor_is_of_its_own_list_alone(world: World) -> None:
    client = world.client()
    after = get(client, "/objects", limit=1)["next"]
    assert after
    refused(client.get(f"{V1}/series", {"after": after}), 422, "api.cursor")
    refused(client.get(f"{V1}/objects", {"after": after + "x"}), 422, "api.cursor")


def test_readings_by_period_and_page_both_ways(world: World) -> None:
    client, path = world.client(), f"/series/{world.pm.pk}/readings"
    whole = get(client, path, limit=1000)
    assert len(whole["items"]) == 48
    assert whole["unit"] == "µg/m³"
    assert whole["items"][5] == {
        "series": world.pm.pk, "start": "2026-03-01T05:00:00Z", "end": "2026-03-01T06:00:00Z",
        "value": None, "qualifier": "missing_blank", "flag": "missing", "source": "a",
        "known_at": whole["items"][5]["known_at"],
    }  # fmt: skip
    for newest in ("false", "true"):
        seen, after = [], {}
        while True:
            page = get(client, path, limit=7, newest=newest, **after)
            seen += page["items"]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        assert seen == (whole["items"] if newest == "false" else whole["items"][::-1])
    day = get(client, path, start="2026-03-02T00:00:00+08:00", end="2026-03-02T08:00:00+08:00")
    assert [item["value"] for item in day["items"]] == [float(20 + i) for i in range(16, 24)]


def test_what_was_known_then_stays_what_it_was(world: World) -> None:
    client, path = world.client(), f"/series/{world.pm.pk}/readings"
    before = utc_now()
    readings.append(world.hours(world.pm.pk, [99.0]), "hour", "correction")
    assert get(client, path, limit=1)["items"][0]["value"] == 99.0
    then = get(client, path, limit=1, known_at=before.isoformat())
    assert then["items"][0]["value"] == 20.0
    history = get(client, f"{path}/{world.begin.isoformat()}")
    assert [version["value"] for version in history["versions"]] == [20.0, 99.0]


def test_gaps_and_coverage(world: World) -> None:
    span = {"start": "2026-03-01T00:00:00Z", "end": "2026-03-02T00:00:00Z"}
    found = get(world.client(), f"/series/{world.pm.pk}/gaps", **span)
    assert (found["coverage"]["expected"], found["coverage"]["observed"]) == (24, 23)
    assert [(gap["hours"], gap["reason"]) for gap in found["items"]] == [(1.0, "marked-missing")]
    by_object = get(world.client(), "/coverage", object=world.station.pk, **span)
    assert [item["percent"] for item in by_object] == [pytest.approx(2300 / 24), 100.0]


def test_latest_standards_and_steps(world: World) -> None:
    client = world.client()
    found = get(client, "/latest", property="pm2_5")["items"]
    assert {item["object"] for item in found} == {world.station.pk, world.elsewhere.pk}
    edition = get(client, "/editions", standard="GB 3095", on="2026-03-01")[0]["id"]
    tables = get(client, f"/editions/{edition}")["content"]
    assert all(line["confidence"] for table in tables for line in table["rows"])
    assert get(client, f"/verdicts/{world.verdict.pk}")["steps"] == []  # no such rule any more


# -- tags ------------------------------------------------------------------------------------------


def test_what_has_not_changed_is_not_sent_again(world: World) -> None:
    client = world.client()
    tag = client.get(f"{V1}/objects")["ETag"]
    again = client.get(f"{V1}/objects", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    Object.objects.filter(pk=world.city.pk).update(name_zh="别名")
    assert client.get(f"{V1}/objects", headers={"If-None-Match": tag}).status_code == 200


def test_a_write_goes_over_what_was_seen_and_nothing_else(world: World) -> None:
    client, path = world.client(), f"{V1}/kinds/air_station/objects/S1"

    def put(body: dict[str, Any], **headers: str) -> Any:
        return client.put(path, json.dumps(body), content_type="application/json", headers=headers)

    tag = client.get(path)["ETag"]
    assert put({"name_zh": "新名"}, **{"If-Match": tag}).status_code == 200
    refused(put({"name_zh": "又改"}, **{"If-Match": tag}), 412, "api.moved-on")
    refused(put({"name_zh": "又改"}, **{"If-None-Match": "*"}), 412, "api.moved-on")
    assert Object.objects.get(pk=world.station.pk).name_zh == "新名"
    told = refused(put({"attributes": {"colour": "red"}}), 422, "api.invalid")
    assert told["problems"][0]["column"] == "colour"


def test_an_object_is_registered_by_its_code(world: World) -> None:
    client = world.client()
    sent = {"name_zh": "上兰", "longitude": 112.43, "latitude": 38.0}
    made = client.put(f"{V1}/kinds/air_station/objects/S9", json.dumps(sent), "application/json")
    assert made.status_code in (201, 422), made.content
    if made.status_code == 422:  # the kind asks for more than a name
        columns = {p["column"] for p in made.json()["error"]["problems"]}
        assert columns
    assert client.put(f"{V1}/kinds/none/objects/S9", "{}", "application/json").status_code == 404


# -- refusals --------------------------------------------------------------------------------------


def test_one_shape_of_refusal_for_everything(world: World) -> None:
    client, nobody = world.client(), Client()
    refused(nobody.get(f"{V1}/objects"), 401, "api.sign-in")
    wrong = {"authorization": "Bearer fh_x"}
    refused(nobody.get(f"{V1}/objects", headers=wrong), 401, "access.key-refused")
    refused(client.get(f"{V1}/nothing"), 404, "api.no-address")
    refused(client.get(f"{V1}/objects/999999"), 404, "api.not-there")
    gone = client.delete(f"{V1}/objects")
    refused(gone, 405, "api.method")
    assert "GET" in gone["Allow"]
    refused(client.get(f"{V1}/objects/x"), 422, "api.invalid")
    refused(client.get(f"{V1}/objects", {"colour": "red"}), 422, "api.parameter-unknown")
    refused(client.get(f"{V1}/objects", {"limit": "0"}), 422, "api.invalid")
    path = f"{V1}/alarms/{world.alarm.pk}/acknowledge"
    refused(client.post(path, "x", content_type="text/plain"), 415, "api.media-type")
    refused(client.post(path, "{", content_type="application/json"), 400, "api.unreadable")
    huge = {"CONTENT_LENGTH": str(2**43)}
    refused(client.post(path, "{}", content_type="application/json", **huge), 413, "app.too-large")


def test_a_session_writes_with_its_token_alone(world: World) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(Person.objects.get(username="chief"))
    assert browser.get(f"{V1}/objects").status_code == 200
    path = f"{V1}/alarms/{world.alarm.pk}/acknowledge"
    refused(browser.post(path, "{}", content_type="application/json"), 403, "api.refused")
    world.alarm.refresh_from_db()
    assert world.alarm.state == "open"


def test_a_key_reaches_what_it_was_made_for(world: World) -> None:
    narrow = world.client(world.narrow)
    assert [item["code"] for item in get(narrow, "/objects")["items"]] == ["S2"]
    assert [item["id"] for item in get(narrow, "/series")["items"]] == [world.far.pk]
    assert get(narrow, "/verdicts")["items"] == []
    assert get(narrow, "/alarms")["items"] == []
    assert get(narrow, "/relations")["items"] == []
    for path in (f"/objects/{world.station.pk}", f"/series/{world.pm.pk}/readings",
                 f"/verdicts/{world.verdict.pk}", f"/alarms/{world.alarm.pk}"):  # fmt: skip
        refused(narrow.get(V1 + path), 404, "api.not-there")
    refused(send(narrow, [row(world, 1, 5)]), 403, "access.forbidden")
    writer, token = keys.make(
        Person.objects.get(username="chief"), "w", ["page.view", "import.commit"], area="140200"
    )
    told = refused(send(world.client(token), [row(world, 1, 5)]), 422, "api.observations-refused")
    assert told["problems"][0]["code"] == "api.series-unknown"
    keys.revoke(writer)
    refused(world.client(token).get(f"{V1}/objects"), 401, "access.key-refused")


# -- writing ---------------------------------------------------------------------------------------


def test_taking_an_alarm_in_hand_twice_is_once(world: World) -> None:
    client, path = world.client(), f"{V1}/alarms/{world.alarm.pk}/acknowledge"
    for _ in range(2):
        done = client.post(path, '{"note": "在查"}', content_type="application/json")
        assert (done.status_code, done.json()["state"]) == (200, "acknowledged")
    assert Act.objects.filter(action="alarm.acknowledge").count() == 1
    other = Person.objects.create(username="other", role="officer")
    browser = Client()
    browser.force_login(other)
    refused(browser.post(path, "{}", content_type="application/json"), 409, "alert.not-open")


def test_the_same_observations_again_change_nothing(world: World) -> None:
    client = world.client()
    rows = [row(world, 100, 5.5), row(world, 101, None, qualifier="not_measured"),
            row(world, 102, 0.5, unit="mg/m³")]  # fmt: skip
    first = send(client, rows).json()
    assert (first["new"], first["changed"], first["unchanged"]) == (3, 0, 0)
    again = send(client, rows).json()
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, 3)
    changed = send(client, [row(world, 100, 6)]).json()
    assert (changed["new"], changed["changed"]) == (0, 1)
    now = readings.current(
        [world.pm.pk], Period(world.begin + 100 * HOUR, world.begin + 103 * HOUR)
    )
    assert now["value"].to_list() == [6.0, None, 500.0]
    assert now["qualifier"].to_list() == [0, 13, 0]


def test_an_idempotency_key_is_answered_once(world: World) -> None:
    client, mark = world.client(), {"Idempotency-Key": "k1"}
    first = send(client, [row(world, 100, 5)], **mark)
    send(client, [row(world, 100, 7)])  # a correction meanwhile
    again = send(client, [row(world, 100, 5)], **mark)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    now = readings.current([world.pm.pk], Period.hour(world.begin + 100 * HOUR))
    assert now["value"].to_list() == [7.0]
    refused(send(client, [row(world, 100, 8)], **mark), 409, "api.key-reused")
    wrong = {"Idempotency-Key": "k2"}
    refused(send(client, [row(world, 100, "x")], **wrong), 422, "api.observations-refused")
    assert send(client, [row(world, 100, 9)], **wrong).status_code == 200  # it left nothing behind


def test_all_wrong_rows_are_named_and_none_is_written(world: World) -> None:
    version = readings.open_lake().version()
    day = Object.objects.get(pk=world.station.pk).series.create(property="o3", resolution="day")
    rows = [
        row(world, 100, 5),
        row(world, 100, 6),
        row(world, 101, 1e9),
        row(world, 101.5, 3),
        row(world, 102, None),
        row(world, 103, 1, unit="km"),
        row(world, 104, 1, qualifier="sometimes"),
        {"series": 2**31 - 1, "start": world.begin.isoformat(), "value": 1},
        {"series": world.pm.pk, "start": "2026-03-01 00:00", "value": 1},
        {"series": world.pm.pk, "start": "2199-03-01T00:00:00Z", "value": 1},
        {"series": day.pk, "start": world.begin.isoformat(), "value": 1},
    ]
    told = refused(send(world.client(), rows), 422, "api.observations-refused")
    found = {(p["row"], p["code"]) for p in told["problems"]}
    assert found >= {
        (1, "observe.duplicate-key"), (2, "observe.duplicate-key"),
        (3, "ingest.value-impossible"), (4, "api.start-off-grid"), (5, "observe.no-reason"),
        (6, "api.unit"), (7, "api.qualifier-unknown"), (8, "api.series-unknown"),
        (9, "api.start-unreadable"), (10, "observe.future"), (11, "api.resolutions"),
    }  # fmt: skip
    assert readings.open_lake().version() == version


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_table_is_taken_whole_or_not_at_all(world: World, form: str) -> None:
    good = pl.DataFrame(
        {"series": [world.pm.pk] * 3,
         "start": [world.begin + (200 + i) * HOUR for i in range(3)], "value": [1.5, 2.5, 3.5]}
    )  # fmt: skip
    bad = good.with_columns(pl.Series("value", [1.5, 1e9, 3.5]))
    types = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}

    def body(frame: pl.DataFrame) -> bytes:
        out = io.BytesIO()
        if form == "parquet":
            frame.write_parquet(out)
        else:
            frame.with_columns(pl.col("start").dt.to_string("iso:strict")).write_csv(out)
        return out.getvalue()

    def post(frame: pl.DataFrame) -> Any:
        return world.client().post(f"{V1}/observations", body(frame), content_type=types[form])

    told = refused(post(bad), 422, "api.observations-refused")
    assert told["problems"][0]["row"] == (3 if form == "csv" else 2)
    done = post(good)
    assert done.status_code == 200, done.content
    assert done.json()["new"] == 3
    broken = world.client().post(f"{V1}/observations", b"PAR1xx", content_type=types["parquet"])
    assert broken.status_code == 422


def test_a_small_file_of_very_many_rows_is_refused_before_it_is_unfolded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observations, "read_table", lambda path: pytest.fail("unfolded"))
    rows = pl.select(pl.repeat(1, observations.MOST_ROWS + 1, dtype=pl.Int64).alias("series"))
    out = io.BytesIO()
    rows.write_parquet(out)
    assert out.tell() < 100_000
    sent = world.client().post(
        f"{V1}/observations", out.getvalue(), content_type="application/vnd.apache.parquet"
    )
    refused(sent, 413, "api.too-many-rows")


def test_a_file_goes_through_its_profile(world: World) -> None:
    found = {item["id"] for item in get(world.client(), "/profiles")}
    assert "air-hourly" in found
    form = world.client().post(
        f"{V1}/imports?profile=air-hourly&file_name=a.csv", b"x,y\n1,2\n", content_type="text/csv"
    )
    assert form.status_code == 201
    assert form.json()["state"] == "refused"
    refused(world.client().post(f"{V1}/imports/{form.json()['id']}/commit"), 422, "ingest.refused")
    wrong = world.client().post(
        f"{V1}/observations?profile=air-hourly", b"x,y\n1,2\n", content_type="text/csv"
    )
    refused(wrong, 422, "ingest.refused")


def test_a_series_comes_to_be_once(world: World) -> None:
    body = json.dumps({"object": world.station.pk, "property": "no2"})
    first, again = (
        world.client().post(f"{V1}/series", body, content_type="application/json") for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
