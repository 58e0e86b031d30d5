// What is known in memory of the jobs: which may run when. No payloads. Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "index/rows.h"

namespace medarc::index {

class JobQueue {
 public:
  // How a kind of job is run; nobody handles it: nullopt.
  struct Manner {
    size_t batch_max = 1;
    bool keeps_order = false;
  };

  bool contains(const std::string& name) const { return jobs_.contains(name); }
  size_t size() const { return jobs_.size(); }
  const std::string& kind() const { return kind_; }
  bool busy() const { return !running_.empty(); }
  bool running(const std::string& name) const { return running_.contains(name); }

  void put(const JobRow& job) {
    kind_ = job.kind;
    jobs_[job.name] = job.due;
    if (job.state == JobRow::State::waiting) {
      waiting_.insert(job.name);
    } else {
      waiting_.erase(job.name);
    }
  }
  void remove(const std::string& name) {
    jobs_.erase(name);
    waiting_.erase(name);
    claimed_.erase(name);
  }
  void delay(const std::string& name, Timestamp due) { jobs_[name] = due; }
  void claim(const std::string& name) { claimed_.insert(name); }
  void release(const std::string& name) { claimed_.erase(name); }

  // Jobs to run now, marked as running until done(). When there are none, `wake` becomes earlier if
  // one is due before it.
  std::vector<std::string> take(const Manner& manner, Timestamp now, Timestamp& wake) {
    std::vector<std::string> out;
    for (const std::string& name : waiting_) {
      if (out.size() == manner.batch_max) break;
      const Timestamp due = jobs_[name];
      const bool ready = due <= now && !claimed_.contains(name);
      if (ready) {
        out.push_back(name);
        continue;
      }
      if (due > now && due < wake) wake = due;
      if (manner.keeps_order) break;
    }
    running_.insert(out.begin(), out.end());
    return out;
  }
  void done() { running_.clear(); }

 private:
  std::string kind_;
  std::map<std::string, Timestamp> jobs_;  // all, with when they are due
  std::set<std::string> waiting_, claimed_, running_;
};

}  // namespace medarc::index
