"""API keys: a program acts for a person, within the person's rights and the key's own limits.

A key reads `fh_<prefix>_<secret>`. Only the SHA-256 of the whole is kept: the secret has 256 bits,
so a slow hash would add nothing. Losing one right loses it for the keys too, at once.

A key that is `only` for something, such as the screen on a wall, opens that and nothing else.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from fenhe.access import gate, rights
from fenhe.access.models import ApiKey, Person
from fenhe.kernel.errors import BadInput, Forbidden
from fenhe.kernel.period import utc_now

LIVES = timedelta(days=365)
SCREEN = "screen"
LAST_USED_STEP = timedelta(minutes=1)  # a busy program does not write a row per request


def make(
    person: Person,
    name: str,
    actions: Iterable[str],
    *,
    area: str = "",
    domains: Iterable[str] = (),
    expires_at: datetime | None = None,
    only: str = "",
) -> tuple[ApiKey, str]:
    """The row and the key itself, which is shown once. Raises BadInput `access.key`."""
    wanted = sorted(set(actions))
    unknown = [action for action in wanted if action not in gate.ACTIONS]
    until = expires_at or utc_now() + LIVES
    if not wanted or unknown or not name.strip() or until <= utc_now():
        raise BadInput(
            "access.key",
            f"密钥要有名称、至少一个动作和将来的到期时间；未知动作：{'、'.join(unknown) or '无'}",
            "a key needs a name, at least one action and an expiry in the future; unknown actions: "
            f"{', '.join(unknown) or 'none'}",
        )
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    token = f"fh_{prefix}_{secret}"
    row = ApiKey.objects.create(
        person=person,
        name=name.strip()[:120],
        prefix=prefix,
        only=only,
        key_hash=_hash(token),
        actions=wanted,
        area=area,
        domains=sorted(set(domains)),
        expires_at=until,
    )
    return row, token


def authenticate(token: str, only: str = "") -> Person:
    """The person the key acts for, holding only what both may: pass it to the gate as any other.
    Raises Forbidden `access.key-refused` for a key that is unknown, expired, revoked or for
    something else."""
    now = utc_now()
    keys = ApiKey.objects.select_related("person")
    row = keys.filter(key_hash=_hash(token), only=only).first()
    if row is None or row.revoked_at or row.expires_at <= now or not row.person.is_active:
        raise Forbidden(
            "access.key-refused",
            "接口密钥无效、已过期或已吊销",
            "the API key is not valid, has expired or was revoked",
        )
    if row.last_used_at is None or now - row.last_used_at >= LAST_USED_STEP:
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=now)
    person = row.person
    held = (rights.narrowed(one, row.actions, row.area, row.domains) for one in rights.of(person))
    person.kept_rights = tuple(one for one in held if one is not None)
    return person


def revoke(key: ApiKey) -> None:
    """From the next request on. A second time changes nothing."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=utc_now())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
