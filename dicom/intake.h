// An object on its way in: scanned, hashed, cut and staged as its bytes come.
#pragma once

#include <functional>
#include <memory>

#include "dicom/imaging.h"
#include "dicom/inflate.h"
#include "dicom/scanner.h"
#include "dicom/senders/quirks.h"

namespace medarc::dicom {

// Who sends.
struct Sender {
  std::string name;                              // as reports have it
  std::vector<const senders::QuirkRule*> rules;  // that are his
  std::string system;                            // who corrects: our AE title
  std::function<void(const Refusal&)> refused;   // called once, when the object is; may be empty
};

class Intake final : public IncomingObject {
 public:
  // The rules of `sender` outlive it.
  static Result<std::unique_ptr<Intake>> open(archive::BlobStore& blobs, const Limits& limits,
                                              StoreStart start, Sender sender);
  Status write(ByteView bytes) override;
  Result<Prepared> prepare() override;
  const Refusal& refusal() const override { return refusal_; }

 private:
  Intake(std::unique_ptr<archive::BlobWriter> writer, const Limits& limits, StoreStart start,
         Sender sender);
  Status scan(ByteView bytes);
  Status stage(ByteView bytes);  // cuts where the format cuts
  uint64_t next_cut();           // dataset offset, or UINT64_MAX
  Error refuse(Error error, uint16_t reason);
  void note(std::string_view kind, Tag attribute, std::string text, std::string detail = {});
  void judge_text();
  Status treat();
  Status name_after_bytes(senders::Corrections& corrections);
  Status end_blob();
  void file_somewhere(InstanceRow& row);
  Status check_identity(index::StoreInstance& fact);

  const Limits limits_;
  StoreStart start_;
  const Sender sender_;
  const TransferSyntax syntax_;
  std::unique_ptr<archive::BlobWriter> writer_;
  Scanner scanner_;
  std::unique_ptr<Inflater> inflater_;
  uint64_t bytes_ = 0;  // received
  uint64_t last_cut_ = 0;
  bool pixels_begun_ = false;
  uint64_t frames_ = 1;
  uint64_t frames_bytes_ = 0;  // native: of the frames kept in one chunk
  size_t next_fragment_ = 0;
  std::optional<archive::StagedBlob> blob_;  // once it is whole
  senders::Diagnosis diagnosis_;
  senders::Treatment treatment_;
  bool corrected_ = false;
  std::vector<Warning> warnings_;
  std::vector<senders::Finding> findings_;
  Refusal refusal_;
  bool refused_ = false;
};

}  // namespace medarc::dicom
