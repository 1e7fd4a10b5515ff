"""Sealed templates: what a page may have asked of a provider, filled in with texts of its own."""

from tollbridge.gateway.templates.lookup import Templates
from tollbridge.gateway.templates.making import Shorthand, make_template
from tollbridge.gateway.templates.queries import find_template, list_templates, remove_template
from tollbridge.gateway.templates.template import Template, read_values

__all__ = [
    "Shorthand",
    "Template",
    "Templates",
    "find_template",
    "list_templates",
    "make_template",
    "read_values",
    "remove_template",
]
