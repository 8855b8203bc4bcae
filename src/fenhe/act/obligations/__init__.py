"""Running clocks: started by a fact, counted by `act.deadlines`, watched by one nightly sweep.

`start` begins one (once per key; `start_set` where an organ set the day), `exclude`, `suspend`,
`resume` and `extend` move its last day within what its rule allows, `meet` ends it. `sweep` finds
what has come due, `remind` makes the reminders of an outbox row and `in_effect` names the clocks
that they hold for, `recount` counts provisional days again when a notice was loaded.
"""

from fenhe.act.obligations.life import exclude, extend, meet, resume, start, start_set, suspend
from fenhe.act.obligations.reminders import in_effect, remind
from fenhe.act.obligations.sweeping import recount, sweep

__all__ = [
    "exclude", "extend", "in_effect", "meet", "recount", "remind", "resume", "start", "start_set",
    "suspend", "sweep",
]  # fmt: skip
