// /genomics/files/{id}/pileup: what the reads say at each position of a small region, as JSON.
#include <fmt/format.h>

#include "genomics/pileup.h"
#include "genomics/withheld.h"
#include "web/conditional.h"
#include "web/genomics/doors.h"
#include "web/genomics/withheld.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using genomics::PileupColumn;
using genomics::PileupOptions;
using genomics::PileupRead;
using genomics::PileupScan;
using genomics::Strands;

void append_strands(const Strands& s, std::string& out) {
  fmt::format_to(std::back_inserter(out), R"({{"forward":{},"reverse":{}}})", s.forward, s.reverse);
}

template <class Counts, class Name>
void append_counts(std::string_view key, const Counts& counts, Name name, std::string& out) {
  out += ",\"";
  out += key;
  out += "\":{";
  bool first = true;
  for (const auto& [what, strands] : counts) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, name(what));
    out += ':';
    append_strands(strands, out);
  }
  out += '}';
}

void append_read(const PileupRead& r, std::string& out) {
  out += "{\"name\":";
  append_json_string(out, r.name);
  fmt::format_to(std::back_inserter(out),
                 R"(,"base":"{}","strand":"{}","baseQuality":{},"mapq":{},"readPosition":{})",
                 r.base, r.reverse ? '-' : '+', r.base_quality, r.mapping_quality, r.read_position);
  if (r.first) out += ",\"first\":true";
  if (r.last) out += ",\"last\":true";
  if (!r.inserted.empty()) out += ",\"inserted\":" + json_string(r.inserted);
  if (r.deleted > 0) out += ",\"deleted\":" + std::to_string(r.deleted);
  out += '}';
}

void append_column(const PileupColumn& c, bool reads, std::string& out) {
  fmt::format_to(std::back_inserter(out), R"({{"position":{},"depth":{})", c.position + 1, c.depth);
  append_counts(
      "bases", c.bases, [](char base) { return std::string(1, base); }, out);
  out += ",\"deleted\":";
  append_strands(c.deleted, out);
  out += ",\"skipped\":";
  append_strands(c.skipped, out);
  append_counts(
      "insertions", c.insertions, [](const std::string& bases) { return bases; }, out);
  append_counts(
      "deletions", c.deletions, [](uint32_t n) { return std::to_string(n); }, out);
  fmt::format_to(std::back_inserter(out), R"(,"meanQuality":{:.3f})", c.quality_mean);
  if (reads) {
    out += ",\"reads\":[";
    for (size_t i = 0; i < c.reads.size(); ++i) {
      if (i > 0) out += ',';
      append_read(c.reads[i], out);
    }
    out += ']';
  }
  out += '}';
}

class PileupSource final : public ByteSource {
 public:
  PileupSource(PileupScan scan, bool reads, std::string before)
      : scan_(std::move(scan)), reads_(reads), text_(std::move(before)) {}

  Result<size_t> read(char* out, size_t capacity) override {
    while (at_ == text_.size() && !ended_) {
      text_.clear();
      at_ = 0;
      MEDARC_ASSIGN(const bool more, scan_.next(column_));
      ended_ = !more;
      if (more && any_) text_ += ",\n";
      any_ = any_ || more;
      if (more) append_column(column_, reads_, text_);
      if (!more) text_ += "]}\n";
    }
    const size_t n = text_.copy(out, capacity, at_);
    at_ += n;
    return n;
  }

 private:
  PileupScan scan_;
  const bool reads_;
  std::string text_;
  size_t at_ = 0;
  PileupColumn column_;
  bool any_ = false, ended_ = false;
};

Result<PileupOptions> options_of(const Request& request) {
  PileupOptions o;
  MEDARC_ASSIGN(const uint64_t mapping,
                number_parameter(request, "minMapq", o.mapping_quality_min, 255));
  MEDARC_ASSIGN(const uint64_t base,
                number_parameter(request, "minBaseq", o.base_quality_min, 255));
  MEDARC_ASSIGN(o.orphans, flag_parameter(request, "orphans", o.orphans));
  MEDARC_ASSIGN(o.overlaps_once, flag_parameter(request, "overlapsOnce", o.overlaps_once));
  MEDARC_ASSIGN(o.reads, flag_parameter(request, "reads", o.reads));
  o.mapping_quality_min = static_cast<uint8_t>(mapping);
  o.base_quality_min = static_cast<uint8_t>(base);
  return o;
}

Result<Response> answer(const GenomicsContext& c, const Request& request,
                        const genomics::FileId& id) {
  MEDARC_TRY(check_parameters(
      request, {"region", "minMapq", "minBaseq", "orphans", "overlapsOnce", "reads", "accept"}));
  MEDARC_ASSIGN(const PileupOptions options, options_of(request));
  MEDARC_ASSIGN(RegionReads reads, open_region(c, request, id));
  auto scan = PileupScan::open(reads.set, reads.region, options, c.store.limits(),
                               std::move(reads.content));
  if (scan.has_error()) return c.store.not_sliced(reads.row, scan.error());
  const genomics::Region cut = scan->region();
  const std::string& reference = reads.set->header.references[static_cast<size_t>(cut.tid)].name;
  const std::string said =
      fmt::format(R"("minMapq":{},"minBaseq":{},"orphans":{},"overlapsOnce":{},"depthMax":{})",
                  options.mapping_quality_min, options.base_quality_min, options.orphans,
                  options.overlaps_once, c.store.limits().pileup_depth_max);
  const auto withheld = genomics::withheld_in(reads.set->withheld, std::vector{cut});
  const std::string etag = etag_of(
      reads.set->content, fmt::format("pileup;{};{}-{};{};{}{}", cut.tid, cut.begin, cut.end, said,
                                      options.reads, withheld_tag(withheld)));
  if (auto early = check_preconditions(request, etag)) return std::move(*early);
  std::string before = fmt::format(R"({{"reference":{},"start":{},"end":{},{}{},"positions":[)",
                                   json_string(reference), cut.begin + 1, cut.end, said,
                                   withheld_member(c, reads.set->header, withheld));
  Response response =
      streamed(request, "application/json", etag, name_of(reads.row) + ".pileup.json",
               std::make_unique<PileupSource>(std::move(*scan), options.reads, std::move(before)));
  say_withheld(response, withheld);
  return response;
}

}  // namespace

Answer pileup_answer(const GenomicsContext& c, const Request& request, const genomics::FileId& id) {
  return answered(answer(c, request, id));
}

}  // namespace medarc::web
