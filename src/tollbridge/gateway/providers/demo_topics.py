"""What the demo knows by heart, so that its page has something worth reading."""

_BRIDGE = """\
A **toll bridge** is a bridge where whoever crosses pays for it.

1. You come to the booth and show what you have.
2. The keeper takes the toll, once, and writes it down.
3. You cross, and nobody asks you again on the other side.

This gateway works the same way: your page comes with a *credit* instead of a coin, the credit is
held before anything is sent on, and it is given back when nobody answers."""

_CREDITS = """\
Your credits are counted by the gateway, never by the page.

| what happened | your credit |
|---|---|
| the provider answered | taken, once |
| the provider refused or was not there | given back |
| you pressed Stop in the middle | taken, the provider had begun |
| the line broke before the answer | looked up, and not taken twice |

> The number below the message is what the gateway said last. Choose a failure beside it and
> watch what happens to the count."""

_SHOWCASE = """\
## A table

| part | written in | where it runs |
|:---|:---|---:|
| gateway | Python | your server |
| this page | Python | your browser |
| the toll | whole numbers | the ledger |

## A list

- what you see is **built as nodes**, never as HTML
- links say where they lead: [the WHATWG's page](https://streams.spec.whatwg.org/)
- an answer may be *long*, and nothing jumps
  1. it grows at its end
  2. what stands above stays as it is

## Some code

```python
response = await gateway.call(
    provider_id="prov_demo_chat",
    path="v1/chat/completions",
    body={"model": "demo", "stream": True, "messages": messages},
)
async for event in response.sse():
    print(event.data)
```"""

# Words that a question has to hold, all of them → the answer. The first that fits is given.
_TOPICS = (
    (("table", "code"), _SHOWCASE),
    (("toll", "bridge"), _BRIDGE),
    (("credits", "counted"), _CREDITS),
)


def known_answer(said: str) -> str:
    """Return the answer to a question that is known by heart, "" for any other."""
    asked = said.lower()
    for needed, answer in _TOPICS:
        if all(word in asked for word in needed):
            return answer
    return ""
