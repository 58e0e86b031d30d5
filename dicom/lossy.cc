#include "dicom/lossy.h"

#include <fmt/format.h>

#include <algorithm>

#include "dicom/dataset.h"
#include "dicom/derived_uid.h"
#include "dicom/render/items.h"

namespace medarc::dicom {
namespace {

constexpr Tag kImageType{0x00080008}, kSopInstance{0x00080018}, kDerivationDescription{0x00082111},
    kSourceImages{0x00082112}, kDerivationCodes{0x00089215}, kLossy{0x00282110},
    kLossyRatio{0x00282112}, kLossyMethod{0x00282114};
constexpr size_t kDescriptionMax = 1024;  // of an ST

// PS3.3 C.7.6.1.1.5.1, and in words.
struct Method {
  std::string_view term;
  std::string words;
};
Method method_of(std::string_view transfer_syntax, uint32_t quality) {
  if (transfer_syntax == "1.2.840.10008.1.2.4.50") {
    return {"ISO_10918_1", fmt::format("JPEG baseline, quality {} of 100", quality)};
  }
  if (transfer_syntax == "1.2.840.10008.1.2.4.81") {
    return {"ISO_14495_1", fmt::format("JPEG-LS, samples off by at most {}", quality)};
  }
  if (transfer_syntax == "1.2.840.10008.1.2.4.91") {
    return {"ISO_15444_1", fmt::format("JPEG 2000, peak signal to noise ratio {} dB", quality)};
  }
  return {"ISO_15444_15", fmt::format("HTJ2K, quantised in steps of {} ppm", quality)};
}

DataSet code(std::string_view value, std::string_view meaning) {
  DataSet out;
  out.set(Tag{0x00080100}, "SH", {std::string(value)});
  out.set(Tag{0x00080102}, "SH", {"DCM"});
  out.set(Tag{0x00080104}, "LO", {std::string(meaning)});
  return out;
}

DataElement sequence(Tag tag, DataSet item) {
  DataElement out;
  out.tag = tag;
  out.vr = {'S', 'Q'};
  out.items.push_back(std::move(item));
  return out;
}

// The value of a sequence of one item, explicit little endian.
Bytes sequence_value(Tag tag, DataSet item) {
  constexpr size_t kHeaderBytes = 12;
  DataSet alone;
  alone.set(sequence(tag, std::move(item)));
  return write_dataset(alone, {}, kExplicitLittle).substr(kHeaderBytes);
}

Bytes padded(std::string text, char with) {
  if (text.size() % 2 != 0) text += with;
  return text;
}

// The values there are, and one more.
std::string with_one_more(const ItemView& dataset, Tag tag, std::string_view value) {
  std::string out;
  for (const std::string& earlier : dataset.texts(tag)) out += earlier + '\\';
  return out + std::string(value);
}

std::string derived_type(const ItemView& dataset) {
  std::vector<std::string> values = dataset.texts(kImageType);
  if (values.size() < 2) values = {"", "PRIMARY"};
  std::string out = "DERIVED";
  for (size_t i = 1; i < values.size(); ++i) out += '\\' + values[i];
  return out;
}

// Bytes as they are: what was said before may be in any character set.
std::string description(const ItemView& dataset, const std::string& words) {
  std::string earlier(dataset.bytes(kDerivationDescription));
  while (!earlier.empty() && (earlier.back() == ' ' || earlier.back() == '\0')) earlier.pop_back();
  const std::string now = "lossy compression: " + words;
  if (earlier.empty() || earlier.size() + now.size() + 2 > kDescriptionMax) return now;
  return earlier + "; " + now;
}

}  // namespace

SopInstanceUid lossy_instance(const InstanceRow& row, std::string_view transfer_syntax,
                              uint32_t quality) {
  return SopInstanceUid(derived_uid(fmt::format("lossy/{}/{}/{}/{}", row.uid.value,
                                                row.dataset.hex(), transfer_syntax, quality)));
}

void add_lossy_changes(const Scanner& scanner, const InstanceRow& row,
                       std::string_view transfer_syntax, uint32_t quality, double ratio,
                       Changes& changes) {
  const ItemView dataset(scanner);
  const Method method = method_of(transfer_syntax, quality);
  const auto set = [&](Tag tag, const char* vr, Bytes value) {
    changes.set.push_back({tag, {vr[0], vr[1]}, std::move(value)});
  };
  set(kImageType, "CS", padded(derived_type(dataset), ' '));
  set(kSopInstance, "UI", padded(lossy_instance(row, transfer_syntax, quality).value, '\0'));
  set(kDerivationDescription, "ST", padded(description(dataset, method.words), ' '));
  DataSet source;
  source.set(Tag{0x00081150}, "UI", {row.sop_class.value});
  source.set(Tag{0x00081155}, "UI", {row.uid.value});
  source.set(sequence(Tag{0x0040A170}, code("121320", "Uncompressed predecessor")));
  set(kSourceImages, "SQ", sequence_value(kSourceImages, std::move(source)));
  if (!dataset.has(kDerivationCodes)) {
    set(kDerivationCodes, "SQ",
        sequence_value(kDerivationCodes, code("113040", "Lossy Compression")));
  }
  set(kLossy, "CS", "01");
  set(kLossyRatio, "DS",
      padded(with_one_more(dataset, kLossyRatio, fmt::format("{:.2f}", ratio)), ' '));
  set(kLossyMethod, "CS", padded(with_one_more(dataset, kLossyMethod, method.term), ' '));
  std::sort(changes.set.begin(), changes.set.end(),
            [](const auto& a, const auto& b) { return a.tag.value < b.tag.value; });
}

}  // namespace medarc::dicom
