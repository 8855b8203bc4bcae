"""The addresses of SensorThings: what is read, what is created, how it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, re_path
from django.views.decorators.csrf import csrf_exempt

from fenhe.access import gate
from fenhe.app.api.caller import not_there, person_of, require
from fenhe.app.api.refusals import Refused, answer, by_status
from fenhe.app.api.tags import as_bytes
from fenhe.app.sta import create, told
from fenhe.app.sta.asked import BASE, Asked
from fenhe.app.sta.bind import check
from fenhe.app.sta.model import ENTITIES
from fenhe.app.sta.places import Many, One, Part, References, lead
from fenhe.kernel.errors import BadInput, FenheError
from fenhe.publish.sensorthings import path as paths
from fenhe.publish.sensorthings.query import Query, read
from fenhe.publish.sensorthings.refused import malformed
from fenhe.registry.models import Series

MOST_BODY = 16 * 1024 * 1024
REQ = "http://www.opengis.net/spec/iot_sensing/1.1/req/"
CONFORMANCE = [
    *(f"{REQ}datamodel/{name}" for name in (
        "thing/properties", "thing/relations", "location/properties", "location/relations",
        "historical-location/properties", "historical-location/relations",
        "datastream/properties", "datastream/relations", "sensor/properties", "sensor/relations",
        "observed-property/properties", "observed-property/relations", "observation/properties",
        "observation/relations", "feature-of-interest/properties", "feature-of-interest/relations",
        "entity-control-information/common-control-information",
    )),
    f"{REQ}resource-path/resource-path-to-entities",
    *(f"{REQ}request-data/{name}" for name in (
        "order", "expand", "select", "status-code", "query-status-code", "orderby", "top", "skip",
        "count", "filter", "built-in-filter-operations", "built-in-query-functions", "pagination",
    )),
    f"{REQ}data-array/data-array",
]  # fmt: skip
"""What is offered, by requirement; the tests prove each (tests/conformance/test_sensorthings.py).
Of create-update-delete only Observations can be created, so it is not claimed."""

View = Callable[..., HttpResponse]


def routes() -> list[URLPattern]:
    return [
        re_path(r"^sta/?$", _asked(versions)),
        re_path(r"^sta/v1\.1/?$", _asked(root)),
        re_path(r"^sta/v1\.1/(?P<path>.+)$", _asked(resource)),
        re_path(r"^sta/.*$", _asked(nowhere)),
    ]


def _asked(view: View) -> View:
    """Who asks, and every refusal in our shape; what is wrong in the question is 400 here."""

    @csrf_exempt
    @wraps(view)
    def answered(request: HttpRequest, **places: str) -> HttpResponse:
        try:
            person = person_of(request)
            gate.require(person, "page.view")
            return view(Asked(request), **places)
        except BadInput as error:
            return answer(error, 400)
        except FenheError as error:
            return answer(error)

    return answered


def versions(asked: Asked) -> HttpResponse:
    _only(asked, "GET", "HEAD")
    return _json({"value": [{"name": "v1.1", "url": asked.root}]})


def root(asked: Asked) -> HttpResponse:
    _only(asked, "GET", "HEAD")
    sets = [{"name": name, "url": f"{asked.root}/{name}"} for name in ENTITIES]
    return _json({"value": sets, "serverSettings": {"conformance": CONFORMANCE}})


def nowhere(asked: Asked) -> HttpResponse:
    raise not_there()


def resource(asked: Asked, path: str) -> HttpResponse:
    if asked.request.method == "POST":
        return _create(asked, path)
    _only(asked, "GET", "HEAD", *(["POST"] if _takes_posts(path) else []))
    query = read(_options(asked.request))
    place = lead(asked, paths.read(path))
    match place:
        case Many(entity=entity):
            check(entity, query)
            found = place.find(asked, query)
            address = f"{asked.root}/{path.strip('/')}"
            return _json(told.collection(asked, entity, query, found, address))
        case One(entity=entity, record=record):
            check(entity, query)
            return _json(told.entities(asked, entity, [record], query)[0])
        case Part(raw=True, value=value):
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            return HttpResponse(text, content_type="text/plain; charset=utf-8")
        case Part(name=name, value=value):
            return _json({name: value})
        case References(of=Many() as many):
            check(many.entity, query)
            found = many.find(asked, query)
            return _json({"value": told.references(asked, many.entity, found.records)})
        case References(of=One(entity=entity, record=record)):
            return _json(told.references(asked, entity, [record])[0])
    raise not_there()


def _create(asked: Asked, path: str) -> HttpResponse:
    steps = paths.read(path)
    if not _takes_posts(path):
        _only(asked, "GET", "HEAD")
    require(asked.request, "import.commit")
    if _options(asked.request):
        raise malformed("创建时不带参数", "creating takes no options", "query")
    body = _body(asked.request)
    if path.strip("/") == "CreateObservations":
        return _json(create.array(asked, body), 201)
    series: Series | None = None
    if len(steps) > 1:
        owner = lead(asked, steps[:-1])
        if not isinstance(owner, One) or not isinstance(owner.record, Series):
            raise not_there()
        series = owner.record
    made = create.one(asked, body, series)
    entity = ENTITIES["Observations"]
    answered = _json(told.entities(asked, entity, [made], Query())[0], 201)
    answered["Location"] = asked.link(entity.set, entity.id(made))
    return answered


def _takes_posts(path: str) -> bool:
    last = path.strip("/").rsplit("/", 1)
    if len(last) == 1:
        return last[0] in ("Observations", "CreateObservations")
    return last[1] == "Observations" and last[0].rsplit("/", 1)[-1].startswith("Datastreams(")


def _only(asked: Asked, *methods: str) -> None:
    if asked.request.method not in methods:
        raise Refused(
            "api.method",
            f"这个地址只接受 {'、'.join(methods)}",
            f"this address takes {', '.join(methods)} only",
            status=405,
        )


def _options(request: HttpRequest) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            request.META.get("QUERY_STRING", ""), keep_blank_values=True, errors="strict",
            max_num_fields=50,
        )  # fmt: skip
    except ValueError as error:
        raise malformed("参数读不懂", "the options cannot be read", "query") from error


def _body(request: HttpRequest) -> Any:
    if request.content_type != "application/json":
        raise by_status(415)
    raw = request.read(MOST_BODY + 1)
    if len(raw) > MOST_BODY:
        raise by_status(413)
    try:
        return json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise malformed("请求体不是 JSON", "the body is not JSON", "body") from error


def _no_number(word: str) -> float:
    raise ValueError(word)


def _json(data: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(as_bytes(data), content_type="application/json", status=status)


__all__ = ["BASE", "CONFORMANCE", "routes"]
