"""The second factor: one-time passwords by time (RFC 6238), and recovery codes.

A code works once: the step it belongs to must be later than the last one accepted, decided by one
UPDATE, so that two browsers with one code give one sign-in. Secrets are kept sealed with a key
derived from the platform's own, which does not lie in the database.
"""

from __future__ import annotations

import base64
import hashlib
import io
import secrets
from datetime import datetime

import pyotp
import segno
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings as django_settings
from django.db import transaction

from fenhe.access.models import Person, RecoveryCode, SecondFactor
from fenhe.access.rights import of as rights_of
from fenhe.kernel.errors import BadInput, Unavailable
from fenhe.kernel.period import utc_now
from fenhe.store.config import settings

STEP = 30  # seconds
DRIFT = 1  # steps a clock may be off, either way
CODES = 10
ISSUER = "Fenhe 汾河"


def is_set(person: Person) -> bool:
    return SecondFactor.objects.filter(person=person, confirmed_at__isnull=False).exists()


def is_required(person: Person) -> bool:
    """Whether a role the person holds asks for it (setting `second_factor_roles`)."""
    asked = set(settings().second_factor_roles)
    return bool(asked & {right.role for right in rights_of(person)})


def propose(person: Person) -> str:
    """The secret to enrol with: a fresh one, or the one proposed before and not yet confirmed."""
    row = SecondFactor.objects.filter(person=person).first()
    if row and row.confirmed_at:
        raise BadInput(
            "access.second-factor-set",
            "已设置动态口令；请先解除",
            "a second factor is set already; take it off first",
        )
    if row is None:
        row = SecondFactor.objects.create(person=person, sealed=_seal(pyotp.random_base32()))
    return _open(row)


def address_of(person: Person, secret: str) -> str:
    """The otpauth:// address an authenticator reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=person.username, issuer_name=ISSUER)


def picture(address: str) -> str:
    """The address as a QR code: SVG, to stand in a page."""
    out = io.BytesIO()
    segno.make(address, error="m").save(
        out, kind="svg", scale=5, border=2, xmldecl=False, svgns=True, light="#fff", dark="#000"
    )
    return out.getvalue().decode()


def confirm(person: Person, code: str, now: datetime | None = None) -> list[str]:
    """The first code proves that the authenticator has the secret; answers the recovery codes,
    shown this once."""
    row = SecondFactor.objects.filter(person=person, confirmed_at=None).first()
    if row is None or not _take(row, code, now):
        raise BadInput(
            "access.second-factor-code",
            "口令不对；请核对手机时间后再输一次",
            "the code does not fit; check the clock of the phone and try again",
        )
    with transaction.atomic():
        SecondFactor.objects.filter(pk=row.pk).update(confirmed_at=now or utc_now())
        return renew_recovery(person)


def accept(person: Person, code: str, now: datetime | None = None) -> bool:
    """Whether the code is right, of this moment, and was not used before."""
    row = SecondFactor.objects.filter(person=person, confirmed_at__isnull=False).first()
    return row is not None and _take(row, code, now)


def recover(person: Person, code: str) -> bool:
    """Whether it is one of the person's recovery codes; it is used up."""
    row = RecoveryCode.objects.filter(person=person, code_hash=_hash(code), used_at=None).first()
    return bool(
        row and RecoveryCode.objects.filter(pk=row.pk, used_at=None).update(used_at=utc_now())
    )


def renew_recovery(person: Person) -> list[str]:
    """New recovery codes; the old ones no longer work."""
    codes = [f"{secrets.token_hex(3)}-{secrets.token_hex(3)}" for _ in range(CODES)]
    with transaction.atomic():
        RecoveryCode.objects.filter(person=person).delete()
        RecoveryCode.objects.bulk_create(
            RecoveryCode(person=person, code_hash=_hash(code)) for code in codes
        )
    return codes


def remove(person: Person) -> None:
    with transaction.atomic():
        SecondFactor.objects.filter(person=person).delete()
        RecoveryCode.objects.filter(person=person).delete()


def _take(row: SecondFactor, code: str, now: datetime | None) -> bool:
    digits = code.replace(" ", "")
    if not (digits.isascii() and digits.isdigit()):
        return False
    totp = pyotp.TOTP(_open(row))
    present = int((now or utc_now()).timestamp()) // STEP
    for step in range(present - DRIFT, present + DRIFT + 1):
        if secrets.compare_digest(totp.generate_otp(step), digits):
            later = SecondFactor.objects.filter(pk=row.pk, last_step__lt=step)
            return bool(later.update(last_step=step))
    return False


def _seal(secret: str) -> str:
    return _box().encrypt(secret.encode()).decode()


def _open(row: SecondFactor) -> str:
    try:
        return _box().decrypt(row.sealed.encode()).decode()
    except InvalidToken as error:
        raise Unavailable(
            "access.sealed-otherwise",
            "平台密钥已更换，动态口令无法读取；请管理员解除后重新设置",
            "the platform's key has changed and the second factor cannot be read; have it taken "
            "off and set again",
        ) from error


def _box() -> Fernet:
    key = hashlib.sha256(b"fenhe.second-factor:" + django_settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def _hash(code: str) -> str:
    return hashlib.sha256(code.strip().lower().encode()).hexdigest()
