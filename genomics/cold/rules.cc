#include "genomics/cold/rules.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "archive/hash.h"

namespace medarc::genomics {
namespace {

constexpr int64_t kDayUs = 86'400'000'000;
// Formats that come in BGZF blocks. What of them does not is told when it is met.
constexpr std::array<std::string_view, 6> kFormats = {"bam", "fastq", "vcf", "bcf", "fasta", "bed"};

Error wrong(std::string text) {
  return make_error(Code::invalid_argument, "genomics.cold: " + std::move(text));
}

Result<uint64_t> number(std::string_view name, std::string_view text, uint64_t min, uint64_t max) {
  uint64_t out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc() || end != text.data() + text.size() || out < min || out > max) {
    return wrong(std::string(name) + " is a whole number from " + std::to_string(min) + " to " +
                 std::to_string(max));
  }
  return out;
}

Result<std::vector<std::string>> formats(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.empty()) continue;
    if (std::find(kFormats.begin(), kFormats.end(), one) == kFormats.end()) {
      return wrong("format is of bam, fastq, vcf, bcf, fasta, bed");
    }
    out.emplace_back(one);
  }
  return out;
}

}  // namespace

Result<ColdRule> ColdRules::read(const Config::Table& table) {
  ColdRule rule;
  Bytes text;
  for (const auto& [name, value] : table) {
    text += name + '\n' + value + '\n';
    if (name == "format") {
      MEDARC_ASSIGN(rule.formats_, formats(value));
    } else if (name == "bytes_min") {
      MEDARC_ASSIGN(rule.bytes_min_, number(name, value, 0, UINT64_MAX));
    } else if (name == "after_days") {
      MEDARC_ASSIGN(rule.after_days_, number(name, value, 0, kDaysMax));
    } else if (name == "saving_percent") {
      MEDARC_ASSIGN(const uint64_t percent, number(name, value, 1, 99));
      rule.effort_.saving_percent = static_cast<uint32_t>(percent);
    } else if (name == "level") {
      MEDARC_ASSIGN(const uint64_t level, number(name, value, 1, kZstdLevelMax));
      rule.effort_.zstd_level = static_cast<int>(level);
    } else {
      return wrong("unknown key " + name);
    }
  }
  rule.id_ = archive::Sha256::of(text).hex().substr(0, 16);
  return rule;
}

Result<ColdRules> ColdRules::from(Config& config) {
  ColdRules out;
  const auto tables =
      config.tables("genomics.cold",
                    "Which files in BGZF blocks are kept smaller: format, after_days, bytes_min, "
                    "saving_percent, level.");
  if (tables.size() > kRulesMax) return wrong("more than 64 rules");
  for (const Config::Table& table : tables) {
    MEDARC_ASSIGN(ColdRule rule, read(table));
    out.rules_.push_back(std::move(rule));
  }
  return out;
}

bool ColdRule::holds(const index::FileRow& file) const {
  if (file.bytes < bytes_min_) return false;
  return formats_.empty() ||
         std::find(formats_.begin(), formats_.end(), file.format) != formats_.end();
}

Timestamp ColdRule::due(const index::FileRow& file) const {
  return {file.received.us + static_cast<int64_t>(after_days_) * kDayUs};
}

}  // namespace medarc::genomics
