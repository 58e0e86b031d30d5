#include "tools/sample/dicom_file.h"

#include "tools/sample/random.h"

namespace medarc::tools::sample {
namespace {

void append_le(Bytes& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}

bool long_form(const char (&vr)[2]) {  // PS3.5 7.1.2
  const std::string_view v(vr, 2);
  return v == "OB" || v == "OW" || v == "UT" || v == "UN" || v == "SQ";
}

}  // namespace

void DicomFile::put(uint32_t tag, const char (&vr)[3], Bytes value) {
  if (value.size() % 2 != 0) {
    const std::string_view v(vr, 2);
    value += v == "UI" || v == "OB" ? '\0' : ' ';
  }
  elements_[tag] = Element{{vr[0], vr[1]}, std::move(value)};
}

void DicomFile::text(uint32_t tag, const char (&vr)[3], std::string_view value) {
  put(tag, vr, Bytes(value));
}

void DicomFile::us(uint32_t tag, uint16_t value) {
  Bytes bytes;
  append_le(bytes, value, 2);
  put(tag, "US", std::move(bytes));
}

void DicomFile::attribute_tag(uint32_t tag, uint32_t value) {
  Bytes bytes;
  append_le(bytes, value >> 16, 2);
  append_le(bytes, value & 0xFFFF, 2);
  put(tag, "AT", std::move(bytes));
}

void DicomFile::append(Bytes& out, uint32_t tag, const Element& element) {
  append_le(out, tag >> 16, 2);
  append_le(out, tag & 0xFFFF, 2);
  out.append(element.vr, 2);
  if (long_form(element.vr)) {
    append_le(out, 0, 2);
    append_le(out, element.value.size(), 4);
  } else {
    append_le(out, element.value.size(), 2);
  }
  out += element.value;
}

Bytes DicomFile::encode() const {
  DicomFile meta;
  meta.put(0x00020001, "OB", Bytes("\0\1", 2));
  meta.put(0x00020002, "UI", elements_.at(0x00080016).value);
  meta.put(0x00020003, "UI", elements_.at(0x00080018).value);
  meta.text(0x00020010, "UI", kExplicitLittleEndian);
  meta.text(0x00020012, "UI", make_uid("implementation"));
  Bytes group;
  for (const auto& [tag, element] : meta.elements_) append(group, tag, element);

  Bytes out(128, '\0');
  out += "DICM";
  Element length{{'U', 'L'}, {}};
  append_le(length.value, group.size(), 4);
  append(out, 0x00020000, length);
  out += group;
  for (const auto& [tag, element] : elements_) append(out, tag, element);
  return out;
}

std::string make_uid(std::string_view name) {
  uint64_t high = 0, low = 1;
  for (const char c : name) {
    high = Random::mix(high ^ static_cast<uint8_t>(c));
    low = Random::mix(low + static_cast<uint8_t>(c));
  }
  return "2.25." + std::to_string(high >> 1 | 1) + std::to_string(low >> 1);
}

}  // namespace medarc::tools::sample
