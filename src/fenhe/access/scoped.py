"""How the rows of access itself and of what lies under it are scoped."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session

from fenhe.access.models import (
    ApiKey,
    ExternalIdentity,
    FailedSignIn,
    Grant,
    Organ,
    Person,
    RecoveryCode,
    SecondFactor,
    SignInLink,
    Visit,
)
from fenhe.access.scopes import exempt, scoped
from fenhe.store.models import Outbox


def declare() -> None:
    scoped(Organ, area="area")
    scoped(Person, to="organ")
    scoped(Grant, area="area")
    scoped(ApiKey, to="person", person="person")
    exempt(SecondFactor, "sealed secrets; no page shows them")
    exempt(RecoveryCode, "hashes of codes that work once; no page shows them")
    scoped(ExternalIdentity, to="person")
    exempt(SignInLink, "hashes of keys that work once; no page shows them")
    exempt(Visit, "one's own sessions; looked up by oneself alone (access.visits)")
    exempt(FailedSignIn, "counted for throttling; no page shows them")
    exempt(Outbox, "the worker's list of what to do next; no page shows it")
    exempt(Session, "Django's own; a session belongs to whoever holds its cookie")
    exempt(ContentType, "Django's own list of tables")
    exempt(Group, "not used: roles are data in access/roles.yaml")
    exempt(Permission, "not used: roles are data in access/roles.yaml")
