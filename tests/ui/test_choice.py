"""Who answers: the choice beside the composer, and what is sent for it."""

from tests.support import dom as fake
from tests.support.scripted_provider import Answer
from tests.support.world import PROVIDER, World
from tests.ui.chat import open_chat, whole
from tollbridge.ui.chat_kept import Kept
from tollbridge.ui.choice import DEMO_PROVIDER, Choice, offers_of
from tollbridge.ui.formats import CHAT, MESSAGES
from tollbridge.wire import Provider

MESSAGE = [
    b'{"type":"message_start","message":{"usage":{"input_tokens":2}}}',
    b'{"type":"content_block_delta","delta":{"type":"text_delta","text":"Salut."}}',
    b'{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}}',
    b'{"type":"message_stop"}',
]


def provider(provider_id: str, preset: str, *models: str, sign_in: bool = False) -> Provider:
    """A provider as the gateway lists it."""
    return Provider(
        provider_id,
        preset=preset,
        query_type="standard",
        cost=1,
        models=list(models),
        allow=["POST v1/chat/completions"] if preset == "http" else [],
        sign_in_required=sign_in,
    )


def shown(page: fake.Page) -> list[tuple[str, str, list[str]]]:
    """The groups of the select: tag, label, and the values or the value."""
    found = []
    for child in page.node("model").children:
        if isinstance(child, fake.Node):
            values = [node.attributes["value"] for node in child.below()]
            found.append((child.tag, child.attributes.get("label", ""), values))
    return found


def test_offers_are_grouped_by_provider() -> None:
    """A provider without named models is the choice itself; what cannot chat is none."""
    groups = offers_of(
        [
            provider("prov_a", "anthropic-messages", "small", "large", sign_in=True),
            provider("prov_e", "openai-embeddings", "vectors"),
            provider("own", "http"),
        ]
    )
    assert [(label, [o.value for o in offers]) for label, offers in groups] == [
        ("a", ["prov_a|small", "prov_a|large"]),
        ("own", ["own|"]),
    ]
    first, own = groups[0][1][0], groups[1][1][0]
    assert (first.to.provider_id, first.to.model, first.to.format) == ("prov_a", "small", MESSAGES)
    assert (first.open, own.open) == (False, True)
    assert (own.label, own.to.model, own.to.format) == ("own", "", CHAT)


def test_the_demos_models_stay_beside_the_others(page: fake.Page) -> None:
    """UX-D7: with its failures to try; they are the demo's, and go with it."""
    choice = Choice(provider_id=DEMO_PROVIDER, on_change=lambda: None)
    before = shown(page)
    choice.fill([provider(DEMO_PROVIDER, "http"), provider("prov_a", "openai-chat", "m")])
    assert shown(page) == [*before, ("optgroup", "a", ["prov_a|m"])]
    choice.close()


def test_failures_to_try_are_the_demos_alone(page: fake.Page) -> None:
    """A page for a real provider offers its models, and no switch that it would not know."""
    choice = Choice(provider_id="prov_a", on_change=lambda: None)
    choice.fill([provider("prov_a", "openai-chat", "m"), provider("prov_b", "openai-chat", "n")])
    assert shown(page) == [("optgroup", "a", ["prov_a|m"]), ("optgroup", "b", ["prov_b|n"])]


def test_a_page_may_name_the_models_of_its_own_provider(page: fake.Page) -> None:
    """Where the gateway reads no bodies it knows none; what stands in the skeleton stays."""
    choice = Choice(provider_id="prov_own", on_change=lambda: None)
    choice.fill([provider("prov_own", "http"), provider("prov_a", "openai-chat", "m")])
    assert [label for _, label, _ in shown(page)] == ["", "a"]
    assert choice.answerer("demo").provider_id == "prov_own"


def test_a_list_that_names_nobody_changes_nothing(page: fake.Page) -> None:
    """The page's own provider is better than none."""
    before = shown(page)
    choice = Choice(provider_id="prov_a", on_change=lambda: None)
    choice.fill([])
    assert shown(page) == before
    to = choice.answerer()
    assert (to.provider_id, to.model, to.format) == ("prov_a", "demo", CHAT)


async def test_another_provider_answers_in_its_own_format(page: fake.Page, world: World) -> None:
    """Path, body and events are those of its API."""
    await world.add_provider(
        "prov_words", preset="anthropic-messages", models=("small",), base_url=world.provider.url
    )
    async with open_chat(page, world) as chat:
        assert ("optgroup", "words", ["prov_words|small"]) in shown(page)
        page.node("model").value = "prov_words|small"
        world.provider.answers(Answer.sse(*MESSAGE))
        await chat.ask("Bonjour")
        assert chat.part("words") == "Salut."
        assert "small · " in chat.part("info")
        assert "2 tokens in, 1 out" in chat.part("info")
        sent = world.provider.requests[-1]
        assert sent.target == "/v1/messages"
        assert sent.json()["model"] == "small"


async def test_a_gateway_that_lists_nobody_still_answers(page: fake.Page, world: World) -> None:
    """The listing is a courtesy; the chat does without."""
    async with open_chat(page, world) as chat:
        world.provider.answers(whole("Here."))
        await chat.ask("Anyone?")
        assert chat.part("words") == "Here."
        assert world.provider.requests[-1].target == "/v1/chat/completions"


async def test_what_was_chosen_is_chosen_again(page: fake.Page, world: World) -> None:
    """UX-M8: at once among the skeleton's models, else as soon as it is offered."""
    await world.add_provider(
        "prov_words", preset="openai-chat", models=("small",), base_url=world.provider.url
    )
    async with open_chat(page, world, Kept(choice="prov_words|small")):
        assert page.node("model").value == "prov_words|small"


async def test_a_choice_that_is_gone_is_not_made(page: fake.Page, world: World) -> None:
    """Somebody who was answered by a provider that is gone is answered by the page's own."""
    async with open_chat(page, world, Kept(choice="prov_gone|small")) as chat:
        assert page.node("model").value == "demo"
        to = chat.spa.chat.choice.answerer()
        assert (to.provider_id, to.model) == (PROVIDER, "demo")
