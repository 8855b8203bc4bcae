"""What a profile expects of a file, in a few sentences: columns and units, what the stamps mark,
what stands for "no value". People look here before they fill in a form."""

from __future__ import annotations

from fenhe.ingest.profile import Profile
from fenhe.kernel.text import Text

_SIDES = {"begin": Text("时段的开始", "the beginning"), "end": Text("时段的结束", "the end")}
_BLANKS = {
    "skip": Text("空白不改动已有数据", "a blank leaves what is there"),
    "missing": Text("空白也算缺测", "a blank is missing too"),
}
_FIRST = {
    "wide": Text("", ""),
    "long": Text("每行一个读数，项目名为 ", "one reading a row, named "),
    "across": Text("每个对象一列，行名为 ", "one column an object, rows named "),
}


def describe(profile: Profile) -> list[Text]:
    """The sentences, in the order one needs them."""
    side, blank, first = _SIDES[profile.time.side], _BLANKS[profile.blank], _FIRST[profile.layout]
    keys = ", ".join(profile.required_columns())
    units = ", ".join(
        f"{title} ({role.unit})" for title, role in profile.properties.items() if role
    )
    missing = "  ".join(profile.missing)
    left_out = [title for title, role in profile.properties.items() if role is None]
    ignored = ", ".join([*profile.ignore, *left_out])
    offset = profile.time.offset
    lines = [
        Text(f"列：{keys}；{first.zh}{units}", f"columns: {keys}; {first.en}{units}"),
        Text(f"时间标记{side.zh}（{offset}）", f"stamps mark {side.en} ({offset})"),
        Text(
            f"缺测写作：{missing or '（无）'}；{blank.zh}",
            f"missing is written: {missing or '(nothing)'}; {blank.en}",
        ),
    ]
    if ignored:
        lines.append(Text(f"不导入：{ignored}", f"left out: {ignored}"))
    return lines
