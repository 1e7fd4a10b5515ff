"""The encoding of a segment, held to the standard library's.

On CPython alone: neither Hypothesis nor `urllib` is on every interpreter. The shared tests in
`tests/wire` hold the same function to fixed examples.
"""

from urllib.parse import quote as standard_quote

from hypothesis import given
from hypothesis import strategies as st

from tollbridge.wire import paths


@given(st.text())
def test_a_segment_is_encoded_as_the_standard_library_would(text: str) -> None:
    """Our own encoder, which costs a page nothing, agrees with the one that does."""
    try:
        expected = standard_quote(text, safe="")
    except UnicodeEncodeError:
        return
    assert paths.quote(text) == expected
