"""In which language a page speaks. Pure."""

# Those that the texts are written in; the first one where no other fits.
OFFERED = ("en",)


def pick(wanted: str, offered: "tuple[str, ...]" = OFFERED) -> str:
    """Return the offered language that fits a tag such as `pt-br` best."""
    tag = wanted.lower().replace("_", "-")
    while tag:
        for language in offered:
            if language.lower() == tag:
                return language
        tag = tag.rpartition("-")[0]
    return offered[0]
