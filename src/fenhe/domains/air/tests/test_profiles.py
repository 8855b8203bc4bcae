"""Every profile that ships reads into this domain's own properties and kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from fenhe.ingest.profile import Profile
from fenhe.store import yaml

AIR = Path(__file__).parent.parent


@pytest.mark.parametrize(
    "path", sorted((AIR / "profiles").glob("*.yaml")), ids=lambda path: path.stem
)
def test_a_profile_speaks_the_words_of_the_domain(path: Path) -> None:
    profile = Profile.model_validate(yaml.read(path))
    assert profile.id == path.stem
    assert set(profile.used_properties) <= yaml.read(AIR / "vocabulary.yaml")["properties"].keys()
    assert profile.object_kind in yaml.read(AIR / "kinds.yaml")["kinds"]
