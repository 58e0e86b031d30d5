// Stores instances that come as metadata and bulk data in separate parts of one message (PS3.18
// 8.6, 10.5.2, dicom.md S8): metadata as DICOM JSON or Native DICOM Model, bulk data by its URI.
//
// A URI names one value: two that share one could make a small message a large archive.
// Metadata is read as it comes; an instance without bulk data is done when its metadata is. Others
// wait: their metadata in memory, the bulk data of all of them in one spool. What is complete goes
// through Imaging::begin() like any other object. Not thread-safe.
#pragma once

#include <map>
#include <string>
#include <unordered_map>

#include "dicom/imaging.h"
#include "dicom/model/assembler.h"
#include "dicom/model/json_reader.h"
#include "dicom/model/xml_reader.h"

namespace medarc::dicom {

struct ModelStoreOptions {
  enum class Form { json, xml };
  Form form = Form::json;
  std::optional<StudyUid> study_wanted;
  uint64_t waiting_bytes_max = 64ull << 20;   // metadata that waits; more is refused (A700)
  uint64_t bulk_memory_bytes_max = 1u << 20;  // then a file
  std::string temporary_directory;            // as BulkSpool says
};

// What becomes of each instance.
class ModelStoreSink {
 public:
  virtual ~ModelStoreSink() = default;
  virtual void prepared(Prepared object, uint64_t bytes) = 0;
  // Without UIDs: a failure that belongs to no instance.
  virtual void refused(const Refusal& refusal) = 0;
};

class ModelStore {
 public:
  // `imaging`, `fs` and `sink` must live longer.
  ModelStore(Imaging& imaging, Principal principal, Fs& fs, ModelStoreOptions options,
             ModelStoreSink& sink);
  ~ModelStore();

  // A part with metadata: for JSON an array of instances or one, for XML one document. An error
  // (invalid_argument, too_large) ends the part: instances that were whole before stay.
  void begin_metadata();
  Status metadata(ByteView bytes);
  Status end_metadata();
  // A part with bulk data. `location`: its Content-Location. Errors: of the spool.
  void begin_bulk(const std::string& location, std::string media_type, std::string transfer_syntax);
  Status bulk(ByteView bytes);
  void end_bulk();
  // The message has ended, or broke off: what waits is complete, or refused.
  void finish();

 private:
  using Id = uint64_t;  // rising in the order of the message
  struct Waiting {
    ModelInstance instance;
    std::vector<std::vector<BulkPart>> parts;  // of each of instance.bulk
    uint64_t bytes = 0;                        // counted in waiting_bytes_
    size_t missing = 0;                        // of instance.bulk, without a part yet
    std::optional<size_t> pixels;              // which of them is the Pixel Data
    bool holds_parts = false;                  // counted in holders_
  };
  struct Wanted {
    Id id;
    size_t reference;
  };

  Status take(ModelInstance instance);
  bool complete(const Waiting& w) const;
  void store_ready(const std::string& location);
  void store(Waiting w);
  void refuse(const ModelInstance& instance, Error error, uint16_t reason);
  Waiting take_out(Id id);

  Imaging& imaging_;
  const Principal principal_;
  const ModelStoreOptions options_;
  ModelStoreSink& sink_;
  const ModelLimits limits_;
  DatasetBuilder builder_;
  std::unique_ptr<JsonReader> json_;
  std::unique_ptr<XmlReader> xml_;
  BulkSpool spool_;
  std::map<Id, Waiting> waiting_;
  std::unordered_map<std::string, Wanted> wanted_;  // by URI
  std::vector<Id> ready_;                           // complete; surplus parts may still come
  uint64_t waiting_bytes_ = 0;
  uint64_t holders_ = 0;  // that wait and have parts in the spool
  Id next_ = 0;
  bool metadata_broken_ = false;
  BulkPart part_;         // that is coming
  std::string location_;  // "": nobody wants it
};

}  // namespace medarc::dicom
