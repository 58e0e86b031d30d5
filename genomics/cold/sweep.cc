#include "genomics/cold/sweep.h"

namespace medarc::genomics {
namespace {

constexpr char kName[] = "cold";

}  // namespace

Result<std::unique_ptr<ColdSweep>> ColdSweep::open(Fs& fs, const std::string& data,
                                                   index::Index& index, const ColdRules& rules,
                                                   const index::RecompressOptions& options,
                                                   ColdFiles& files, Clock clock) {
  std::unique_ptr<ColdSweep> out(new ColdSweep(rules, files));
  std::vector<std::string> ids;
  for (const ColdRule& rule : rules.all()) ids.push_back(rule.id());
  MEDARC_ASSIGN(out->sweep_, index::Sweep::open(fs, data, kName, index, std::move(ids), options,
                                                *out, std::move(clock)));
  return out;
}

Status ColdSweep::forget(Fs& fs, const std::string& data) {
  return index::Sweep::forget(fs, data, kName);
}

Result<index::SweepTask::Look> ColdSweep::look(size_t number, index::View& view,
                                               const index::Event& event, index::SweepTurn& turn) {
  if (event.kind != index::Kind::file) return Look();
  const ColdRule& rule = rules_.all()[number];
  MEDARC_ASSIGN(const auto file, view.file(index::FileId(event.id)));
  if (!file || !rule.holds(*file)) return Look();
  const Timestamp due = rule.due(*file);
  if (due > turn.time()) return Look{Look::Outcome::not_due, due};
  if (!turn.go_on()) return Look{Look::Outcome::stopped, {}};
  MEDARC_ASSIGN(const ColdFiles::Done done, files_.make_cold(*file, rule.effort(), turn));
  counts_.add(done.counts);
  return Look{done.stopped ? Look::Outcome::stopped : Look::Outcome::done, {}};
}

}  // namespace medarc::genomics
