#include "tests/support/variant_maker.h"

#include <algorithm>
#include <random>

#include "tests/support/genome_maker.h"

namespace medarc::test {
namespace {

std::string bases(std::mt19937_64& random, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += "ACGTacgtN"[random() % 9];
  return out;
}

struct Line {
  size_t contig;
  uint32_t position;
  std::string rest;
};

// ID to FORMAT and samples.
std::string rest_of(const VcfOptions& o, uint32_t number, uint32_t position,
                    std::mt19937_64& random) {
  static constexpr const char* kSymbols[] = {"<DEL>", "<INS>", "<DUP:TANDEM>", "<NON_REF>",
                                             "<*>",   "*",     "G]chr2:321]",  "[chr2:77[A"};
  std::string ref = bases(random, 1 + (random() % 4 == 0 ? random() % 12 : 0));
  std::string alt;
  switch (random() % 8) {
    case 0: alt = "."; break;
    case 1: alt = kSymbols[random() % std::size(kSymbols)]; break;
    case 2: alt = ref + bases(random, 1 + random() % 5); break;
    case 3: alt = ref.substr(0, 1); break;
    case 4: alt = bases(random, 1) + "," + bases(random, 1); break;
    case 5: alt = bases(random, ref.size()); break;
    case 6:
      alt = bases(random, 1 + random() % 4) + "," + kSymbols[random() % std::size(kSymbols)];
      break;
    default: alt = bases(random, 1);
  }
  std::string info = "DP=" + std::to_string(random() % 1000);
  if (random() % 3 == 0) info += ";AF=0." + std::to_string(random() % 999) + "5";
  if (o.long_end_every > 0 && number % o.long_end_every == 0) {
    info =
        (random() % 2 == 0 ? "END=" : "DB;END=") + std::to_string(position + 20'000) + ";" + info;
  } else if (random() % 40 == 0) {
    info += ";END=" + std::to_string(position / 2);  // before POS: does not count
  }
  if (o.info_bytes > 0) info += ";NOTE=" + bases(random, o.info_bytes);
  std::string out =
      "\t" + (random() % 5 == 0 ? "rs" + std::to_string(number) : std::string(".")) + "\t" + ref +
      "\t" + alt + "\t" +
      (random() % 7 == 0 ? std::string(".") : std::to_string(random() % 5000) + ".5") + "\t" +
      (random() % 4 == 0   ? "LowQual"
       : random() % 9 == 0 ? "."
                           : "PASS") +
      "\t" + info;
  if (!o.samples.empty()) out += "\tGT:DP";
  for (size_t i = 0; i < o.samples.size(); ++i) {
    static constexpr const char* kGenotypes[] = {"0/0", "0|1", "1/1", "./.", "0"};
    out += std::string("\t") + (alt == "." ? "0/0" : kGenotypes[random() % 5]) + ":" +
           std::to_string(random() % 90);
  }
  return out;
}

}  // namespace

std::string make_vcf(const VcfOptions& o) {
  std::mt19937_64 random(o.seed);
  std::string out = "##fileformat=VCFv4.2" + o.line_end;
  out += "##FILTER=<ID=LowQual,Description=\"a, \\\"b\\\" > c\">" + o.line_end;
  if (o.declare_contigs) {
    for (const auto& [name, length] : o.contigs) {
      out += "##contig=<ID=" + name +
             (o.declare_lengths ? ",length=" + std::to_string(length) : "") + ">" + o.line_end;
    }
  }
  out += "##INFO=<ID=DP,Number=1,Type=Integer,Description=\"depth\">" + o.line_end;
  out += "##INFO=<ID=AF,Number=A,Type=Float,Description=\"frequency\">" + o.line_end;
  out += "##INFO=<ID=DB,Number=0,Type=Flag,Description=\"known\">" + o.line_end;
  out += "##INFO=<ID=NOTE,Number=1,Type=String,Description=\"text\">" + o.line_end;
  if (o.declare_end)
    out += "##INFO=<ID=END,Number=1,Type=Integer,Description=\"end\">" + o.line_end;
  out += "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"genotype\">" + o.line_end;
  out += "##FORMAT=<ID=DP,Number=1,Type=Integer,Description=\"depth\">" + o.line_end;
  out += "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO";
  if (!o.samples.empty()) out += "\tFORMAT";
  for (const std::string& sample : o.samples) out += "\t" + sample;
  out += o.line_end;
  std::vector<Line> lines;
  for (uint32_t i = 0; i < o.records; ++i) {
    Line line;
    line.contig = random() % o.contigs.size();
    line.position = 1 + static_cast<uint32_t>(random() % (o.contigs[line.contig].second - 1));
    line.rest = rest_of(o, i, line.position, random);
    lines.push_back(std::move(line));
  }
  if (o.sorted) {
    std::stable_sort(lines.begin(), lines.end(), [&](const Line& a, const Line& b) {
      if (a.contig != b.contig)
        return o.contigs_backwards ? a.contig > b.contig : a.contig < b.contig;
      return a.position < b.position;
    });
  }
  for (const Line& line : lines) {
    out += o.contigs[line.contig].first + "\t" + std::to_string(line.position) + line.rest +
           o.line_end;
  }
  return out;
}

std::string bgzip_lines(const std::string& text, uint32_t block_plain_bytes) {
  std::string out, pending;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    const std::string line = text.substr(at, end - at);
    at = end;
    if (!pending.empty() && pending.size() + line.size() > block_plain_bytes) {
      out += bgzip(pending, block_plain_bytes, false);
      pending.clear();
    }
    pending += line;
  }
  return out + bgzip(pending, block_plain_bytes);
}

std::string to_bcf(const std::string& vcf, const std::string& directory) {
  write_file(directory + "/made.vcf", vcf);
  run_tool({"bcftools", "view", "--no-version", "-Ob", "-o", directory + "/made.bcf",
            directory + "/made.vcf"});
  return read_file(directory + "/made.bcf");
}

}  // namespace medarc::test
