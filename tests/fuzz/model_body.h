// What json_body and xml_body share: a document is read in pieces of two sizes, with the same
// outcome; what is taken from it can be scanned or is refused, and its own metadata is read again.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "dicom/dictionary.h"
#include "dicom/json.h"
#include "dicom/model/dataset_builder.h"
#include "dicom/model/json_reader.h"
#include "dicom/model/xml_reader.h"
#include "dicom/model/xml_writer.h"
#include "dicom/scanner.h"

namespace medarc::dicom::fuzz {

inline Limits small_limits() {
  Limits out;
  out.nesting_depth_max = 6;
  out.elements_max = 50;
  out.items_max = 50;
  out.element_bytes_max = 400;
  out.header_bytes_max = 2000;
  return out;
}

struct Outcome {
  bool fine = false;
  std::vector<ModelInstance> instances;
};

template <class Reader>
Outcome read(ByteView text, size_t step, const Limits& limits) {
  Outcome out;
  DatasetBuilder builder(limits, [&](ModelInstance instance) -> Status {
    if (instance.dataset.size() > limits.header_bytes_max) std::abort();
    uint64_t at = 0;
    for (const BulkReference& b : instance.bulk) {
      if (b.at < at || b.at > instance.dataset.size() || b.uri.empty()) std::abort();
      at = b.at;
    }
    for (size_t i = 1; i < instance.elements.size(); ++i) {
      if (!(instance.elements[i - 1].tag < instance.elements[i].tag)) std::abort();
    }
    out.instances.push_back(std::move(instance));
    return {};
  });
  ModelLimits model;
  model.nesting_depth_max = limits.nesting_depth_max;
  model.text_bytes_max = 1000;
  Reader reader(model, builder);
  Status status;
  while (!text.empty() && status.has_value()) {
    const ByteView piece = text.substr(0, step);
    text.remove_prefix(piece.size());
    status = reader.feed(piece);
  }
  if (status.has_value()) status = reader.finish();
  out.fine = status.has_value();
  return out;
}

inline void check_again(const ModelInstance& instance) {
  Limits limits;
  Scanner scanner(Encoding::explicit_little, limits);
  if (scanner.feed(instance.dataset).has_error() || scanner.finish().has_error()) return;
  Bytes json = metadata_json(scanner, "1.2.3", kExplicitLittle);
  std::replace(json.begin(), json.end(), kBaseMark, '.');
  const Outcome again = read<JsonReader>(json, json.size(), limits);
  if (!again.fine && json.size() < 1000) std::abort();
  if (again.fine && (again.instances.size() != 1 || again.instances[0].problem)) std::abort();
  if (native_xml(json).has_error()) std::abort();
}

template <class Reader>
void run(const uint8_t* data, size_t size) {
  static const bool loaded = load_dictionary().has_value();
  if (!loaded || size == 0) return;
  const ByteView text(reinterpret_cast<const char*>(data + 1), size - 1);
  const Limits limits = small_limits();
  const Outcome whole = read<Reader>(text, size, limits);
  const Outcome pieces = read<Reader>(text, 1 + data[0] % 32, limits);
  if (whole.fine != pieces.fine) std::abort();
  if (!whole.fine) return;
  if (whole.instances.size() != pieces.instances.size()) std::abort();
  for (size_t i = 0; i < whole.instances.size(); ++i) {
    const ModelInstance& a = whole.instances[i];
    const ModelInstance& b = pieces.instances[i];
    if (a.dataset != b.dataset || a.problem.has_value() != b.problem.has_value()) std::abort();
    if (!a.problem) check_again(a);
  }
}

}  // namespace medarc::dicom::fuzz
