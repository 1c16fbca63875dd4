// The official SDKs for JavaScript against a gateway: `sdks.mjs BASE_URL API_KEY`.
import Anthropic from "@anthropic-ai/sdk";
import AnthropicBedrock from "@anthropic-ai/bedrock-sdk";

const [baseURL, apiKey] = process.argv.slice(2);
const model = "claude-sonnet-4-5";
const asked = { model, max_tokens: 256, messages: [{ role: "user", content: "Good day" }] };
let passed = 0;
let failed = 0;

function check(name, holds, told = "") {
  if (holds) passed += 1;
  else failed += 1;
  const text = holds ? "" : JSON.stringify(told, null, 0)?.slice(0, 500);
  console.log(holds ? "ok   " : "FAIL ", name, text);
}

async function rejects(name, kind, call) {
  try {
    check(name, false, await call());
  } catch (error) {
    check(name, error instanceof kind, { name: error.constructor.name, message: error.message });
  }
}

const client = new Anthropic({ baseURL, apiKey, maxRetries: 0 });
const message = await client.messages.create(asked);
check("a message", message.content[0].type === "text" && message.model === model, message);
const stream = client.messages.stream(asked);
let text = "";
stream.on("text", (part) => (text += part));
const final = await stream.finalMessage();
check("a stream", text !== "" && text === final.content[0].text, final);
const tool = { name: "get_weather", input_schema: { type: "object", properties: {} } };
const tooled = await client.messages.create({
  ...asked,
  tools: [tool],
  tool_choice: { type: "any" },
});
check("a call of a tool", tooled.stop_reason === "tool_use", tooled);
const count = await client.messages.countTokens({ model, messages: asked.messages });
check("tokens are counted", count.input_tokens > 0, count);
let models = 0;
for await (const one of client.models.list({ limit: 4 })) models += one.id.includes("claude");
check("models in pages", models > 5, models);
const other = new Anthropic({ baseURL, apiKey: `sk-ccag-${"0".repeat(40)}`, maxRetries: 0 });
await rejects("an unknown key", Anthropic.AuthenticationError, () => other.messages.create(asked));
await rejects("an unknown model", Anthropic.NotFoundError, () =>
  client.messages.create({ ...asked, model: "claude-9" }),
);
await rejects("a wrong request", Anthropic.BadRequestError, () =>
  client.messages.create({ ...asked, messages: [] }),
);

const bedrock = new AnthropicBedrock({ baseURL, apiKey, awsRegion: "us-east-1", maxRetries: 0 });
const profile = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const native = await bedrock.messages.create({ ...asked, model: profile });
check("Bedrock: a message", native.content[0].type === "text", native);
const events = [];
for await (const event of await bedrock.messages.create({ ...asked, model: profile, stream: true })) {
  events.push(event.type);
}
check("Bedrock: a stream", events[0] === "message_start" && events.at(-1) === "message_stop", events);
console.log(`SDKs for JavaScript: ${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
