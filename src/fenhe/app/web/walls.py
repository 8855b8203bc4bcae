"""Walls: the command screen where nobody signs in.

An administrator makes a key for one wall; it is shown once and typed in at `/wall` on the machine
of the wall, which keeps it in a cookie that goes to the screen's addresses alone. It reads what
its person may see now, within its own limits, until it expires, is revoked, or the account ends.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fenhe.access import administration, gate, keys, sign_in
from fenhe.access.models import ApiKey, Person
from fenhe.app import discovery
from fenhe.app.links import base_url
from fenhe.app.web.kept import Rate
from fenhe.app.web.preferences import language
from fenhe.app.web.render import for_people, for_signed_in, page, refusal
from fenhe.app.web.sign_in import address
from fenhe.evidence import ledger
from fenhe.kernel.errors import BadInput, FenheError, Forbidden, NotFound
from fenhe.kernel.period import utc_now
from fenhe.store.config import settings

DAYS = (30, 90, 180, 365)
PER_MINUTE = 30
"""A wall asks once a minute, and once more where somebody loads it again."""
MOST_LISTED = 500

_rate = Rate()


def routes() -> list[URLPattern]:
    return [
        path("wall", enter, name="wall"),
        path("administration/walls", for_signed_in(show), name="walls"),
        path("administration/walls/add", for_signed_in(add), name="wall-add"),
    ]


def for_wall(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The screen: for signed-in people as any page, and for a wall by its key."""
    people = for_people(view)

    @wraps(view)
    def answer(request: HttpRequest, **places: Any) -> HttpResponseBase:
        token = request.COOKIES.get(_cookie(), "")
        if not token or request.user.is_authenticated:
            return people(request, **places)
        return _by_key(request, token, view, places)

    return require_http_methods(["GET", "HEAD"])(answer)


def _by_key(
    request: HttpRequest,
    token: str,
    view: Callable[..., HttpResponseBase],
    places: dict[str, Any],
) -> HttpResponseBase:
    try:
        person = keys.authenticate(token, keys.SCREEN)
    except Forbidden as error:
        _count(request)
        answer = refusal(request, error, 403)
        answer.delete_cookie(_cookie(), path="/screen")
        return answer
    wait = _rate.wait(token, PER_MINUTE)
    if wait:
        return _too_many(request, wait)
    request.user = person
    request.wall = True  # type: ignore[attr-defined]
    gate.require(person, gate.SEE)
    return view(request, **places)


def _count(request: HttpRequest) -> None:
    """Keys that open nothing are counted by address, with those typed in."""
    try:
        sign_in.begin_attempt(*_counted(request))
    except Forbidden:
        return


def _counted(request: HttpRequest) -> tuple[str, str]:
    return f"wall:{address(request)}", address(request)


def _too_many(request: HttpRequest, wait: float) -> HttpResponse:
    error = FenheError(
        "access.wall-too-many",
        "此大屏请求过于频繁，请稍后再试",
        "this wall asks too often; try again in a moment",
        retryable=True,
    )
    answer = refusal(request, error, 429)
    answer["Retry-After"] = str(int(wait) + 1)
    return answer


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Where the key is typed in, once, on the machine of the wall."""
    if request.method != "POST":
        return page(request, "pages/wall.html")
    token = request.POST.get("key", "").strip()
    try:
        attempt = sign_in.begin_attempt(*_counted(request))
        person = keys.authenticate(token, keys.SCREEN)
    except Forbidden as error:
        data = {"sentence": error.message[language(request)]}
        return page(request, "pages/wall.html", data, 403)
    attempt.delete()
    row = ApiKey.objects.get(prefix=token.split("_")[1])
    ledger.record(person, "wall.opened", row.prefix, {"address": address(request)})
    answer = HttpResponseRedirect(reverse("screen"))
    answer.set_cookie(
        _cookie(), token, expires=row.expires_at, path="/screen", samesite="Strict",
        secure=settings().is_https, httponly=True,
    )  # fmt: skip
    return answer


def _cookie() -> str:
    """Bound to a path of its own, so that no other page gets it."""
    return "__Secure-wall" if settings().is_https else "wall"


@never_cache
@require_GET
def show(request: HttpRequest, error: FenheError | None = None) -> HttpResponse:
    me, tongue = _me(request), language(request)
    walls = ApiKey.objects.select_related("person").filter(only=keys.SCREEN)
    data = {
        "rows": gate.visible(me, walls, "key.manage").order_by("-pk")[:MOST_LISTED],
        "now": utc_now(),
        "domains": [{"id": one.id, "name": one.name[tongue]} for one in discovery.load()],
        "days": DAYS,
        "made": request.session.pop("made-wall", None),
        "where": f"{base_url()}/wall",
        "sentence": error.message[tongue] if error else "",
    }
    return page(request, "pages/walls.html", data, 422 if error else 200)


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    me, sent = _me(request), request.POST
    try:
        with transaction.atomic():
            row, token = administration.make_wall(
                me,
                sent.get("name", ""),
                _person(me, sent.get("username", "").strip()),
                area=sent.get("area", "").strip()[:20],
                domains=sent.getlist("domains"),
                expires_at=utc_now() + timedelta(days=_days(sent.get("days", ""))),
            )
            told = {"name": row.name, "for": row.person.username}
            ledger.record(me, "wall.made", row.prefix, told)
    except (BadInput, NotFound) as error:
        request.method = "GET"
        return show(request, error)
    request.session["made-wall"] = token
    return HttpResponseRedirect(reverse("walls"))


def _days(text: str) -> int:
    return int(text) if text in map(str, DAYS) else DAYS[0]


def _person(me: Person, username: str) -> Person:
    """Whose eyes the wall has: one's own, where nobody is named."""
    if not username:
        return me
    missing = NotFound("access.no-person", "没有这个人员", "there is no such person")
    return gate.find(me, Person.objects.filter(username=username), missing, "key.manage")


def _me(request: HttpRequest) -> Person:
    if not isinstance(request.user, Person):
        raise Forbidden("access.forbidden", "请先登录", "sign in first")
    gate.require(request.user, "key.manage")
    return request.user
