#include "tests/dicom/net/memory_imaging.h"

#include <cstdlib>

namespace medarc::dicom::test {

class MemoryObject : public IncomingObject {
 public:
  MemoryObject(MemoryImaging& imaging, StoreStart start)
      : imaging_(imaging), start_(std::move(start)) {
    ++imaging_.open_;
  }
  ~MemoryObject() override { --imaging_.open_; }

  Status write(ByteView bytes) override {
    dataset_.append(bytes);
    if (!imaging_.on_write) return {};
    auto refused = imaging_.on_write(dataset_);
    if (!refused) return {};
    refusal_ = std::move(*refused);
    return refusal_.error;
  }

  Result<Prepared> prepare() override {
    Prepared out;
    archive::StagedBlob blob;
    blob.size = dataset_.size();
    blob.state = std::make_shared<Bytes>(std::move(dataset_));
    out.blobs.push_back(std::move(blob));
    out.fact.instance.uid = start_.instance;
    out.fact.instance.sop_class = start_.sop_class;
    out.fact.instance.transfer_syntax = start_.transfer_syntax;
    out.warnings = imaging_.warnings;
    return out;
  }

  const Refusal& refusal() const override { return refusal_; }

 private:
  MemoryImaging& imaging_;
  StoreStart start_;
  Bytes dataset_;
  Refusal refusal_;
};

std::map<std::string, KeptObject> MemoryImaging::kept() const {
  std::lock_guard lock(mutex_);
  return kept_;
}

Result<std::unique_ptr<IncomingObject>> MemoryImaging::begin(const Principal&, StoreStart start) {
  if (on_begin) {
    if (auto error = on_begin(start)) return std::move(*error);
  }
  return std::unique_ptr<IncomingObject>(std::make_unique<MemoryObject>(*this, std::move(start)));
}

Result<std::vector<StoreResult>> MemoryImaging::commit(const Principal&,
                                                       std::vector<Prepared> objects) {
  if (on_commit) {
    if (auto error = on_commit()) return std::move(*error);
  }
  ++commits_;
  std::vector<StoreResult> out;
  std::lock_guard lock(mutex_);
  for (Prepared& object : objects) {
    const index::InstanceRow& row = object.fact.instance;
    auto dataset = std::static_pointer_cast<Bytes>(object.blobs.at(0).state);
    kept_[row.uid.value] = {*dataset, row.transfer_syntax.value, row.sop_class.value};
    StoreResult result;
    result.instance = row.uid;
    result.warnings = object.warnings;
    out.push_back(std::move(result));
  }
  return out;
}

namespace {
Error not_here() { return make_error(Code::unsupported, "not part of this double"); }
}  // namespace

Result<index::Page> MemoryImaging::find(const Principal&, index::View&, Question&) {
  return not_here();
}
Result<Content> MemoryImaging::object(const Principal&, const InstanceRow&, Form) {
  return not_here();
}
Result<Content> MemoryImaging::dataset(const Principal&, const InstanceRow&, Form) {
  return not_here();
}
Result<std::unique_ptr<FrameReader>> MemoryImaging::pixels(const Principal&, const InstanceRow&) {
  return not_here();
}
Result<FrameContent> MemoryImaging::frames(const Principal&, const InstanceRow&,
                                           const std::vector<uint32_t>&, Form) {
  return not_here();
}
Result<Content> MemoryImaging::bulkdata(const Principal&, const InstanceRow&, std::string_view) {
  return not_here();
}
Result<Rendition> MemoryImaging::rendered(const Principal&, const InstanceRow&,
                                          const RenderRequest&) {
  return not_here();
}
Result<std::unique_ptr<ByteSource>> MemoryImaging::metadata(const Principal&,
                                                            std::shared_ptr<index::View>,
                                                            const StudyUid&, const SeriesUid&,
                                                            const std::optional<SopInstanceUid>&,
                                                            const std::string&) {
  return not_here();
}
Result<uint64_t> MemoryImaging::remove(const Principal&, const StudyUid&,
                                       const std::optional<SeriesUid>&,
                                       const std::optional<SopInstanceUid>&, std::string) {
  return not_here();
}
index::Index& MemoryImaging::index() { std::abort(); }  // the association service never asks

Result<Principal> TestAuthenticator::http(std::string_view, const std::string&) {
  return not_here();
}

Result<Principal> TestAuthenticator::association(const security::Caller& caller) {
  if (refused.contains(caller.aet)) return make_error(Code::unauthenticated, "calling AE title");
  Principal out;
  out.id = "ae:" + caller.aet;
  out.roles = roles;
  out.door = "dimse";
  out.peer = caller.address;
  std::lock_guard lock(mutex_);
  callers_.push_back(caller);
  return out;
}

std::vector<security::Caller> TestAuthenticator::callers() const {
  std::lock_guard lock(mutex_);
  return callers_;
}

}  // namespace medarc::dicom::test
