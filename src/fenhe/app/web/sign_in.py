"""Signing in: by a link that works once, by name and password, or at the city's identity provider;
then, where one is set or asked for, the second factor (the rules are access's).

Between the two factors nobody is signed in: the session only remembers, for ten minutes, who has
passed the first.
"""

from __future__ import annotations

import time
from typing import Any

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fenhe.access import oidc, second_factor, sign_in, visits
from fenhe.access.models import Person
from fenhe.app.links import base_url
from fenhe.app.web.preferences import inside, language
from fenhe.app.web.render import page
from fenhe.evidence import ledger
from fenhe.kernel.errors import BadInput, FenheError, Forbidden
from fenhe.store.config import settings

BACKEND = "django.contrib.auth.backends.ModelBackend"
PENDING, FLOW = "second-factor", "oidc"
PENDING_LIVES = 600  # seconds


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, token: str = "") -> HttpResponse:
    """Opening a link only shows a button: a mail scanner that follows links must not use it up."""
    next_page = inside(request.POST.get("next") or request.GET.get("next", "/"))
    data = {
        "next": next_page,
        "token": token or request.GET.get("token", ""),
        "oidc": oidc.is_offered(),
    }
    if request.method != "POST":
        return page(request, "pages/sign_in.html", data)
    token = request.POST.get("token", "")
    username = request.POST.get("username", "")
    try:
        if token:
            person = sign_in.by_link(token)
        else:
            password = request.POST.get("password", "")
            person = sign_in.by_password(username, password, address(request))
    except Forbidden as error:
        _note_failure(request, username, error)
        said = {"token": "", "username": username, "sentence": error.message[language(request)]}
        return page(request, "pages/sign_in.html", data | said, status=403)
    return _after_first(request, person, "link" if token else "password", next_page)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, Person):
        ledger.record(request.user, "person.signed-out", request.user.username)
    logout(request)
    answer = HttpResponseRedirect("/sign-in")
    answer["Clear-Site-Data"] = '"cache"'  # not what waits to be sent from the field
    return answer


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second(request: HttpRequest) -> HttpResponse:
    """The code of the authenticator, or a recovery code."""
    waiting = _waiting(request)
    if waiting is None:
        return HttpResponseRedirect("/sign-in")
    person, how, next_page = waiting
    if not second_factor.is_set(person):
        return HttpResponseRedirect("/sign-in/enrol")
    if request.method != "POST":
        return page(request, "pages/second_factor.html")
    try:
        sign_in.by_code(person, request.POST.get("code", ""), address(request))
    except Forbidden as error:
        _note_failure(request, person.username, error)
        sentence = error.message[language(request)]
        return page(request, "pages/second_factor.html", {"sentence": sentence}, status=403)
    return _signed_in(request, person, f"{how}+code", next_page)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """Setting the second factor: asked for at the sign-in, or of one's own will later."""
    waiting = _waiting(request)
    signed_in = request.user if isinstance(request.user, Person) else None
    person = waiting[0] if waiting else signed_in
    if person is None or second_factor.is_set(person):
        return HttpResponseRedirect("/sign-in/second" if waiting else "/account")
    if not waiting and not visits.is_confirmed(request.session):
        return HttpResponseRedirect("/account/confirm?next=/sign-in/enrol")
    secret = second_factor.propose(person)
    data: dict[str, Any] = {"secret": secret}
    # The picture is drawn here from our own address: digits, letters and shapes only.
    data["picture"] = mark_safe(second_factor.picture(second_factor.address_of(person, secret)))  # noqa: S308
    if request.method != "POST":
        return page(request, "pages/second_factor_set.html", data)
    try:
        codes = second_factor.confirm(person, request.POST.get("code", ""))
    except BadInput as error:
        data["sentence"] = error.message[language(request)]
        return page(request, "pages/second_factor_set.html", data, status=422)
    ledger.record(person, "person.second-factor-set", person.username)
    if waiting:
        _signed_in(request, person, f"{waiting[1]}+code", waiting[2])
    target = waiting[2] if waiting else "/account"
    return page(request, "pages/recovery_codes.html", {"codes": codes, "next": target})


@never_cache
@require_POST
def go_to_provider(request: HttpRequest) -> HttpResponse:
    """A form, not a link: nobody is sent into a sign-in by an address somebody mailed."""
    try:
        url, flow = oidc.begin(_redirect_uri(), inside(request.POST.get("next", "/")))
    except FenheError as error:
        return _provider_failed(request, error)
    request.session[FLOW] = flow.as_dict()
    return HttpResponseRedirect(url)


@never_cache
@require_GET
def from_provider(request: HttpRequest) -> HttpResponse:
    remembered = request.session.pop(FLOW, None)
    try:
        if remembered is None:
            raise Forbidden("access.oidc-stale", "登录已过期，请重来", "this sign-in has expired")
        flow = oidc.Flow(**remembered)
        state, code = request.GET.get("state", ""), request.GET.get("code", "")
        person = oidc.finish(_redirect_uri(), flow, state, code)
    except FenheError as error:
        return _provider_failed(request, error)
    return _signed_in(request, person, "oidc", flow.next)


def address(request: HttpRequest) -> str:
    """Whom a request comes from: the peer, or what as many trusted proxies say of it."""
    hops = settings().proxy_hops
    told = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if hops and len(told) >= hops and told[-hops]:
        return told[-hops][:45]
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def _after_first(request: HttpRequest, person: Person, how: str, next_page: str) -> HttpResponse:
    if second_factor.is_set(person):
        target = "/sign-in/second"
    elif second_factor.is_required(person):
        target = "/sign-in/enrol"
    else:
        return _signed_in(request, person, how, next_page)
    logout(request)
    request.session[PENDING] = {
        "person": person.pk,
        "bound": person.get_session_auth_hash(),
        "how": how,
        "next": next_page,
        "until": time.time() + PENDING_LIVES,
    }
    return HttpResponseRedirect(target)


def _waiting(request: HttpRequest) -> tuple[Person, str, str] | None:
    """Who has passed the first factor in this session, by what means, and where to go then."""
    kept = request.session.get(PENDING)
    if not kept or kept["until"] < time.time():
        return None
    person = Person.objects.filter(pk=kept["person"], is_active=True).first()
    if person is None or person.get_session_auth_hash() != kept["bound"]:
        return None
    return person, kept["how"], kept["next"]


def _signed_in(request: HttpRequest, person: Person, how: str, next_page: str) -> HttpResponse:
    request.session.flush()  # another key with every sign-in, also of whoever was in already
    login(request, person, backend=BACKEND)
    agent = request.headers.get("User-Agent", "")
    visits.begin(request.session, person, how, address(request), agent)
    ledger.record(person, "person.signed-in", how, {"address": address(request)})
    return HttpResponseRedirect(next_page)


def _note_failure(request: HttpRequest, username: str, error: Forbidden) -> None:
    """Refused sign-ins are on record; the throttle bounds how many there can be. What is refused
    by the throttle itself is only logged."""
    if error.code != "access.throttled":
        detail = {"code": error.code, "address": address(request)}
        ledger.record("visitor", "person.sign-in-refused", username[:150], detail)


def _provider_failed(request: HttpRequest, error: FenheError) -> HttpResponse:
    data = {"next": "/", "sentence": error.message[language(request)], "oidc": oidc.is_offered()}
    return page(request, "pages/sign_in.html", data, status=403)


def _redirect_uri() -> str:
    return f"{base_url()}/sign-in/provider/back"
