"""Black-odorous waters and projects of the demonstration: invented, and named so. Milestones are
laid around today, so that some are done, one is late and others are to come."""

from __future__ import annotations

from datetime import date, timedelta

from fenhe.registry.models import Area, Object

MARK = "（模拟）"
WATERS = (
    ("SIM-B01", "城南退水渠", {"scope": "urban", "grade": "heavy", "length_km": 4.2,
                               "district": "小店区"}),
    ("SIM-B02", "城西边山支沟", {"scope": "urban", "grade": "light", "length_km": 2.6,
                                 "district": "万柏林区"}),
    ("SIM-B03", "某村坑塘", {"scope": "rural", "grade": "none", "length_km": 0.3,
                             "district": "清徐县"}),
)  # fmt: skip
PROJECTS = (
    ("SIM-P01", "城中片区雨污分流改造", "separate_sewers", "迎泽区", "示例区住建局",
     ((-300, "开工", -296), (-60, "主管通水", -41), (120, "支管接驳完成", None))),
    ("SIM-P02", "城南污水处理厂提标", "wwtp_upgrade", "小店区", "示例水务公司",
     ((-400, "初设批复", -400), (-200, "开工", -190), (-30, "设备安装", None),
      (90, "出水稳定", None))),
    ("SIM-P03", "边山支沟截污", "interceptor", "万柏林区", "示例区水务局",
     ((-150, "开工", -150), (-20, "截污管完工", -22), (10, "清淤", None))),
    ("SIM-P04", "老城溢流调蓄池", "overflow", "杏花岭区", "示例排水公司",
     ((30, "用地手续", None), (200, "开工", None))),
)  # fmt: skip


def codes() -> list[str]:
    return [row[0] for row in (*WATERS, *PROJECTS)]


def prepare(area: Area | None, today: date) -> None:
    for code, name, about in WATERS:
        _register("water_black_odorous", code, name, about, area)
    for code, name, kind, district, owner, plan in PROJECTS:
        about = {"type": kind, "district": district, "owner": owner,
                 "milestones": _written(plan, today)}  # fmt: skip
        _register("water_project", code, name, about, area)


def _register(kind: str, code: str, name: str, about: dict[str, object], area: Area | None) -> None:
    Object.objects.get_or_create(
        kind=kind,
        code=code,
        defaults={
            "name_zh": f"{name}{MARK}",
            "area": area,
            "attributes": {**about, "simulated": True},
        },
    )


def _written(plan: tuple[tuple[int, str, int | None], ...], today: date) -> str:
    def on(days: int) -> str:
        return (today + timedelta(days=days)).isoformat()

    return "; ".join(
        f"{on(due)} {name}" + (f" = {on(done)}" if done is not None else "")
        for due, name, done in plan
    )
