"""环境空气：AQI、综合指数、排名、预算 | ambient air: AQI, composite, ranking, budget."""

from __future__ import annotations

import typer

from fenhe.domains.air import commands_alert, commands_budget, commands_index, commands_recompute
from fenhe.domains.air.commands_statistics import ManyStations, statistics

app = typer.Typer(no_args_is_help=True, help=__doc__)
app.command("iaqi")(commands_index.iaqi)
app.command("feed")(commands_index.feed)
app.command("composite")(commands_index.composite)
app.command("rank")(commands_index.rank)
app.command("budget")(commands_budget.budget)
app.command("whatif")(commands_budget.whatif)
app.command("alert")(commands_alert.alert)
app.command("recompute")(commands_recompute.recompute)
app.command("statistics", cls=ManyStations)(statistics)
