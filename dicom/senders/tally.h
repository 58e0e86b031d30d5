// What senders get wrong, counted: by day (UTC), sender, kind of finding, attribute, SOP class and
// text, with the first and the last time and one instance as an example. No patient data, and
// bounded: what is over a limit is counted in a line of its own.
//
// Not thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/config.h"
#include "dicom/senders/findings.h"

namespace medarc::dicom::senders {

struct TallyLimits {
  uint32_t days_max = 31;                   // days that are kept
  uint32_t senders_max = 256;               // of one day; more are counted as kOtherSenders
  uint32_t lines_max = 200;                 // of one sender on one day; more as kOtherFindings
  uint32_t lines_total_max = 20'000;        // of all days: the oldest ones go first
  static TallyLimits from(Config& config);  // section [senders]
};

inline constexpr std::string_view kOtherSenders = "(other senders)", kOtherFindings = "(other)";

struct TallyKey {
  std::string day;  // "2026-11-21"
  std::string sender, kind;
  Tag attribute;
  std::string sop_class, text;
  auto operator<=>(const TallyKey&) const = default;
};

struct TallyLine {
  uint64_t count = 0;
  Timestamp first, last;
  std::string example;  // SOP Instance UID of the last; "" when it has none
  bool operator==(const TallyLine&) const = default;
};

class Tally {
 public:
  explicit Tally(TallyLimits limits = {}) : limits_(limits) {}

  void add(const std::string& sender, const Finding& finding, const std::string& sop_class,
           const std::string& instance, Timestamp when);
  void add(const Tally& more);
  void clear();

  // By day, the newest last; then by sender.
  const std::map<TallyKey, TallyLine>& lines() const { return lines_; }
  bool empty() const { return lines_.empty(); }
  const TallyLimits& limits() const { return limits_; }

  Bytes encode() const;
  Status decode(ByteView bytes);  // corrupt; replaces everything

 private:
  void add(TallyKey key, const TallyLine& line);
  void drop_oldest();

  TallyLimits limits_;
  std::map<TallyKey, TallyLine> lines_;
  // How many lines each sender has on a day.
  std::map<std::string, std::map<std::string, uint32_t>> by_day_;
};

std::string day_of(Timestamp when);

}  // namespace medarc::dicom::senders
