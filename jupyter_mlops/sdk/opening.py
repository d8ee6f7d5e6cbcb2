"""The verbs, opened once for each configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_mlops import configuration
from jupyter_mlops.domain.errors import Invalid

if TYPE_CHECKING:
    from jupyter_mlops.services import Services

_services: dict[tuple[str, ...], Services] = {}
"""By what they were made of, so that a changed setting is followed and nothing is opened twice."""


def services() -> Services:
    """The verbs over the store and executor that Jupyter's configuration names."""
    try:
        settings = configuration.load()
    except Exception as error:  # somebody's configuration file is a program and may raise anything
        raise Invalid.one(
            "configuration", f"Jupyter's configuration cannot be read: {error}. Mend {configuration.CONFIG_FILE}.py."
        ) from error
    key = tuple(repr(settings.trait_values().get(name)) for name in sorted(settings.trait_names()))
    key += (repr(settings.config.get("Kubernetes")),)
    if key not in _services:
        _services[key] = settings.services()
    return _services[key]
