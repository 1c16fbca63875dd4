// The portal in a real browser: each page and form as visitor, member and admin, with and without scripts.
//   node pages.mjs path/to/ccag FOLDER
import { readFile } from "node:fs/promises";
import assert from "node:assert/strict";
import {
  ADMIN, ADMIN_ONES, HOSTILE, MEMBER, ONES, VISITOR, begin, demo, launch, ones, send, signIn, signInMember, until, waiting,
} from "./portal.mjs";

const [, , ccag, folder] = process.argv;
const axe = await readFile(new URL("node_modules/axe-core/axe.min.js", `file://${folder}/`), "utf8");
const charts = await readFile(`${folder}/charts.html`, "utf8");
let passed = 0;
const failures = [];

const check = async (name, work) => {
  try {
    await work();
    passed += 1;
    console.log(`ok    ${name}`);
  } catch (error) {
    failures.push(name);
    console.log(`FAIL  ${name}\n      ${String(error.message).slice(0, 1500)}`);
  }
};

/** axe runs in the page's world past its policy, which forbids what is not from the host. */
const accessible = async (page) => {
  const client = await page.context().newCDPSession(page);
  const evaluate = (expression) => client.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
  await evaluate(axe);
  const run = await evaluate(`axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
    .then((result) => JSON.stringify(result.violations.filter((v) => ["serious", "critical"].includes(v.impact))
    .map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 120) + " " + n.failureSummary.slice(0, 160))])))`);
  assert.equal(run.result.value, "[]");
};

/** No page is wider than its screen. */
const fits = async (page) => {
  const [wide, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= screen, `${wide} > ${screen}`);
};

/** A request with the worst name, in the list as long as its gateway waits for Bedrock. */
const hostileNames = async () => {
  const quiet = await waiting(ccag, folder);
  const request = send(quiet, HOSTILE).then((answer) => answer.text()).catch(() => "");
  const other = send(quiet, "claude-sonnet-4-5").then((answer) => answer.text()).catch(() => "");
  for (const scripts of [true, false]) {
    const mode = scripts ? "with scripts" : "without scripts";
    const context = await browser.newContext();
    if (!scripts) await context.route("**/*.js", (route) => route.abort());
    const page = await context.newPage();
    await signIn(page, quiet);
    for (const width of [390, 1440]) {
      await check(`${mode}: a hostile name is shown as text, ${width} wide`, async () => {
        await page.setViewportSize({ width, height: 900 });
        await until("both requests run", async () => {
          await page.goto(`${quiet.url}/portal/live`);
          return page.getByText("2 running").count();
        });
        await page.getByText("<script>window.hostile=1").first().waitFor();
        assert.equal(await page.evaluate(() => window.hostile), undefined);
        assert.equal(await page.locator("main script, main img").count(), 0);
        await accessible(page);
        await fits(page);
      });
    }
    await check(`${mode}: the list is searched and sorted`, async () => {
      await page.getByLabel("Search").fill('<script>window.hostile=1</script>"');
      await page.getByLabel("Order").selectOption("tokens");
      await page.getByRole("button", { name: "Show" }).click();
      await page.getByText("1 found").waitFor();
      assert.equal(await page.getByLabel("Order").inputValue(), "tokens");
      await page.getByLabel("Search").fill("none has this");
      await page.getByRole("button", { name: "Show" }).click();
      await page.getByText("None of the running requests fits.").waitFor();
    });
    await context.close();
  }
  await quiet.stop();
  await Promise.all([request, other]);
};

const gateway = await demo(ccag, folder);
const browser = await launch();
try {
  const running = await begin(gateway);
  assert.equal(running.status, 200);

  for (const scripts of [true, false]) {
    const mode = scripts ? "with scripts" : "without scripts";
    const context = await browser.newContext({ javaScriptEnabled: true, colorScheme: scripts ? "light" : "dark" });
    if (!scripts) await context.route("**/*.js", (route) => route.abort());
    const page = await context.newPage();
    const faults = [];
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => {
      if (/Content Security Policy/i.test(message.text())) faults.push(message.text());
    });
    page.on("dialog", (dialog) => dialog.accept());

    await check(`${mode}: a visitor is led to the sign-in`, async () => {
      for (const path of [...MEMBER, ...ADMIN].filter((path) => path.startsWith("/portal/"))) {
        await page.goto(gateway.url + path);
        assert.equal(new URL(page.url()).pathname, "/portal/sign-in");
      }
    });
    await check(`${mode}: a wrong key is told beside the field`, async () => {
      await page.getByRole("textbox", { name: "Admin key" }).fill("x".repeat(40));
      await page.locator("main").getByRole("button", { name: "Sign in with the key" }).click();
      await page.getByRole("alert").getByText("not the admin key").waitFor();
      await accessible(page);
    });
    const look = async (who, paths) => {
      for (const width of [390, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        for (const path of paths) {
          await check(`${mode}: ${who}, ${width} wide, ${path}`, async () => {
            const response = await page.goto(gateway.url + path);
            assert.equal(response.status(), 200);
            await accessible(page);
            await fits(page);
          });
        }
      }
    };
    await look("visitor", VISITOR);
    await check(`${mode}: the member signs in`, () => signInMember(page, gateway));
    await look("member", [...MEMBER, ...await ones(page, gateway, ONES)]);
    await check(`${mode}: a member does not get the pages of admins`, async () => {
      for (const path of ADMIN.filter((path) => path.startsWith("/portal/") && !MEMBER.includes(path) && !/keys|sessions/.test(path))) {
        assert.equal((await page.goto(gateway.url + path)).status(), 403);
      }
    });
    await check(`${mode}: the pages are reached by the menu on a phone`, async () => {
      await page.setViewportSize({ width: 390, height: 900 });
      await page.goto(`${gateway.url}/portal/dashboard`);
      assert.equal(await page.getByRole("link", { name: "Sessions" }).isVisible(), false);
      await page.getByRole("button", { name: "Menu" }).click();
      await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Sessions" }).click();
      await page.waitForURL("**/portal/sessions");
    });
    await page.setViewportSize({ width: 1440, height: 900 });
    await check(`${mode}: a key is made, shown once and revoked`, async () => {
      await page.goto(`${gateway.url}/portal/keys/new`);
      await page.getByLabel("Name").fill("  ");
      await page.getByRole("button", { name: "Make the key" }).click();
      await page.getByRole("alert").getByText("Takes 1 to 100 characters").waitFor();
      await accessible(page);
      await page.getByLabel("Name").fill(`"><script>window.hostile=1</script>'& ${mode}`);
      await page.getByRole("button", { name: "Make the key" }).click();
      assert.match(await page.locator("#secret").textContent(), /^sk-ccag-[0-9a-f]{64}$/);
      await accessible(page);
      await page.getByRole("link", { name: "I have copied it" }).click();
      assert.equal(await page.getByText(/sk-ccag-[0-9a-f]{64}/).count(), 0);
      await page.getByRole("link", { name: `</script>'& ${mode}` }).click();
      assert.equal(await page.evaluate(() => window.hostile), undefined);
      await page.getByRole("button", { name: "Revoke the key" }).click();
      await page.getByRole("status").getByText("is revoked").waitFor();
      await accessible(page);
      await fits(page);
    });
    await check(`${mode}: a member gets one command that brings its own key`, async () => {
      await page.goto(`${gateway.url}/?platform=unix&scope=project&by=token`);
      await page.getByLabel("Name of the key").fill(`laptop ${mode}`);
      await page.getByRole("button", { name: "Get my command" }).click();
      assert.match(await page.locator("#command").textContent(), /--scope project --token st-ccag-[0-9a-f]{64}$/);
      await accessible(page);
      await fits(page);
    });
    await check(`${mode}: the member signs out`, async () => {
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("status").getByText("signed out").waitFor();
    });
    await check(`${mode}: the admin signs in`, () => signIn(page, gateway));
    await look("admin", [...ADMIN, ...await ones(page, gateway, [...ONES, ...ADMIN_ONES])]);
    await check(`${mode}: a budget is set with rules of its own, and its errors stand beside the fields`, async () => {
      await page.goto(`${gateway.url}/portal/budgets/new`);
      assert.equal(await page.getByLabel("At percent").first().isVisible(), !scripts);
      await page.getByLabel("For", { exact: true }).selectOption("user");
      await page.getByRole("textbox", { name: "Name" }).fill("Grace Lindqvist");
      await page.getByLabel("To be spent in (UTC)").selectOption(scripts ? "daily" : "weekly");
      await page.getByLabel("Amount in dollars").fill("100");
      await page.getByLabel("What happens").selectOption("own");
      await page.getByLabel("At percent").nth(0).fill("90");
      await page.getByLabel("Then").nth(0).selectOption("shape");
      await page.getByRole("button", { name: "Set the budget" }).click();
      await page.getByRole("alert").getByText("Takes a whole number from 1 on").waitFor();
      await accessible(page);
      await fits(page);
      await page.getByLabel("Per minute").nth(0).fill("4");
      await page.getByLabel("At percent").nth(1).fill("120");
      await page.getByLabel("Then").nth(1).selectOption("block");
      await page.getByRole("button", { name: "Set the budget" }).click();
      await page.getByRole("status").getByText("Created.").waitFor();
      await page.getByText("90 % slow down to 4 a minute, 120 % block").first().waitFor();
      await page.getByRole("button", { name: "Delete the budget" }).click();
      await page.getByRole("status").getByText("Deleted.").waitFor();
    });
    await check(`${mode}: a destination is drafted, its secret shown once, and its test told`, async () => {
      await page.goto(`${gateway.url}/portal/notifications/new`);
      await page.getByLabel("Name").fill(`"><script>window.hostile=1</script> ${mode}`);
      await page.getByLabel("Where it leads").fill("https://127.0.0.1:9/hook");
      await page.getByRole("button", { name: "Draft it" }).click();
      await page.getByRole("alert").getByText("at least one category").waitFor();
      await accessible(page);
      await page.getByLabel("Health").check();
      await page.getByRole("button", { name: "Draft it" }).click();
      assert.match(await page.locator("#secret").textContent(), /^whsec_/);
      await page.getByRole("link", { name: "I have copied it" }).click();
      await page.getByRole("button", { name: "Send a test" }).click();
      await page.getByText("The last test failed").waitFor();
      assert.equal(await page.getByText(/whsec_/).count(), 0);
      assert.equal(await page.evaluate(() => window.hostile), undefined);
      await accessible(page);
      await page.getByRole("button", { name: "Delete the destination" }).click();
      await page.getByRole("status").getByText("Deleted.").waitFor();
    });
    await check(`${mode}: a provider is added, tried, given a token and deleted`, async () => {
      const name = `"><script>window.hostile=1</script>'& ${mode}`;
      await page.goto(`${gateway.url}/portal/providers`);
      await page.getByText("New provider").first().click();
      await page.getByLabel("Name", { exact: true }).fill(name);
      await page.getByLabel("Issuer").fill("http://127.0.0.1:1/");
      await page.getByLabel("Client id").fill("two words");
      await page.getByRole("button", { name: "Add the provider" }).click();
      await page.getByRole("alert").getByText("without spaces").waitFor();
      await accessible(page);
      await fits(page);
      await page.getByLabel("Client id").fill(`client-${mode.replaceAll(" ", "-")}`);
      await page.getByLabel("Groups of admins").fill("Admins\nChiefs");
      await page.getByRole("button", { name: "Add the provider" }).click();
      await page.getByRole("status").getByText("Created").waitFor();
      await page.getByRole("button", { name: "Test this provider" }).click();
      await page.getByText("It does not do well").waitFor();
      await accessible(page);
      for (const width of [390, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        await fits(page);
      }
      await page.getByLabel("Name of the token").fill("sync");
      await page.getByRole("button", { name: "Make the token" }).click();
      assert.match(await page.locator("#secret").textContent(), /^scim-ccag-[0-9a-f]{64}$/);
      await accessible(page);
      await page.getByRole("link", { name: "I have copied it" }).click();
      assert.equal(await page.getByText(/scim-ccag-[0-9a-f]{64}/).count(), 0);
      await accessible(page);
      await page.getByRole("button", { name: "Delete the token sync" }).click();
      await page.getByText("There is no token yet").waitFor();
      await page.getByRole("button", { name: "Delete the provider" }).click();
      await page.getByRole("status").getByText("Deleted").waitFor();
      assert.equal(await page.evaluate(() => window.hostile), undefined);
    });
    await check(`${mode}: an endpoint is made, tried, drained, resumed and deleted`, async () => {
      const orderly = async () => {
        for (const width of [390, 1440]) {
          await page.setViewportSize({ width, height: 900 });
          await accessible(page);
          await fits(page);
        }
      };
      await page.goto(`${gateway.url}/portal/endpoints`);
      await page.getByText("New endpoint").first().click();
      await page.getByLabel("Name", { exact: true }).fill(`"><script>window.hostile=1</script>'& ${mode}`);
      await page.getByLabel("AWS region").fill("us-west-2");
      await page.getByLabel("Credential", { exact: true }).selectOption("api_key");
      await page.getByLabel("Bedrock API key", { exact: true }).fill("simulated");
      await page.getByLabel("Another address of bedrock-runtime").fill(gateway.bedrock);
      await page.getByLabel("Another address of the control plane").fill(gateway.bedrock);
      await page.getByRole("button", { name: "Make the endpoint" }).click();
      await page.getByRole("status").getByText("Created.").waitFor();
      const path = page.url().split("?")[0];
      await until("the instance knows it, and AWS was asked", async () => {
        await page.goto(path);
        return page.getByText("AWS was asked last").count();
      });
      await page.getByText("takes no Bedrock API keys").waitFor();
      await orderly();
      await page.getByRole("button", { name: "Try it" }).click();
      await page.getByRole("status").getByText("has answered").waitFor();
      await orderly();
      await page.getByLabel("Model that answers").selectOption("claude-3-7-sonnet-20250219");
      await page.getByRole("button", { name: "Try it" }).click();
      await page.getByRole("alert").getByText("reached the end of its life").waitFor();
      await orderly();
      await page.getByLabel("ARN of the profile").fill("us.anthropic.claude");
      await page.getByRole("button", { name: "Use it" }).click();
      await page.getByRole("alert").getByText("Takes the ARN of an inference profile").waitFor();
      await orderly();
      await page.goto(path);
      await page.getByText("profiles of Claude").click();
      await page.getByRole("button", { name: "Use simulated001 for Claude Sonnet 4.6" }).click();
      await page.getByRole("status").getByText("Saved.").waitFor();
      await page.getByRole("button", { name: "Take away the stand-in for Claude Sonnet 4.6" }).waitFor();
      await orderly();
      await page.getByRole("button", { name: "Drain the endpoint" }).click();
      await page.getByRole("status").getByText("takes no new requests").waitFor();
      await page.getByText("on all instances").waitFor();
      await orderly();
      await page.getByRole("button", { name: "Let it serve again" }).click();
      await page.getByRole("status").getByText("takes requests again").waitFor();
      await page.getByRole("button", { name: "Ask AWS now" }).click();
      await page.getByRole("status").getByText("Asked for").waitFor();
      assert.equal(await page.evaluate(() => window.hostile), undefined);
      await page.getByRole("button", { name: "Delete the endpoint" }).click();
      await page.getByRole("status").getByText("Deleted.").waitFor();
    });
    await check(`${mode}: a request is stopped, and its client told`, async () => {
      const victim = await begin(gateway);
      await page.goto(`${gateway.url}/portal/live?q=${victim.id}`);
      await page.getByRole("button", { name: `Stop request ${victim.id}` }).click();
      await page.getByRole("status").getByText("was stopped").waitFor();
      assert.match(await victim.text, /An administrator stopped this request/);
    });
    if (scripts) {
      await check("live values come by themselves", async () => {
        await page.goto(`${gateway.url}/portal/live`);
        const fresh = await begin(gateway);
        await page.getByText(fresh.id).first().waitFor({ timeout: 10_000 });
      });
      await check("a command is copied", async () => {
        await context.grantPermissions(["clipboard-read", "clipboard-write"]);
        await page.goto(gateway.url);
        await page.getByRole("button", { name: "Copy" }).first().click();
        await page.getByText("Copied").waitFor();
        assert.match(await page.evaluate(() => navigator.clipboard.readText()), new RegExp(`curl -fsSL '${gateway.url}/setup'`));
      });
      await check("times stand in the viewer's zone", async () => {
        await page.goto(`${gateway.url}/portal/live`);
        assert.doesNotMatch(await page.locator("time").first().textContent(), /UTC/);
      });
    }
    await check(`${mode}: the admin signs out`, async () => {
      await page.goto(gateway.url);
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("status").getByText("signed out").waitFor();
      await page.goto(`${gateway.url}/portal/live`);
      assert.equal(new URL(page.url()).pathname, "/portal/sign-in");
    });
    await check(`${mode}: no page broke its policy or a script`, async () => assert.deepEqual(faults, []));
    await context.close();
  }
  await hostileNames();

  for (const colorScheme of ["light", "dark"]) {
    await check(`charts: ${colorScheme}`, async () => {
      const page = await browser.newPage({ colorScheme });
      await page.route("**/charts", (route) => route.fulfill({ contentType: "text/html", body: charts }));
      for (const width of [390, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        await page.goto(`${gateway.url}/charts`);
        await accessible(page);
        await fits(page);
      }
      assert.equal(await page.locator("main script").count(), 0);
      await page.close();
    });
  }
} finally {
  await browser.close();
  await gateway.stop();
}
console.log(`${passed} passed, ${failures.length} failed, ${Math.round(process.uptime())} s`);
process.exitCode = failures.length === 0 ? 0 : 1;
