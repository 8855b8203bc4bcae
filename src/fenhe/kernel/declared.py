"""Data files against their declared shape: a pydantic model in, all findings out at once.

`read` turns pydantic's findings into Problems with the file and the field, so that every declared
file (settings, vocabulary, kinds, profiles, manifests) fails in the same words.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text

DeclaredText = Annotated[Text, BeforeValidator(lambda raw: raw and Text.read(raw))]
"""In the file `{zh: ..., en: ...}`, or one string that serves both languages."""

Model = TypeVar("Model", bound=BaseModel)


class Declared(BaseModel):
    """A shape that knows all its fields: an unknown one is a typing error of the author."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_WORDS = {
    "missing": Text("缺少此项", "is missing"),
    "extra_forbidden": Text("没有这一项，请检查拼写", "is not a known field; check the spelling"),
}


def problems(error: ValidationError, file: str, field: str = "") -> list[Problem]:
    return [
        Problem(
            "declared.invalid",
            _WORDS.get(item["type"], Text(f"无效：{item['msg']}", f"is not valid: {item['msg']}")),
            file=file,
            column=".".join([*filter(None, [field]), *(str(part) for part in item["loc"])]),
        )
        for item in error.errors()
    ]


def read(model: type[Model], raw: Any, file: str, field: str = "") -> Model:
    """The model, or BadInput `declared.invalid` with every finding."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        found = problems(error, file, field)
        raise BadInput(
            "declared.invalid",
            f"{file} 有 {len(found)} 处不合格式，请按下列各项修改",
            f"{file} has {len(found)} fields that do not fit; mend the items below",
            found,
        ) from error
