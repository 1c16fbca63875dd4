// Takes a picture of each page, in light and dark, on a phone and on a wide screen.
//   node screenshots.mjs path/to/ccag FOLDER PICTURES [PART OF THE PAGES' NAMES]
import { mkdir, readFile } from "node:fs/promises";
import { ADMIN, ADMIN_ONES, MEMBER, ONES, VISITOR, begin, demo, launch, ones, signIn, signInMember, until } from "./portal.mjs";

const [, , ccag, folder, pictures, wanted = ""] = process.argv;
const charts = await readFile(`${folder}/charts.html`, "utf8");
await mkdir(pictures, { recursive: true });
const gateway = await demo(ccag, folder);
const browser = await launch();
const named = (path) => path.replace(/^\/(portal\/)?/, "").replace(/[0-9a-f-]{36}.*/, "one").replace(/\?.*/, "").replaceAll("/", "-") || "connect";
try {
  for (const model of ["claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-6"]) {
    for (let count = 0; count < 3; count += 1) {
      const body = { model, max_tokens: 200, messages: [{ role: "user", content: "Good day" }] };
      const headers = { "x-api-key": gateway.key, "content-type": "application/json" };
      await fetch(`${gateway.url}/v1/messages`, { method: "POST", headers, body: JSON.stringify(body) }).then((r) => r.text());
    }
    await begin(gateway, model);
  }
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, width] of [["phone", 390], ["wide", 1440]]) {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
      const page = await context.newPage();
      const shoot = async (path, name) => {
        if (!name.includes(wanted)) return;
        await page.goto(gateway.url + path);
        await page.screenshot({ path: `${pictures}/${name}-${colorScheme}-${size}.png`, fullPage: true });
      };
      await page.route("**/charts", (route) => route.fulfill({ contentType: "text/html", body: charts }));
      await shoot("/charts", "charts");
      for (const path of VISITOR) await shoot(path, `visitor-${named(path)}`);
      await signInMember(page, gateway);
      for (const path of [...MEMBER, ...await ones(page, gateway, ONES)]) await shoot(path, `member-${named(path)}`);
      await context.clearCookies();
      await signIn(page, gateway);
      await until("the figures are there", async () => {
        await page.goto(`${gateway.url}/portal/overview`);
        return page.locator(".charts").count();
      });
      for (const path of [...ADMIN, ...await ones(page, gateway, [...ONES, ...ADMIN_ONES])]) await shoot(path, `admin-${named(path)}`);
      await context.close();
    }
  }
} finally {
  await browser.close();
  await gateway.stop();
}
