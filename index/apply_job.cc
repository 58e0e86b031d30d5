// Jobs: rows that come, change and go by their version, so that a worker that was overtaken (an
// operator cancelled, another process took over) changes nothing.
#include "index/apply.h"

namespace medarc::index {
namespace {

Bytes key_of(const std::string& queue, const std::string& name) {
  return key::row(Kind::job, job_id(queue, name));
}

}  // namespace

Result<OpOutcome> Group::run(PutJob& op) {
  if (op.with_instance && changed_nothing_) return OpOutcome{State::duplicate, 0, {}};
  const Bytes row_key = key_of(op.job.queue, op.job.name);
  MEDARC_ASSIGN(const auto there, read(row_key, decode_job));
  if (there) return OpOutcome{State::duplicate, there->version, {}};
  op.job.version = 1;
  op.job.created = time_;
  batch_.put(Table::rows, row_key, encode(op.job));
  return OpOutcome{State::done, 1, {}};
}

Result<OpOutcome> Group::run(ChangeJob& op) {
  const Bytes row_key = key_of(op.queue, op.name);
  MEDARC_ASSIGN(auto job, read(row_key, decode_job));
  if (!job) return OpOutcome{State::not_found, 0, {}};
  if (job->version != op.expect_version) {
    return OpOutcome{State::precondition_failed, job->version, {}};
  }
  ++job->version;
  job->state = op.state;
  job->attempts = op.attempts;
  job->due = op.due;
  job->problem = op.problem;
  batch_.put(Table::rows, row_key, encode(*job));
  return OpOutcome{State::done, job->version, {}};
}

Result<OpOutcome> Group::run(RemoveJob& op) {
  const Bytes row_key = key_of(op.queue, op.name);
  MEDARC_ASSIGN(const auto job, read(row_key, decode_job));
  if (!job) return OpOutcome{State::not_found, 0, {}};
  if (op.expect_version && job->version != *op.expect_version) {
    return OpOutcome{State::precondition_failed, job->version, {}};
  }
  batch_.remove(Table::rows, row_key);
  return OpOutcome{State::done, job->version, {}};
}

}  // namespace medarc::index
