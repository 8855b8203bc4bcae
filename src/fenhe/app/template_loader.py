"""Finds the templates of domains: `<domain>/templates/`, wherever the domain's folder stands."""

from __future__ import annotations

from pathlib import Path

from django.template.loaders.filesystem import Loader

from fenhe.app import discovery


class Domains(Loader):
    def get_dirs(self) -> list[str | Path]:
        return [place.folder / "templates" for place in discovery.places()]
