// Datasets from the DICOM model: what a reader of JSON or XML tells, as Explicit VR Little Endian.
// Iterative; holds one instance at a time, within the limits of Limits.
//
// The dataset is in UTF-8 and says so (0008,0005) when the document did or when it is not all
// ASCII. Left out are group lengths, file meta information and Available Transfer Syntax UID
// (0008,3002), which answers carry and objects do not.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dicom/limits.h"
#include "dicom/model/sink.h"
#include "dicom/model/values.h"
#include "index/rows.h"

namespace medarc::dicom {

// A value that comes by itself, in another part of the message.
struct BulkReference {
  uint64_t at = 0;  // in ModelInstance::dataset: where the element belongs
  Tag tag;
  Vr vr{};
  bool top_level = false;
  std::string uri;
};

struct ModelInstance {
  struct Place {
    Tag tag;
    uint64_t at = 0;  // in dataset
  };
  Bytes dataset;                    // without the elements of `bulk`
  std::vector<Place> elements;      // of the top level, rising; with those of `bulk`
  std::vector<BulkReference> bulk;  // rising `at`
  index::SopClassUid sop_class;
  index::SopInstanceUid uid;
  std::string transfer_syntax;  // (0002,0010) if the document has it: of the bulk data
  // Set: it cannot be understood (invalid_argument), or is over a limit (too_large). Then only the
  // UIDs count, if they came before.
  std::optional<Error> problem;

  bool has(Tag tag) const;
  // Text of the first value at the top level, numbers of US as decimals; "" when absent.
  std::string first_value(Tag tag) const;
};

class DatasetBuilder final : public ModelSink {
 public:
  // `limits` must live longer.
  DatasetBuilder(const Limits& limits, std::function<Status(ModelInstance)> done);

  Status begin_instance() override;
  Status end_instance() override;
  Status begin_element(Tag tag, std::string_view creator) override;
  Status vr(std::string_view vr) override;
  Status value(Kind kind, std::string_view text) override;
  Status inline_binary(std::string_view base64) override;
  Status bulk_data(std::string_view uri) override;
  Status begin_item() override;
  Status end_item() override;
  Status end_element() override;
  void problem(std::string_view what) override;

 private:
  struct Creator {
    Tag tag;  // (gggg,00bb)
    std::string text;
    bool written = false;
  };
  // A dataset that is being read: the instance, or an item.
  struct Level {
    Bytes data;
    std::vector<ModelInstance::Place> places;
    std::vector<BulkReference> bulk;
    std::vector<Creator> creators;
  };
  struct Open {
    Tag tag;
    std::string vr;
    ModelValues values;
    std::optional<Bytes> binary;
    std::optional<std::string> uri;
    bool has_items = false;
    bool has_null = false;    // that cannot be an empty item: the VR was not known yet
    uint64_t held_bytes = 0;  // counted in bytes_ for the values
    Bytes items;              // encoded
    std::vector<BulkReference> bulk;
  };

  Tag placed(Tag tag, std::string_view creator);
  Status write(Open& element);
  Status add(Tag tag, Vr vr, ByteView value);
  void append_item(Open& sequence, Level item);
  Status close(Level& level);
  void remember(Tag tag, Vr vr, const ModelValues& values);
  Status fail(Code code, std::string_view what);
  bool grown_too_far(uint64_t bytes);

  const Limits& limits_;
  const std::function<Status(ModelInstance)> done_;
  ModelInstance instance_;
  std::vector<Level> levels_;
  std::vector<Open> open_;
  uint64_t bytes_ = 0;  // held for this instance
  bool utf8_ = false;   // (0008,0005) is wanted
};

}  // namespace medarc::dicom
