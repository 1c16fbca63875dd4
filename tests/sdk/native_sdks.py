"""boto3 and the Python SDK's Bedrock client against a gateway's native routes.

    native_sdks.py BASE_URL API_KEY
"""

import json
import sys

import anthropic
import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

base_url, key = sys.argv[1:3]
PROFILE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
asked = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 256,
    "messages": [{"role": "user", "content": "Good day"}],
}
passed = failed = 0


def check(name, holds, told=""):
    global passed, failed
    if holds:
        passed += 1
        print("ok   ", name)
    else:
        failed += 1
        print("FAIL ", name, str(told)[:500])


# boto3 sends bearer tokens over HTTPS only; over loopback the key goes as `x-api-key`.
once = Config(retries={"total_max_attempts": 1}, signature_version=UNSIGNED)


def service(name):
    made = boto3.client(name, region_name="us-east-1", endpoint_url=base_url, config=once)
    made.meta.events.register("before-send.*.*", lambda request, **_: request.headers.update({"x-api-key": key}))
    return made


runtime = service("bedrock-runtime")
answer = json.loads(runtime.invoke_model(modelId=PROFILE, body=json.dumps(asked))["body"].read())
check("boto3: InvokeModel", answer["content"][0]["type"] == "text", answer)

stream = runtime.invoke_model_with_response_stream(modelId=PROFILE, body=json.dumps(asked))["body"]
events = [json.loads(event["chunk"]["bytes"])["type"] for event in stream]
check("boto3: a stream", events[0] == "message_start" and events[-1] == "message_stop", events)

body = json.dumps(asked).encode()
count = runtime.count_tokens(modelId=PROFILE, input={"invokeModel": {"body": body}})
check("boto3: CountTokens", count["inputTokens"] > 0, count)

for name, model, wanted in [
    ("an unknown model", "anthropic.claude-9", "ResourceNotFoundException"),
    ("a wrong body", PROFILE, "ValidationException"),
]:
    try:
        runtime.invoke_model(modelId=model, body=json.dumps(asked) if "9" in model[-2:] else "{}")
        check(f"boto3: {name}", False)
    except ClientError as error:
        check(f"boto3: {name}", error.response["Error"]["Code"] == wanted, error.response)

control = service("bedrock")
pages = control.get_paginator("list_inference_profiles").paginate(PaginationConfig={"PageSize": 5})
profiles = [profile for page in pages for profile in page["inferenceProfileSummaries"]]
check("boto3: profiles in pages", len(profiles) > 10, len(profiles))
one = control.get_inference_profile(inferenceProfileIdentifier=PROFILE)
check("boto3: one profile", one["status"] == "ACTIVE", one)

client = anthropic.AnthropicBedrock(
    base_url=base_url, api_key=key, aws_region="us-east-1", max_retries=0
)
request = {"model": PROFILE, "max_tokens": 256, "messages": asked["messages"]}
message = client.messages.create(**request)
check("AnthropicBedrock: a message", message.content[0].type == "text", message)
with client.messages.stream(**request) as stream:
    text = "".join(stream.text_stream)
    final = stream.get_final_message()
check("AnthropicBedrock: a stream", text and final.stop_reason == "end_turn", final)
print(f"boto3 {boto3.__version__}, AnthropicBedrock: {passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
