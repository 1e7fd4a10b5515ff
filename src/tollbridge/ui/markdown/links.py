"""Where a link's address begins and ends, and what a link may hold. Pure."""

from tollbridge.ui.markdown.addresses import ADDRESS_MAX, HTTPS, safe_address
from tollbridge.ui.markdown.entities import decoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.ui.markdown.emphasis import Inline

# In place of an address: what follows decides whether there is one.
UNDECIDED = "?"

_TITLE_MAX = 300
_PARENTHESES_MAX = 8
# What ends an address that stands bare in a text. The last ones end a clause in Chinese and
# Japanese, which put no blank after it.
_URL_ENDS = (
    ' \n<>[]`"\\*|{}^\u3000。\uff0c、\uff1b\uff1a\uff08\uff09「」『』【】《》\uff01\uff1f“”…'
)


def link_target(text: str, letters: list[str], at: int, whole: bool) -> tuple[str, int]:
    """Read what stands in the parentheses of a link.

    Args:
        text: A piece of a block's text.
        letters: The same, letter by letter.
        at: Where it begins, behind the `(`.
        whole: Whether nothing follows this piece.

    Returns:
        A safe address and where the link ends. "" where it is no link, or none that may be one;
        `UNDECIDED` where the piece ends too early.
    """
    limit = min(len(letters), at + ADDRESS_MAX)
    start = _after_blanks(letters, at, limit)
    end = _end_of_target(letters, start, limit)
    if end < 0:
        return "", at
    address = text[start:end]
    if address[:1] == "<" and address[-1:] == ">":
        address = address[1:-1]
    limit = min(len(letters), end + _TITLE_MAX)
    at = _after_blanks(letters, end, limit)
    if at > end and at < limit and letters[at] in "\"'":
        close = text.find(letters[at], at + 1, limit)
        at = _after_blanks(letters, close + 1, limit) if close > 0 else limit
    if at < limit:
        return (safe_address(decoded(address)), at + 1) if letters[at] == ")" else ("", at)
    return ("", at) if whole or limit < len(letters) else (UNDECIDED, at)


def _after_blanks(letters: list[str], at: int, limit: int) -> int:
    while at < limit and letters[at] in " \n":
        at += 1
    return at


def _end_of_target(letters: list[str], at: int, limit: int) -> int:
    """Where the address ends, at the latest at `limit`; -1 where it cannot be one."""
    depth = 0
    while at < limit and letters[at] not in " \n":
        if letters[at] == "(":
            depth += 1
            if depth > _PARENTHESES_MAX:
                return -1
        elif letters[at] == ")":
            if not depth:
                return at
            depth -= 1
        at += 2 if letters[at] == "\\" else 1
    return min(at, limit)


def angle_address(text: str, at: int, whole: bool) -> tuple[str, int]:
    """Read an address in angle brackets, from its `<` on; returns as `link_target` does."""
    close = text.find(">", at, at + ADDRESS_MAX)
    if close > 0:
        return safe_address(text[at + 1 : close]), close + 1
    rest = text[at + 1 : at + ADDRESS_MAX].lower()
    if whole or at + ADDRESS_MAX < len(text) or " " in rest or "\n" in rest:
        return "", at
    could_be = rest[:8] == HTTPS[: len(rest)] or rest[:7] == "mailto:"[: len(rest)]
    return (UNDECIDED, at) if could_be else ("", at)


def url_end(letters: list[str], at: int) -> int:
    """Return where an address ends that stands bare in a text."""
    depth = 0
    end = at
    limit = min(len(letters), at + ADDRESS_MAX + 1)
    while end < limit and letters[end] not in _URL_ENDS:
        depth += (letters[end] == "(") - (letters[end] == ")")
        if depth < 0:
            break
        end += 1
    return end


def plain_text(nodes: "list[Inline]") -> str:
    """Return the words of `nodes`, and nothing of how they look."""
    words = []
    for node in nodes:
        words.append(node if isinstance(node, str) else plain_text(list(node[1])))
    return "".join(words)


def without_links(nodes: "list[Inline]") -> "list[Inline]":
    """Return `nodes` with the words of each link in its place: no link stands inside another."""
    plain: list[Inline] = []
    for node in nodes:
        if isinstance(node, str):
            plain.append(node)
        elif node[2]:
            plain.append(plain_text([node]))
        else:
            plain.append((node[0], tuple(without_links(list(node[1]))), ""))
    return plain
