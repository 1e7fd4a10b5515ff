"""The image of a file system that MicroPython mounts."""

import pytest

from building.romfs import image


def test_it_is_records_of_a_kind_a_length_and_a_content() -> None:
    """The same bytes as MicroPython's own tool makes; numbers in groups of seven bits."""
    made = image({"a/b.py": b"x = 1\n"})
    content = b"\x02\x06x = 1\n"
    file = b"\x05\x0d" + b"\x04b.py" + content
    folder = b"\x04\x11" + b"\x01a" + file
    assert made == b"\xd2\xcd\x31\x13" + folder


def test_a_length_may_take_several_bytes() -> None:
    """The highest group comes first, all but the last are marked."""
    assert image({"a": b"y" * 300}).count(b"\x02\x82\x2c" + b"y" * 300) == 1


def test_equal_files_make_equal_images() -> None:
    """Whatever order they came in."""
    files = {"p/b.py": b"2", "p/a.py": b"1", "q.py": b"3"}
    assert image(files) == image(dict(reversed(files.items())))


def test_a_file_is_no_folder() -> None:
    """Two sources that do not fit together are named."""
    with pytest.raises(ValueError, match="a is a file"):
        image({"a": b"", "a/b": b""})
