"""Lets an error of ours pass through another SDK unharmed.

`anthropic` takes whatever its transport raises for a broken connection: it calls again, under
another key, and raises a `Connection error` in the end. Only its own errors pass as they are;
`openai` does alike. So ours become theirs too, and stay ours.
"""

import functools

from tollbridge.sdk import PaywallError


def made_kin(error: PaywallError, base: type[Exception]) -> PaywallError:
    """Return the same error, now also an instance of `base`.

    The object stays the one that listeners of the gateway were told of, by which `PaywallUI.gate`
    knows it again.

    Args:
        error: What `gateway.call()` raised.
        base: The plainest error of the other SDK. Not one of those that it tries again after.
    """
    if not isinstance(error, base):
        error.__class__ = _both(type(error), base)  # type: ignore[arg-type]  # classes are hashable
    return error


@functools.cache
def _both(ours: type[PaywallError], base: type[Exception]) -> type[PaywallError]:
    named = {"__module__": ours.__module__, "__doc__": ours.__doc__}
    return type(ours.__name__, (ours, base), named)
