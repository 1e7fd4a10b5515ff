"""What a call costs by its method and path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.providers.conftest import MakeProvider
from tollbridge.gateway.providers.paths import matches, overlap
from tollbridge.gateway.providers.provider import COST_MAX, CostRule, Rule


@pytest.mark.parametrize(
    ("text", "rule", "cost", "shown"),
    [
        ("GET v1/things/*=0", Rule("GET", "v1/things/*"), 0, "GET v1/things/*=0"),
        ("post /v1/x = 5", Rule("POST", "v1/x"), 5, "POST v1/x=5"),
        ("GET /=2", Rule("GET", ""), 2, "GET /=2"),
        ("GET v1/a=b/*=07", Rule("GET", "v1/a=b/*"), 7, "GET v1/a=b/*=7"),
        (f"GET v1/x={COST_MAX}", Rule("GET", "v1/x"), COST_MAX, f"GET v1/x={COST_MAX}"),
    ],
)
def test_costs_are_read_and_shown(text: str, rule: Rule, cost: int, shown: str) -> None:
    """A cost is read as people write it, and is shown so that it can be read again."""
    read = CostRule.parse(text)
    assert read == CostRule(rule, cost)
    assert str(read) == shown
    assert CostRule.parse(shown) == read


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("GET v1/x", "'GET v1/x' is no cost"),
        ("GET v1/x=", "'GET v1/x=' is no cost"),
        ("GET v1/x=-1", "=-1'"),
        ("GET v1/x=1.5", "1.5"),
        ("GET v1/x=free", "free"),
        ("GET v1/x=٣", "٣"),
        (f"GET v1/x={COST_MAX + 1}", str(COST_MAX + 1)),
        ("=1", "''"),
        ("v1/x=1", "'v1/x'"),
        ("PUT v1/x=1", "'PUT'"),
        ("GET v1/x*=1", r"v1/x\*"),
    ],
)
def test_what_is_no_cost_is_said_with_its_value(text: str, says: str) -> None:
    """The sentence shows what was written."""
    with pytest.raises(ValueError, match=says):
        CostRule.parse(text)


@pytest.mark.parametrize("cost", [-1, COST_MAX + 1, True, 1.0, "1"])
def test_a_cost_is_a_whole_number(cost: object) -> None:
    """Never a float, a bool or text, and within what JavaScript can hold."""
    with pytest.raises(ValueError, match="whole number"):
        CostRule(Rule("GET", "v1/x"), cost)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "path", "cost"),
    [
        ("GET", "v1/free/a", 0),
        ("GET", "v1/free/a/b", 0),
        ("GET", "v1/free/a/", 0),
        ("GET", "v1/free/a%20b", 0),
        ("POST", "v1/free/a", 2),
        ("GET", "v1/free", 7),
        ("GET", "v1/other", 7),
        ("POST", "v1/dear", 30),
        ("POST", "v1/other", 2),
        ("GET", "v2/x", 2),
        ("GET", "", 4),
        ("POST", "", 2),
    ],
)
def test_the_first_rule_that_fits_says_the_cost(
    new_provider: MakeProvider, method: str, path: str, cost: int
) -> None:
    """Else it is the provider's own."""
    rules = ("GET v1/free/*=0", "GET v1/*=7", "POST v1/dear=30", "GET /=4")
    allow = ("GET v1/*", "POST v1/*", "GET v2/*", "GET /", "POST /")
    provider = new_provider(cost=2, cost_for=rules, allow=allow)
    assert provider.cost_of(method, path) == cost


@pytest.mark.parametrize(
    "path",
    ["v1/dear/", "V1/Dear", "v1/%64ear", "v1/%2564ear", "v1/dear;x", "v1;y/DEAR;x=1/"],
)
def test_no_spelling_of_a_path_is_cheaper(new_provider: MakeProvider, path: str) -> None:
    """A lenient server answers these as `v1/dear`, so they cost as much; the rest is not dearer."""
    dear = new_provider(cost=1, cost_for=("POST v1/dear=30",))
    cheap = new_provider(cost=5, cost_for=("POST v1/dear=0",))
    assert dear.cost_of("POST", path) == 30
    assert cheap.cost_of("POST", path) == 5
    assert dear.cost_of("POST", "v1/dearest") == 1


@pytest.mark.parametrize(
    ("cost_for", "says"),
    [
        (("GET v2/x=0",), "'GET v2/x=0' is for no call"),
        (("GET v1=0",), "'GET v1=0' is for no call"),
        (("GET /=0",), "'GET /=0' is for no call"),
        (("POST v1/x=1", "GET v1/x=2", "POST v1/x=3"), "'POST v1/x=3' is never used"),
        (("GET v1/x",), "'GET v1/x'"),
    ],
)
def test_a_cost_that_can_never_be_is_an_error(
    new_provider: MakeProvider, cost_for: tuple[str, ...], says: str
) -> None:
    """A rule for calls that are refused anyway, or that an earlier one hides, is a mistake."""
    with pytest.raises(ValueError, match=says):
        new_provider(cost_for=cost_for)


def test_a_preset_has_costs_for_its_own_path_only(new_provider: MakeProvider) -> None:
    """POST to the one path of a language model's API."""
    provider = new_provider(preset="openai-chat", cost_for=("POST v1/chat/completions=4",))
    assert provider.cost_of("POST", "v1/chat/completions") == 4
    with pytest.raises(ValueError, match="no call"):
        new_provider(preset="openai-chat", cost_for=("GET v1/chat/completions=4",))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("", "", True),
        ("", "*", False),
        ("v1/x", "v1/x", True),
        ("v1/x", "v1/y", False),
        ("v1/*", "v1/x", True),
        ("v1/*", "v1", False),
        ("v1/*", "v2/*", False),
        ("*/x", "v1/*", True),
        ("v1/*/x", "v1/x", False),
        ("v1/*/x", "v1/*/y", False),
        ("v1/*/x", "v1/a/*", True),
        ("*", "v1/a/b/c", True),
        ("a/*/b", "*/c/b", True),
        ("a/*/b", "a/b/*/c", False),
    ],
)
def test_patterns_overlap(one: str, other: str, expected: bool) -> None:
    """There is a path that both match, whichever is asked first."""
    assert overlap(one, other) is expected
    assert overlap(other, one) is expected


_PATTERN = st.lists(st.sampled_from(["a", "b", "*"]), max_size=4).map("/".join)
_PATH = st.lists(st.sampled_from(["a", "b", "c"]), max_size=5).map("/".join)


@given(_PATTERN, _PATTERN, _PATH)
def test_a_path_that_two_patterns_match_proves_the_overlap(one: str, other: str, path: str) -> None:
    """So no cost that could be used is refused."""
    if matches(one, path) and matches(other, path):
        assert overlap(one, other)
