"""Who holds a post: asked of the gate, for the area, domain and object of the case."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Model

from fenhe.access import gate
from fenhe.act.posts import POSTS, action, whose
from fenhe.kernel.errors import Forbidden
from fenhe.kernel.text import Text

SECRETS = "case.secrets"
MANAGE = "case.manage"


def held(
    person: object, wanted: Iterable[str], case: Model | gate.Place | None = None
) -> list[str]:
    """Which of these posts the person holds for the case; without one, anywhere at all."""
    return [
        one
        for one in wanted
        if gate.may(person, action(one)) and (case is None or gate.may(person, action(one), case))
    ]


def require(person: object, wanted: tuple[str, ...], case: Model | gate.Place | None = None) -> str:
    """The post the person acts in. Raises Forbidden `act.no-post`."""
    found = held(person, wanted, case)
    if not found:
        said = whose(wanted)
        raise Forbidden("act.no-post", said.zh, said.en)
    return found[0]


def declare() -> None:
    """Makes the posts known to the gate, with the roles that hold them."""
    for key, post in POSTS.items():
        name = Text(f"以“{post.name.zh}”办理案件", f"act in cases as {post.name.en}")
        gate.declare_action(action(key), name, post.roles)
    gate.declare_action(
        SECRETS, Text("查看举报人信息", "see who reported"), ("office", "officer", "leader")
    )
    gate.declare_action(
        MANAGE, Text("管理案件（并案、迁移）", "merge and migrate cases"), ("office", "leader")
    )
