#include "index/sweep.h"

#include <algorithm>
#include <charconv>

#include "archive/recoding.h"
#include "base/log.h"
#include "base/metrics.h"

namespace medarc::index {
namespace {

using archive::CommitNumber;
using std::chrono::microseconds;
using std::chrono::steady_clock;

constexpr uint32_t kEventsAtOnce = 500;
constexpr size_t kFileBytesMax = 1u << 16;
constexpr std::chrono::milliseconds kPause{300};  // between looks at a feed without news
constexpr std::chrono::seconds kSavedEvery{10}, kBusyPause{1}, kFirstDelay{1}, kLongestDelay{300};

std::string magic(const std::string& name) { return "medarc " + name + " 1\n"; }

// "" for a file that is not there or is none of ours.
Result<Bytes> read_file(Fs& fs, const std::string& path, const std::string& name) {
  MEDARC_ASSIGN(const bool there, fs.exists(path));
  if (!there) return Bytes();
  MEDARC_ASSIGN(const auto file, fs.open(path, OpenMode::read));
  MEDARC_ASSIGN(const uint64_t size, file->size());
  Bytes out(std::min<uint64_t>(size, kFileBytesMax), '\0');
  MEDARC_ASSIGN(const size_t n, file->read_at(0, out.data(), out.size()));
  out.resize(n);
  return out.starts_with(magic(name)) ? out.substr(magic(name).size()) : Bytes();
}

}  // namespace

Sweep::Sweep(Fs& fs, const std::string& data, std::string name, Index& index,
             std::vector<std::string> rules, const RecompressOptions& options, SweepTask& task,
             Clock clock)
    : fs_(fs),
      data_(data),
      name_(std::move(name)),
      index_(index),
      rules_(std::move(rules)),
      options_(options),
      task_(task),
      clock_(std::move(clock)),
      saved_(steady_clock::now()),
      looked_(steady_clock::now()) {}

Result<std::unique_ptr<Sweep>> Sweep::open(Fs& fs, const std::string& data, std::string name,
                                           Index& index, std::vector<std::string> rules,
                                           const RecompressOptions& options, SweepTask& task,
                                           Clock clock) {
  std::unique_ptr<Sweep> out(new Sweep(fs, data, std::move(name), index, std::move(rules), options,
                                       task, std::move(clock)));
  MEDARC_TRY(out->load());
  return out;
}

Sweep::~Sweep() { stop(); }

// ---- how far each rule is -----------------------------------------------------------------------

Status Sweep::load() {
  MEDARC_ASSIGN(const Bytes text, read_file(fs_, data_ + '/' + name_, name_));
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
  for (const std::string& rule : rules_) {
    // Ahead of the archive: a file of another archive, or of one that was put back from a backup.
    const uint64_t commit = found[rule];
    through_[rule] = commit <= last.value ? commit : 0;
  }
  return {};
}

Status Sweep::save() {
  if (!changed_) return {};
  Bytes text(magic(name_));
  for (const auto& [rule, commit] : through_) text += rule + ' ' + std::to_string(commit) + '\n';
  const std::string path = data_ + '/' + name_, written = path + ".new";
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

Status Sweep::forget(Fs& fs, const std::string& data, const std::string& name) {
  MEDARC_ASSIGN(const bool there, fs.exists(data + '/' + name));
  if (!there) return {};
  MEDARC_TRY(fs.remove(data + '/' + name));
  return fs.sync_dir(data);
}

Result<SweepProgress> Sweep::progress() {
  MEDARC_ASSIGN(const CommitNumber last, index_.view()->last_commit());
  SweepProgress out{rules_.size(), last.value, last.value};
  for (const auto& [rule, commit] : through_) {
    out.commits_done = std::min(out.commits_done, commit);
  }
  return out;
}

// ---- going over the feed ------------------------------------------------------------------------

Result<bool> Sweep::step(const GoOn& go_on) {
  go_on_ = &go_on;
  const std::unique_ptr<View> view = index_.view();
  MEDARC_ASSIGN(const CommitNumber last, view->last_commit());
  bool more = false;
  for (size_t rule = 0; rule < rules_.size(); ++rule) {
    const auto stepped = step_rule(rule, *view, last);
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

Result<bool> Sweep::step_rule(size_t rule, View& view, CommitNumber last) {
  using Outcome = SweepTask::Look::Outcome;
  uint64_t& through = through_[rules_[rule]];
  int64_t& not_before_us = not_before_us_[rules_[rule]];
  if (through >= last.value || clock_().us < not_before_us) return false;
  MEDARC_ASSIGN(const auto events, view.feed(CommitNumber{through}, kEventsAtOnce));
  const auto dealt_with = [&](uint64_t commit) {
    changed_ = changed_ || commit != through;
    through = commit;
  };
  for (const Event& event : events) {
    if (event.state == State::not_found) continue;
    const auto looked = task_.look(rule, view, event, *this);
    if (looked.has_value() && looked->outcome == Outcome::done) continue;
    dealt_with(std::max(through, event.number.value - 1));
    if (looked.has_error()) return looked.error();
    if (looked->outcome == Outcome::not_due) not_before_us = looked->due.us;
    return false;
  }
  // A feed without events has told everything up to the last commit of the view.
  dealt_with(events.empty() ? last.value : events.back().number.value);
  return !events.empty();
}

void Sweep::worked(steady_clock::duration took, uint64_t commits) {
  own_commits_ += commits;
  if (!in_background_) return;
  const auto us = std::chrono::duration_cast<microseconds>(took);
  (void)rest(us * (100 - options_.share_percent) / options_.share_percent);
}

// ---- in the background --------------------------------------------------------------------------

void Sweep::start() {
  if (rules_.empty()) return;
  if (archive::recoding_of(index_.blobs()) == nullptr) {
    log(medarc::Level::error, name_ + ".cannot",
        {{"reason", "index.file_store keeps all bytes as they are"}});
    return;
  }
  in_background_ = true;
  thread_ = std::thread([this] { run(); });
}

void Sweep::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Sweep::rest(microseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stopping_; });
}

// Whether others commit much; looked at once a second.
bool Sweep::busy() {
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

void Sweep::run() {
  Gauge& behind =
      gauge("medarc_" + name_ + "_behind_commits", "Commits that a rule has not looked at yet.");
  auto delay = kFirstDelay;
  const GoOn until_stopped = [this] {
    while (busy()) {
      if (!rest(kBusyPause)) return false;
    }
    return rest(microseconds(0));
  };
  for (bool running = true; running;) {
    const Result<bool> more = step(until_stopped);
    if (const auto far = progress(); far.has_value()) {
      behind.set(static_cast<int64_t>(far->commits - far->commits_done));
    }
    if (more.has_error()) {
      log(medarc::Level::warn, name_ + ".later", {{"error", more.error().text}});
      running = rest(delay);
      delay = std::min(delay * 2, kLongestDelay);
      continue;
    }
    delay = kFirstDelay;
    running = rest(*more ? microseconds(0) : microseconds(kPause));
  }
  if (const Status saved = save(); saved.has_error()) {
    log(medarc::Level::warn, name_ + ".not_saved", {{"error", saved.error().text}});
  }
}

}  // namespace medarc::index
