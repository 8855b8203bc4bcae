"""What the pages of water show: functions Ask -> dict, named in views.yaml.

They read verdicts for days and longer and the lake for samples; the class of a sample is computed
here by the same rule as everywhere.
"""

from fenhe.domains.water.pages.basin_map import basin_map
from fenhe.domains.water.pages.basins import basins
from fenhe.domains.water.pages.compare import compare
from fenhe.domains.water.pages.compensation import compensation
from fenhe.domains.water.pages.dossier import classes, limits, map_hours, well_classes
from fenhe.domains.water.pages.event import event
from fenhe.domains.water.pages.home import card
from fenhe.domains.water.pages.league import league
from fenhe.domains.water.pages.levels import palette
from fenhe.domains.water.pages.network import network
from fenhe.domains.water.pages.public import public
from fenhe.domains.water.pages.pulses import classes as pulse_classes
from fenhe.domains.water.pages.pulses import events
from fenhe.domains.water.pages.section import section
from fenhe.domains.water.pages.today import today
from fenhe.domains.water.pages.wells import groundwater_wells, well
from fenhe.domains.water.pages.works import works

__all__ = [
    "basin_map",
    "basins",
    "card",
    "classes",
    "compare",
    "compensation",
    "event",
    "events",
    "groundwater_wells",
    "league",
    "limits",
    "map_hours",
    "network",
    "palette",
    "public",
    "pulse_classes",
    "section",
    "today",
    "well",
    "well_classes",
    "works",
]
