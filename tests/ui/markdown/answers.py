"""An answer with everything in it."""

ANSWER = """## Plan

Some **bold** text with `code` and a [link](https://example.com/page) in it.

1. First
   - nested
   - *twice*
2. Second

> quoted
> twice

```python
def f(x):
    return x
```

| a | b |
|---|:-:|
| 1 | 2 |
| 3 | https://example.com/ |

Done: see <https://example.com>, or ~~not~~.
"""
