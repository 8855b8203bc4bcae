"""体检：每项设置的来源，各部分是否正常 | where each setting comes from, and is all well."""

from __future__ import annotations

import typer

from fenhe.app.output import AsJson, show

app = typer.Typer()


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """体检：设置来源与各部分状况；不正常则退出码 1 | settings with their origins, and is all well.

    exit code 1 when something vital is not.
    """
    from fenhe.app.boot import boot

    boot()
    from fenhe.app import doctor

    table, findings = doctor.settings_table(), doctor.examine()
    well = all(finding.ok for finding in findings if finding.vital)
    lines = ["设置 | settings"]
    for row in table:
        lines += [f"  {row['key']:<14} {row['value'] or '—'}  ({row['origin']})"]
        lines += [f"  {'':<14} {row['meaning']}"]
    lines += ["状况 | condition"]
    for finding in findings:
        sign = "✓" if finding.ok else "✗" if finding.vital else "!"
        text = dict.fromkeys([finding.text.zh, finding.text.en])
        lines.append(f"  {sign} {finding.name:<10} {' | '.join(text)}")
    data = {
        "ok": well,
        "settings": table,
        "checks": [finding.as_dict() for finding in findings],
    }
    show(data, lines, as_json)
    if not well:
        raise typer.Exit(1)
