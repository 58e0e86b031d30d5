// Debian's Chromium without a window, and what its page asked a server for.
import { chromium } from "playwright-core";

export async function openBrowser(executable) {
  return chromium.launch({
    executablePath: executable,
    // Tests run as root in containers with little shared memory; nothing but this machine's own
    // pages is opened. WebGL comes from the processor.
    args: [
      "--no-sandbox",
      "--disable-dev-shm-usage",
      "--use-angle=swiftshader",
      "--enable-unsafe-swiftshader",
    ],
  });
}

// A page that lets nothing out but to `origins`, and remembers requests to the first of them that
// failed or were answered with an error.
export async function openPage(browser, origins, size = { width: 1280, height: 800 }) {
  const page = await browser.newPage({ viewport: size });
  const log = { asked: [], failed: [], errors: [], refused: [] };
  await page.route(
    (url) => url.protocol.startsWith("http") && !origins.includes(url.origin),
    (route) => {
      log.refused.push(route.request().url());
      return route.abort();
    },
  );
  page.on("response", (answer) => {
    if (!answer.url().startsWith(origins[0])) return;
    const type = answer.headers()["content-type"] ?? "";
    log.asked.push(`${answer.status()} ${answer.url().slice(origins[0].length)} ${type}`);
    if (answer.status() >= 400) log.failed.push(`${answer.status()} ${answer.url()}`);
  });
  page.on("requestfailed", (request) => {
    // What a page no longer wants it cancels itself.
    const why = request.failure()?.errorText;
    if (request.url().startsWith(origins[0]) && why !== "net::ERR_ABORTED") {
      log.failed.push(`${why} ${request.url()}`);
    }
  });
  page.on("pageerror", (error) => log.errors.push(String(error)));
  return { page, log };
}
