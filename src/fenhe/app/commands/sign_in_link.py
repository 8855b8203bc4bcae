"""生成一次性登录链接 | make a sign-in link that works once."""

from __future__ import annotations

from typing import Annotated

import typer

from fenhe.app.output import AsJson, show

app = typer.Typer()


@app.command()
def sign_in_link(
    person: Annotated[str, typer.Option(help="给谁；不填为管理员 | for whom; administrator")] = "",
    role: Annotated[str, typer.Option(help="不存在则以此角色新建 | make the person, so")] = "",
    as_json: AsJson = False,
) -> None:
    """生成一次性登录链接（24 小时内有效）| make a sign-in link that works once, within 24 hours.

    空平台上第一条链接会建立管理员 | on an empty platform the first link makes the administrator.
    """
    from fenhe.app.boot import boot_with_records

    boot_with_records()
    from fenhe.access import sign_in
    from fenhe.app.links import sign_in_url
    from fenhe.evidence import ledger

    who = sign_in.person_for_link(person, role)
    url = sign_in_url(who)
    ledger.record("terminal", "person.sign-in-link", who)
    show({"person": str(who), "url": url}, [url], as_json)
