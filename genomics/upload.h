// One genome file on its way in; see GenomeStore::begin.
#pragma once

#include <memory>

#include "archive/hash.h"
#include "base/metrics.h"
#include "genomics/genome_store.h"
#include "genomics/ingest.h"

namespace medarc::genomics {

class StoreUpload final : public Upload {
 public:
  // `row` holds what the client said; `patient` is its identifier, if it gave one.
  StoreUpload(index::Index& index, security::Guard& guard, References& references, CramReads& crams,
              const Limits& limits, Principal principal, UploadStart start, FileRow row,
              std::optional<index::Identifier> patient);
  Status write(ByteView bytes) override;
  Result<UploadResult> finish() override;

  // Before finish(): the bytes written are what was within an encrypted file (Crypt4GH).
  struct Encrypted {
    uint64_t bytes = 0;
    Digest sha256;
    std::string md5_hex;
  };
  void came_encrypted(Encrypted as) { encrypted_ = std::move(as); }

  static Counter& refused();  // files refused for what they hold

 private:
  Status take(ByteView bytes);
  Status sniff_head(bool complete);
  Status pair();
  void name_the_pair(std::vector<std::string>& identities);
  Status follow_up(const FileRow& file);
  Status check_declared(const Digest& sha256) const;
  Result<UploadResult> commit(Ingested ingested);
  Status check_references(const std::string& sam_header);
  void add_samples(const std::vector<std::string>& samples);
  void tell_how_it_came();

  index::Index& index_;
  security::Guard& guard_;
  References& references_;
  CramReads& crams_;
  const Limits limits_;
  const Principal principal_;
  const UploadStart start_;
  FileRow row_;
  const std::optional<index::Identifier> patient_;
  Bytes head_;  // until the format is known
  std::unique_ptr<Ingest> ingest_;
  std::optional<FileRow> mate_;
  std::string pair_identity_;  // with the mate; may be empty
  archive::Md5 md5_;
  uint64_t bytes_ = 0;
  std::optional<Encrypted> encrypted_;
  Status failed_;
};

}  // namespace medarc::genomics
