"""The reference page of roles: where each holds, what it may do, which posts of cases it fills."""

from __future__ import annotations

from collections.abc import Iterable

from fenhe.access import roles
from fenhe.access.roles import DUTIES, Exclusive, Role
from fenhe.act.posts import POSTS, Post
from fenhe.app.boot import boot
from fenhe.kernel.text import Text

HEAD = """# Roles and actions | 角色与动作

A person holds a standing role or grants; a grant names a role and may narrow it to an area,
domains, objects and a last day. What is not given is refused.

人员有固定角色或授权；授权写明角色，还可限定区域、领域、对象和截止日。未授予的一律拒绝。

Where a role holds by itself | 角色本身的范围:

- `everywhere`: the whole platform | 全平台
- `area`: the area of the grant, else that of the person's organ; without either, nowhere |
  授权所写区域，否则本人机构的区域；两者都没有则无处有效
- `own`: the registered object of the person's organ and its parts | 机构在册对象及其所属
- `public`: what is published | 已公开内容

"""
NEVER_ONE = """
Who may not take which step of a case after another is said step by step in each
[procedure](procedures.md). | 案件各步不得由同一人办理的规定见各程序。
"""


def page(written: str) -> str:
    boot()
    return (
        f"{written}{HEAD}## Roles | 角色\n\n| id | 角色 | role | where | needs | may |\n"
        f"|---|---|---|---|---|---|\n{''.join(map(_role, roles.ROLES))}\n"
        "## Actions | 动作\n\n| id | 动作 | action | roles |\n|---|---|---|---|\n"
        f"{''.join(_action(*one) for one in sorted(roles.ACTIONS.items()))}\n"
        "## Posts of cases | 办案岗位\n\nWhoever takes a step of a [procedure](procedures.md) acts "
        "in a post; these roles fill it. | 程序的每一步由一个岗位办理，下列角色担任该岗位。\n\n"
        "| 岗位 | post | roles |\n|---|---|---|\n"
        f"{''.join(map(_post, POSTS.values()))}\n"
        "## Never one person's | 不得由一人兼任\n\n| roles | basis | confidence |\n|---|---|---|\n"
        f"{''.join(map(_exclusive, DUTIES.exclusive))}{NEVER_ONE}\n"
        "## Offices and what each looks after | 科室与职责\n\nThe names offered when an organ is "
        "added. | 新建机构时可选的科室名称。\n\n| 科室 | 职责 |\n|---|---|\n"
        f"{''.join(_office(*one) for one in DUTIES.offices.items())}"
    )


def _role(id: str) -> str:
    one = roles.get(id)
    may = "all" if one.may == "all" else ", ".join(f"`{a}`" for a in sorted(_pages_of(id)))
    cells = (f"`{id}`", one.name.zh, one.name.en, one.scope, _needs(one), may)
    return f"| {' | '.join(cells)} |\n"


def _pages_of(id: str) -> Iterable[str]:
    """What it may do, but for the posts, which have a table of their own."""
    return (action for action in roles.actions_of(id) if not action.startswith("case.as-"))


def _needs(one: Role) -> str:
    said = [f"{one.needs.zh}<br>{one.needs.en}"] if one.needs else []
    if one.grants_need_second:
        said.append("须双人批准<br>a second administrator's consent")
    return "<br>".join(said)


def _action(id: str, name: Text) -> str:
    holders = [
        role for role in roles.ROLES if id in roles.actions_of(role) and role != "administrator"
    ]
    return f"| `{id}` | {name.zh} | {name.en} | {', '.join(f'`{one}`' for one in holders)} |\n"


def _post(one: Post) -> str:
    held = ", ".join(f"`{role}`" for role in one.roles)
    return f"| {one.name.zh} | {one.name.en} | {held} |\n"


def _exclusive(one: Exclusive) -> str:
    held = ", ".join(f"`{role}`" for role in one.roles)
    return f"| {held} | {one.basis.zh}<br>{one.basis.en} | {one.confidence} |\n"


def _office(name: str, duties: tuple[str, ...]) -> str:
    return f"| {name} | {'、'.join(duties)} |\n"
