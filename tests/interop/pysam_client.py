"""Reads regions with pysam. In: a JSON object on stdin with files or URLs. Out: what was read of each
region, as JSON."""
import hashlib
import json
import sys

import pysam


def parts(region):
    reference, _, span = region.partition(":")
    begin, end = (int(n) for n in span.split("-")) if span else (None, None)
    return reference, begin and begin - 1, end


def reads_of(file, region):
    names = [f"{r.query_name}/{r.flag}/{r.reference_start}/{r.cigarstring}" for r in
             file.fetch(*parts(region))]
    return {"reads": len(names), "names": hashlib.sha256("\n".join(names).encode()).hexdigest()}


def ticket_reads(url, region):
    reference, begin, end = parts(region)
    query = f"?referenceName={reference}"
    if begin is not None:
        query += f"&start={begin}&end={end}"
    with pysam.AlignmentFile(url + query, "rb") as file:
        names = [f"{r.query_name}/{r.flag}/{r.reference_start}/{r.cigarstring}" for r in file]
    return {"reads": len(names), "names": hashlib.sha256("\n".join(names).encode()).hexdigest()}


def main():
    asked = json.load(sys.stdin)
    regions = asked["regions"]
    out = {"tickets": []}
    with pysam.AlignmentFile(asked["bam"], "rb") as file:
        out["reads"] = [reads_of(file, r) for r in regions]
        out["samples"] = [rg["SM"] for rg in file.header.to_dict()["RG"]]
        out["coverage"] = [[sum(base) for base in file.count_coverage("chr1", 1000, 1200)]]
        out["pileup"] = [(c.reference_pos, c.nsegments) for c in
                         file.pileup("chr2", 5000, 5100, truncate=True)]
        out["mapped"] = [file.mapped, file.unmapped]
    with pysam.AlignmentFile(asked["cram"], "rc") as file:
        out["cram"] = [reads_of(file, r) for r in regions]
    with pysam.VariantFile(asked["vcf"]) as file:
        out["variants"] = [[(v.pos, v.ref, v.alts, v.samples[0]["GT"]) for v in
                            file.fetch(*parts(r))] for r in regions]
    if asked["tickets"]:
        out["tickets"] = [ticket_reads(asked["tickets"], r) for r in regions]
    print(json.dumps(out))


main()
