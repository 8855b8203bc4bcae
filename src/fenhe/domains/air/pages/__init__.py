"""What the pages of ambient air show: functions Ask -> dict, named in views.yaml.

They read verdicts for days and longer, the lake for hours; the AQI of an hour is computed here by
the same rule as everywhere, for nothing keeps a verdict per hour.
"""

from fenhe.domains.air.pages.budget import budget, why
from fenhe.domains.air.pages.calendar import calendar
from fenhe.domains.air.pages.dossier import classes, limits, map_hours
from fenhe.domains.air.pages.home import card
from fenhe.domains.air.pages.hour import hour
from fenhe.domains.air.pages.levels import palette
from fenhe.domains.air.pages.public import public
from fenhe.domains.air.pages.ranking import ranking
from fenhe.domains.air.pages.station import station, stations
from fenhe.domains.air.pages.today import today

__all__ = [
    "budget",
    "calendar",
    "card",
    "classes",
    "hour",
    "limits",
    "map_hours",
    "palette",
    "public",
    "ranking",
    "station",
    "stations",
    "today",
    "why",
]
