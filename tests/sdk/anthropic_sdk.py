"""The official Python SDK against a gateway: messages, streams, tools, counting, models, error classes.

    anthropic_sdk.py BASE_URL API_KEY
"""

import sys

import anthropic

MODEL = "claude-sonnet-4-5"
TOOL = {
    "name": "get_weather",
    "description": "Tells the weather.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}
base_url, key = sys.argv[1:3]
client = anthropic.Anthropic(base_url=base_url, api_key=key, max_retries=0)
asked = {"model": MODEL, "max_tokens": 256, "messages": [{"role": "user", "content": "Good day"}]}
passed = failed = 0


def check(name, holds, told=""):
    global passed, failed
    if holds:
        passed += 1
        print("ok   ", name)
    else:
        failed += 1
        print("FAIL ", name, str(told)[:500])


def raises(name, kind, call):
    try:
        told = call()
    except anthropic.APIStatusError as error:
        has_id = bool(error.request_id)
        check(name, type(error) is kind and has_id, f"{type(error)} {error} {error.request_id}")
    else:
        check(name, False, told)


message = client.messages.create(**asked)
check("a message", message.content[0].type == "text" and message.model == MODEL, message)
check("its usage", message.usage.output_tokens > 0 and message.stop_reason == "end_turn", message)

with client.messages.stream(**asked) as stream:
    text = "".join(stream.text_stream)
    final = stream.get_final_message()
check("a stream", text and text == final.content[0].text and final.model == MODEL, final)

events = [event.type for event in client.messages.create(**asked, stream=True)]
check("its events", events[0] == "message_start" and events[-1] == "message_stop", events)

forced = {"type": "tool", "name": "get_weather"}
tooled = client.messages.create(**asked, tools=[TOOL], tool_choice=forced)
calls = [block for block in tooled.content if block.type == "tool_use"]
check("a call of a tool", len(calls) == 1 and tooled.stop_reason == "tool_use", tooled)
if calls:
    answered = asked["messages"] + [
        {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in tooled.content]},
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": calls[0].id, "content": "rain"}],
        },
    ]
    after = client.messages.create(**{**asked, "messages": answered}, tools=[TOOL])
    check("its result goes back", bool(after.content), after)

thought = client.messages.create(
    **{**asked, "max_tokens": 4096}, thinking={"type": "enabled", "budget_tokens": 1024}
)
check("thinking", bool(thought.content), thought)

count = client.messages.count_tokens(model=MODEL, messages=asked["messages"])
check("tokens are counted", count.input_tokens > 0, count)

models = list(client.models.list(limit=3))
check("models in pages", len(models) > 5 and all("claude" in model.id for model in models), models)
check("one model", client.models.retrieve(MODEL).display_name.startswith("Claude"))

raises(
    "an unknown key",
    anthropic.AuthenticationError,
    lambda: client.with_options(api_key="sk-ccag-" + "0" * 40).messages.create(**asked),
)
raises(
    "an unknown model",
    anthropic.NotFoundError,
    lambda: client.messages.create(**{**asked, "model": "claude-9"}),
)
raises(
    "a request without messages",
    anthropic.BadRequestError,
    lambda: client.messages.create(**{**asked, "messages": []}),
)
raises("a route that is not there", anthropic.NotFoundError, lambda: client.messages.batches.list())
print(f"anthropic {anthropic.__version__}: {passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
