"""存证：核验办事记录链 | evidence: verify the chain of acts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fenhe.app.output import AsJson, show

app = typer.Typer(no_args_is_help=True, help=__doc__)


@app.callback()
def _group() -> None: ...


@app.command()
def verify(
    head: Annotated[str, typer.Option(help="以前记下的链头 | a head noted earlier")] = "",
    anchors: Annotated[
        Path | None,
        typer.Option(help="链头留存文件，默认用设置 | file of heads; default: the setting"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """重算整条哈希链，核对附件、案件历史、文书与留存的链头；有问题退出码 1 | re-compute the chain,
    compare attachments, histories of cases, documents and noted heads; exit code 1 if wrong."""
    from fenhe.app.boot import boot_with_records

    boot_with_records()
    from fenhe.act import history
    from fenhe.evidence import attachments, ledger

    noted = _anchors(anchors)
    found = ledger.verify(head, *(ledger.anchored(noted) if noted else ()))
    problems = [*found.problems, *attachments.verify(), *history.verify()]
    data = {
        "acts": found.count,
        "head": found.head,
        "problems": [problem.as_dict() for problem in problems],
    }
    verdict = "有改动或缺失 | altered or incomplete" if problems else "完好 | intact"
    lines = [f"{found.count} 条 | acts · {verdict}", f"链头 | head  {found.head}"]
    lines += [f"  · {problem.line('zh')} | {problem.message.en}" for problem in problems]
    show(data, lines, as_json)
    if problems:
        raise typer.Exit(1)


@app.command()
def anchor(
    file: Annotated[
        Path | None,
        typer.Option(help="写到哪里，默认用设置 evidence_anchors | where; default: the setting"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """把现在的链头记入留存文件 | note the present head of the chain in a file kept elsewhere."""
    from fenhe.app.boot import boot_with_records

    boot_with_records()
    from fenhe.evidence import ledger
    from fenhe.kernel.errors import BadInput

    noted = _anchors(file)
    if noted is None:
        raise BadInput(
            "evidence.no-anchors",
            "请用 --file 指定留存文件，或设置 evidence_anchors",
            "name a file with --file, or set evidence_anchors",
        )
    head = ledger.anchor(noted)
    show({"head": head, "file": str(noted)}, [head], as_json)


def _anchors(given: Path | None) -> Path | None:
    from fenhe.store.config import settings

    named = settings().evidence_anchors
    return given or (Path(named) if named else None)
