#include "dicom/recompress/sweep.h"

#include <chrono>
#include <optional>

namespace medarc::dicom {
namespace {

using std::chrono::steady_clock;

constexpr char kName[] = "recompress";
constexpr uint32_t kLateTimesMax = 3;

struct Named {
  index::StudyUid study;
  index::SeriesUid series;
  index::SopInstanceUid instance;
};
std::optional<Named> named(const Bytes& id) {
  const size_t first = id.find('\0'), second = id.find('\0', first + 1);
  if (first == Bytes::npos || second == Bytes::npos) return std::nullopt;
  return Named{index::StudyUid(id.substr(0, first)),
               index::SeriesUid(id.substr(first + 1, second - first - 1)),
               index::SopInstanceUid(id.substr(second + 1))};
}

}  // namespace

Result<std::unique_ptr<RecompressSweep>> RecompressSweep::open(
    Fs& fs, const std::string& data, index::Index& index, const RecompressRules& rules,
    RecompressOptions options, Recompressor& recompressor, Clock clock) {
  std::unique_ptr<RecompressSweep> out(new RecompressSweep(rules, recompressor));
  std::vector<std::string> ids;
  for (const RecompressRule& rule : rules.all()) ids.push_back(rule.id());
  MEDARC_ASSIGN(out->sweep_, index::Sweep::open(fs, data, kName, index, std::move(ids), options,
                                                *out, std::move(clock)));
  return out;
}

Status RecompressSweep::forget(Fs& fs, const std::string& data) {
  return index::Sweep::forget(fs, data, kName);
}

Result<index::SweepTask::Look> RecompressSweep::look(size_t number, index::View& view,
                                                     const index::Event& event,
                                                     index::SweepTurn& turn) {
  if (event.kind != index::Kind::instance) return Look();
  const RecompressRule& rule = rules_.all()[number];
  const auto what = named(event.id);
  if (!what) return Look();
  MEDARC_ASSIGN(auto row, view.instance(what->study, what->series, what->instance));
  MEDARC_ASSIGN(const auto series, view.series(what->study, what->series));
  MEDARC_ASSIGN(const auto study, view.study(what->study));
  if (!series || !study) return Look();
  // Versions before the latest had their events; those that are behind by now are met here.
  while (row) {
    if (rule.holds({*row, *series, *study})) {
      const Timestamp due = rule.due(*row);
      if (due > turn.time()) return Look{Look::Outcome::not_due, due};
      if (!turn.go_on()) return Look{Look::Outcome::stopped, {}};
      MEDARC_ASSIGN(const RecompressCounts counts, try_one(*row, turn));
      counts_.add(counts);
    }
    if (row->version <= 1) break;
    MEDARC_ASSIGN(row, view.instance(what->study, what->series, what->instance, row->version - 1));
  }
  return Look();
}

// An object that a codec worker always takes too long for must not keep the others waiting.
Result<RecompressCounts> RecompressSweep::try_one(const index::InstanceRow& row,
                                                  index::SweepTurn& turn) {
  const auto begun = steady_clock::now();
  auto counts = recompressor_.recompress(row);
  if (counts.has_error() && counts.error().code == Code::deadline) {
    late_times_ = late_ == row.dataset ? late_times_ + 1 : 1;
    late_ = row.dataset;
    if (late_times_ >= kLateTimesMax) {
      RecompressCounts given_up;
      ++given_up.refused[static_cast<size_t>(NotRecompressed::no_codec)];
      return given_up;
    }
  }
  MEDARC_ASSIGN(const RecompressCounts done, std::move(counts));
  if (done.chunks > 0) turn.worked(steady_clock::now() - begun, done.commits);
  return done;
}

}  // namespace medarc::dicom
