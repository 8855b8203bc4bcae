"""Who asks, by the session: nobody whose session was idle for too long. Asked only when a page
wants to know, so that public pages touch no session."""

from __future__ import annotations

from django.contrib.auth import get_user
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import SimpleLazyObject

from fenhe.access import visits
from fenhe.access.models import Person

BY_ITSELF = ("/screen/now",)
"""What a page asks without anybody at it does not count as use."""


class SignedIn(MiddlewareMixin):
    def process_request(self, request: HttpRequest) -> None:
        request.user = SimpleLazyObject(lambda: _person(request))  # type: ignore[assignment]


def _person(request: HttpRequest) -> AbstractBaseUser | AnonymousUser:
    person = get_user(request)
    if not isinstance(person, Person):
        return person
    if visits.is_over(request.session, person):
        request.session.flush()
        return AnonymousUser()
    if request.path not in BY_ITSELF:
        visits.use(request.session)
    return person
