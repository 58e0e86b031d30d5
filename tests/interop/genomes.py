"""A small invented genome in every form that Medarc serves by region, made by samtools and bcftools,
and a server that has it."""
import json
import os
import random
import urllib.parse

import interop

SEQUENCES = (("chr1", 60_000), ("chr2", 20_000))
READ_LENGTH = 100


def _letters(count, seed):
    return "".join(random.Random(seed).choices("ACGT", k=count))


class Genome:
    """Paths of genome.fa, .bam, .cram, .vcf.gz and .bcf, with indexes beside them."""

    def __init__(self, pairs=6_000):
        self.directory = interop.temporary_directory()
        self.letters = {name: _letters(length, name) for name, length in SEQUENCES}
        self._make_reads(pairs)
        self._make_variants()

    def path(self, ending):
        return os.path.join(self.directory, "genome." + ending)

    def _write(self, ending, text):
        with open(self.path(ending), "w", encoding="ascii") as file:
            file.write(text)

    def _run(self, *words):
        status, out = interop.run(*words)
        assert status == 0, out

    def _make_reads(self, pairs):
        self._write("fa", "".join(f">{name}\n{letters}\n" for name, letters in self.letters.items()))
        self._run("samtools", "faidx", self.path("fa"))
        choose = random.Random(1)
        lines = ["@HD\tVN:1.6\tSO:unsorted"]
        lines += [f"@SQ\tSN:{name}\tLN:{length}" for name, length in SEQUENCES]
        lines += ["@RG\tID:rg1\tSM:SAMPLE1"]
        quality = "I" * READ_LENGTH
        for number in range(pairs):
            name, length = SEQUENCES[0 if choose.random() < 0.75 else 1]
            insert = choose.randrange(200, 500)
            begin = choose.randrange(length - insert)
            ends = (begin, begin + insert - READ_LENGTH)
            for which, at in enumerate(ends):
                read = list(self.letters[name][at:at + READ_LENGTH])
                for place in range(READ_LENGTH):
                    if choose.random() < 0.002:
                        read[place] = choose.choice("ACGT")
                cigar = f"{READ_LENGTH}M"
                if choose.random() < 0.02:  # a deletion of three
                    read = read[:50] + list(self.letters[name][at + 53:at + 53 + 50])
                    cigar = "50M3D50M"
                flag = 99 if which == 0 else 147
                size = insert if which == 0 else -insert
                lines.append(f"pair{number}\t{flag}\t{name}\t{at + 1}\t60\t{cigar}\t=\t"
                             f"{ends[1 - which] + 1}\t{size}\t{''.join(read)}\t"
                             f"{quality[:len(read)]}\tRG:Z:rg1")
        for number in range(50):
            lines.append(f"lost{number}\t4\t*\t0\t0\t*\t*\t0\t0\t{_letters(READ_LENGTH, number)}\t"
                         f"{quality}\tRG:Z:rg1")
        self._write("sam", "\n".join(lines) + "\n")
        self._run("samtools", "sort", "-o", self.path("bam"), self.path("sam"))
        self._run("samtools", "index", self.path("bam"))
        self._run("samtools", "view", "-C", "-T", self.path("fa"), "--output-fmt-option",
                  "seqs_per_slice=500", "-o", self.path("cram"), self.path("bam"))
        self._run("samtools", "index", self.path("cram"))

    def _make_variants(self):
        choose = random.Random(2)
        lines = ["##fileformat=VCFv4.3", '##FILTER=<ID=PASS,Description="All filters passed">',
                 '##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">',
                 '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">']
        lines += [f"##contig=<ID={name},length={length}>" for name, length in SEQUENCES]
        lines += ["#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tSAMPLE1"]
        for name, length in SEQUENCES:
            for at in sorted(choose.sample(range(length - 10), length // 20)):
                reference = self.letters[name][at:at + choose.choice((1, 1, 1, 4))]
                other = "ACGT"["ACGT".index(reference[0]) - 1] if len(reference) == 1 \
                    else reference[0]
                lines.append(f"{name}\t{at + 1}\t.\t{reference}\t{other}\t{choose.randrange(10, 99)}"
                             f"\tPASS\tDP={choose.randrange(5, 60)}\tGT\t"
                             f"{choose.choice(('0/1', '1/1'))}")
        self._write("vcf", "\n".join(lines) + "\n")
        self._run("bcftools", "view", "--no-version", "-Oz", "-o", self.path("vcf.gz"),
                  self.path("vcf"))
        self._run("bcftools", "view", "--no-version", "-Ob", "-o", self.path("bcf"),
                  self.path("vcf"))
        self._run("bcftools", "index", "-t", self.path("vcf.gz"))
        self._run("bcftools", "index", self.path("bcf"))

    def store(self, server):
        """Every file under an id of its format: fasta, bam, cram, vcf, bcf."""
        for name, ending in (("fasta", "fa"), ("bam", "bam"), ("cram", "cram"), ("vcf", "vcf.gz"),
                             ("bcf", "bcf")):
            query = urllib.parse.urlencode({"id": name, "name": "genome." + ending})
            status, _, answer = server.request("POST", f"/genomics/files?{query}",
                                               interop.read(self.path(ending)))
            assert status == 201, answer
            row = json.loads(answer)
            assert row["format"] == name, row

    def regions(self, count, seed=3):
        """Random ones in samtools' form, from one base to a whole sequence."""
        choose = random.Random(seed)
        out = [name for name, _ in SEQUENCES]
        while len(out) < count:
            name, length = choose.choice(SEQUENCES)
            begin = choose.randrange(1, length + 1)
            size = choose.choice((1, 10, 100, 1_000, 10_000))
            out.append(f"{name}:{begin}-{min(length, begin + size - 1)}")
        return out
