"""Who may speak to the gateway: devices by MN, with password and what is agreed with each."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fenhe.ingest.hj212.crc import FOREIGN
from fenhe.ingest.hj212.packet import STRICT, Compat
from fenhe.kernel.errors import BadInput


@dataclass(frozen=True, slots=True)
class Device:
    """One logger. An empty password is not compared; `sm4_form` is how it writes cipher text."""

    mn: str
    password: str = ""
    enabled: bool = True
    compat: Compat = STRICT
    sm4_form: str = "raw"
    st: str = ""

    def knows(self, password: str) -> bool:
        return not self.password or hmac.compare_digest(
            self.password.encode(), password.encode("utf-8", "replace")
        )


def compat_of(agreed: Mapping[str, Any]) -> Compat:
    """From a device's settings: `crc` (list), `lengths_in_characters`, `sm4_keys` (hex), `cap`."""
    crc = frozenset(agreed.get("crc", ()))
    try:
        keys = tuple(bytes.fromhex(key) for key in agreed.get("sm4_keys", ()))
    except ValueError as error:
        raise _invalid("sm4_keys") from error
    if crc - set(FOREIGN):
        raise _invalid("crc")
    if any(len(key) != 16 for key in keys):
        raise _invalid("sm4_keys")
    cap = int(agreed.get("cap", STRICT.cap))
    if not 1024 <= cap <= 9999:
        raise _invalid("cap")
    return Compat(crc, bool(agreed.get("lengths_in_characters", False)), keys, cap)


def _invalid(field: str) -> BadInput:
    return BadInput(
        "hj212.device-settings",
        f"设备设置有误：{field}",
        f"a setting of the device is wrong: {field}",
    )


class Directory:
    """The devices a gateway process knows; replaced as a whole when the records change."""

    def __init__(self, devices: Iterable[Device] = ()) -> None:
        self._devices = {device.mn: device for device in devices}

    def replace(self, devices: Iterable[Device]) -> None:
        self._devices = {device.mn: device for device in devices}

    def get(self, mn: str) -> Device | None:
        return self._devices.get(mn)

    def __len__(self) -> int:
        return len(self._devices)
