// Datasets of storage commitment, as any peer may send them. The first octet chooses the transfer
// syntax.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "dicom/dictionary.h"
#include "dicom/dimse/commitment_dataset.h"

using namespace medarc;
using namespace medarc::dicom;

namespace {

dimse::CommitmentDataset sorted(dimse::CommitmentDataset dataset) {
  std::stable_partition(dataset.references.begin(), dataset.references.end(),
                        [](const dimse::Reference& r) { return r.failure != 0; });
  return dataset;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool loaded = load_dictionary().has_value();
  if (!loaded || size == 0) return 0;
  constexpr std::array<const char*, 3> kSyntaxes = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1",
                                                    "1.2.840.10008.1.2.2"};
  const char* syntax = kSyntaxes[data[0] % kSyntaxes.size()];
  const ByteView bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Limits limits;
  const auto read = dimse::read_commitment(bytes, syntax, limits, 1000);
  if (read.has_error()) return 0;
  const auto again =
      dimse::read_commitment(dimse::write_commitment(*read, syntax), syntax, limits, 1000);
  if (again.has_error() || !(*again == sorted(*read))) std::abort();
  return 0;
}
