// /genomics/files/{id}/depth without `bins`: exact depths, position by position, as `samtools depth
// -a`.
#include <fmt/format.h>

#include "genomics/depth_scan.h"
#include "genomics/withheld.h"
#include "web/accept.h"
#include "web/conditional.h"
#include "web/genomics/doors.h"
#include "web/genomics/withheld.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using genomics::DepthOptions;
using genomics::DepthScan;

constexpr const char* kTsv = "text/tab-separated-values";

class DepthSource final : public ByteSource {
 public:
  DepthSource(DepthScan scan, std::string reference, bool json, std::string before)
      : scan_(std::move(scan)),
        reference_(std::move(reference)),
        json_(json),
        text_(std::move(before)),
        position_(scan_.region().begin) {}

  Result<size_t> read(char* out, size_t capacity) override {
    while (at_ == text_.size() && !ended_) {
      text_.clear();
      at_ = 0;
      MEDARC_TRY(gather());
    }
    const size_t n = text_.copy(out, capacity, at_);
    at_ += n;
    return n;
  }

 private:
  Status gather() {
    MEDARC_ASSIGN(const auto depths, scan_.next());
    auto to = std::back_inserter(text_);
    for (const uint32_t depth : depths) {
      ++position_;
      if (!json_) {
        fmt::format_to(to, "{}\t{}\t{}\n", reference_, position_, depth);
        continue;
      }
      if (any_) text_ += ',';
      any_ = true;
      fmt::format_to(to, "{}", depth);
    }
    if (!depths.empty()) return {};
    if (json_) text_ += "]}\n";
    ended_ = true;
    return {};
  }

  DepthScan scan_;
  const std::string reference_;
  const bool json_;
  std::string text_;
  size_t at_ = 0;
  uint32_t position_;
  bool any_ = false, ended_ = false;
};

Result<DepthOptions> options_of(const Request& request) {
  DepthOptions o;
  MEDARC_ASSIGN(const uint64_t mapping, number_parameter(request, "minMapq", 0, 255));
  MEDARC_ASSIGN(const uint64_t base, number_parameter(request, "minBaseq", 0, 255));
  MEDARC_ASSIGN(const bool secondary, flag_parameter(request, "includeSecondary", false));
  MEDARC_ASSIGN(const bool failed, flag_parameter(request, "includeQcFail", false));
  MEDARC_ASSIGN(const bool duplicates, flag_parameter(request, "includeDuplicates", false));
  MEDARC_ASSIGN(o.deletions, flag_parameter(request, "includeDeletions", false));
  o.mapping_quality_min = static_cast<uint8_t>(mapping);
  o.base_quality_min = static_cast<uint8_t>(base);
  const auto include = [&](bool wanted, uint16_t flag) {
    if (wanted) o.excluded_flags &= static_cast<uint16_t>(~flag);
  };
  include(secondary, genomics::kSecondary);
  include(failed, genomics::kQcFail);
  include(duplicates, genomics::kDuplicate);
  return o;
}

// Whether JSON is wanted, the default, or tab-separated text.
Result<bool> json_wanted(const Request& request) {
  const std::string_view format = request.query_value("format");
  if (format == "json") return true;
  if (format == "tsv") return false;
  if (!format.empty())
    return make_error(Code::unsupported, "format: depths are given as json, tsv");
  if (!accept_given(request)) return true;
  for (const MediaRange& range : accepted_types(request)) {
    if (range.media.covers("application/json")) return true;
    if (range.media.covers(kTsv) || range.media.covers("text/plain")) return false;
  }
  return make_error(Code::not_acceptable,
                    "Accept: depths are given as JSON and tab-separated text");
}

Result<Response> answer(const GenomicsContext& c, const Request& request,
                        const genomics::FileId& id) {
  MEDARC_TRY(check_parameters(
      request, {"region", "format", "minMapq", "minBaseq", "includeSecondary", "includeQcFail",
                "includeDuplicates", "includeDeletions", "accept"}));
  MEDARC_ASSIGN(const DepthOptions options, options_of(request));
  MEDARC_ASSIGN(const bool json, json_wanted(request));
  MEDARC_ASSIGN(RegionReads reads, open_region(c, request, id));
  auto scan =
      DepthScan::open(reads.set, reads.region, options, c.store.limits(), std::move(reads.content));
  if (scan.has_error()) return c.store.not_sliced(reads.row, scan.error());
  const genomics::Region cut = scan->region();
  const std::string& reference = reads.set->header.references[static_cast<size_t>(cut.tid)].name;
  const std::string said =
      fmt::format(R"("minMapq":{},"minBaseq":{},"excludedFlags":{},"includeDeletions":{})",
                  options.mapping_quality_min, options.base_quality_min, options.excluded_flags,
                  options.deletions);
  const auto withheld = genomics::withheld_in(reads.set->withheld, std::vector{cut});
  const std::string etag =
      etag_of(reads.set->content, fmt::format("depth;{};{};{}-{};{}{}", json, cut.tid, cut.begin,
                                              cut.end, said, withheld_tag(withheld)));
  if (auto early = check_preconditions(request, etag)) return std::move(*early);
  std::string before;
  if (json) {
    before = fmt::format(R"({{"reference":{},"start":{},"end":{},{}{},"depths":[)",
                         json_string(reference), cut.begin + 1, cut.end, said,
                         withheld_member(c, reads.set->header, withheld));
  }
  Response response =
      streamed(request, json ? "application/json" : kTsv, etag,
               name_of(reads.row) + (json ? ".depth.json" : ".depth.tsv"),
               std::make_unique<DepthSource>(std::move(*scan), reference, json, std::move(before)));
  say_withheld(response, withheld);
  return response;
}

}  // namespace

Answer base_depth_answer(const GenomicsContext& c, const Request& request,
                         const genomics::FileId& id) {
  return answered(answer(c, request, id));
}

}  // namespace medarc::web
