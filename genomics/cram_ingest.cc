// CRAM on its way in: staged, and its containers checked. Decoding follows when it is whole
// (CramReads::examine).
#include "genomics/cram_walk.h"
#include "genomics/formats.h"

namespace medarc::genomics {
namespace {

class CramIngest final : public Ingest {
 public:
  CramIngest(std::unique_ptr<archive::BlobWriter> writer, const Limits& limits)
      : writer_(std::move(writer)), walk_(limits) {}

  Status write(ByteView bytes) override {
    MEDARC_TRY(walk_.feed(bytes));
    return writer_->write(bytes);
  }

  Result<Ingested> finish() override {
    Ingested out;
    MEDARC_ASSIGN(out.cram, walk_.finish());
    MEDARC_ASSIGN(out.content, writer_->finish());
    return out;
  }

 private:
  const std::unique_ptr<archive::BlobWriter> writer_;
  CramWalk walk_;
};

}  // namespace

Result<std::unique_ptr<Ingest>> open_cram_ingest(archive::BlobStore& blobs, const Limits& limits) {
  MEDARC_ASSIGN(auto writer, blobs.writer(archive::Cuts::content_defined));
  return std::unique_ptr<Ingest>(std::make_unique<CramIngest>(std::move(writer), limits));
}

}  // namespace medarc::genomics
