"""地表水：类别、修约、实时数据、指数、补偿、溯源 | water: classes, rounding, CWQI, tracing."""

from __future__ import annotations

import typer

from fenhe.domains.water import (
    commands_above,
    commands_black,
    commands_class,
    commands_compensation,
    commands_cwqi,
    commands_ground,
    commands_network,
    commands_overflow,
    commands_responsibility,
    commands_trace,
)

app = typer.Typer(no_args_is_help=True, help=__doc__)
app.command("classify")(commands_class.classify)
app.command("round")(commands_class.round_)
app.command("feed")(commands_class.feed)
app.command("cwqi")(commands_cwqi.cwqi)
app.command("compensation")(commands_compensation.compensation)
app.command("responsibility")(commands_responsibility.responsibility)
app.command("trace")(commands_trace.trace_)
app.command("network")(commands_network.network)
app.command("groundwater")(commands_ground.groundwater)
app.command("above")(commands_above.above)
app.command("overflow")(commands_overflow.overflow)
app.command("black-odorous")(commands_black.black_odorous)
