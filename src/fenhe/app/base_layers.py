"""What lies under the map: boundaries, rivers and the like as files of GeoJSON, without any server
of tiles.

The operator's are those in the folder the setting `map_layers` names: `<name>.geojson`, each with a
`<name>.yaml` that says what it is. A folder replaces the default, which are the main rivers of
Natural Earth. Files in GCJ-02 are converted. A map that shows boundaries in public needs an
approved base map (审图号): its number stands in the file's `approval` and is shown on the map;
where there is none, the map says so.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from fenhe.kernel import gcj02
from fenhe.kernel.declared import Declared, DeclaredText, read
from fenhe.kernel.errors import BadInput, NotFound
from fenhe.kernel.text import Text
from fenhe.store import yaml
from fenhe.store.config import settings

OWN = Path(__file__).parent / "base_map"
NAME = re.compile(r"[\w-]{1,60}")
MOST_BYTES = 64 * 1024 * 1024


class BaseLayer(Declared):
    """What `<name>.yaml` says of `<name>.geojson`. `label`: the property that names a feature."""

    name: DeclaredText
    role: Literal["boundary", "river", "lake", "road", "other"] = "other"
    coordinates: Literal["wgs84", "gcj02"]
    source: str = Field(min_length=1)
    approval: str = ""
    label: DeclaredText = Text("name", "name")


def layers() -> dict[str, BaseLayer]:
    """By name, in the order of the files. Raises BadInput for a file nobody describes."""
    found = {}
    for path in sorted(_folder().glob("*.geojson")):
        if not NAME.fullmatch(path.stem):
            continue
        about = path.with_suffix(".yaml")
        if not about.is_file():
            raise BadInput(
                "map.layer-undescribed",
                f"底图文件 {path.name} 旁边缺少 {about.name}：请写明名称、坐标系、来源、审图号",
                f"beside {path.name} there is no {about.name} to say its name, coordinates, source "
                "and approval number",
            )
        found[path.stem] = read(BaseLayer, yaml.read(about, about.name), about.name)
    return found


def _folder() -> Path:
    folder = settings().map_layers
    if not folder:
        return OWN
    path = Path(folder)
    if not path.is_dir():
        raise BadInput(
            "map.no-folder",
            f"设置 map_layers 所指的文件夹不存在：{folder}",
            f"the folder that the setting map_layers names is not there: {folder}",
        )
    return path


def content(name: str) -> tuple[bytes, str]:
    """The layer in WGS84 as bytes, and their tag."""
    known = layers()
    if name not in known:
        raise NotFound("map.no-layer", "没有这个底图图层", "there is no such base layer")
    path = _folder() / f"{name}.geojson"
    return _read(str(path), path.stat().st_mtime_ns, known[name].coordinates)


@lru_cache(16)
def _read(path: str, changed: int, coordinates: str) -> tuple[bytes, str]:
    raw = Path(path).read_bytes() if Path(path).stat().st_size <= MOST_BYTES else b""
    try:
        found: Any = json.loads(raw)
        if not isinstance(found, dict) or found.get("type") != "FeatureCollection":
            raise ValueError("not a FeatureCollection")
        made = gcj02.converted(found) if coordinates == "gcj02" else found
    except (ValueError, TypeError, IndexError, RecursionError) as error:
        raise BadInput(
            "map.layer-unreadable",
            f"底图文件 {Path(path).name} 读不懂，应为 64 MB 以内的 GeoJSON FeatureCollection",
            f"{Path(path).name} cannot be read: it must be a GeoJSON FeatureCollection of at most "
            "64 MB",
        ) from error
    body = json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()
    return body, hashlib.sha256(body).hexdigest()[:16]
