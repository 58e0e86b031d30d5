// The readers of JBrowse over Medarc: BAM by Range and by htsget, CRAM with letters from refget,
// VCF by its index. In: a JSON object on stdin. Out: for each region what each of them read there and
// in the original files, as JSON.
import { BamFile, HtsgetFile } from "@gmod/bam";
import { CraiIndex, IndexedCramFile } from "@gmod/cram";
import { TabixIndexedFile } from "@gmod/tabix";
import VCF from "@gmod/vcf";
import { readInput } from "./input.mjs";

const { origin, directory, regions, sequences } = await readInput();
const url = (name, ending) => `${origin}/genomics/files/${name}/${name}.${ending}`;
const path = (ending) => `${directory}/genome.${ending}`;

const bams = {
  there: new BamFile({ bamUrl: url("bam", "bam"), baiUrl: url("bam", "bam.bai") }),
  here: new BamFile({ bamPath: path("bam"), baiPath: path("bam.bai") }),
  tickets: new HtsgetFile({ baseUrl: `${origin}/htsget/reads`, trackId: "bam" }),
};
for (const bam of Object.values(bams)) await bam.getHeader();

const places = new Map();
const digests = [];
const seqFetch = async (id, start, end) => {
  const answer = await fetch(`${origin}/refget/sequence/${digests[id]}`, {
    headers: { Range: `bytes=${start - 1}-${end - 1}` },
  });
  if (answer.status !== 206) throw new Error(`refget: ${answer.status}`);
  return answer.text();
};
const crams = {
  there: new IndexedCramFile({
    cramUrl: url("cram", "cram"),
    index: new CraiIndex({ url: url("cram", "cram.crai") }),
    seqFetch,
  }),
  here: new IndexedCramFile({
    cramPath: path("cram"),
    index: new CraiIndex({ path: path("cram.crai") }),
    seqFetch,
  }),
};
for (const line of (await crams.there.cram.getSamHeader()).filter((l) => l.tag === "SQ")) {
  const value = (tag) => line.data.find((item) => item.tag === tag).value;
  places.set(value("SN"), digests.length);
  digests.push(value("M5"));
}

const vcfs = {
  there: new TabixIndexedFile({ url: url("vcf", "vcf.gz"), tbiUrl: url("vcf", "vcf.gz.tbi") }),
  here: new TabixIndexedFile({ path: path("vcf.gz"), tbiPath: path("vcf.gz.tbi") }),
};
const parser = new VCF({ header: await vcfs.there.getHeader() });

const reads = async (bam, region) =>
  (await bam.getRecordsForRange(...region)).map((r) => `${r.name} ${r.start + 1} ${r.CIGAR}`);
const cramReads = async (cram, [name, begin, end]) =>
  (await cram.getRecordsForRange(places.get(name), begin + 1, end)).map(
    (r) => `${r.readName} ${r.alignmentStart} ${r.getReadBases()}`,
  );
const lines = async (vcf, region) => {
  const out = [];
  await vcf.getLines(...region, (line) => {
    out.push(line);
  });
  return out;
};

const out = [];
for (const text of regions) {
  const [name, span] = text.split(":");
  const [begin, end] = span ? span.split("-").map(Number) : [1, sequences[name]];
  const region = [name, begin - 1, end];
  const found = await lines(vcfs.there, region);
  out.push({
    bam: await reads(bams.there, region),
    bamHere: await reads(bams.here, region),
    tickets: await reads(bams.tickets, region),
    cram: await cramReads(crams.there, region),
    cramHere: await cramReads(crams.here, region),
    vcf: found,
    vcfHere: await lines(vcfs.here, region),
    parsed: found.map((line) => {
      const v = parser.parseLine(line);
      return `${v.POS} ${v.SAMPLES().SAMPLE1.GT[0]}`;
    }),
  });
}
console.log(JSON.stringify(out));
