"""What a line is: a heading, a fence, an item of a list, a row of a table. Pure.

Every function takes a line without the marks of the blocks around it, and without its newline.
"""

TAB = 4  # columns
# A wider table is text: nobody could read it, and each letter that comes would cost all its cells.
TABLE_COLUMNS_MAX = 64
_UNDECIDED_MAX = 200  # characters of a line that wait for the next one, at most
_MARKS = " \t-*+_#`~|:>=0123456789.)[]xX"
_LANGUAGE = "abcdefghijklmnopqrstuvwxyz0123456789+#_.-"
_LANGUAGE_MAX = 30


def is_blank(line: str) -> bool:
    """Return whether there is nothing to see in it."""
    return not line.strip(" \t")


def columns_of(line: str) -> int:
    """Return how far a line is moved in, in columns; a tab goes to the next multiple of 4."""
    columns = 0
    for letter in line:
        if letter == " ":
            columns += 1
        elif letter == "\t":
            columns += TAB - columns % TAB
        else:
            break
    return columns


def moved_out(line: str, columns: int) -> str:
    """Return the line moved out by so many columns, or by as many as it is moved in."""
    done = index = 0
    while done < columns and line[index : index + 1] in (" ", "\t"):
        done += 1 if line[index] == " " else TAB - done % TAB
        index += 1
    return " " * (done - columns) + line[index:]


def heading(line: str) -> tuple[int, str] | None:
    """Return the level from 1 to 6 and the words of a heading."""
    level = _run_of(line[:7], "#")
    if not 1 <= level <= 6 or line[level : level + 1] not in ("", " ", "\t"):
        return None
    words = line[level:].strip(" \t")
    bare = words.rstrip("#")  # the marks that may close it too
    return level, bare.rstrip(" \t") if bare[-1:] in ("", " ", "\t") else words


def is_rule(line: str) -> bool:
    """Return whether it is a line across: three or more of one of `-*_`, with blanks or without."""
    if line[:1] not in ("-", "*", "_"):
        return False
    marks = line.replace(" ", "").replace("\t", "")
    return len(marks) >= 3 and not marks.strip(line[0])


def fence(line: str) -> tuple[str, str] | None:
    """Return the marks that open a code block and its language, "" where it names none."""
    mark = line[:1]
    length = _run_of(line, mark) if mark in ("`", "~") else 0
    info = line[length:].strip(" \t")
    if length < 3 or (mark == "`" and "`" in info):
        return None
    return mark * length, _language(info.split(" ")[0])


def closes_fence(line: str, marks: str) -> bool:
    """Return whether it closes the code block that `marks` opened."""
    bare = line.strip(" \t")
    return len(bare) >= len(marks) and not bare.strip(marks[0])


def _language(word: str) -> str:
    word = word.lower()
    for letter in word:
        if letter not in _LANGUAGE:
            return ""
    return word if len(word) <= _LANGUAGE_MAX else ""


def item(line: str) -> tuple[str, int, int] | None:
    """Return what an item of a list begins with.

    Returns:
        Its mark, one of `-*+.)`; its number, -1 where it has none; and the width of both. None
        where it is no item.
    """
    width = 0
    while width < 10 and "0" <= line[width : width + 1] <= "9":
        width += 1
    mark = line[width : width + 1]
    if not mark or mark not in ("-*+" if width == 0 else ".)") or width > 9:
        return None
    if line[width + 1 : width + 2] not in ("", " ", "\t"):
        return None
    return mark, int(line[:width]) if width else -1, width + 1


def task(words: str) -> str:
    """Return the words of an item with its box, if it begins with one, as a character."""
    box, rest = words[:3], words[3:]
    if rest[:1] not in (" ", "\t"):
        return words
    return {"[ ]": "☐", "[x]": "☑", "[X]": "☑"}.get(box, box) + rest


def alignments(line: str) -> list[str] | None:
    """Return how each column is aligned, if this is the line under a table's head.

    Returns:
        `start` for "not said", or `left`, `center`, `right`, for each column; None otherwise.
    """
    if "-" not in line or "|" not in line or line.strip("|-: \t"):
        return None
    if line.count("|") > TABLE_COLUMNS_MAX + 1:
        return None
    found = []
    for cell in cells(line):
        if not cell.strip(":") or cell.strip(":").strip("-") or cell[1:-1].strip("-"):
            return None
        found.append(("start", "right", "left", "center")[2 * (cell[0] == ":") + (cell[-1] == ":")])
    return found


def cells(line: str) -> list[str]:
    """Return the cells of a row; a bar behind a backslash is inside one."""
    line = line.strip(" \t")
    if line[:1] == "|":
        line = line[1:]
    found: list[str] = []
    parts: list[str] = []
    for part in line.split("|"):
        if part[-1:] == "\\":
            parts.append(part[:-1])
        else:
            parts.append(part)
            found.append("|".join(parts).strip(" \t"))
            parts = []
    if parts:
        found.append("|".join(parts).strip(" \t") + "\\")
    if len(found) > 1 and not found[-1]:
        found.pop()
    return found


def is_undecided(line: str) -> bool:
    """Return whether what this line is depends on its next letters, so that it is not shown yet.

    `1`, `-` and `**` may begin an item or a word, `|---` the table under its head; a fence is not
    complete before its language is.
    """
    return len(line) <= _UNDECIDED_MAX and (not line.strip(_MARKS) or _is_open_fence(line))


def _is_open_fence(line: str) -> bool:
    return fence(line.lstrip(" \t>-+*0123456789.)")) is not None


def _run_of(line: str, mark: str) -> int:
    """How often `mark` stands at the beginning."""
    return len(line) - len(line.lstrip(mark)) if mark else 0
