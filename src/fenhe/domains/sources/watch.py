"""What the platform looks for in pollution sources every night."""

from __future__ import annotations

from datetime import datetime

from fenhe.assess.watches import Found, Watch
from fenhe.kernel.text import Text

FRAUD = "sources.fraud"


def _fraud(now: datetime) -> Found:
    from fenhe.domains.sources.fraud import nightly  # reads the records: not before Django

    return nightly.look(now)


WATCHES = (Watch(FRAUD, Text("自动监测数据线索排查", "fraud watch over automatic data"), _fraud),)
