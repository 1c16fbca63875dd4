// What the pages' test and the screenshots share: a running demo, and browsers that look at it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { chromium } from "playwright-core";

/** The pages of everybody, of members and of admins. */
export const VISITOR = ["/", "/portal/sign-in", "/?by=key&platform=windows"];
export const MEMBER = ["/", "/?by=token&scope=project", "/portal/dashboard", "/portal/dashboard?range=24h", "/portal/keys", "/portal/keys/new", "/portal/sessions", "/portal/password"];
export const ADMIN = [
  "/", "/portal/keys?of=all", "/portal/keys/new", "/portal/sessions", "/portal/overview", "/portal/live", "/portal/status",
  "/portal/analytics", "/portal/analytics/activity", "/portal/analytics/models", "/portal/analytics/tools?range=90d",
  "/portal/teams", "/portal/members", "/portal/providers", "/portal/endpoints", "/portal/models", "/portal/pricing", "/portal/audit?verify=true", "/portal/settings",
  "/portal/budgets", "/portal/budgets/new", "/portal/notifications", "/portal/notifications/new", "/portal/notifications/log", "/?platform=windows&scope=project",
];
/** Pages of one thing: the list, and what the address of each begins with. */
export const ONES = [["/portal/keys?of=all", "/portal/keys/", "new"], ["/portal/sessions?sort=dearest", "/portal/sessions/one?", null]];
export const ADMIN_ONES = [["/portal/teams?sort=name", "/portal/teams/", null], ["/portal/members?sort=name", "/portal/members/", null], ["/portal/providers", "/portal/providers/", null], ["/portal/endpoints", "/portal/endpoints/", null], ["/portal/budgets?sort=name&target=user", "/portal/budgets/", "new"], ["/portal/notifications", "/portal/notifications/", "new"]];

/** What a model may be called at worst: ARNs are passed on as they are. */
export const HOSTILE =
  `arn:aws:bedrock:us-east-1:1:application-inference-profile/<script>window.hostile=1</script>"'&<img/src=x/onerror=window.hostile=1>${"x".repeat(200)}`;

/** Polls until `probe` gives something. */
export const until = async (what, probe, patience = 30_000) => {
  const end = Date.now() + patience;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`in vain: ${what}`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
};

/** Starts a gateway and waits until `known` finds in what it says how to reach it. */
const start = async (ccag, command, settings, known) => {
  const environment = { ...process.env, PROXY_PORT: "0", ...settings };
  delete environment.DATABASE_URL;
  const child = spawn(ccag, [command], { env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  let ended = false;
  child.stdout.on("data", (piece) => { said += piece; });
  child.stderr.on("data", (piece) => { said += piece; });
  child.on("exit", () => { ended = true; });
  const find = (pattern) => said.match(pattern)?.[1];
  const reached = await until(`ccag ${command} starts`, () => ended || known(find), 120_000);
  if (ended) throw new Error(`ccag ${command} ended:\n${said}`);
  const stop = async () => {
    if (ended) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  };
  return { ...reached, stop };
};

/** Starts `ccag demo` in a folder of its own. */
export const demo = (ccag, folder) => start(ccag, "demo", { CCAG_DATA_DIR: `${folder}/data` }, (find) => {
  const key = find(/ANTHROPIC_AUTH_TOKEN=(\S+)/);
  return key && find(/(The demo data is there)/) && {
    url: find(/ANTHROPIC_BASE_URL=(\S+)/), bedrock: find(/Simulated Bedrock: +(\S+)/), admin: find(/Admin key: +(\S+)/), key,
    member: [find(/A member: +(.+) with the password/), find(/with the password (\S+)/)],
  };
});

/** Starts a gateway whose Bedrock takes every model and never answers. */
export const waiting = async (ccag, folder) => {
  const upstream = createServer(() => {}).listen(0, "127.0.0.1");
  await once(upstream, "listening");
  const bedrock = `http://127.0.0.1:${upstream.address().port}`;
  const [key, admin] = [`sk-ccag-${"k".repeat(40)}`, "a".repeat(40)];
  const settings = {
    CCAG_DATA_DIR: `${folder}/waiting`, PROXY_HOST: "127.0.0.1", LOG_FORMAT: "json", RUST_LOG: "info", DRAIN_TIMEOUT_MS: "100",
    BOOTSTRAP_API_KEY: key, ADMIN_API_KEY: admin, AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "AKIAPORTAL0000000001",
    AWS_SECRET_ACCESS_KEY: "portalSecret", AWS_EC2_METADATA_DISABLED: "true", ENDPOINT_PROBE_INTERVAL: "0",
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: bedrock, AWS_ENDPOINT_URL_BEDROCK: bedrock,
  };
  const gateway = await start(ccag, "serve", settings, (find) => {
    const address = find(/"address":"([^"]+)"/);
    return address && { url: `http://${address}`, key, admin };
  });
  const stop = async () => {
    await gateway.stop();
    upstream.closeAllConnections();
    upstream.close();
  };
  return { ...gateway, stop };
};

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});

/** Sends a request for a long stream. */
export const send = (gateway, model) => fetch(`${gateway.url}/v1/messages`, {
  method: "POST",
  headers: { "x-api-key": gateway.key, "content-type": "application/json" },
  body: JSON.stringify({
    model, max_tokens: 64000, stream: true, messages: [{ role: "user", content: "Count slowly to 2000" }],
  }),
});

/** Begins a long stream; `text` resolves once it has ended. */
export const begin = async (gateway, model = "claude-sonnet-4-5") => {
  const response = await send(gateway, model);
  return { id: response.headers.get("request-id"), status: response.status, text: response.text() };
};

/** Signs in as the demo's member. */
export const signInMember = async (page, gateway) => {
  const [name, password] = gateway.member;
  await page.goto(`${gateway.url}/portal/sign-in`);
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.locator("main").getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL("**/portal/dashboard");
};

/** The addresses of one thing of each list, as far as the visitor sees any. */
export const ones = async (page, gateway, lists) => {
  const found = [];
  for (const [list, prefix, except] of lists) {
    await page.goto(gateway.url + list);
    const links = await page.locator(`main td a, main th a`).evaluateAll((all) => all.map((a) => a.getAttribute("href")));
    const link = links.find((href) => href?.startsWith(prefix) && !(except && href.endsWith(except)));
    if (link) found.push(link);
  }
  return found;
};

export const signIn = async (page, gateway) => {
  await page.goto(`${gateway.url}/portal/sign-in`);
  await page.getByRole("textbox", { name: "Admin key" }).fill(gateway.admin);
  await page.locator("main").getByRole("button", { name: "Sign in with the key" }).click();
  await page.waitForURL("**/portal/overview");
};
