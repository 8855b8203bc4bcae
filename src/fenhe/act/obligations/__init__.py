"""Running clocks: started by a fact, counted by `act.deadlines`, watched by one nightly sweep.

`start` begins one (once per key), `exclude`, `suspend`, `resume` and `extend` move its last day
within what its rule allows, `meet` ends it. `sweep` finds what has come due, `remind` makes the
reminder of an outbox row, `recount` counts provisional days again when a notice was loaded.
"""

from fenhe.act.obligations.life import exclude, extend, meet, resume, start, suspend
from fenhe.act.obligations.reminders import remind
from fenhe.act.obligations.sweeping import recount, sweep

__all__ = [
    "exclude", "extend", "meet", "recount", "remind", "resume", "start", "suspend", "sweep",
]  # fmt: skip
