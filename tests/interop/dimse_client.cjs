// npm dcmjs-dimse as user of every DIMSE service a viewer needs, one association each: echo, store,
// find, get, move to itself. In: a JSON object on stdin. Out: what it was answered, as JSON.
"use strict";
const dimse = require("dcmjs-dimse");
const { CEchoRequest, CFindRequest, CGetRequest, CMoveRequest, CStoreRequest } = dimse.requests;
const { CStoreResponse } = dimse.responses;
const { PresentationContextResult, Status } = dimse.constants;

dimse.log.setLevel?.("error");

// Sends one request; resolves with the statuses, datasets and objects that came back.
function ask(to, request, calling = "DCMJS") {
  const client = new dimse.Client();
  const got = { statuses: [], datasets: [], objects: [], counts: [] };
  return new Promise((resolve, reject) => {
    request.on("response", (response) => {
      got.statuses.push(response.getStatus());
      if (response.getCompleted) got.counts.push(response.getCompleted());
      if (response.hasDataset()) got.datasets.push(response.getDataset().getElements());
    });
    client.on("cStoreRequest", (sub, callback) => {
      got.objects.push(sub.getDataset());
      const response = CStoreResponse.fromRequest(sub);
      response.setStatus(Status.Success);
      callback(response);
    });
    client.on("networkError", reject);
    client.on("associationRejected", (why) => reject(new Error(`rejected: ${JSON.stringify(why)}`)));
    client.on("closed", () => resolve(got));
    client.addRequest(request);
    client.send(to.host, to.port, calling, "MEDARC");
  });
}

// A storage provider that keeps what it is sent.
function receiver(kept) {
  return class extends dimse.Scp {
    associationRequested(association) {
      for (const { id, context } of association.getPresentationContexts()) {
        void id;
        context.setResult(PresentationContextResult.Accept, context.getTransferSyntaxUids()[0]);
      }
      this.sendAssociationAccept();
    }
    cStoreRequest(request, callback) {
      kept.push(request.getDataset());
      const response = CStoreResponse.fromRequest(request);
      response.setStatus(Status.Success);
      callback(response);
    }
    associationReleaseRequested() {
      this.sendAssociationReleaseResponse();
    }
  };
}

async function main() {
  let text = "";
  for await (const piece of process.stdin) text += piece;
  const input = JSON.parse(text);
  const to = { host: "127.0.0.1", port: input.port };
  await dimse.Transcoding.initializeAsync();
  const out = {};
  out.echo = (await ask(to, new CEchoRequest())).statuses;
  out.store = [];
  for (const { path, syntaxes } of input.files) {
    const request = new CStoreRequest(path);
    if (syntaxes) request.setAdditionalTransferSyntaxes(syntaxes);
    out.store.push(...(await ask(to, request)).statuses);
  }
  const find = async (request) => (await ask(to, request)).datasets;
  out.studies = await find(
    CFindRequest.createStudyFindRequest({ PatientName: "Ahl*", StudyInstanceUID: "" }),
  );
  out.images = await find(
    CFindRequest.createImageFindRequest({
      StudyInstanceUID: input.study,
      SeriesInstanceUID: input.series,
      SOPInstanceUID: "",
    }),
  );
  const uids = (objects) => objects.map((o) => o.getElement("SOPInstanceUID"));
  const got = await ask(to, CGetRequest.createStudyGetRequest(input.study));
  out.get = { uids: uids(got.objects), statuses: got.statuses };
  out.getPixels = got.objects.map((o) =>
    Buffer.from([].concat(o.getElement("PixelData"))[0]).toString("base64").length,
  );
  const kept = [];
  const server = new dimse.Server(receiver(kept));
  server.on("networkError", () => {});
  server.listen(input.movePort);
  const moved = await ask(to, CMoveRequest.createStudyMoveRequest("DCMJS", input.study));
  out.move = { uids: uids(kept), statuses: moved.statuses };
  const nowhere = await ask(to, CMoveRequest.createStudyMoveRequest("NOWHERE", input.study));
  out.nowhere = nowhere.statuses;
  server.close();
  console.log(JSON.stringify(out));
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
