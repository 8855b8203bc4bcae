"""What the pages of targets and tasks show: functions Ask -> dict, named in views.yaml."""

from fenhe.domains.planning.pages.appraisal import appraisal
from fenhe.domains.planning.pages.brief import weekly_brief
from fenhe.domains.planning.pages.calendar import month
from fenhe.domains.planning.pages.campaigns import campaign, campaigns
from fenhe.domains.planning.pages.home import card
from fenhe.domains.planning.pages.plan import bring, objective, plan
from fenhe.domains.planning.pages.tasks import board, slow, weekly

__all__ = ["appraisal", "board", "bring", "campaign", "campaigns", "card", "month", "objective",
           "plan", "slow", "weekly", "weekly_brief"]  # fmt: skip
