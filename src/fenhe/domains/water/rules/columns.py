"""Column names people use for the items of water, and the one each stands for.

`nh3n`, `NH3-N`, `氨氮`, `氨氮(mg/L)`, `w21003` are one column. Units in brackets are left out of
the name; concentrations are mg/L throughout, chlorophyll a mg/m³ where the trophic index needs it.
"""

from __future__ import annotations

import re
from functools import cache

from fenhe.domains.water.rules import tables
from fenhe.kernel.text import plain

SYMBOLS: dict[str, tuple[str, ...]] = {
    "wt": ("temperature", "water_temperature", "temp"),
    "ph": ("ph值",),
    "do": ("dissolved_oxygen",),
    "codmn": ("cod_mn", "imn", "permanganate", "高锰酸钾指数"),
    "cod": ("codcr", "cod_cr"),
    "bod5": ("bod", "五日生化需氧量", "生化需氧量"),
    "nh3n": ("nh3-n", "nh3_n", "nh4n", "nh4-n", "ammonia", "氨氮"),
    "tp": ("total_phosphorus", "总磷"),
    "tn": ("total_nitrogen", "总氮"),
    "cu": ("copper",),
    "zn": ("zinc",),
    "f": ("fluoride", "氟"),
    "se": ("selenium",),
    "as": ("arsenic", "arsenic_as"),
    "hg": ("mercury",),
    "cd": ("cadmium",),
    "cr6": ("cr6+", "cr(vi)", "crvi", "cr_vi", "六价铬", "铬(六价)"),
    "pb": ("lead",),
    "cn": ("cyanide",),
    "phenol": ("phen", "volatile_phenol", "挥发酚"),
    "oil": ("tph", "petroleum", "石油类"),
    "las": ("anionic_surfactant", "阴离子表面活性剂"),
    "s2": ("s2-", "sulfide", "h2s", "硫化物"),
    "fc": ("faecal_coliform", "fecal_coliform", "粪大肠菌群"),
    "ec": ("conductivity", "电导率"),
    "turb": ("turbidity", "浊度", "ntu"),
    "chla": ("chl_a", "chlorophyll_a", "叶绿素a", "chl"),
    "sd": ("transparency", "secchi", "透明度"),
}
OTHERS: dict[str, tuple[str, ...]] = {
    "waterbody": ("water_body", "type", "水体类型", "水体", "tp_limit_set"),
    "section": ("断面", "断面名称", "station", "站点"),
    "city": ("城市",),
    "class": ("水质类别", "published_class"),
}
WATERBODIES = {
    "river": ("river", "r", "河流", "河", "river_or_undetermined", "stream", "河道"),
    "lake": ("lake", "l", "reservoir", "湖库", "湖泊", "湖", "水库", "湖、库", "湖(库)", "湖(库)"),
}


@cache
def aliases() -> dict[str, str]:
    """Plain header → item, for every item of GB 3838 and the few that stand beside them."""
    found = {}
    for row in tables.surface().table("basic"):
        for word in (row["item"], row["code"], row.text("name").zh, row.text("name").en):
            found[key(word)] = row["item"]
    for item, words in SYMBOLS.items():
        found |= {key(word): item for word in (item, *words)}
    return found


@cache
def other_aliases() -> dict[str, str]:
    return {key(word): name for name, words in OTHERS.items() for word in (name, *words)}


def key(text: str) -> str:
    """One spelling of a header: without its unit in brackets, width, case and blanks."""
    bare = re.sub(
        r"\((mg/l|ug/l|μg/l|µg/l|无量纲|mg/m3|个/l|℃|°c|ntu|us/cm|μs/cm|m|cm)\)$", "", plain(text)
    )
    return bare.strip()


def waterbody(text: object) -> str | None:
    """river or lake; a blank is a river. None for anything else."""
    said = plain(str(text)) if text is not None else ""
    if not said:
        return tables.RIVER
    return next((name for name, words in WATERBODIES.items() if said in map(plain, words)), None)
