#include "genomics/bam_numbers.h"

#include <algorithm>

#include "genomics/sex_estimate.h"

namespace medarc::genomics {

BamNumbers::BamNumbers(const std::vector<Reference>& references) : idxstats_(references.size()) {
  if (!references.empty()) depth_.emplace(references);
  digest_.references(references);
}

void BamNumbers::add(const RecordFacts& facts, const RecordParts& parts, ByteView record) {
  flagstat_.add(facts);
  idxstats_.add(facts);
  stats_.add(facts, parts);
  if (depth_) depth_->add(facts, parts);
  reads_.add(facts, parts);
  digest_.bam_record(record);
}

std::string BamNumbers::members(const std::vector<Reference>& references) const {
  std::string out = R"("flagstat":)" + flagstat_.json() + R"(,"idxstats":)";
  const size_t left_out = idxstats_.write(references, kReferencesInRow, out);
  if (left_out > 0) out += R"(,"idxstatsLeftOut":)" + std::to_string(left_out);
  out += R"(,"stats":)" + stats_.summary() + R"(,"readSums":)" + json_of(reads_.sums());
  if (depth_) {
    if (const auto sex = estimate_sex(references, depth_->sums()))
      out += R"(,"sex":)" + sex->json();
  }
  return out;
}

std::string BamNumbers::quality(const std::vector<Reference>& references) const {
  std::string out = R"({"idxstats":)";
  const size_t left_out = idxstats_.write(references, kReferencesMax, out);
  if (left_out > 0) out += R"(,"idxstatsLeftOut":)" + std::to_string(left_out);
  out += R"(,"stats":)" + stats_.summary() + ",";
  stats_.write_details(out);
  return out + "}";
}

Bytes BamNumbers::take_depth() { return depth_ ? depth_->finish() : Bytes(); }

std::vector<std::string> BamNumbers::identities() const {
  const ReadSums& sums = reads_.sums();
  if (flagstat_.total() == 0) return {};
  std::vector<std::string> out = {digest_.identity()};
  if (sums[0].reads + sums[1].reads + sums[2].reads > 0) out.push_back(read_set_identity(sums));
  for (const size_t half : {1, 2}) {
    if (sums[half].reads > 0) out.push_back(mates_identity(sums[half]));
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace medarc::genomics
