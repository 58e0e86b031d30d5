#include "web/client/stow_deliveries.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "base/metrics.h"
#include "dicom/delivery.h"
#include "security/secret_file.h"
#include "web/client/stow_answer.h"

namespace medarc::web {
namespace {

using dicom::Content;
using dicom::InstanceRow;
using index::JobOutcome;
using index::JobRow;
using Verdict = JobOutcome::Verdict;

constexpr std::string_view kPartHead = "\r\nContent-Type: application/dicom\r\n\r\n";

Counter& delivered() {
  static Counter& c = counter("medarc_stow_deliveries_total", "Objects delivered by STOW-RS.");
  return c;
}

// One that no object holds by chance.
std::string new_boundary() {
  std::random_device random;
  return fmt::format("medarc-{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

// multipart/related around the objects, as it is read.
class MultipartSource final : public ByteSource {
 public:
  MultipartSource(std::vector<Content>& parts, std::string boundary)
      : parts_(parts), boundary_(std::move(boundary)), text_(before_part()) {}

  std::optional<uint64_t> bytes() const {
    uint64_t out = end().size();
    for (const Content& part : parts_) {
      if (!part.bytes) return std::nullopt;
      out += before_part().size() + *part.bytes + 2;
    }
    return out;
  }

  Result<size_t> read(char* out, size_t capacity) override {
    for (;;) {
      if (at_ < text_.size()) {
        const size_t n = text_.copy(out, capacity, at_);
        at_ += n;
        return n;
      }
      if (next_ == parts_.size()) return size_t{0};
      MEDARC_ASSIGN(const size_t n, parts_[next_].source->read(out, capacity));
      if (n > 0) return n;
      ++next_;
      text_ = "\r\n" + (next_ == parts_.size() ? end() : before_part());
      at_ = 0;
    }
  }

 private:
  std::string before_part() const { return "--" + boundary_ + std::string(kPartHead); }
  std::string end() const { return "--" + boundary_ + "--\r\n"; }

  std::vector<Content>& parts_;
  const std::string boundary_;
  std::string text_;
  size_t at_ = 0, next_ = 0;
};

}  // namespace

// The jobs of one call of run().
class StowDeliveries::Run {
 public:
  Run(dicom::Imaging& imaging, const dicom::WebDestination& to, const dicom::ul::Signal& stop,
      const std::vector<JobRow>& jobs)
      : imaging_(imaging),
        to_(to),
        stop_(stop),
        jobs_(jobs),
        self_{std::string(dicom::kStowDeliveryQueue) + to.name,
              {security::Role::administrator},
              "dicomweb",
              to.host} {}

  std::vector<JobOutcome> run() {
    const auto view = imaging_.index().view();
    for (const JobRow& job : jobs_) {
      const auto delivery = dicom::decode_delivery(job.payload);
      auto row = delivery.has_error()
                     ? Result<std::optional<InstanceRow>>(delivery.error())
                     : view->instance(delivery->study, delivery->series, delivery->instance);
      const bool there = row.has_value() && row->has_value();
      rows_.push_back(there ? std::move(*row) : std::nullopt);
      outcomes_.push_back({Verdict::failed,
                           row.has_error() ? row.error().text : std::string("the object is gone")});
    }
    for (size_t i = 0; i < jobs_.size();) {
      if (!rows_[i]) {
        ++i;
        continue;
      }
      std::vector<size_t> group = group_from(i);
      const size_t last = group.back();
      if (!deliver(group)) {
        // What was settled stands; what was not tried has no outcome.
        outcomes_.resize(tried_);
        return std::move(outcomes_);
      }
      i = last + 1;
    }
    return std::move(outcomes_);
  }

 private:
  std::vector<size_t> group_from(size_t first) const {
    std::vector<size_t> out;
    uint64_t bytes = 0;
    for (size_t i = first; i < jobs_.size() && out.size() < to_.batch; ++i) {
      if (!rows_[i]) continue;
      bytes += rows_[i]->dataset_bytes;
      if (!out.empty() && bytes > to_.request_bytes) break;
      // An answer names instances by UID only, so a request holds each once.
      const bool twice = std::any_of(out.begin(), out.end(),
                                     [&](size_t o) { return rows_[o]->uid == rows_[i]->uid; });
      if (twice) break;
      out.push_back(i);
    }
    return out;
  }

  // The objects of a group that can be read. False: nothing more is tried this time.
  bool open(const std::vector<size_t>& group, std::vector<size_t>& sent,
            std::vector<Content>& parts) {
    for (const size_t i : group) {
      auto content = imaging_.object(self_, *rows_[i], dicom::Form::stored);
      if (content.has_value()) {
        sent.push_back(i);
        parts.push_back(std::move(*content));
        continue;
      }
      const Code code = content.error().code;
      const bool passes = code == Code::unavailable || code == Code::exhausted ||
                          code == Code::deadline || code == Code::io;
      outcomes_[i] = {passes ? Verdict::later : Verdict::failed, content.error().text};
      if (!passes) continue;
      tried_ = sent.empty() ? i + 1 : sent.front();
      return false;
    }
    return true;
  }

  // False: nothing more is tried this time.
  bool deliver(const std::vector<size_t>& group) {
    tried_ = group.back() + 1;
    std::vector<size_t> sent;
    std::vector<Content> parts;
    if (!open(group, sent, parts)) return false;
    if (sent.empty()) return true;
    const bool reused = connection_ != nullptr && connection_->reusable();
    auto answer = post(parts);
    if (reused && answer.has_error() && answer.error().code == Code::cancelled) {
      // A server may close what it has kept open at any time: once more, over a new connection.
      connection_.reset();
      sent.clear();
      parts.clear();
      if (!open(group, sent, parts)) return false;
      if (sent.empty()) return true;
      answer = post(parts);
    }
    if (answer.has_error()) {
      connection_.reset();
      if (stop_.raised()) {
        tried_ = sent.front();
      } else {
        // Only the first waits with a mark against it: perhaps it is what the server cannot bear.
        outcomes_[sent.front()] = {Verdict::later, answer.error().text};
        tried_ = sent.front() + 1;
      }
      return false;
    }
    return settle(sent, *answer);
  }

  Result<ClientAnswer> post(std::vector<Content>& parts) {
    if (connection_ == nullptr || !connection_->reusable()) {
      MEDARC_ASSIGN(connection_, HttpConnection::open(to_, stop_));
    }
    const std::string boundary = new_boundary();
    MultipartSource body(parts, boundary);
    ClientRequest request{"POST", to_.path + "/studies", {}, body.bytes()};
    request.headers = {
        {"Content-Type", "multipart/related; type=\"application/dicom\"; boundary=" + boundary},
        {"Accept", "application/dicom+json"},
        {"User-Agent", "medarc"}};
    MEDARC_ASSIGN(std::string authorization, authorization_of(to_));
    if (!authorization.empty()) {
      request.headers.emplace_back("Authorization", std::move(authorization));
    }
    return connection_->exchange(request, body);
  }

  bool settle(const std::vector<size_t>& sent, const ClientAnswer& answer) {
    std::vector<std::string> instances;
    std::vector<uint32_t> attempts;
    for (const size_t i : sent) {
      instances.push_back(rows_[i]->uid.value);
      attempts.push_back(jobs_[i].attempts);
    }
    const auto verdicts = read_stow_answer(answer, instances, attempts);
    bool go_on = true;
    for (size_t n = 0; n < sent.size(); ++n) {
      JobOutcome& outcome = outcomes_[sent[n]];
      switch (verdicts[n].what) {
        case StowVerdict::What::stored:
          delivered().add();
          outcome = {Verdict::done, ""};
          break;
        case StowVerdict::What::later:
          outcome = {Verdict::later, verdicts[n].why};
          go_on = false;
          break;
        case StowVerdict::What::refused: outcome = {Verdict::failed, verdicts[n].why}; break;
        case StowVerdict::What::alone:
          if (!deliver({sent[n]})) return false;
          break;
      }
    }
    tried_ = std::max(tried_, sent.back() + 1);
    return go_on;
  }

  dicom::Imaging& imaging_;
  const dicom::WebDestination& to_;
  const dicom::ul::Signal& stop_;
  const std::vector<JobRow>& jobs_;
  const security::Principal self_;
  std::vector<std::optional<InstanceRow>> rows_;
  std::vector<JobOutcome> outcomes_;  // of all jobs; those from tried_ on are not meant yet
  size_t tried_ = 0;
  std::unique_ptr<HttpConnection> connection_;
};

std::vector<JobOutcome> StowDeliveries::run(const std::vector<JobRow>& jobs) {
  const std::string name = jobs.front().queue.substr(dicom::kStowDeliveryQueue.size());
  const dicom::WebDestination* to = destinations_.find(name);
  if (to == nullptr) return {{Verdict::later, "no [[dicom.web_destination]] has this name"}};
  return Run(imaging_, *to, stop_, jobs).run();
}

}  // namespace medarc::web
