"""What the bodies of known APIs may say: the rules as data, each refusal with its reason. No I/O.

A credit buys one answer of bounded length from an allowed model. Refused is what buys more than
that, what reads or writes what the owner's account stores, and what calls another model. Members
that are not named here pass: an API gains harmless ones all the time.

Sources: OpenAI's reference of chat completions, responses and embeddings; Anthropic's of messages
with its betas; what vLLM, llama.cpp, OpenRouter, LiteLLM and xAI document on top of OpenAI's.
"""

import re
from dataclasses import dataclass

# What a refusal is about: `details.rule` of the answer.
BACKGROUND = "background"  # the answer would come outside of the call
SERVICE_TIER = "service_tier"  # another price for the same answer
SERVER_TOOL = "server_tool"  # the provider runs and bills something beside the model
STORED = "stored"  # reads what the account stores, be it another user's
OTHER_MODEL = "other_model"  # a model that nobody allowed
MORE_OUTPUT = "more_output"  # output that the limit of tokens does not bound
OUTPUT_TOKENS = "output_tokens"  # the limit of tokens itself
FORM = "form"  # it has not the form that a rule can judge


@dataclass(frozen=True, slots=True)
class Refused:
    """A member that is refused; null, false and an empty list say nothing, and pass.

    Attributes:
        field: Its name, or `outer.inner` for a member of a member.
        rule: One of the names above.
        reason: Completes "This provider takes no …:".
        unless: Values that pass all the same.
    """

    field: str
    rule: str
    reason: str
    unless: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class BodyRules:
    """The rules for the body of one path.

    Attributes:
        output_tokens: Members that bound the output; all are clamped where they stand, and the
            first is set where none stands. Empty where the API has none.
        always_sets_first: The first is set also where only another one stands, which some servers
            do not know.
        ones: Members that multiply the answer; forced to 1 where they stand (1 is the default).
        stores: The API has `store`, which is forced to false where it stands.
        stores_by_default: It is set also where it does not stand.
        refused: Members that are refused.
        tools: The types of tools that the page runs itself; others are refused. None where the
            API has no tools.
        tool_type: What a tool without a type is, or "" where it must have one.
        content: Members in which content stands: searched at any depth for what follows.
        stored: Members of content that point to what the account stores.
        bare_items: Items of content without role and type point there, too.
        thinking: `thinking.budget_tokens` must stay below the output tokens.
    """

    output_tokens: tuple[str, ...] = ()
    always_sets_first: bool = False
    ones: tuple[str, ...] = ()
    stores: bool = False
    stores_by_default: bool = False
    refused: tuple[Refused, ...] = ()
    tools: re.Pattern[str] | None = None
    tool_type: str = ""
    content: tuple[str, ...] = ()
    stored: tuple[str, ...] = ()
    bare_items: bool = False
    thinking: bool = False


# Whatever it says: "auto" may be the priority tier of the owner's project, and without the member
# the same tier is chosen as with it.
_SERVICE_TIER = Refused("service_tier", SERVICE_TIER, "a tier has its own price")
_WEB_SEARCH = Refused("web_search_options", SERVER_TOOL, "each search is billed")
_TEXT_ONLY = (
    Refused("modalities", MORE_OUTPUT, "output other than text costs more", (["text"],)),
    Refused("audio", MORE_OUTPUT, "output other than text costs more"),
)
# The provider summarises the conversation with a run of the model of its own.
_CONTEXT_MANAGEMENT = Refused(
    "context_management", MORE_OUTPUT, "a summary is output that no limit bounds"
)
_CLIENT_TOOLS = re.compile("function|custom")
_FILES = ("file_id", "file_ids", "container_id")

OPENAI_CHAT = BodyRules(
    output_tokens=("max_completion_tokens", "max_tokens"),
    ones=("n",),
    stores=True,
    stores_by_default=True,  # newer accounts store chat completions unless told not to
    refused=(
        _SERVICE_TIER,
        _WEB_SEARCH,
        *_TEXT_ONLY,
        Refused("background", BACKGROUND, "the answer must come in the call"),
        # Of predicted text, what the answer does not contain is billed as output on top.
        Refused("prediction", MORE_OUTPUT, "rejected tokens are billed beyond the limit"),
    ),
    tools=_CLIENT_TOOLS,
    content=("messages",),
    stored=(*_FILES, "audio"),  # an assistant's `audio` names an earlier answer
)

OPENAI_RESPONSES = BodyRules(
    output_tokens=("max_output_tokens",),
    stores=True,
    stores_by_default=True,
    refused=(
        _SERVICE_TIER,
        _CONTEXT_MANAGEMENT,
        *_TEXT_ONLY,
        Refused("background", BACKGROUND, "the answer must come in the call"),
        Refused("previous_response_id", STORED, "it continues what the account stores"),
        Refused("conversation", STORED, "it continues what the account stores"),
        Refused("prompt", STORED, "it uses a template that the account stores"),
        # "pro" works several times as long on one answer.
        Refused("reasoning.mode", MORE_OUTPUT, "a mode multiplies the price", ("standard",)),
    ),
    tools=_CLIENT_TOOLS,
    content=("input", "instructions"),
    stored=_FILES,
    bare_items=True,  # `item_reference`, whose type may be left out
)

OPENAI_EMBEDDINGS = BodyRules(
    # A list of inputs costs as much as its texts; `max_body_bytes` bounds them together.
    refused=(_SERVICE_TIER,),
)

OPENAI_COMPATIBLE = BodyRules(
    # Every such server knows `max_tokens`; not all know OpenAI's newer name. llama.cpp prefers
    # its own `n_predict` to both.
    output_tokens=("max_tokens", "max_completion_tokens", "n_predict", "max_new_tokens"),
    always_sets_first=True,
    ones=("n", "best_of", "n_cmpl", "num_choices", "num_return_sequences"),
    stores=True,  # not set where it is missing: some servers refuse what they do not know
    refused=(
        _SERVICE_TIER,
        _WEB_SEARCH,
        _CONTEXT_MANAGEMENT,
        *_TEXT_ONLY,
        Refused("background", BACKGROUND, "the answer must come in the call"),
        Refused("prediction", MORE_OUTPUT, "rejected tokens are billed beyond the limit"),
        Refused("reasoning.mode", MORE_OUTPUT, "a mode multiplies the price", ("standard",)),
        # OpenRouter and LiteLLM, which pass a call on.
        Refused("models", OTHER_MODEL, "they may answer in place of the allowed one"),
        Refused("fallbacks", OTHER_MODEL, "they may answer in place of the allowed one"),
        Refused("route", OTHER_MODEL, "it chooses who answers, and the price"),
        Refused("provider", OTHER_MODEL, "it chooses who answers, and the price"),
        Refused("api_base", OTHER_MODEL, "it chooses who answers, and who gets the key"),
        Refused("base_url", OTHER_MODEL, "it chooses who answers, and who gets the key"),
        Refused("extra_body", FORM, "it hides members from these rules"),
        Refused("plugins", SERVER_TOOL, "each use is billed"),
        Refused("mcp_servers", SERVER_TOOL, "it runs tools for the model"),
        # xAI and Qwen search the web inside of an answer.
        Refused("search_parameters", SERVER_TOOL, "each search is billed"),
        Refused("enable_search", SERVER_TOOL, "each search is billed"),
        # vLLM: has the server fetch from a host that the body names.
        Refused("kv_transfer_params", SERVER_TOOL, "it makes the server connect elsewhere"),
    ),
    tools=_CLIENT_TOOLS,
    content=("messages",),
    stored=(*_FILES, "audio"),
)

ANTHROPIC_MESSAGES = BodyRules(
    output_tokens=("max_tokens",),
    refused=(
        _SERVICE_TIER,
        _CONTEXT_MANAGEMENT,
        Refused("compaction", MORE_OUTPUT, "a summary is output that no limit bounds"),
        Refused("speed", SERVICE_TIER, "a speed has its own price", ("standard",)),
        Refused("inference_geo", SERVICE_TIER, "a region has its own price"),
        Refused("mcp_servers", SERVER_TOOL, "it runs tools for the model"),
        Refused("container", SERVER_TOOL, "a container is billed, and keeps files"),
        Refused("fallbacks", OTHER_MODEL, "they may answer in place of the allowed one"),
        Refused("fallback_credit_token", OTHER_MODEL, "it belongs to another model's refusal"),
        Refused("thread", STORED, "it continues what the account stores"),
        Refused("user_profile_id", STORED, "it chooses on whose behalf the account calls"),
        Refused("workspace_id", STORED, "it chooses which part of the account pays"),
    ),
    # Of the tools with a date, those that the page runs itself.
    tools=re.compile("custom|(bash|computer|memory|text_editor)_[0-9]{8}"),
    tool_type="custom",
    content=("messages", "system"),
    stored=_FILES,
    thinking=True,
)
