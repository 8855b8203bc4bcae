"""Organs, people and their rights. There is no default account: a first-run link creates the
administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac

if TYPE_CHECKING:
    from fenhe.access.rights import Right


class Organ(models.Model):
    """机构: bureau, office, branch, team, enterprise, public."""

    code = models.CharField(max_length=60, unique=True)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120)
    kind = models.CharField(max_length=20)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT)
    area = models.CharField(max_length=20, blank=True, default="")  # adcode; the registry is above
    object_id = models.BigIntegerField(null=True, blank=True)  # an enterprise's own registry object
    issuing = models.BooleanField(default=False)  # issues documents in its own name (Code art. 53)

    def name(self, language: str) -> str:
        return (self.name_en or self.name_zh) if language == "en" else self.name_zh


class Person(AbstractUser):
    """Somebody who signs in. `role` is a standing right with the role's own scope and no other
    limit; whoever has a narrower one has no role here and a Grant instead."""

    organ = models.ForeignKey(Organ, null=True, blank=True, on_delete=models.PROTECT)
    role = models.CharField(max_length=30, blank=True, default="")
    language = models.CharField(max_length=2, default="zh")
    sessions = models.IntegerField(default=0)  # raised to end all sessions there are

    def get_session_auth_hash(self) -> str:
        """What a session is bound to: a new password, a switched-off account or a raised
        `sessions` ends it."""
        bound = f"{self.password}:{self.is_active}:{self.sessions}"
        return salted_hmac("fenhe.access.session", bound, algorithm="sha256").hexdigest()

    kept_rights: tuple[Right, ...] | None = None
    """Read once per request (gate.begin) or by an API key; never longer."""


class Grant(models.Model):
    """授权: a role for a person, or for everybody of an organ, within limits and for a time.

    Empty limits mean: as far as the role's scope goes. Rows are revoked, never deleted."""

    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.CASCADE, related_name="grants"
    )
    organ = models.ForeignKey(
        Organ, null=True, blank=True, on_delete=models.CASCADE, related_name="grants"
    )
    role = models.CharField(max_length=30)
    area = models.CharField(max_length=20, blank=True, default="")  # adcode of a subtree
    domains = models.JSONField(default=list, blank=True)  # domain ids
    subjects = models.JSONField(default=list, blank=True)  # ids of registry objects
    valid_from = models.DateTimeField(default=timezone.now)
    valid_to = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, default="")
    granted_by = models.CharField(max_length=150, default="")
    approved_by = models.CharField(max_length=150, blank=True, default="")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(person__isnull=False, organ__isnull=True)
                | models.Q(person__isnull=True, organ__isnull=False),
                name="grant_to_one",
            )
        ]


class ApiKey(models.Model):
    """接口密钥: lets a program act for a person, never further than the person may go and only
    within the key's own limits. The key itself is shown once; its hash is kept."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="keys")
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=12, unique=True)  # tells keys apart in lists and logs
    only = models.CharField(max_length=20, blank=True, default="")  # "screen": a wall; "": programs
    key_hash = models.CharField(max_length=64, unique=True)
    actions = models.JSONField(default=list)
    area = models.CharField(max_length=20, blank=True, default="")
    domains = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)


class Visit(models.Model):
    """登录: a session of somebody who signed in, as that person sees it and may end it. Gone with
    the session itself."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="visits")
    session_key = models.CharField(max_length=40, unique=True)
    how = models.CharField(max_length=30)
    address = models.CharField(max_length=45)
    agent = models.CharField(max_length=200, blank=True, default="")  # what the browser says it is
    began_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)


class SecondFactor(models.Model):
    """动态口令: the shared secret of a person's authenticator, kept encrypted."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="second_factor")
    sealed = models.CharField(max_length=300)
    last_step = models.BigIntegerField(default=0)  # a code works once: later ones only
    confirmed_at = models.DateTimeField(null=True)


class RecoveryCode(models.Model):
    """A code for whoever has lost the authenticator; works once, kept as a hash."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)


class ExternalIdentity(models.Model):
    """Who a person is at an OpenID Connect issuer: the subject, never the name."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="identities")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="identity_once")]


class SignInLink(models.Model):
    """A link that signs one person in once. Only the hash of its token is kept."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class FailedSignIn(models.Model):
    """A sign-in that failed; too many in a short while close the door for that while."""

    username = models.CharField(max_length=150)
    address = models.CharField(max_length=45)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["username", "at"], name="failed_by_name"),
            models.Index(fields=["address", "at"], name="failed_by_address"),
        ]
