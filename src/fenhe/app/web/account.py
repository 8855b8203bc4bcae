"""One's own account: the password, the second factor, where one signed in lately."""

from __future__ import annotations

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from fenhe.access import gate, second_factor, sign_in
from fenhe.access.models import Person
from fenhe.access.rights import of as rights_of
from fenhe.access.roles import ROLES
from fenhe.app.web.preferences import language
from fenhe.app.web.render import for_signed_in, page
from fenhe.app.web.sign_in import address
from fenhe.evidence import ledger
from fenhe.evidence.models import Act
from fenhe.kernel.errors import FenheError, Forbidden

LATELY = 20
SIGN_INS = ("person.signed-in", "person.signed-out", "person.sign-in-refused")


def routes() -> list[URLPattern]:
    return [
        path("account", for_signed_in(show), name="account"),
        path("account/password", for_signed_in(password), name="account-password"),
        path("account/second-factor/remove", for_signed_in(remove), name="account-second-factor"),
        path("account/recovery-codes", for_signed_in(renew), name="account-recovery"),
        path("account/sessions/end", for_signed_in(end_sessions), name="account-sessions"),
    ]


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
        "has_password": person.has_usable_password(),
        "roles": sorted({ROLES[one.role].name[tongue] for one in rights_of(person)}),
        "lately": mine.order_by("-seq")[:LATELY],
        "sentence": error.message[tongue] if error else "",
    }
    return page(request, "pages/account.html", data, 422 if error else 200)


@never_cache
@require_POST
def password(request: HttpRequest) -> HttpResponse:
    """The present password is asked for again; all other sessions end."""
    person = _me(request)
    old, new = request.POST.get("old", ""), request.POST.get("new", "")
    try:
        if person.has_usable_password():
            sign_in.by_password(person.username, old, address(request))
        sign_in.set_password(person, new)
    except FenheError as error:
        request.method = "GET"
        return show(request, error)
    update_session_auth_hash(request, person)
    ledger.record(person, "person.password", person.username)
    return HttpResponseRedirect("/account")


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
    """Everywhere else; this browser stays signed in."""
    person = _me(request)
    sign_in.end_sessions(person)
    update_session_auth_hash(request, person)
    ledger.record(person, "person.sessions-ended", person.username)
    return HttpResponseRedirect("/account")


def _me(request: HttpRequest) -> Person:
    if not isinstance(request.user, Person):
        raise Forbidden("access.forbidden", "请先登录", "sign in first")
    return request.user
