"""How somebody signs in: by password, throttled, or by a link that works once.

There is no default account. `first_link` makes the administrator on an empty platform; whoever
holds the terminal holds the platform anyway. Tokens are kept as SHA-256 only.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from fenhe.access import second_factor, visits
from fenhe.access.gate import ROLES
from fenhe.access.models import FailedSignIn, Person, SignInLink
from fenhe.kernel.errors import BadInput, Forbidden, NotFound
from fenhe.kernel.period import utc_now

WINDOW = timedelta(minutes=15)
PER_NAME, PER_ADDRESS = 5, 30
LINK_LIVES = timedelta(hours=24)


def by_password(username: str, password: str, address: str) -> Person:
    """The person, or Forbidden: `access.throttled` after too many failures for this name or from
    this address, `access.wrong` otherwise, with the same words whether or not the name exists."""
    name = username.strip()[:150]
    attempt = begin_attempt(name, address)
    person = authenticate(username=name, password=password)
    if not isinstance(person, Person):
        raise Forbidden(
            "access.wrong", "用户名或密码不对", "the user name or the password is wrong"
        )
    if second_factor.is_set(person):
        attempt.delete()  # the code that follows is counted too: only both together clear the name
    else:
        FailedSignIn.objects.filter(username=name).delete()
    return person


def begin_attempt(name: str, address: str) -> FailedSignIn:
    """Counted as failed before it is tried, so that many at once are not more than allowed; who
    succeeds takes it back. Raises Forbidden `access.throttled`."""
    attempt = FailedSignIn.objects.create(username=name, address=address)
    recent = FailedSignIn.objects.filter(at__gt=utc_now() - WINDOW)
    if (
        recent.filter(username=name).count() > PER_NAME
        or recent.filter(address=address).count() > PER_ADDRESS
    ):
        attempt.delete()
        raise Forbidden(
            "access.throttled",
            "失败次数过多，请 15 分钟后再试",
            "too many failed attempts; try again in 15 minutes",
            retryable=True,
        )
    return attempt


def by_code(person: Person, code: str, address: str) -> None:
    """The second factor after the first: a code of the authenticator or a recovery code. Throttled
    together with the passwords of the same name."""
    begin_attempt(person.username, address)
    if not (second_factor.accept(person, code) or second_factor.recover(person, code)):
        raise Forbidden(
            "access.wrong-code",
            "动态口令不对或已用过；请等下一个口令",
            "the code is wrong or was used; wait for the next one",
        )
    FailedSignIn.objects.filter(username=person.username).delete()


def end_sessions(person: Person, but: str | None = None) -> None:
    """Whoever is signed in as this person signs in again; the session with the key `but` goes on
    once it was bound anew (`update_session_auth_hash`)."""
    visits.end_all(person, but)
    Person.objects.filter(pk=person.pk).update(sessions=F("sessions") + 1)
    person.refresh_from_db(fields=["sessions"])


def make_link(person: Person, lives: timedelta = LINK_LIVES) -> str:
    """The token of a fresh link for this person; shown once, kept only as a hash."""
    token = secrets.token_urlsafe(32)
    SignInLink.objects.create(person=person, token_hash=_hash(token), expires_at=utc_now() + lives)
    return token


def by_link(token: str) -> Person:
    """The person the link was made for. Works once, before it expires."""
    now = utc_now()
    link = SignInLink.objects.filter(token_hash=_hash(token), person__is_active=True).first()
    # One UPDATE decides between two browsers that open the same link. It asks only columns of its
    # own row: PostgreSQL looks at those again after waiting for the other, at a join it does not.
    taken = link and SignInLink.objects.filter(pk=link.pk, used_at=None, expires_at__gt=now).update(
        used_at=now
    )
    if not link or not taken:
        raise Forbidden(
            "access.link",
            "登录链接无效、已用过或已过期；请用 fenhe sign-in-link 再要一个",
            "the sign-in link is not valid, was used or has expired; ask for another with "
            "fenhe sign-in-link",
        )
    return link.person


@transaction.atomic
def person_for_link(username: str = "", role: str = "") -> Person:
    """Whom a link is for: the named person, made when a role is given; without a name the first
    administrator, made when nobody is there yet."""
    if role and role not in ROLES:
        raise BadInput(
            "access.role-unknown",
            f"没有角色 {role}；现有：{'、'.join(ROLES)}",
            f"there is no role {role}; known: {', '.join(ROLES)}",
        )
    if not username:
        administrators = Person.objects.filter(role="administrator", is_active=True)
        return administrators.order_by("id").first() or _make("admin", "administrator")
    person = Person.objects.filter(username=username).first()
    if person is None and role:
        return _make(username, role)
    if person is None:
        raise NotFound(
            "access.person-unknown",
            f"没有人员 {username}；要新建请给出 --role",
            f"there is no person {username}; give --role to make one",
        )
    return person


def _make(username: str, role: str) -> Person:
    person = Person(username=username, role=role)
    person.set_unusable_password()
    person.save()
    return person


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def set_password(person: Person, password: str) -> None:
    """Raises BadInput with every rule the password breaks."""
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise BadInput(
            "access.password-weak",
            "密码不合要求：至少 10 位，不是常见密码，也不由平台、机构或本人的名称凑成",
            f"the password will not do: {' '.join(error.messages)}",
        ) from error
    person.set_password(password)
    person.save(update_fields=["password"])
