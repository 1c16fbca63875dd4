"""Looks through what the collector has taken: `received.py FILE BY CODING`. Ends well once spans and metrics tell of
the requests that were made.
"""

import json
import sys

path, by, coding = sys.argv[1:]
lines = [json.loads(line) for line in open(path, encoding="utf-8")]
lines = [line for line in lines if line["by"] == by]


def attributes(of):
    return {pair["key"]: next(iter(pair["value"].values()), None) for pair in of.get("attributes", [])}


def check(what, holds):
    if not holds:
        sys.exit(f"{by}: {what}")


spans, metrics = [], {}
for line in lines:
    check("the header of OTEL_EXPORTER_OTLP_HEADERS came", line["headers"].get("tenant") == "stories a")
    if by == "http":  # grpcio undoes the coding without a word
        sent = line["headers"].get("content-encoding", "none")
        check(f"the coding is {coding}, not {sent}", sent == coding)
    for resource in line["message"].get("resourceSpans", []) + line["message"].get("resourceMetrics", []):
        of = attributes(resource["resource"])
        check(f"the resource is named: {of}", of["service.name"] == "gate" and of["deployment.environment.name"] == "test")
        for scope in resource.get("scopeSpans", []):
            spans += scope["spans"]
        for scope in resource.get("scopeMetrics", []):
            # Each export tells all that was counted so far.
            metrics = {metric["name"]: metric for metric in scope["metrics"]}

servers = [span for span in spans if span["kind"] == "SPAN_KIND_SERVER"]
calls = [span for span in spans if span["kind"] == "SPAN_KIND_CLIENT"]
check(f"two requests left spans, not {len(servers)}", len(servers) == 2 and len(calls) == 2)
for server in servers:
    call = next(call for call in calls if call["parentSpanId"] == server["spanId"])
    check("both are of one trace", call["traceId"] == server["traceId"])
    of, ai = attributes(server), attributes(call)
    check(f"the server's span tells of HTTP: {of}", of["http.route"] == "/v1/messages" and of["http.response.status_code"] == "200")
    check(f"the call's span tells of AI: {ai}", ai["gen_ai.operation.name"] == "chat" and ai["gen_ai.provider.name"] == "aws.bedrock")
    check(f"tokens are told: {ai}", int(ai["gen_ai.usage.input_tokens"]) > 0 and int(ai["gen_ai.usage.output_tokens"]) > 0)
    check(f"the reason is told: {ai}", "gen_ai.response.finish_reasons" in ai)

requests = metrics["ccag_requests_total"]["sum"]
check("counters are cumulative", requests["aggregationTemporality"] == "AGGREGATION_TEMPORALITY_CUMULATIVE" and requests["isMonotonic"])
check("two requests were counted", sum(point["asDouble"] for point in requests["dataPoints"]) == 2)
duration = metrics["ccag_request_duration_seconds"]["histogram"]["dataPoints"][0]
check("a bucket more than bounds", len(duration["bucketCounts"]) == len(duration["explicitBounds"]) + 1)
check("the unit is told", metrics["ccag_request_duration_seconds"]["unit"] == "s")
print(f"{by}: {len(spans)} spans, {len(metrics)} metrics")
