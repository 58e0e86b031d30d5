// npm dicomweb-client in a browser, from a page of another origin than the server's: searches,
// retrieves, stores. In: a JSON object on stdin. Out: what it was answered, as JSON.
import { readFileSync } from "node:fs";
import { openBrowser, openPage } from "./browser.mjs";
import { readInput } from "./input.mjs";

const input = await readInput();
const browser = await openBrowser(input.chromium);
try {
  const { page, log } = await openPage(browser, [input.server, input.origin]);
  await page.goto(input.origin + "/");
  await page.addScriptTag({
    path: new URL("node_modules/dicomweb-client/build/dicomweb-client.js", import.meta.url).pathname,
  });
  const files = input.files.map((path) => readFileSync(path).toString("base64"));
  const answers = await page.evaluate(
    async ({ url, files, study, series, instance, syntax }) => {
      const digest = async (buffer) =>
        [...new Uint8Array(await crypto.subtle.digest("SHA-256", buffer))]
          .map((byte) => byte.toString(16).padStart(2, "0"))
          .join("");
      const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
      // What came alone is sometimes wrapped by the client, sometimes not.
      const one = (answer) => (Array.isArray(answer) ? answer[0] : answer);
      const start = (answer, count) => new Uint8Array(one(answer)).slice(0, count).join(" ");
      const { api } = globalThis.DICOMwebClient;
      const client = new api.DICOMwebClient({ url, verbose: false });
      const ids = { studyInstanceUID: study, seriesInstanceUID: series, sopInstanceUID: instance };
      const stored = await client.storeInstances({ datasets: files.map(bytes) });
      const studies = await client.searchForStudies({ queryParams: { PatientID: "MED-0001" } });
      const nobody = await client.searchForStudies({ queryParams: { PatientID: "NOBODY" } });
      const seriesRows = await client.searchForSeries({ studyInstanceUID: study });
      const instances = await client.searchForInstances(ids);
      const metadata = await client.retrieveSeriesMetadata(ids);
      const frames = await client.retrieveInstanceFrames({ ...ids, frameNumbers: [1, 3] });
      const compressed = await client.retrieveInstanceFrames({
        ...ids,
        frameNumbers: [2],
        mediaTypes: [{ mediaType: syntax.type, transferSyntaxUID: syntax.uid }],
      });
      const whole = await client.retrieveInstance(ids);
      const all = await client.retrieveSeries(ids);
      const study1 = await client.retrieveStudy({ studyInstanceUID: study });
      const rendered = await client.retrieveInstanceRendered({
        ...ids,
        mediaTypes: [{ mediaType: "image/png" }],
      });
      const thumbnail = await client.retrieveInstanceThumbnail({
        ...ids,
        mediaTypes: [{ mediaType: "image/jpeg" }],
      });
      const bulk = await client.retrieveBulkData({
        BulkDataURI: metadata[0]["7FE00010"].BulkDataURI,
      });
      return {
        stored: stored["00081199"]?.Value.length ?? JSON.parse(stored)["00081199"].Value.length,
        studies: studies.map((row) => row["0020000D"].Value[0]),
        nobody: nobody.length,
        series: seriesRows.map((row) => row["0020000E"].Value[0]),
        instances: instances.map((row) => row["00080018"].Value[0]),
        metadata: metadata.map((row) => row["00080018"].Value[0]),
        frames: await Promise.all(frames.map(digest)),
        compressed: start(compressed, 4),
        whole: await digest(whole),
        all: all.length,
        study: study1.length,
        rendered: start(rendered, 4),
        thumbnail: start(thumbnail, 2),
        bulk: await digest(one(bulk)),
      };
    },
    { ...input, files },
  );
  console.log(JSON.stringify({ ...answers, failed: log.failed, errors: log.errors }));
} finally {
  await browser.close();
}
