// Small data sets as any peer may send them: DICOM JSON, XML, or bytes in the transfer syntax that
// the first octet chooses. What is read must say the same after it was written, in JSON and in
// bytes.
#include <array>
#include <cstdlib>

#include "dicom/dataset.h"
#include "dicom/worklist/keys.h"

using namespace medarc;
using namespace medarc::dicom;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool loaded = load_dictionary().has_value();
  if (!loaded || size == 0) return 0;
  constexpr std::array<const char*, 5> kSyntaxes = {"", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1",
                                                    "1.2.840.10008.1.2.2", "xml"};
  const char* syntax = kSyntaxes[data[0] % kSyntaxes.size()];
  const ByteView bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Limits scanned;
  DataSetLimits limits;
  const bool xml = syntax[0] == 'x', model = xml || syntax[0] == '\0';
  const auto read = xml     ? read_dataset_xml(bytes, limits)
                    : model ? read_dataset_json(bytes, limits)
                            : read_dataset(bytes, syntax, scanned, limits);
  if (read.has_error()) return 0;
  (void)worklist::read_keys(*read, {});
  (void)worklist::project(*read, *read);
  (void)worklist::searchable(*read);
  const Bytes written = write_dataset(*read, {"ISO_IR 100"}, "1.2.840.10008.1.2.1");
  limits.bytes_max = UINT64_MAX;
  // Bytes may hold what JSON does not take (controls, odd numbers); what the model took, it takes
  // again.
  if (!model) return 0;
  const auto again = read_dataset_json(to_json(*read), limits);
  if (again.has_error() || to_json(*again) != to_json(*read)) std::abort();
  if (read_dataset(written, "1.2.840.10008.1.2.1", scanned, limits).has_error()) std::abort();
  return 0;
}
