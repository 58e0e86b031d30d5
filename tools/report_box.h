// The storage commitment report that the verb `send` waits for, one transaction at a time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "dicom/dimse/commitment_receiver.h"

namespace medarc::tools {

// Thread-safe.
class ReportBox final : public dicom::dimse::CommitmentReceiver {
 public:
  explicit ReportBox(const dicom::dimse::CommitmentOptions& options) : options_(options) {}

  void expect(const std::string& peer, const std::string& transaction);
  bool came() const;
  // Until it came, or `until`, or `stop`, which is asked some times a second.
  void wait_until(std::chrono::steady_clock::time_point until, const std::function<bool()>& stop);
  std::optional<dicom::dimse::CommitmentDataset> take();

  uint16_t receive(const security::Principal& principal, const std::string& peer,
                   const dicom::dimse::CommitmentDataset& report) override;
  const dicom::dimse::CommitmentOptions& options() const override { return options_; }

 private:
  const dicom::dimse::CommitmentOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string peer_, transaction_;
  std::optional<dicom::dimse::CommitmentDataset> report_;
};

}  // namespace medarc::tools
