from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

MANIFEST = """
id = "noise"
name = {zh = "噪声", en = "noise"}
tier = "seed"
core = ">=0.1,<0.2"
capabilities = ["vocabulary", "kinds"]
"""
VOCABULARY = """
properties:
  leq: {name: {zh: 等效声级, en: equivalent level}, symbol: Leq, unit: dB, decimals: 1}
"""
KINDS = """
kinds:
  noise_point: {name: {zh: 噪声点位, en: noise point}, series: [leq]}
"""
SHOW = """
from fenhe.app import discovery
from fenhe.registry import kinds, vocabulary
assert discovery.load() is discovery.load()
print([domain.id for domain in discovery.load() if domain.package.startswith("fenhe_domains_ext")])
print(vocabulary.get("leq").unit, kinds.get("noise_point").series)
"""


def _outside(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "noise"
    folder.mkdir()
    for name, text in {
        "manifest.toml": MANIFEST,
        "vocabulary.yaml": VOCABULARY,
        "kinds.yaml": KINDS,
        **files,
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return tmp_path


def _run(paths: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "FENHE_DOMAIN_PATHS": str(paths), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_domain_outside_the_tree_is_registered(tmp_path: Path) -> None:
    ran = _run(_outside(tmp_path), "-c", SHOW)
    assert ran.stdout == "['noise']\ndB ('leq',)\n", ran.stderr


def test_a_domain_switched_off_is_not_read(tmp_path: Path) -> None:
    paths = _outside(tmp_path, **{"kinds.yaml": "kinds: ["})
    ran = _run(paths, "-c", SHOW.split("print(vocab")[0], FENHE_DOMAINS_OFF="noise")
    assert ran.stdout == "[]\n", ran.stderr


def test_all_errors_of_all_files_come_at_once(tmp_path: Path) -> None:
    paths = _outside(
        tmp_path,
        **{
            "manifest.toml": MANIFEST.replace("0.1,<0.2", "7"),
            "kinds.yaml": "kinds:\n  a: {}\n  a: {}\n",
        },
    )
    second = tmp_path / "odour"
    second.mkdir()
    (second / "manifest.toml").write_text(MANIFEST.replace("tier", "teir"), encoding="utf-8")
    ran = _run(paths, "-m", "fenhe", "migrate")
    assert ran.returncode == 2
    for expected in ("noise/manifest.toml", "core", "odour/manifest.toml", "teir"):
        assert expected in ran.stderr


def test_yaml_errors_name_the_line(tmp_path: Path) -> None:
    twice = VOCABULARY + "  leq: {name: again}\n"
    ran = _run(_outside(tmp_path, **{"vocabulary.yaml": twice}), "-m", "fenhe", "migrate")
    assert ran.returncode == 2
    assert "noise/vocabulary.yaml，第 4 行" in ran.stderr
    assert "key written twice: leq" in ran.stderr


def test_a_reference_to_nothing_is_refused(tmp_path: Path) -> None:
    lost = KINDS.replace("[leq]", "[lmax]")
    ran = _run(_outside(tmp_path, **{"kinds.yaml": lost}), "-m", "fenhe", "migrate", "--json")
    assert ran.returncode == 2
    assert '"value": "lmax"' in ran.stderr
