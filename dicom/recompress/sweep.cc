#include "dicom/recompress/sweep.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "archive/recoding.h"
#include "base/log.h"
#include "base/metrics.h"

namespace medarc::dicom {
namespace {

using archive::CommitNumber;
using std::chrono::microseconds;
using std::chrono::steady_clock;

constexpr uint32_t kEventsAtOnce = 500;
constexpr uint32_t kLateTimesMax = 3;
constexpr size_t kFileBytesMax = 1u << 16;
constexpr std::string_view kMagic = "medarc recompress 1\n";
constexpr std::chrono::milliseconds kPause{300};  // between looks at a feed without news
constexpr std::chrono::seconds kSavedEvery{10}, kBusyPause{1}, kFirstDelay{1}, kLongestDelay{300};

std::string file_of(const std::string& data) { return data + "/recompress"; }

// "" for a file that is not there or is none of ours.
Result<Bytes> read_file(Fs& fs, const std::string& path) {
  MEDARC_ASSIGN(const bool there, fs.exists(path));
  if (!there) return Bytes();
  MEDARC_ASSIGN(const auto file, fs.open(path, OpenMode::read));
  MEDARC_ASSIGN(const uint64_t size, file->size());
  Bytes out(std::min<uint64_t>(size, kFileBytesMax), '\0');
  MEDARC_ASSIGN(const size_t n, file->read_at(0, out.data(), out.size()));
  out.resize(n);
  return out.starts_with(kMagic) ? out.substr(kMagic.size()) : Bytes();
}

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

RecompressSweep::RecompressSweep(Fs& fs, std::string data, index::Index& index,
                                 const RecompressRules& rules, RecompressOptions options,
                                 Recompressor& recompressor, Clock clock)
    : fs_(fs),
      data_(std::move(data)),
      index_(index),
      rules_(rules),
      options_(options),
      recompressor_(recompressor),
      clock_(std::move(clock)),
      saved_(steady_clock::now()),
      looked_(steady_clock::now()) {}

Result<std::unique_ptr<RecompressSweep>> RecompressSweep::open(
    Fs& fs, const std::string& data, index::Index& index, const RecompressRules& rules,
    RecompressOptions options, Recompressor& recompressor, Clock clock) {
  std::unique_ptr<RecompressSweep> out(
      new RecompressSweep(fs, data, index, rules, options, recompressor, std::move(clock)));
  MEDARC_TRY(out->load());
  return out;
}

RecompressSweep::~RecompressSweep() { stop(); }

// ---- how far each rule is -----------------------------------------------------------------------

Status RecompressSweep::load() {
  MEDARC_ASSIGN(const Bytes text, read_file(fs_, file_of(data_)));
  std::string_view rest = text;
  std::map<std::string, uint64_t> found;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const size_t blank = line.find(' ');
    uint64_t commit = 0;
    if (blank == line.npos) continue;
    const auto [end, failed] =
        std::from_chars(line.data() + blank + 1, line.data() + line.size(), commit);
    if (failed == std::errc() && end == line.data() + line.size()) {
      found[std::string(line.substr(0, blank))] = commit;
    }
  }
  MEDARC_ASSIGN(const CommitNumber last, index_.view()->last_commit());
  for (const RecompressRule& rule : rules_.all()) {
    // Ahead of the archive: a file of another archive, or of one that was put back from a backup.
    const uint64_t commit = found[rule.id()];
    through_[rule.id()] = commit <= last.value ? commit : 0;
  }
  return {};
}

Status RecompressSweep::save() {
  if (!changed_) return {};
  Bytes text(kMagic);
  for (const auto& [rule, commit] : through_) text += rule + ' ' + std::to_string(commit) + '\n';
  const std::string path = file_of(data_), written = path + ".new";
  MEDARC_ASSIGN(const bool left_over, fs_.exists(written));
  if (left_over) MEDARC_TRY(fs_.remove(written));
  MEDARC_ASSIGN(const auto file, fs_.open(written, OpenMode::create_new));
  MEDARC_TRY(file->write_at(0, {text}));
  MEDARC_TRY(file->sync());
  MEDARC_TRY(fs_.rename(written, path));
  MEDARC_TRY(fs_.sync_dir(data_));
  changed_ = false;
  saved_ = steady_clock::now();
  return {};
}

Status RecompressSweep::forget(Fs& fs, const std::string& data) {
  MEDARC_ASSIGN(const bool there, fs.exists(file_of(data)));
  if (!there) return {};
  MEDARC_TRY(fs.remove(file_of(data)));
  return fs.sync_dir(data);
}

Result<RecompressProgress> RecompressSweep::progress() {
  MEDARC_ASSIGN(const CommitNumber last, index_.view()->last_commit());
  RecompressProgress out{rules_.all().size(), last.value, last.value};
  for (const auto& [rule, commit] : through_) {
    out.commits_done = std::min(out.commits_done, commit);
  }
  return out;
}

// ---- going over the feed ------------------------------------------------------------------------

Result<bool> RecompressSweep::step(const GoOn& go_on) {
  const std::unique_ptr<index::View> view = index_.view();
  MEDARC_ASSIGN(const CommitNumber last, view->last_commit());
  bool more = false;
  for (const RecompressRule& rule : rules_.all()) {
    const auto stepped = step_rule(rule, *view, last, go_on);
    if (stepped.has_error()) {
      MEDARC_TRY(save());
      return stepped.error();
    }
    more = more || *stepped;
  }
  more = more && go_on();
  if (!more || steady_clock::now() - saved_ >= kSavedEvery) MEDARC_TRY(save());
  return more;
}

Result<bool> RecompressSweep::step_rule(const RecompressRule& rule, index::View& view,
                                        CommitNumber last, const GoOn& go_on) {
  uint64_t& through = through_[rule.id()];
  if (through >= last.value || clock_().us < not_before_us_[rule.id()]) return false;
  MEDARC_ASSIGN(const auto events, view.feed(CommitNumber{through}, kEventsAtOnce));
  const auto dealt_with = [&](uint64_t commit) {
    changed_ = changed_ || commit != through;
    through = commit;
  };
  for (const index::Event& event : events) {
    if (event.kind != index::Kind::instance || event.state == index::State::not_found) continue;
    const auto looked = look(rule, view, event, go_on);
    if (looked.has_error() || *looked != Look::done) {
      dealt_with(std::max(through, event.number.value - 1));
      if (looked.has_error()) return looked.error();
      return false;
    }
  }
  // A feed without events has told everything up to the last commit of the view.
  dealt_with(events.empty() ? last.value : events.back().number.value);
  return !events.empty();
}

Result<RecompressSweep::Look> RecompressSweep::look(const RecompressRule& rule, index::View& view,
                                                    const index::Event& event, const GoOn& go_on) {
  const auto what = named(event.id);
  if (!what) return Look::done;
  MEDARC_ASSIGN(auto row, view.instance(what->study, what->series, what->instance));
  MEDARC_ASSIGN(const auto series, view.series(what->study, what->series));
  MEDARC_ASSIGN(const auto study, view.study(what->study));
  if (!series || !study) return Look::done;
  // Versions before the latest had their events; those that are behind by now are met here.
  while (row) {
    if (rule.holds({*row, *series, *study})) {
      if (const Timestamp due = rule.due(*row); due > clock_()) {
        not_before_us_[rule.id()] = due.us;
        return Look::not_due;
      }
      if (!go_on()) return Look::stopped;
      MEDARC_ASSIGN(const RecompressCounts counts, try_one(*row));
      counts_.add(counts);
    }
    if (row->version <= 1) break;
    MEDARC_ASSIGN(row, view.instance(what->study, what->series, what->instance, row->version - 1));
  }
  return Look::done;
}

// An object that a codec worker always takes too long for must not keep the others waiting.
Result<RecompressCounts> RecompressSweep::try_one(const index::InstanceRow& row) {
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
  own_commits_ += done.commits;
  if (in_background_ && done.chunks > 0) {
    const auto took = std::chrono::duration_cast<microseconds>(steady_clock::now() - begun);
    (void)rest(took * (100 - options_.share_percent) / options_.share_percent);
  }
  return done;
}

// ---- in the background --------------------------------------------------------------------------

void RecompressSweep::start() {
  if (rules_.empty()) return;
  if (archive::recoding_of(index_.blobs()) == nullptr) {
    log(medarc::Level::error, "recompress.cannot",
        {{"reason", "index.file_store keeps all bytes as they are"}});
    return;
  }
  in_background_ = true;
  thread_ = std::thread([this] { run(); });
}

void RecompressSweep::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool RecompressSweep::rest(microseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stopping_; });
}

// Whether others commit much; looked at once a second.
bool RecompressSweep::busy() {
  if (options_.busy_commits_s == 0) return false;
  const auto time = steady_clock::now();
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(time - looked_).count();
  if (passed < 1000) return false;
  const auto last = index_.view()->last_commit();
  if (last.has_error()) return false;
  const uint64_t commits = last->value - seen_commit_;
  const uint64_t others = commits - std::min(commits, own_commits_);
  const bool first = seen_commit_ == 0;
  seen_commit_ = last->value;
  own_commits_ = 0;
  looked_ = time;
  return !first &&
         others * 1000 > uint64_t{options_.busy_commits_s} * static_cast<uint64_t>(passed);
}

void RecompressSweep::run() {
  static Gauge& behind =
      gauge("medarc_recompress_behind_commits", "Commits that a rule has not looked at yet.");
  auto delay = kFirstDelay;
  const GoOn go_on = [this] {
    while (busy()) {
      if (!rest(kBusyPause)) return false;
    }
    return rest(microseconds(0));
  };
  for (bool running = true; running;) {
    const Result<bool> more = step(go_on);
    if (const auto far = progress(); far.has_value()) {
      behind.set(static_cast<int64_t>(far->commits - far->commits_done));
    }
    if (more.has_error()) {
      log(medarc::Level::warn, "recompress.later", {{"error", more.error().text}});
      running = rest(delay);
      delay = std::min(delay * 2, kLongestDelay);
      continue;
    }
    delay = kFirstDelay;
    running = rest(*more ? microseconds(0) : microseconds(kPause));
  }
  if (const Status saved = save(); saved.has_error()) {
    log(medarc::Level::warn, "recompress.not_saved", {{"error", saved.error().text}});
  }
}

}  // namespace medarc::dicom
