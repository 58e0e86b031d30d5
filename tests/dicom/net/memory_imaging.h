// The seam behind the association service, for tests of the service alone: objects are kept as the
// bytes that came, in memory. What the real one decides is steered by hooks here.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>

#include "dicom/imaging.h"
#include "dicom/pixel/frame_reader.h"

namespace medarc::dicom::test {

struct KeptObject {
  Bytes dataset;
  std::string transfer_syntax;
  std::string sop_class;
};

class MemoryImaging : public Imaging {
 public:
  // Hooks; set before the server starts.
  std::function<std::optional<Error>(const StoreStart&)> on_begin;
  // Called with all bytes so far of the dataset; a refusal ends the object.
  std::function<std::optional<Refusal>(ByteView so_far)> on_write;
  std::function<std::optional<Error>()> on_commit;
  std::vector<Warning> warnings;

  std::map<std::string, KeptObject> kept() const;  // by SOP instance UID
  uint32_t commits() const { return commits_; }
  uint32_t open_objects() const { return open_; }

  Result<std::unique_ptr<IncomingObject>> begin(const Principal&, StoreStart start) override;
  Result<std::vector<StoreResult>> commit(const Principal&, std::vector<Prepared>) override;

  Result<uint64_t> remove(const Principal&, const StudyUid&, const std::optional<SeriesUid>&,
                          const std::optional<SopInstanceUid>&, std::string) override;
  using Imaging::find;
  Result<index::Page> find(const Principal&, index::View&, Question&) override;
  Result<Content> object(const Principal&, const InstanceRow&, Form) override;
  Result<Content> dataset(const Principal&, const InstanceRow&, Form) override;
  Result<FrameContent> frames(const Principal&, const InstanceRow&, const std::vector<uint32_t>&,
                              Form) override;
  Result<std::unique_ptr<FrameReader>> pixels(const Principal&, const InstanceRow&) override;
  Result<Content> bulkdata(const Principal&, const InstanceRow&, std::string_view) override;
  Result<Rendition> rendered(const Principal&, const InstanceRow&, const RenderRequest&) override;
  Result<std::unique_ptr<ByteSource>> metadata(const Principal&, std::shared_ptr<index::View>,
                                               const StudyUid&, const SeriesUid&,
                                               const std::optional<SopInstanceUid>&,
                                               const std::string&) override;
  index::Index& index() override;
  const Limits& limits() const override { return limits_; }
  const ExtraAttributes& extras() const override { return extras_; }

 private:
  friend class MemoryObject;
  const Limits limits_;
  const ExtraAttributes extras_;
  mutable std::mutex mutex_;
  std::map<std::string, KeptObject> kept_;
  std::atomic<uint32_t> commits_{0}, open_{0};
};

// Admits every calling AE title but those in `refused`; `known` are configured peers.
class TestAuthenticator : public security::Authenticator {
 public:
  std::set<std::string> refused, known;
  bool has_peers = false;
  std::set<security::Role> roles = {security::Role::modality};

  Result<Principal> http(std::string_view, const std::string&) override;
  Result<Principal> association(const security::Caller& caller) override;
  bool known_peer(const security::Caller& caller) const override {
    return known.contains(caller.aet);
  }
  bool tokens_configured() const override { return false; }
  bool peers_configured() const override { return has_peers; }
  std::vector<security::Caller> callers() const;  // admitted so far

 private:
  mutable std::mutex mutex_;
  std::vector<security::Caller> callers_;
};

}  // namespace medarc::dicom::test
