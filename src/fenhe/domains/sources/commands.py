"""污染源：有效性、超标、折算、传输有效率、造假线索 | sources: validity, exceedances,
conversion,
effectiveness, fraud watch."""

from __future__ import annotations

import typer

from fenhe.domains.sources import commands_fraud, commands_judge

app = typer.Typer(no_args_is_help=True, help=__doc__)
app.command("hours")(commands_judge.hours)
app.command("convert")(commands_judge.convert_)
app.command("exceed")(commands_judge.exceed)
app.command("effectiveness")(commands_judge.effectiveness_)
app.command("fraud")(commands_fraud.fraud)
