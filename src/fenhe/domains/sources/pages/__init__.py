"""What the pages of pollution sources show: functions Ask -> dict, named in views.yaml."""

from fenhe.domains.sources.pages.desk import desk
from fenhe.domains.sources.pages.dossier import limits
from fenhe.domains.sources.pages.enterprise import enterprise, tab
from fenhe.domains.sources.pages.home import card
from fenhe.domains.sources.pages.league import league
from fenhe.domains.sources.pages.looks import classes, palette
from fenhe.domains.sources.pages.outlet import outfall, stack

__all__ = [
    "card",
    "classes",
    "desk",
    "enterprise",
    "league",
    "limits",
    "outfall",
    "palette",
    "stack",
    "tab",
]
