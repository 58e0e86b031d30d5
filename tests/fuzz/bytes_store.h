// A blob store that keeps what is written in memory and commits nothing: what an ingest staged is
// there to be compared with what it was given.
#pragma once

#include "archive/blob_store.h"
#include "archive/hash.h"

namespace medarc::fuzz {

class BytesStore final : public archive::BlobStore {
 public:
  struct Blob {
    Bytes bytes;
  };
  Result<std::unique_ptr<archive::BlobWriter>> writer(archive::Cuts) override {
    return std::unique_ptr<archive::BlobWriter>(std::make_unique<Writer>());
  }
  Result<archive::CommitNumber> commit(archive::Commit) override { return no(); }
  Result<archive::BlobInfo> stat(const Digest&) override { return no(); }
  Result<std::unique_ptr<archive::BlobReader>> open(const Digest&) override { return no(); }
  Status replay(archive::CommitNumber,
                const std::function<Status(const archive::Committed&)>&) override {
    return no();
  }
  Result<archive::VerifyReport> verify(uint64_t, const archive::Progress&) override { return no(); }
  Result<archive::GcPlan> plan_gc() override { return no(); }
  Status collect(const archive::GcPlan&, const archive::Progress&) override { return no(); }
  Result<archive::StoreStats> stats() override { return no(); }
  bool writable() const override { return true; }

  static const Bytes& bytes_of(const archive::StagedBlob& blob) {
    return std::static_pointer_cast<Blob>(blob.state)->bytes;
  }

 private:
  class Writer final : public archive::BlobWriter {
   public:
    Status write(ByteView bytes) override {
      blob_->bytes.append(bytes);
      return {};
    }
    void cut() override {}
    void content(archive::Content) override {}
    Result<archive::StagedBlob> finish() override {
      archive::StagedBlob out;
      out.size = blob_->bytes.size();
      out.state = blob_;
      return out;
    }

   private:
    std::shared_ptr<Blob> blob_ = std::make_shared<Blob>();
  };
  static Error no() { return make_error(Code::unsupported, "nothing is committed here"); }
};

}  // namespace medarc::fuzz
