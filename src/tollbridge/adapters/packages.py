"""Finds the packages that an adapter is for; none of them comes with the SDK."""

import importlib
from typing import Any

from tollbridge.sdk import ConfigError


def load(name: str) -> Any:
    """Import a package, or a module of ours that needs one.

    Raises:
        ConfigError: `invalid_config`: a package is not installed here.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ConfigError(
            "invalid_config", f"the package {error.name} is not installed here, and this needs it"
        ) from error
