"""人员：新建、密码、停用 | people: add, password, switch off."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from fenhe.app.output import AsJson, show

app = typer.Typer(no_args_is_help=True, help=__doc__)

Name = Annotated[str, typer.Argument(help="用户名 | user name")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """列出人员 | list people."""
    from fenhe.app.boot import boot_with_records

    boot_with_records()
    from fenhe.access.models import Person

    people = list(Person.objects.values("username", "role", "is_active").order_by("username"))
    lines = [
        f"{one['username']:<20} {one['role']:<15} {'' if one['is_active'] else '停用 | off'}"
        for one in people
    ]
    show(people, lines, as_json)


@app.command()
def password(name: Name) -> None:
    """设置密码（可从标准输入读）| set the password, asked for or read from standard input."""
    from fenhe.app.boot import boot_with_records

    boot_with_records()
    from fenhe.access import sign_in
    from fenhe.evidence import ledger

    person = sign_in.person_for_link(name)
    asked = sys.stdin.isatty()
    secret = (
        typer.prompt("密码 | password", hide_input=True, confirmation_prompt=True)
        if asked
        else sys.stdin.readline().rstrip("\n")
    )
    sign_in.set_password(person, secret)
    ledger.record("terminal", "person.password", person)
    typer.echo("已设置 | set")


@app.command()
def off(name: Name) -> None:
    """停用，不删除 | switch off; nothing is deleted."""
    from fenhe.app.boot import boot_with_records

    boot_with_records()
    from fenhe.access import sign_in
    from fenhe.evidence import ledger

    person = sign_in.person_for_link(name)
    person.is_active = False
    person.save(update_fields=["is_active"])
    ledger.record("terminal", "person.off", person)
    typer.echo("已停用 | switched off")


@app.command()
def link(
    name: Name, subject: Annotated[str, typer.Argument(help="统一认证的 sub | the subject there")]
) -> None:
    """关联统一认证账号 | link the account of the identity provider to a person."""
    from fenhe.app.boot import boot_with_records

    boot_with_records()
    from fenhe.access import oidc, sign_in
    from fenhe.evidence import ledger

    person = sign_in.person_for_link(name)
    oidc.link(person, subject)
    ledger.record("terminal", "person.linked", person, {"subject": subject})
    typer.echo("已关联 | linked")


@app.command("second-factor-off")
def second_factor_off(name: Name) -> None:
    """解除动态口令（手机和恢复码都丢了）| take off a lost second factor."""
    from fenhe.app.boot import boot_with_records

    boot_with_records()
    from fenhe.access import second_factor, sign_in
    from fenhe.evidence import ledger

    person = sign_in.person_for_link(name)
    second_factor.remove(person)
    sign_in.end_sessions(person)
    ledger.record("terminal", "person.second-factor-off", person)
    typer.echo("已解除 | taken off")
