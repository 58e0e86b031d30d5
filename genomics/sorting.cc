#include "genomics/sorting.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "base/bytes.h"
#include "base/log.h"
#include "base/metrics.h"
#include "genomics/block_map.h"
#include "genomics/statistics.h"

namespace medarc::genomics {
namespace {

using index::FileId;
using index::FileRow;
using index::JobOutcome;
using index::JobRow;
using Verdict = JobOutcome::Verdict;

constexpr uint32_t kRowsAtOnce = 500;
constexpr std::chrono::milliseconds kPause{500};  // between looks at a feed without news
constexpr std::chrono::seconds kRest{5};          // after an error

// A slash would end the name in the URLs of /admin/jobs; no id holds a tilde.
std::string job_name(const FileId& file) {
  std::string out = file.value;
  std::replace(out.begin(), out.end(), '/', '~');
  return out;
}

std::string queue_name(uint32_t number) { return fmt::format("genomics.sort.{:02}", number); }

// The payload names the bytes too: what failed with them says nothing of others under the same id.
JobRow job_for(const FileRow& row, uint32_t queues) {
  JobRow job;
  job.queue = queue_name(crc32c(row.id.value) % queues);
  job.name = job_name(row.id);
  job.kind = kSortJob;
  job.payload = row.id.value + ' ' + row.blob.hex();
  return job;
}

FileId file_of(const JobRow& job) { return FileId(job.payload.substr(0, job.payload.find(' '))); }

// What wants a derivative, as far as the row tells: a sorted file with references has an index.
bool may_need(const FileRow& row) {
  return row.format == "bam" && row.index_kind.empty() && row.block_map_blob &&
         index::attachment(row, "sorted") == nullptr;
}

security::Principal ourselves() {
  return {"medarc", {security::Role::administrator}, "genomics", ""};
}

}  // namespace

Result<std::optional<JobRow>> sort_job_of(index::View& view, const FileId& file) {
  const std::string name = job_name(file);
  for (uint32_t i = 0; i < kSortQueuesMax; ++i) {
    MEDARC_ASSIGN(auto job, view.job(queue_name(i), name));
    if (job) return job;
  }
  return std::optional<JobRow>();
}

struct Sorting::Shared {
  Shared(Fs& fs, const std::string& directory, index::Index& index_, security::Guard& guard_,
         const Limits& limits_, const SortLimits& sort_limits_, std::string program_)
      : index(index_),
        guard(guard_),
        limits(limits_),
        sort_limits(sort_limits_),
        program(std::move(program_)),
        temporary(fs, directory, sort_limits_.temporary_bytes_max) {}

  index::Index& index;
  security::Guard& guard;
  const Limits limits;
  const SortLimits sort_limits;
  const std::string program;
  TemporaryRuns temporary;
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<SortProgress>> under_way;  // by file
  bool stopping = false;
};

class Sorting::Handler final : public index::JobHandler {
 public:
  explicit Handler(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

  std::vector<JobOutcome> run(const std::vector<JobRow>& jobs) override {
    static Gauge& running = gauge("medarc_sorts_running", "BAM files being sorted.");
    const FileId file = file_of(jobs.at(0));
    const auto progress = std::make_shared<SortProgress>();
    {
      const std::lock_guard lock(shared_->mutex);
      if (shared_->stopping) return {};
      shared_->under_way[file.value] = progress;
    }
    running.add(1);
    const Result<bool> done = make(file, *progress);
    running.add(-1);
    {
      const std::lock_guard lock(shared_->mutex);
      shared_->under_way.erase(file.value);
    }
    if (done.has_value())
      return {{*done ? Verdict::done : Verdict::later, "the file was replaced"}};
    const Error& error = done.error();
    if (error.code == Code::cancelled) return {};
    count("failed").add();
    const bool for_good = error.code == Code::corrupt || error.code == Code::too_large ||
                          error.code == Code::invalid_argument || error.code == Code::internal;
    return {{for_good ? Verdict::failed : Verdict::later, error.text}};
  }

  void stop() override {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
    for (const auto& [file, progress] : shared_->under_way) progress->stop = true;
  }

 private:
  static Counter& count(const char* how) {
    return counter("medarc_sorts_total", "Attempts to sort a BAM file.",
                   "how=\"" + std::string(how) + "\"");
  }

  // False: the id holds other bytes by now.
  Result<bool> make(const FileId& file, SortProgress& progress) {
    static Counter& records = counter("medarc_sort_records_total", "Records of sorted BAM files.");
    Shared& s = *shared_;
    MEDARC_ASSIGN(const auto row, s.index.view()->file(file));
    if (!row || !may_need(*row)) return true;
    MEDARC_ASSIGN(const bool sorted, stored_map_sorted(s.index.blobs(), *row->block_map_blob));
    if (sorted) return true;
    const auto began = std::chrono::steady_clock::now();
    MEDARC_ASSIGN(SortedBam made, sort_bam(s.index.blobs(), row->blob, s.temporary, s.limits,
                                           s.sort_limits, s.program, progress));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    index::AmendFile op;
    op.id = file;
    op.blob = row->blob;
    op.attachments = {{"depth", made.depth.digest, made.depth.size},
                      {"sorted", made.content.digest, made.content.size},
                      {"sorted.index", made.index.digest, made.index.size},
                      {"sorted.map", made.block_map.digest, made.block_map.size}};
    index::Facts facts;
    facts.time = now();
    op.statistics_json =
        with_member(row->statistics_json,
                    fmt::format(R"("derived":{{"sorted":{{"made":"{}","by":"{}","records":{}}}}})",
                                to_rfc3339(facts.time), s.program, made.records));
    facts.ops.emplace_back(std::move(op));
    facts.ops.push_back(
        s.guard.audit_op(ourselves(), security::Action::store,
                         {security::Domain::genomes, "file/" + file.value, "sorted derivative"}));
    std::vector<archive::StagedBlob> blobs;
    blobs.push_back(std::move(made.content));
    blobs.push_back(std::move(made.index));
    blobs.push_back(std::move(made.block_map));
    blobs.push_back(std::move(made.depth));
    MEDARC_ASSIGN(const auto committed, s.index.commit(std::move(blobs), std::move(facts)));
    if (committed.outcomes.at(0).state == index::State::precondition_failed) return false;
    count("done").add();
    records.add(made.records);
    log(Level::info, "genomics.sorted",
        {{"file", file.value},
         {"records", made.records},
         {"runs", made.runs},
         {"seconds", took.count()}});
    return true;
  }

  const std::shared_ptr<Shared> shared_;
};

Sorting::Sorting(Fs& fs, const std::string& directory, index::Index& index, index::Jobs& jobs,
                 security::Guard& guard, const Limits& limits, const SortLimits& sort_limits,
                 std::string program)
    : index_(index),
      jobs_(jobs),
      sort_limits_(sort_limits),
      shared_(std::make_shared<Shared>(fs, directory, index, guard, limits, sort_limits,
                                       std::move(program))) {}

Result<std::unique_ptr<Sorting>> Sorting::open(Fs& fs, const std::string& directory,
                                               index::Index& index, index::Jobs& jobs,
                                               security::Guard& guard, const Limits& limits,
                                               const SortLimits& sort_limits, std::string program) {
  std::unique_ptr<Sorting> out(
      new Sorting(fs, directory, index, jobs, guard, limits, sort_limits, std::move(program)));
  MEDARC_TRY(out->shared_->temporary.clean());
  return out;
}

Sorting::~Sorting() { stop(); }

std::shared_ptr<index::JobHandler> Sorting::handler() { return std::make_shared<Handler>(shared_); }

void Sorting::start() {
  if (sort_limits_.enabled) thread_ = std::thread([this] { run(); });
}

void Sorting::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Sorting::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const Result<bool> more = step();
    if (more.has_error()) log(Level::error, "genomics.sorting", {{"error", more.error().text}});
    lock.lock();
    if (more.has_value() && *more) continue;
    wake_.wait_for(lock, more.has_error() ? std::chrono::milliseconds(kRest) : kPause,
                   [this] { return stopping_; });
  }
}

Result<bool> Sorting::step() { return looked_through_ ? follow_feed() : look_through_rows(); }

// Files that came while no server ran, or before there were derivatives.
Result<bool> Sorting::look_through_rows() {
  const auto view = index_.view();
  if (cursor_.empty()) {
    MEDARC_ASSIGN(through_, view->last_commit());
  }
  index::Query query;
  query.kind = index::Kind::file;
  query.order = index::Order::newest_first;
  query.limit = kRowsAtOnce;
  query.after = cursor_;
  MEDARC_ASSIGN(index::Page page, view->query(query));
  for (const index::Match& match : page.matches) {
    MEDARC_ASSIGN(const FileRow row, index::decode_file(match.row.value));
    MEDARC_TRY(consider(row));
  }
  cursor_ = std::move(page.next);
  looked_through_ = cursor_.empty();
  return true;
}

Result<bool> Sorting::follow_feed() {
  const auto view = index_.view();
  MEDARC_ASSIGN(const archive::CommitNumber last, view->last_commit());
  if (last <= through_) return false;
  MEDARC_ASSIGN(const auto events, view->feed(through_, kRowsAtOnce));
  std::set<Bytes> changed;
  for (const index::Event& event : events) {
    if (event.kind == index::Kind::file && event.state != index::State::not_found) {
      changed.insert(event.id);
    }
  }
  for (const Bytes& id : changed) {
    MEDARC_ASSIGN(const auto row, view->file(FileId(id)));
    if (row) MEDARC_TRY(consider(*row));
  }
  // A feed without events has told everything up to the last commit of the view.
  through_ = events.empty() ? last : events.back().number;
  return through_ < last;
}

Status Sorting::consider(const FileRow& row) {
  if (!may_need(row)) return {};
  MEDARC_ASSIGN(const bool sorted, stored_map_sorted(index_.blobs(), *row.block_map_blob));
  if (sorted) return {};
  MEDARC_ASSIGN(const auto queued, sort_job_of(*index_.view(), row.id));
  JobRow job = job_for(row, sort_limits_.sorts_max);
  if (queued) {
    if (queued->state != JobRow::State::failed || queued->payload == job.payload) return {};
    MEDARC_TRY(jobs_.cancel(queued->queue, queued->name, {}));
  }
  const Status put = jobs_.put(std::move(job));
  if (put.has_error() && put.error().code != Code::already_exists) return put;
  return {};
}

std::optional<double> Sorting::progress(const FileId& file) const {
  const std::lock_guard lock(shared_->mutex);
  const auto found = shared_->under_way.find(file.value);
  if (found == shared_->under_way.end()) return std::nullopt;
  return found->second->done();
}

}  // namespace medarc::genomics
