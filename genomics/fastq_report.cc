// FastqModules as JSON.
#include <fmt/format.h>

#include <cmath>

#include "genomics/base_groups.h"
#include "genomics/fastq_modules.h"

namespace medarc::genomics {
namespace {

void put(std::string& out, fmt::string_view format, const auto&... values) {
  fmt::vformat_to(std::back_inserter(out), format, fmt::make_format_args(values...));
}

// Shortest text that gives the number back; what FastQC calls NaN is null.
std::string number(double v) { return std::isfinite(v) ? fmt::format("{}", v) : "null"; }

double percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? NAN : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

// FastQC's bins of lengths: of 1, 2, 5, 10, 20, … so that there are at most 51 or so.
uint64_t length_bin(uint64_t least, uint64_t most) {
  for (uint64_t unit = 1;; unit *= 10) {
    for (const uint64_t step : {1, 2, 5}) {
      if ((most - least) / (step * unit) <= 50) return step * unit;
    }
  }
}

}  // namespace

std::vector<FastqModules::Group> FastqModules::groups(uint64_t longest) const {
  std::vector<Group> out;
  if (longest <= kExactSizes) {
    for (const BaseGroup& g : base_groups(longest)) out.push_back({g.first - 1, g.last, g.label()});
    return out;
  }
  for (const BaseGroup& g : base_groups(kExactSizes))
    out.push_back({g.first - 1, g.last, g.label()});
  for (size_t row = kExactSizes; row <= size_class(longest - 1); ++row) {
    const uint64_t last = std::min(size_class_begin(row + 1), longest);
    out.push_back({row, row + 1, BaseGroup{size_class_begin(row) + 1, last}.label()});
  }
  return out;
}

uint64_t FastqModules::qualities_at(size_t row) const {
  uint64_t n = 0;
  for (size_t q = 0; q < CycleQualities::kQualities && row < qualities_.rows(); ++q) {
    n += qualities_.count(row, q);
  }
  return n;
}

// The least quality at or below which `percent` of the bases lie, in whole bases.
double FastqModules::percentile(size_t row, uint64_t percent) const {
  const uint64_t wanted = qualities_at(row) * percent / 100;
  uint64_t sum = 0;
  for (size_t q = offset() - 33u; q < CycleQualities::kQualities; ++q) {
    sum += qualities_.count(row, q);
    if (sum >= wanted) return static_cast<double>(q + 33 - offset());
  }
  return -1;
}

void FastqModules::write_basic(std::string& out) const {
  const std::string length = reads_ == 0 ? "0"
                             : shortest_ == longest_
                                 ? std::to_string(longest_)
                                 : std::to_string(shortest_) + "-" + std::to_string(longest_);
  const char* encoding = lowest_ < 64    ? "Sanger / Illumina 1.9"
                         : lowest_ == 64 ? "Illumina 1.3"
                                         : "Illumina 1.5";
  uint64_t acgt = 0, gc = 0;
  for (size_t row = 0; row < letters_.rows(); ++row) {
    gc += letters_.count(row, kG) + letters_.count(row, kC);
    acgt += letters_.count(row, kA) + letters_.count(row, kT);
  }
  acgt += gc;
  put(out,
      R"("Basic Statistics":{{"Encoding":"{}","Total Sequences":{},"Sequences flagged as poor quality":0,)"
      R"("Sequence length":"{}","%GC":{}}})",
      encoding, reads_, length, acgt == 0 ? 0 : gc * 100 / acgt);
}

void FastqModules::write_qualities(std::string& out) const {
  constexpr uint64_t kBasesMin = 100;  // more than: else a position has no percentiles
  static constexpr std::array<std::pair<const char*, uint64_t>, 5> kPercentiles = {
      {{"Median", 50},
       {"Lower Quartile", 25},
       {"Upper Quartile", 75},
       {"10th Percentile", 10},
       {"90th Percentile", 90}}};
  out += R"("Per base sequence quality":[)";
  const char* comma = "";
  for (const Group& g : groups(longest_)) {
    double means = 0;
    size_t with_bases = 0, with_many = 0;
    std::array<double, 5> sums{};
    for (size_t row = g.row_begin; row < g.row_end; ++row) {
      const uint64_t n = qualities_at(row);
      if (n == 0) continue;
      uint64_t sum = 0;
      for (size_t q = 0; q < CycleQualities::kQualities; ++q) sum += q * qualities_.count(row, q);
      means += static_cast<double>(sum) / static_cast<double>(n) + 33 - offset();
      ++with_bases;
      if (n <= kBasesMin) continue;
      ++with_many;
      for (size_t i = 0; i < sums.size(); ++i) sums[i] += percentile(row, kPercentiles[i].second);
    }
    put(out, R"({}{{"Base":"{}","Mean":{})", comma, g.label,
        number(means / static_cast<double>(with_bases)));
    for (size_t i = 0; i < sums.size(); ++i) {
      put(out, R"(,"{}":{})", kPercentiles[i].first,
          number(sums[i] / static_cast<double>(with_many)));
    }
    out += '}';
    comma = ",";
  }
  out += ']';
}

void FastqModules::write_read_qualities(std::string& out) const {
  out += R"("Per sequence quality scores":[)";
  size_t first = 0, last = read_qualities_.size();
  while (first < last && read_qualities_[first] == 0) ++first;
  while (last > first && read_qualities_[last - 1] == 0) --last;
  for (size_t q = first; q < last; ++q) {
    put(out, R"({}{{"Quality":{},"Count":{}}})", q == first ? "" : ",", q - offset(),
        read_qualities_[q]);
  }
  out += ']';
}

void FastqModules::write_letters(std::string& out) const {
  std::string content = R"("Per base sequence content":[)", unknown = R"("Per base N content":[)";
  const char* comma = "";
  for (const Group& g : groups(longest_)) {
    std::array<uint64_t, kLetters> n{};
    for (size_t row = g.row_begin; row < g.row_end && row < letters_.rows(); ++row) {
      for (size_t letter = 0; letter < kLetters; ++letter) n[letter] += letters_.count(row, letter);
    }
    const uint64_t known = n[kA] + n[kC] + n[kG] + n[kT];
    put(content, R"({}{{"Base":"{}","G":{},"A":{},"T":{},"C":{}}})", comma, g.label,
        number(percent(n[kG], known)), number(percent(n[kA], known)), number(percent(n[kT], known)),
        number(percent(n[kC], known)));
    put(unknown, R"({}{{"Base":"{}","N-Count":{}}})", comma, g.label,
        number(percent(n[kN], known + n[kN] + n[kOtherLetter])));
    comma = ",";
  }
  put(out, R"({}],"Per sequence GC content":[)", content);
  for (size_t i = 0; i < gc_.percents().size(); ++i) {
    put(out, R"({}{{"GC Content":{},"Count":{}}})", i == 0 ? "" : ",", i,
        number(gc_.percents()[i]));
  }
  put(out, "],{}]", unknown);
}

void FastqModules::write_lengths(std::string& out) const {
  out += R"("Sequence Length Distribution":[)";
  const char* comma = "";
  const auto row = [&](uint64_t first, uint64_t last, uint64_t count) {
    put(out, R"({}{{"Length":"{}","Count":{}}})", comma, BaseGroup{first, last}.label(), count);
    comma = ",";
  };
  if (reads_ > 0 && longest_ < kExactSizes) {
    // One length below and one above are looked at too, and left out where they are empty.
    const uint64_t least = shortest_ > 0 ? shortest_ - 1 : 0, most = longest_ + 1;
    const uint64_t bin = length_bin(least, most);
    for (uint64_t first = least / bin * bin; first <= most; first += bin) {
      uint64_t count = 0;
      for (uint64_t n = first; n < first + bin && n <= longest_; ++n) count += lengths_[n];
      const bool edge = first == least / bin * bin || first + bin > most;
      if (count > 0 || !edge) row(first, first + bin - 1, count);
    }
  } else {
    for (size_t at = 0; at < lengths_.size(); ++at) {
      if (lengths_[at] > 0) row(size_class_begin(at), size_class_begin(at + 1) - 1, lengths_[at]);
    }
  }
  out += ']';
}

void FastqModules::write_repeats(std::string& out) const {
  const SequenceRepeats::Levels levels = repeats_.levels();
  put(out, R"("Sequence Duplication Levels":{{"Total Deduplicated Percentage":{},"levels":[)",
      number(levels.remaining_percent));
  for (size_t i = 0; i < levels.total.size(); ++i) {
    put(out,
        R"({}{{"Duplication Level":"{}","Percentage of deduplicated":{},"Percentage of total":{}}})",
        i == 0 ? "" : ",", SequenceRepeats::kLevelNames[i], number(levels.deduplicated[i]),
        number(levels.total[i]));
  }
  out += R"(]},"Overrepresented sequences":[)";
  const char* comma = "";
  for (const auto& r : repeats_.overrepresented()) {
    put(out, R"({}{{"Sequence":"{}","Count":{},"Percentage":{}}})", comma, r.sequence, r.count,
        number(r.percent));
    comma = ",";
  }
  out += ']';
}

void FastqModules::write_adapters(std::string& out) const {
  out += R"("Adapter Content":[)";
  const char* comma = "";
  for (const Group& g : groups(adapters_.positions())) {
    put(out, R"({}{{"Position":"{}")", comma, g.label);
    for (size_t a = 0; a < kAdapters.size(); ++a) {
      double sum = 0;
      for (size_t row = g.row_begin; row < g.row_end; ++row)
        sum += adapters_.percent(a, size_class_begin(row) + 1);
      put(out, R"(,"{}":{})", kAdapters[a].name,
          number(sum / static_cast<double>(g.row_end - g.row_begin)));
    }
    out += '}';
    comma = ",";
  }
  out += ']';
}

std::string FastqModules::summary() const {
  std::string out = "{";
  write_basic(out);
  put(out, R"(,"Sequence Duplication Levels":{{"Total Deduplicated Percentage":{}}})",
      number(repeats_.levels().remaining_percent));
  put(out, R"(,"Overrepresented sequences":{{"Sequences":{}}},"Adapter Content":{{)",
      repeats_.overrepresented().size());
  for (size_t a = 0; a < kAdapters.size(); ++a) {
    put(out, R"({}"{}":{})", a == 0 ? "" : ",", kAdapters[a].name, number(adapters_.percent(a)));
  }
  return out + "}}";
}

std::string FastqModules::modules() const {
  std::string out = "{";
  for (const auto write : {&FastqModules::write_basic, &FastqModules::write_qualities,
                           &FastqModules::write_read_qualities, &FastqModules::write_letters,
                           &FastqModules::write_lengths, &FastqModules::write_repeats,
                           &FastqModules::write_adapters}) {
    if (out.size() > 1) out += ',';
    (this->*write)(out);
  }
  return out + "}";
}

}  // namespace medarc::genomics
