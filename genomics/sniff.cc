#include "genomics/sniff.h"

#include <zlib.h>

#include <array>

#include "genomics/bed_sniff.h"
#include "genomics/bgzf.h"

namespace medarc::genomics {
namespace {

constexpr size_t kPlainWanted = 256;  // enough for every rule below but that of BED

Error not_offered(const std::string& what) {
  return make_error(
      Code::unsupported,
      "this is " + what + "; BAM, CRAM, FASTQ, FASTA, VCF, BCF and BED are taken here");
}

struct Magic {
  std::string_view bytes;
  size_t at;
  const char* what;
};
using namespace std::string_view_literals;
// Plain, or inside gzip or BGZF.
constexpr Magic kFormats[] = {
    {"@HD\t"sv, 0, "a SAM file"},
    {"@SQ\t"sv, 0, "a SAM file"},
    {"@RG\t"sv, 0, "a SAM file"},
    {"@PG\t"sv, 0, "a SAM file"},
    {"@CO\t"sv, 0, "a SAM file"},
    {"TBI\1"sv, 0, "a tabix index, which is checked at /genomics/files/ID/index"},
    {"CSI\1"sv, 0, "a CSI index, which is checked at /genomics/files/ID/index"},
    {"##gff-version"sv, 0, "a GFF file"},
};
constexpr Magic kContainers[] = {
    {"BAI\1"sv, 0, "a BAI index, which is checked at /genomics/files/ID/index"},
    {"crypt4gh"sv, 0, "a Crypt4GH file"},
    {"NCBI.sra"sv, 0, "an SRA file"},
    {"BZh"sv, 0, "a bzip2 file"},
    {"\xfd"
     "7zXZ\0"sv,
     0, "an xz file"},
    {"\x28\xb5\x2f\xfd"sv, 0, "a zstd file"},
    {"PK\3\4"sv, 0, "a zip file"},
    {"%PDF-"sv, 0, "a PDF file"},
    {"\x43\x27\x41\x1a"sv, 0, "a 2bit file"},
    {"\x1a\x41\x27\x43"sv, 0, "a 2bit file"},
    {"DICM"sv, 128, "a DICOM file, which belongs to /dicom-web/studies"},
};

template <size_t N>
const Magic* find(const Magic (&table)[N], ByteView head) {
  for (const Magic& m : table) {
    if (head.size() >= m.at && head.substr(m.at).starts_with(m.bytes)) return &m;
  }
  return nullptr;
}

// The first plain bytes of a gzip stream, at most `wanted`; empty when it does not inflate.
Bytes first_plain(ByteView head, size_t wanted = kPlainWanted) {
  Bytes out(wanted, '\0');
  z_stream z{};
  if (inflateInit2(&z, 15 + 16) != Z_OK) return {};
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(head.data()));
  z.avail_in = static_cast<uInt>(head.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  while (z.avail_out > 0 && z.avail_in > 0) {
    const int done = inflate(&z, Z_NO_FLUSH);
    if (done == Z_STREAM_END) {
      if (inflateReset(&z) != Z_OK) break;  // an empty first member is nothing unusual
    } else if (done != Z_OK) {
      break;
    }
  }
  out.resize(out.size() - z.avail_out);
  inflateEnd(&z);
  return out;
}

}  // namespace

bool is_region_index(ByteView head) {
  if (head.starts_with("BAI\1"sv)) return true;
  if (!head.starts_with("\x1f\x8b")) return false;
  const Bytes plain = first_plain(head);
  return plain.starts_with("CSI\1"sv) || plain.starts_with("TBI\1"sv);
}

std::string_view to_string(Format format) {
  switch (format) {
    case Format::bam: return "bam";
    case Format::cram: return "cram";
    case Format::bcf: return "bcf";
    case Format::vcf:
    case Format::vcf_gzip:
    case Format::vcf_bgzf: return "vcf";
    case Format::fastq:
    case Format::fastq_gzip:
    case Format::fastq_bgzf: return "fastq";
    case Format::fasta:
    case Format::fasta_gzip:
    case Format::fasta_bgzf: return "fasta";
    case Format::bed:
    case Format::bed_gzip:
    case Format::bed_bgzf: return "bed";
  }
  return "";
}

Result<std::optional<Format>> sniff(ByteView head, bool complete) {
  using Answer = std::optional<Format>;
  if (head.empty() && complete) return make_error(Code::invalid_argument, "the upload is empty");
  const bool decide = complete || head.size() >= kSniffBytesMax;
  if (head.size() < kPlainWanted && !decide) return Answer();
  if (const Magic* m = find(kContainers, head)) return not_offered(m->what);
  if (head.starts_with("CRAM"sv)) return Answer(Format::cram);
  const bool gzip = head.starts_with("\x1f\x8b");
  const Bytes inside = gzip ? first_plain(head) : Bytes();
  if (gzip && inside.size() < kPlainWanted && !decide) return Answer();
  const ByteView plain = gzip ? ByteView(inside) : head;
  const auto bgzf = read_bgzf_head(head);
  const bool blocked = gzip && bgzf.has_value() && bgzf->has_value();
  for (const auto& [magic, format] :
       {std::pair("BAM\1"sv, Format::bam), std::pair("BCF\2"sv, Format::bcf)}) {
    if (!plain.starts_with(magic)) continue;
    if (blocked) return Answer(format);
    return make_error(Code::unsupported,
                      "this is a " + std::string(magic.substr(0, 3)) + " file " +
                          (gzip ? "in plain gzip, not in BGZF blocks" : "without compression"));
  }
  if (plain.starts_with("##fileformat=VCF"sv)) {
    if (!gzip) return Answer(Format::vcf);
    return Answer(blocked ? Format::vcf_bgzf : Format::vcf_gzip);
  }
  if (const Magic* m = find(kFormats, plain)) {
    return not_offered(std::string(m->what) + (gzip ? ", compressed" : ""));
  }
  if (plain.starts_with('@')) {
    if (!gzip) return Answer(Format::fastq);
    return Answer(blocked ? Format::fastq_bgzf : Format::fastq_gzip);
  }
  if (plain.starts_with('>')) {
    if (!gzip) return Answer(Format::fasta);
    return Answer(blocked ? Format::fasta_bgzf : Format::fasta_gzip);
  }
  if (gzip && plain.empty()) {
    return make_error(Code::invalid_argument, "the file starts as gzip but does not inflate");
  }
  // What stands before the first record may be long.
  const ByteView first = head.substr(0, kSniffBytesMax);
  const Bytes longer = gzip ? first_plain(first, kSniffBytesMax) : Bytes(first);
  switch (look_for_bed(longer, decide)) {
    case BedLook::bed:
      if (!gzip) return Answer(Format::bed);
      return Answer(blocked ? Format::bed_bgzf : Format::bed_gzip);
    case BedLook::sam: return not_offered("a SAM file without a header");
    case BedLook::more: return Answer();
    case BedLook::other: break;
  }
  return make_error(Code::invalid_argument,
                    "this is neither BAM, CRAM, FASTQ, FASTA, VCF, BCF nor BED");
}

}  // namespace medarc::genomics
