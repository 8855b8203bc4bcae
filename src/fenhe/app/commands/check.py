"""检查领域目录是否名实相符 | refuse a domain folder that lies."""

from __future__ import annotations

from typing import Annotated

import typer

from fenhe.app.output import AsJson, show

app = typer.Typer()


@app.command()
def check(
    domain: Annotated[str, typer.Argument(help="领域，不填为全部 | a domain; all")] = "",
    as_json: AsJson = False,
) -> None:
    """检查领域目录是否名实相符 | refuse a domain folder that lies; exit code 2 when one does."""
    from fenhe.app.boot import boot

    boot()
    from fenhe.app import checker, discovery
    from fenhe.kernel.errors import BadInput, NotFound

    chosen = [one for one in discovery.load() if domain in ("", one.id)]
    if domain and not chosen:
        raise NotFound("domain.unknown", f"没有领域 {domain}", f"there is no domain {domain}")
    findings = [problem for one in chosen for problem in checker.findings(one)]
    findings += checker.text_findings()
    if findings:
        raise BadInput(
            "domain.lies",
            f"领域目录有 {len(findings)} 处名实不符",
            f"the domain folders have {len(findings)} faults",
            findings,
        )
    named = [f"{one.id} ({one.tier})" for one in chosen]
    show({"ok": True, "domains": named}, [f"✓ {name}" for name in named], as_json)
