// Drives OHIF in a browser over the studies of viewer_test.py, and says what was drawn. In: a JSON
// object on stdin. Out: JSON.
import { join } from "node:path";
import { openBrowser, openPage } from "./browser.mjs";
import { readInput } from "./input.mjs";

const PATIENCE_MS = 180_000; // a machine may be busy with other tests

// The image in the viewport: how many grey levels, how much of it is not background, and a digest.
function look() {
  const canvas = document.querySelector("canvas.cornerstone-canvas");
  if (!canvas || canvas.width === 0) return null;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const levels = new Set();
  let drawn = 0;
  let digest = 0;
  for (let i = 0; i < data.length; i += 4) {
    levels.add(data[i]);
    if (data[i] > 8) drawn += 1;
    digest = (Math.imul(digest, 31) + data[i]) | 0;
  }
  return { levels: levels.size, percent: (400 * drawn) / data.length, digest };
}

async function until(page, holds) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const seen = await page.evaluate(look);
    if (seen && holds(seen)) return seen;
    if (Date.now() > end) return seen ?? { levels: 0, percent: 0, digest: 0 };
    await page.waitForTimeout(100);
  }
}

// The viewer shows newcomers around, once, in front of everything else.
async function endTour(page) {
  const skip = page.getByText("Skip all");
  await skip.waitFor();
  await skip.click();
  await skip.waitFor({ state: "detached" });
}

async function openStudy(page, input, study, picture, steps, firstTime = false) {
  await page.goto(`${input.viewer}/viewer?StudyInstanceUIDs=${study}`);
  if (firstTime) await endTour(page);
  const first = await until(page, (seen) => seen.levels > 20 && seen.percent > 10);
  const images = new Set([first.digest]);
  let last = first;
  const canvas = page.locator("canvas.cornerstone-canvas").first();
  const box = await canvas.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  for (let i = 0; i < steps; i += 1) {
    await page.mouse.wheel(0, 100);
    const before = last.digest;
    last = await until(page, (seen) => seen.digest !== before && seen.levels > 20);
    images.add(last.digest);
  }
  await page.mouse.move(5, 5);
  await keep(page, input, picture);
  return { grey_levels: last.levels, drawn_percent: last.percent, different_images: images.size };
}

async function keep(page, input, name) {
  if (!input.pictures) return;
  await page.waitForTimeout(1500); // thumbnails
  await page.screenshot({ path: join(input.pictures, `${name}.jpg`), type: "jpeg", quality: 70 });
}

const input = await readInput();
const browser = await openBrowser(input.chromium);
try {
  const { page, log } = await openPage(browser, [input.server, input.viewer]);
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(input.viewer + "/");
  await page.getByText("CT HTJ2K").first().waitFor();
  const listed = await page.getByText(/^(CT chest|CT HTJ2K|Echocardiography)$/).count();
  await keep(page, input, "viewer-list");
  const out = { listed };
  out.ct = await openStudy(page, input, input.ct, "viewer-ct", 8, true);
  out.cine = await openStudy(page, input, input.cine, "viewer-multi-frame", 8);
  out.htj2k = await openStudy(page, input, input.htj2k, "viewer-htj2k", 2);
  console.log(JSON.stringify({ ...out, ...log }));
} finally {
  await browser.close();
}
