"""The reference of the interface: openapi.json as it is built, and a page a person can read."""

from __future__ import annotations

import json
from typing import Any

from fenhe.app.boot import boot

TITLES = {
    "registry": "登记 | registry",
    "readings": "读数 | readings",
    "imports": "导入 | imports",
    "verdicts": "评价 | verdicts",
    "alarms": "告警 | alarms",
    "publications": "通报 | publications",
    "standards": "标准 | standards",
    "files": "文件 | files",
    "hooks": "推送与日历 | hooks and calendar",
}


def openapi() -> str:
    return json.dumps(_description(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def page(written: str) -> str:
    groups: dict[str, list[str]] = {}
    for path, methods in _description()["paths"].items():
        for method, operation in sorted(methods.items()):
            group = operation.get("tags", ["other"])[0]
            groups.setdefault(group, []).append(_row(method, path, operation))
    parts = "".join(
        f"\n## {TITLES.get(group, group)}\n\n"
        "| method | address | what | parameters | answers |\n|---|---|---|---|---|\n"
        f"{''.join(rows)}"
        for group, rows in groups.items()
    )
    return f"{written}{HEAD}{parts}{TAIL}"


def _row(method: str, path: str, operation: dict[str, Any]) -> str:
    names = [f"`{p['name']}`" for p in operation.get("parameters", ()) if p["in"] == "query"]
    bodies = [f"`{kind}`" for kind in operation.get("requestBody", {}).get("content", {})]
    what = operation["summary"]
    more = operation.get("description", "").split("\n\n")[0].replace("\n", " ")
    cells = [
        method.upper(),
        f"`{path}`",
        f"{what}<br>{more}" if more else what,
        ", ".join(names) + (f"<br>body: {', '.join(bodies)}" if bodies else ""),
        ", ".join(sorted(code for code in operation["responses"] if code < "400")),
    ]
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"


def _description() -> dict[str, Any]:
    boot()
    from fenhe.app.api.build import description

    return description()


HEAD = """# Interface | 接口

REST 在 `/api/v1`，机器可读的描述是 [openapi.json](openapi.json)，运行中的平台在
`/api/v1/openapi.json` 给出同一份。用会话（写操作须带 CSRF 令牌）或接口密钥
（`Authorization: Bearer …`）登录。时刻一律带时区（RFC 3339），时段为左闭右开 [start, end)。
列表按游标翻页：把 `next` 原样作为 `after` 送回；不给总数。

REST lives under `/api/v1`; its machine-readable description is [openapi.json](openapi.json), the
same that a running platform gives at `/api/v1/openapi.json`. Sign in with a session (writes carry
the CSRF token) or with an API key (`Authorization: Bearer …`). Instants carry an offset (RFC
3339), periods are half-open [start, end). Lists are read by cursor: give `next` back as `after`;
nothing is counted. How to: [use the interface](../how-to/use-the-interface.md).

OGC SensorThings 1.1 在 `/sta/v1.1`，根地址列出所满足的要求。
OGC SensorThings 1.1 lives under `/sta/v1.1`; its root lists the requirements it fulfils.
"""
TAIL = """
## 拒绝 | refusals

Every refusal, whatever its status, is `{"error": {code, zh, en, retryable, problem_count,
problems: [{code, zh, en, file, row, column, value}]}}`; the [codes](errors.md) are stable.

| status | 中文 | meaning |
|---|---|---|
| 400 | 请求读不懂 | the request cannot be read |
| 401 | 请登录 | sign in |
| 403 | 无权 | not yours to do |
| 404 | 没有，或您无权看到 | not there, or not yours to see |
| 405 | 方法不对，见 Allow | not by this method; see Allow |
| 409 | 状态已变 | the state has moved on |
| 412 | 与 If-Match 不符 | not what If-Match names |
| 413 | 过大 | too large |
| 415 | 内容类型不对 | not this media type |
| 422 | 内容有误，逐处列出 | the content is wrong; every place is named |
| 429 | 过于频繁 | too many requests |
| 503 | 暂不可用 | away for now |
"""
