// An object on its way in: scanned, hashed, cut and staged as its bytes come.
#pragma once

#include <memory>

#include "dicom/imaging.h"
#include "dicom/inflate.h"
#include "dicom/scanner.h"

namespace medarc::dicom {

class Intake final : public IncomingObject {
 public:
  static Result<std::unique_ptr<Intake>> open(archive::BlobStore& blobs, const Limits& limits,
                                              StoreStart start);
  Status write(ByteView bytes) override;
  Result<Prepared> prepare() override;
  const Refusal& refusal() const override { return refusal_; }

 private:
  Intake(std::unique_ptr<archive::BlobWriter> writer, const Limits& limits, StoreStart start);
  Status scan(ByteView bytes);
  Status stage(ByteView bytes);          // cuts where the format cuts
  uint64_t next_cut();                   // dataset offset, or UINT64_MAX
  Error refuse(Error error, uint16_t reason);
  void file_somewhere(InstanceRow& row, std::vector<Warning>& warnings);
  Status check_identity(index::StoreInstance& fact, std::vector<Warning>& warnings);

  const Limits limits_;
  StoreStart start_;
  const TransferSyntax syntax_;
  std::unique_ptr<archive::BlobWriter> writer_;
  Scanner scanner_;
  std::unique_ptr<Inflater> inflater_;
  uint64_t bytes_ = 0;                   // received
  uint64_t last_cut_ = 0;
  bool pixels_begun_ = false;
  uint64_t frames_ = 1;
  uint64_t frames_bytes_ = 0;            // native: of the frames kept in one chunk
  size_t next_fragment_ = 0;
  Refusal refusal_;
  bool refused_ = false;
};

}  // namespace medarc::dicom
