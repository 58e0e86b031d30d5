// Documents of the DICOM model as datasets and back.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "dicom/dictionary.h"
#include "dicom/json.h"
#include "dicom/model/dataset_builder.h"
#include "dicom/model/json_reader.h"
#include "dicom/model/xml_reader.h"
#include "dicom/scanner.h"

namespace medarc::dicom::test {

struct Read {
  Status status;
  std::vector<ModelInstance> instances;
};

template <class Reader>
Read read_document(ByteView text, const Limits& limits = {}, size_t step = 7) {
  Read out;
  DatasetBuilder builder(limits, [&](ModelInstance instance) -> Status {
    out.instances.push_back(std::move(instance));
    return {};
  });
  ModelLimits model;
  model.nesting_depth_max = limits.nesting_depth_max;
  Reader reader(model, builder);
  for (; !text.empty() && out.status.has_value(); text.remove_prefix(std::min(step, text.size()))) {
    out.status = reader.feed(text.substr(0, step));
  }
  if (out.status.has_value()) out.status = reader.finish();
  return out;
}

// The only instance of a document that is fine; a test failure otherwise.
template <class Reader>
ModelInstance read_one(ByteView text) {
  Read read = read_document<Reader>(text);
  EXPECT_TRUE(read.status.has_value()) << read.status.error().text << "\n" << text;
  if (read.instances.size() != 1) {
    ADD_FAILURE() << read.instances.size() << " instances";
    return {};
  }
  EXPECT_FALSE(read.instances[0].problem) << read.instances[0].problem->text << "\n" << text;
  return std::move(read.instances[0]);
}

// What QIDO and WADO would say of a dataset.
inline Bytes metadata_of(ByteView dataset) {
  const Limits limits;
  Scanner scanner(Encoding::explicit_little, limits);
  EXPECT_TRUE(scanner.feed(dataset).has_value());
  EXPECT_TRUE(scanner.finish().has_value());
  return metadata_json(scanner, "1.2.3", kExplicitLittle);
}

}  // namespace medarc::dicom::test
