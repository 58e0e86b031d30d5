// What a DICOMweb server may answer to STOW-RS. The first octet chooses the status and how many
// instances were sent; the rest is the body. Each instance has exactly one end, and what was sent
// alone is not told to be sent alone.
#include <array>
#include <cstdlib>

#include "dicom/dictionary.h"
#include "web/client/stow_answer.h"

using namespace medarc;
using namespace medarc::web;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool loaded = dicom::load_dictionary().has_value();
  if (!loaded || size == 0) return 0;
  constexpr std::array<int, 8> kStatuses = {200, 202, 204, 400, 401, 409, 413, 503};
  std::vector<std::string> instances = {"2.25.1", "2.25.2", "2.25.3"};
  instances.resize(1 + data[0] / 8 % 3);
  const ClientAnswer answer{kStatuses[data[0] % kStatuses.size()], "application/dicom+json",
                            Bytes(reinterpret_cast<const char*>(data) + 1, size - 1)};
  const auto verdicts =
      read_stow_answer(answer, instances, std::vector<uint32_t>(instances.size(), 0));
  if (verdicts.size() != instances.size()) std::abort();
  for (const StowVerdict& v : verdicts) {
    if (v.what == StowVerdict::What::alone && instances.size() == 1) std::abort();
    if (v.why.empty() != (v.what == StowVerdict::What::stored)) std::abort();
  }
  return 0;
}
