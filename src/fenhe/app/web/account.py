"""One's own account: the password, the second factor, the sessions there are, where one signed in
lately. What changes how one signs in asks first who it is, unless that was proved just now."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fenhe.access import gate, second_factor, sign_in, visits
from fenhe.access.models import Person
from fenhe.access.rights import of as rights_of
from fenhe.access.roles import ROLES
from fenhe.app.web.preferences import inside, language
from fenhe.app.web.render import for_signed_in, page
from fenhe.app.web.sign_in import address
from fenhe.evidence import ledger
from fenhe.evidence.models import Act
from fenhe.kernel.errors import FenheError, Forbidden, NotFound
from fenhe.store.config import settings

LATELY = 20
SIGN_INS = ("person.signed-in", "person.signed-out", "person.sign-in-refused")


def routes() -> list[URLPattern]:
    return [
        path("account", for_signed_in(show), name="account"),
        path("account/confirm", for_signed_in(confirm), name="account-confirm"),
        path("account/password", for_signed_in(password), name="account-password"),
        path("account/second-factor/remove", _proved(remove), name="account-second-factor"),
        path("account/recovery-codes", _proved(renew), name="account-recovery"),
        path("account/sessions/end", for_signed_in(end_sessions), name="account-sessions"),
        path("account/sessions/<int:pk>/end", _proved(end_one), name="account-session-end"),
    ]


def _proved(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For people who have proved lately who they are; others are asked, and try again."""

    @wraps(view)
    def answer(request: HttpRequest, **places: Any) -> HttpResponse:
        if not visits.is_confirmed(request.session):
            return HttpResponseRedirect(_asks("/account"))
        return view(request, **places)

    return for_signed_in(answer)  # type: ignore[return-value]


def _asks(then: str) -> str:
    return f"/account/confirm?next={quote(then)}"


@require_GET
def show(request: HttpRequest, error: FenheError | None = None) -> HttpResponse:
    person, tongue = _me(request), language(request)
    own = Act.objects.filter(action__in=SIGN_INS)
    mine = own.filter(person=person.username) | own.filter(
        action="person.sign-in-refused", subject=person.username
    )
    data = {
        "second_factor": second_factor.is_set(person),
        "required": second_factor.is_required(person),
        "may_administer": gate.may(person, "person.view"),
        "may_hear": gate.may(person, "page.view"),
        "has_password": person.has_usable_password(),
        "roles": sorted({ROLES[one.role].name[tongue] for one in rights_of(person)}),
        "lately": mine.order_by("-seq")[:LATELY],
        "visits": visits.of(person),
        "here": request.session.session_key,
        "idle": settings().session_idle_minutes,
        "hours": settings().session_hours,
        "sentence": error.message[tongue] if error else "",
    }
    return page(request, "pages/account.html", data, 422 if error else 200)


@never_cache
@require_POST
def password(request: HttpRequest) -> HttpResponse:
    """The present password is asked for again, or, where there is none yet, a proof made just now;
    all other sessions end."""
    person = _me(request)
    old, new = request.POST.get("old", ""), request.POST.get("new", "")
    if not person.has_usable_password() and not visits.is_confirmed(request.session):
        return HttpResponseRedirect(_asks("/account"))
    try:
        if person.has_usable_password():
            sign_in.by_password(person.username, old, address(request))
        sign_in.set_password(person, new)
    except FenheError as error:
        request.method = "GET"
        return show(request, error)
    _end_others(request, person)
    ledger.record(person, "person.password", person.username)
    return HttpResponseRedirect("/account")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Who it is, asked again: the password and, where one is set, a code. Whoever has neither signs
    in again."""
    person = _me(request)
    then = inside(request.POST.get("next") or request.GET.get("next", "/account"))
    data: dict[str, Any] = {
        "next": then,
        "has_password": person.has_usable_password(),
        "second_factor": second_factor.is_set(person),
    }
    if request.method != "POST":
        return page(request, "pages/confirm.html", data)
    try:
        _prove(request, person, data)
    except Forbidden as error:
        data["sentence"] = error.message[language(request)]
        return page(request, "pages/confirm.html", data, 403)
    visits.confirm(request.session)
    ledger.record(person, "person.confirmed", person.username, {"address": address(request)})
    return HttpResponseRedirect(then)


def _prove(request: HttpRequest, person: Person, asked: dict[str, Any]) -> None:
    if not asked["has_password"] and not asked["second_factor"]:
        raise Forbidden("access.forbidden", "请退出后重新登录", "sign out and in again")
    if asked["has_password"]:
        password = request.POST.get("password", "")
        sign_in.by_password(person.username, password, address(request))
    if asked["second_factor"]:
        sign_in.by_code(person, request.POST.get("code", ""), address(request))


def _end_others(request: HttpRequest, person: Person) -> None:
    """Everywhere else; this browser stays signed in, its session under another key."""
    here = request.session.session_key
    sign_in.end_sessions(person, here)
    update_session_auth_hash(request, person)
    visits.renamed(request.session, here)


@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Taking the second factor off needs one of its codes."""
    person = _me(request)
    try:
        sign_in.by_code(person, request.POST.get("code", ""), address(request))
    except FenheError as error:
        request.method = "GET"
        return show(request, error)
    second_factor.remove(person)
    _end_others(request, person)
    ledger.record(person, "person.second-factor-removed", person.username)
    return HttpResponseRedirect("/account")


@never_cache
@require_POST
def renew(request: HttpRequest) -> HttpResponse:
    person = _me(request)
    try:
        sign_in.by_code(person, request.POST.get("code", ""), address(request))
    except FenheError as error:
        request.method = "GET"
        return show(request, error)
    codes = second_factor.renew_recovery(person)
    ledger.record(person, "person.recovery-codes", person.username)
    return page(request, "pages/recovery_codes.html", {"codes": codes, "next": "/account"})


@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    person = _me(request)
    _end_others(request, person)
    ledger.record(person, "person.sessions-ended", person.username)
    return HttpResponseRedirect("/account")


@require_POST
def end_one(request: HttpRequest, pk: int) -> HttpResponse:
    """One of one's own sessions; ending this very one is signing out."""
    person = _me(request)
    if not visits.end(person, pk):
        raise NotFound("access.no-session", "没有这个登录", "there is no such session")
    ledger.record(person, "person.session-ended", person.username)
    return HttpResponseRedirect("/account")


def _me(request: HttpRequest) -> Person:
    if not isinstance(request.user, Person):
        raise Forbidden("access.forbidden", "请先登录", "sign in first")
    return request.user
