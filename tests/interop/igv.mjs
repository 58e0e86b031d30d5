// Drives igv.js in a browser over the files of igv_test.py, and says what it read and drew. In: a
// JSON object on stdin. Out: JSON.
import { join } from "node:path";
import { openBrowser, openPage } from "./browser.mjs";
import { readInput } from "./input.mjs";

const PATIENCE_MS = 180_000; // a machine may be busy with other tests

const input = await readInput();
const browser = await openBrowser(input.chromium);
try {
  const { page, log } = await openPage(browser, [input.server, input.page]);
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(`${input.page}/`);
  await page.setContent('<div id="igv"></div>');
  await page.addScriptTag({ url: `${input.page}/igv.min.js` });
  await page.evaluate(
    async ({ server, region }) => {
      const file = (name, ending) => `${server}/genomics/files/${name}/${name}.${ending}`;
      globalThis.browser = await globalThis.igv.createBrowser(document.getElementById("igv"), {
        reference: {
          id: "invented",
          fastaURL: file("fasta", "fa"),
          indexURL: file("fasta", "fa.fai"),
          tracks: [],
        },
        locus: region,
        tracks: [
          {
            name: "Reads (index)",
            type: "alignment",
            format: "bam",
            url: file("bam", "bam"),
            indexURL: file("bam", "bam.bai"),
            height: 260,
          },
          {
            name: "Reads (htsget)",
            type: "alignment",
            format: "bam",
            sourceType: "htsget",
            url: `${server}/htsget/reads/bam`,
            height: 260,
          },
          {
            name: "Variants",
            type: "variant",
            format: "vcf",
            url: file("vcf", "vcf.gz"),
            indexURL: file("vcf", "vcf.gz.tbi"),
          },
        ],
      });
    },
    { server: input.server, region: input.region },
  );
  // What each track's view holds, and how many of its pixels are not background.
  const [begin, end] = input.region.split(":")[1].split("-").map(Number);
  const look = ([begin, end]) =>
    globalThis.browser.trackViews
      .filter((view) => ["alignment", "variant"].includes(view.track.type))
      .map((view) => {
        const [port] = view.viewports;
        const canvas = port.canvas;
        let drawn = 0;
        if (canvas && canvas.width > 0) {
          const { data } = canvas
            .getContext("2d")
            .getImageData(0, 0, canvas.width, canvas.height);
          for (let i = 0; i < data.length; i += 4) {
            if (data[i + 3] > 0 && data[i] + data[i + 1] + data[i + 2] < 720) drawn += 1;
          }
        }
        // More is held than is shown.
        const held = port.featureCache?.features ?? port.cachedFeatures ?? [];
        const all = typeof held.allAlignments === "function" ? held.allAlignments() : held;
        const shown = [...all].filter(
          (f) => f.start < end && (f.end ?? f.start + f.lengthOnRef) >= begin,
        );
        return { name: view.track.name, drawn, features: shown.length };
      });
  const ends = Date.now() + PATIENCE_MS;
  let tracks = [];
  do {
    await page.waitForTimeout(300);
    tracks = await page.evaluate(look, [begin, end]);
  } while (tracks.some((track) => track.drawn === 0) && Date.now() < ends);
  if (input.pictures) {
    await page.waitForTimeout(1500);
    await page.screenshot({ path: join(input.pictures, "igv.jpg"), type: "jpeg", quality: 75 });
  }
  console.log(JSON.stringify({ tracks, ...log }));
} finally {
  await browser.close();
}
