"""岗位: who may take a step of a procedure.

A step names posts; to hold a post is to be granted its action by the gate, for the area, domain and
object of the case (a branch for its own district: Code art. 53; the city for all of them). Which
roles hold a post by default stands here; names and duties follow governance_roles.yaml. Separation
of duties stands with the steps themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fenhe.kernel.text import Text


@dataclass(frozen=True, slots=True)
class Post:
    name: Text
    roles: tuple[str, ...]


POSTS: dict[str, Post] = {
    "grid_worker": Post(Text("网格员", "grid worker"), ("grid_worker",)),
    "field_team": Post(Text("处置队伍", "field team"), ("grid_worker", "enforcer", "officer")),
    "dispatcher": Post(Text("指挥调度", "dispatcher"), ("office", "officer", "leader")),
    "enforcer": Post(Text("执法人员", "enforcement officer"), ("enforcer",)),
    "branch_head": Post(Text("分局负责人", "head of a branch bureau"), ("branch_head",)),
    "legal_reviewer": Post(Text("法制审核员", "legal reviewer"), ("legal_reviewer",)),
    "hearing_officer": Post(Text("听证主持人", "hearing officer"), ("legal_reviewer",)),
    "deputy_director": Post(
        Text("支队长／分管局长", "head of the corps or deputy director"), ("deputy_director",)
    ),
    "director": Post(Text("局主要负责人", "director of the bureau"), ("board",)),
    "board": Post(Text("局长办公会（集体讨论）", "the director's board"), ("board",)),
    "office": Post(Text("业务科室", "office of a field of work"), ("office", "officer", "leader")),
    "rectification_office": Post(
        Text("督察整改办", "rectification office"), ("rectification_office",)
    ),
    "implementer": Post(
        Text("整改实施主体（县区／部门）", "implementer: county or department"),
        ("county_government",),
    ),
    "acceptor": Post(Text("验收单位", "acceptance unit"), ("office", "leader")),
    "leading_group": Post(
        Text("领导小组办公室", "office of the leading group"), ("rectification_office",)
    ),
    "petition_office": Post(
        Text("信访与举报受理", "petitions and reports"), ("office", "officer", "leader")
    ),
}


def action(post: str) -> str:
    """The action that the gate grants to holders of the post."""
    return f"case.as-{post.replace('_', '-')}"


def whose(wanted: Iterable[str]) -> Text:
    names = [POSTS[one].name for one in wanted]
    return Text(
        f"须由 {'、'.join(name.zh for name in names)} 办理",
        f"this is for: {', '.join(name.en for name in names)}",
    )
