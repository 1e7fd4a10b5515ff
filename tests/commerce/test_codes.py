"""Codes can be read out, typed and copied, and nobody guesses one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.gateway.commerce.codes import hash_code, new_code

CODE = "7GQK-0M3X-9TZA-PW4D-E810"


def test_a_code_is_five_groups_of_four() -> None:
    """100 bits of letters and digits that cannot be taken for each other."""
    codes = [new_code().reveal() for _ in range(500)]
    form = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){4}")
    assert all(form.fullmatch(code) for code in codes)
    assert len(set(codes)) == 500
    # Every character of the alphabet comes, at every place: 32**20 codes are 100 bits.
    for place in range(24):
        assert len({code[place] for code in codes}) == (1 if place % 5 == 4 else 32)


def test_a_code_does_not_show_itself() -> None:
    """It is a secret until it is printed on purpose."""
    code = new_code()
    assert code.reveal() not in f"{code!r} {code}"


@pytest.mark.parametrize(
    "typed",
    [
        "7gqk-0m3x-9tza-pw4d-e810",
        "7GQK0M3X9TZAPW4DE810",
        "  7GQK 0M3X 9TZA PW4D E810\n",
        "7-G-Q-K0M3X-9TZAPW4D--E810-",
        "7GQK-OM3X-9TZA-PW4D-E81O",
        "7gqk-om3x-9tza-pw4d-e8lo",
        "7GQK-0M3X-9TZA-PW4D-E8I0",
    ],
)
def test_case_hyphens_spaces_and_look_alikes_do_not_matter(typed: str) -> None:
    """O is 0, I and L are 1."""
    assert hash_code(typed) == hash_code(CODE) is not None


@pytest.mark.parametrize(
    "typed",
    [
        *("", "-", CODE[:-1], CODE + "0", CODE.replace("7", "U"), CODE.replace("7", "!")),
        *(
            CODE.replace("-", "_"),
            CODE.replace("7", "\u0667"),
            CODE.replace("K", "\u212a"),
            "x" * 500,
        ),
    ],
)
def test_what_cannot_be_a_code_has_no_hash(typed: str) -> None:
    """One character too few, too many, or of another alphabet."""
    assert hash_code(typed) is None


@given(st.text(max_size=40), st.integers(0, 24))
def test_no_text_breaks_the_reading(text: str, at: int) -> None:
    """Whatever is typed, it is a code or it is none."""
    for typed in (text, CODE[:at] + text + CODE[at:]):
        found = hash_code(typed)
        assert found is None or len(found) == 32


@given(st.data())
def test_another_code_has_another_hash(data: st.DataObject) -> None:
    """Change one character to one that does not look like it."""
    at = data.draw(st.sampled_from([i for i, char in enumerate(CODE) if char != "-"]))
    other = data.draw(st.sampled_from(sorted(set("0123456789ABCDEFGHJKMNPQRSTVWXYZ") - {CODE[at]})))
    assert hash_code(CODE[:at] + other + CODE[at + 1 :]) != hash_code(CODE)
