#include "tools/report_box.h"

#include <utility>

#include "dicom/dimse_status.h"

namespace medarc::tools {
namespace {

constexpr auto kAskedEvery = std::chrono::milliseconds(100);

}  // namespace

void ReportBox::expect(const std::string& peer, const std::string& transaction) {
  std::lock_guard lock(mutex_);
  peer_ = peer;
  transaction_ = transaction;
  report_.reset();
}

bool ReportBox::came() const {
  std::lock_guard lock(mutex_);
  return report_.has_value();
}

void ReportBox::wait_until(std::chrono::steady_clock::time_point until,
                           const std::function<bool()>& stop) {
  std::unique_lock lock(mutex_);
  while (!report_ && !stop() && std::chrono::steady_clock::now() < until) {
    changed_.wait_for(lock, kAskedEvery);
  }
}

std::optional<dicom::dimse::CommitmentDataset> ReportBox::take() {
  std::lock_guard lock(mutex_);
  return std::exchange(report_, std::nullopt);
}

uint16_t ReportBox::receive(const security::Principal&, const std::string& peer,
                            const dicom::dimse::CommitmentDataset& report) {
  std::lock_guard lock(mutex_);
  if (peer != peer_ || report.transaction != transaction_) return dicom::kInvalidArgument;
  report_ = report;
  changed_.notify_all();
  return dicom::kSuccess;
}

}  // namespace medarc::tools
