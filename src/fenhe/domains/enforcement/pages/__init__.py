"""The tools of enforcement as pages: functions Ask -> dict, named in views.yaml.

Draws are cases of `enforcement.random_draw`, opened and drawn here only; the other pages compute
and keep nothing.
"""

from fenhe.domains.enforcement.pages.discretion import discretion
from fenhe.domains.enforcement.pages.draws import draw, draws, new_draw
from fenhe.domains.enforcement.pages.fines import fines
from fenhe.domains.enforcement.pages.labs import labs
from fenhe.domains.enforcement.pages.referral import referral

__all__ = ["discretion", "draw", "draws", "fines", "labs", "new_draw", "referral"]
