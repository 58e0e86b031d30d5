#include "dicom/model/model_store.h"

#include <algorithm>

namespace medarc::dicom {
namespace {

constexpr uint16_t kCannotUnderstand = 0xC000, kOutOfResources = 0xA700, kNotAuthorised = 0x0124;
constexpr Tag kPixelData{0x7FE00010};
constexpr uint64_t kElementBytes = sizeof(ModelInstance::Place);

uint16_t reason_of(Code code) {
  switch (code) {
    case Code::permission_denied: return kNotAuthorised;
    case Code::exhausted:
    case Code::unavailable:
    case Code::io:
    case Code::too_large: return kOutOfResources;
    default: return kCannotUnderstand;
  }
}

ModelLimits model_limits(const Limits& limits) {
  ModelLimits out;
  out.nesting_depth_max = limits.nesting_depth_max;
  out.text_bytes_max = limits.element_bytes_max / 3 * 4 + 4;  // in base64
  return out;
}

// Fit to be named in an answer.
bool is_name(std::string_view uid) {
  return uid.size() <= 128 && std::all_of(uid.begin(), uid.end(), [](unsigned char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  c == '.';
         });
}

}  // namespace

ModelStore::ModelStore(Imaging& imaging, Principal principal, Fs& fs, ModelStoreOptions options,
                       ModelStoreSink& sink)
    : imaging_(imaging),
      principal_(std::move(principal)),
      options_(std::move(options)),
      sink_(sink),
      limits_(model_limits(imaging.limits())),
      builder_(imaging.limits(),
               [this](ModelInstance instance) { return take(std::move(instance)); }),
      spool_(fs, options_.temporary_directory, options_.bulk_memory_bytes_max) {}
ModelStore::~ModelStore() = default;

void ModelStore::begin_metadata() {
  json_.reset();
  xml_.reset();
  if (options_.form == ModelStoreOptions::Form::json) {
    json_ = std::make_unique<JsonReader>(limits_, builder_);
  } else {
    xml_ = std::make_unique<XmlReader>(limits_, builder_);
  }
}

Status ModelStore::metadata(ByteView bytes) {
  Status status = json_ ? json_->feed(bytes) : xml_->feed(bytes);
  metadata_broken_ = metadata_broken_ || status.has_error();
  return status;
}

Status ModelStore::end_metadata() {
  Status status = json_ ? json_->finish() : xml_->finish();
  metadata_broken_ = metadata_broken_ || status.has_error();
  return status;
}

Status ModelStore::take(ModelInstance instance) {
  if (instance.problem) {
    const Error error = *instance.problem;
    refuse(instance, error, reason_of(error.code));
    return {};
  }
  Waiting w;
  w.parts.resize(instance.bulk.size());
  w.bytes = instance.dataset.size() + instance.elements.size() * kElementBytes + sizeof(Waiting);
  w.missing = instance.bulk.size();
  for (size_t i = 0; i < instance.bulk.size(); ++i) {
    const BulkReference& b = instance.bulk[i];
    w.bytes += 2 * b.uri.size() + sizeof b + 128;
    if (b.top_level && b.tag == kPixelData) w.pixels = i;
  }
  w.instance = std::move(instance);
  if (w.instance.bulk.empty()) {
    store(std::move(w));
    return {};
  }
  if (waiting_bytes_ + w.bytes > options_.waiting_bytes_max) {
    refuse(w.instance,
           make_error(Code::exhausted, "more metadata waits than dicomweb.waiting_bytes_max"),
           kOutOfResources);
    return {};
  }
  const Id id = next_++;
  for (size_t i = 0; i < w.instance.bulk.size(); ++i) {
    if (wanted_.emplace(w.instance.bulk[i].uri, Wanted{id, i}).second) continue;
    while (i-- > 0) wanted_.erase(w.instance.bulk[i].uri);
    refuse(w.instance, make_error(Code::invalid_argument, "a bulk data URI for two values"),
           kBulkDataMismatch);
    return {};
  }
  waiting_bytes_ += w.bytes;
  waiting_.emplace(id, std::move(w));
  return {};
}

bool ModelStore::complete(const Waiting& w) const {
  if (w.missing > 0) return false;
  if (!w.pixels) return true;
  const std::vector<BulkPart>& frames = w.parts[*w.pixels];
  return frames.size() >= pixel_parts_wanted(w.instance, frames.front());
}

void ModelStore::begin_bulk(const std::string& location, std::string media_type,
                            std::string transfer_syntax) {
  store_ready(location);
  part_ = {std::move(media_type), std::move(transfer_syntax), {spool_.size(), 0}};
  location_ = wanted_.contains(location) ? location : std::string();
  // Parts of instances that were lost with their metadata are no news.
  if (location_.empty() && !metadata_broken_) {
    sink_.refused({make_error(Code::invalid_argument, "bulk data that no metadata names"),
                   kBulkDataUnused,
                   {},
                   {}});
  }
}

Status ModelStore::bulk(ByteView bytes) {
  if (location_.empty()) return {};
  part_.place.length += bytes.size();
  return spool_.append(bytes);
}

void ModelStore::end_bulk() {
  if (location_.empty()) return;
  const Wanted& wanted = wanted_.at(location_);
  Waiting& w = waiting_.at(wanted.id);
  if (!w.holds_parts) ++holders_;
  w.holds_parts = true;
  std::vector<BulkPart>& parts = w.parts[wanted.reference];
  if (parts.empty()) --w.missing;
  parts.push_back(part_);
  const bool listed = std::find(ready_.begin(), ready_.end(), wanted.id) != ready_.end();
  if (!listed && complete(w)) ready_.push_back(wanted.id);
  location_.clear();
}

// All that are complete, but for those that the part at `location` belongs to as well: they get one
// too many.
void ModelStore::store_ready(const std::string& location) {
  const auto now = wanted_.find(location);
  std::vector<Id> kept;
  for (const Id id : ready_) {
    if (now != wanted_.end() && now->second.id == id) {
      kept.push_back(id);
    } else {
      store(take_out(id));
    }
  }
  ready_ = std::move(kept);
  if (holders_ == 0) spool_.clear();
}

ModelStore::Waiting ModelStore::take_out(Id id) {
  Waiting w = std::move(waiting_.at(id));
  for (const BulkReference& b : w.instance.bulk) wanted_.erase(b.uri);
  waiting_bytes_ -= w.bytes;
  if (w.holds_parts) --holders_;
  waiting_.erase(id);
  return w;
}

void ModelStore::store(Waiting w) {
  const ModelInstance& instance = w.instance;
  auto plan = plan_assembly(instance, w.parts, spool_);
  if (plan.has_error()) return refuse(instance, plan.error(), reason_of(plan.error().code));
  if (plan->reason != 0) {
    return refuse(instance, make_error(Code::invalid_argument, "bulk data does not fit"),
                  plan->reason);
  }
  StoreStart start;
  start.transfer_syntax.value = plan->transfer_syntax;
  start.sop_class = instance.sop_class;
  start.instance = instance.uid;
  start.study_wanted = options_.study_wanted;
  auto object = imaging_.begin(principal_, std::move(start));
  if (object.has_error()) return refuse(instance, object.error(), reason_of(object.error().code));
  const Status written = write_assembly(instance, *plan, spool_, **object);
  if (written.has_error() && (*object)->refusal().reason == 0) {
    return refuse(instance, written.error(), reason_of(written.error().code));
  }
  auto prepared = (*object)->prepare();
  if (prepared.has_error()) return sink_.refused((*object)->refusal());
  const uint64_t bytes = prepared->fact.instance.dataset_bytes;
  sink_.prepared(std::move(*prepared), bytes);
}

void ModelStore::refuse(const ModelInstance& instance, Error error, uint16_t reason) {
  Refusal out;
  out.error = std::move(error);
  out.reason = reason;
  if (is_name(instance.sop_class.value)) out.sop_class = instance.sop_class;
  if (is_name(instance.uid.value)) out.instance = instance.uid;
  sink_.refused(out);
}

void ModelStore::finish() {
  store_ready({});
  while (!waiting_.empty()) store(take_out(waiting_.begin()->first));
  spool_.clear();
}

}  // namespace medarc::dicom
