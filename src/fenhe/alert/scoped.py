"""How alarms are scoped: they lie where their subject lies and belong to their kind's domain. Who
handles alarms may also hand them on, mute, note, send them up and declare them over."""

from __future__ import annotations

from fenhe.access import gate
from fenhe.alert.models import Alarm
from fenhe.kernel.text import Text

HANDLERS = (
    "officer",
    "leader",
    "office",
    "enforcer",
    "branch_head",
    "deputy_director",
    "monitoring_centre",
)
DESK = {
    "alarm.assign": Text("指派告警", "assign an alarm"),
    "alarm.mute": Text("静音告警", "mute an alarm"),
    "alarm.note": Text("在告警下记备注", "note on an alarm"),
    "alarm.escalate": Text("升级告警", "escalate an alarm"),
    "alarm.clear": Text("解除告警", "clear an alarm"),
}


def declare() -> None:
    gate.scoped(Alarm, to="subject", domain="kind")
    for action, name in DESK.items():
        gate.declare_action(action, name, HANDLERS)
