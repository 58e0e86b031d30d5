#include "tests/support/picture_maker.h"

#include "tests/support/dicom_maker.h"

namespace medarc::test {

Bytes words(const std::vector<uint16_t>& values) {
  Bytes out;
  for (const uint16_t v : values) {
    out += static_cast<char>(v);
    out += static_cast<char>(v >> 8);
  }
  return out;
}

PictureMaker::PictureMaker(uint16_t columns, uint16_t rows) {
  text(0x00080060, "CS", "OT").text(0x00100010, "PN", "Muster^Erika");
  text(0x00100020, "LO", "MDA-0001");
  us(0x00280010, {rows}).us(0x00280011, {columns});
  photometric("MONOCHROME2").bits(8, 8);
  pixels(Bytes(size_t{rows} * columns, '\0'));
}

PictureMaker PictureMaker::item() {
  PictureMaker out;
  out.image_ = false;
  return out;
}

PictureMaker& PictureMaker::bytes(uint32_t tag, const char* vr, Bytes value) {
  if (value.size() % 2 != 0) value += '\0';
  elements_[tag] = {vr, std::move(value)};
  return *this;
}

PictureMaker& PictureMaker::text(uint32_t tag, const char* vr, std::string value) {
  if (value.size() % 2 != 0 && std::string(vr) != "UI") value += ' ';
  return bytes(tag, vr, std::move(value));
}

PictureMaker& PictureMaker::us(uint32_t tag, std::vector<uint16_t> values) {
  return bytes(tag, "US", words(values));
}

PictureMaker& PictureMaker::ss(uint32_t tag, std::vector<int16_t> values) {
  return bytes(tag, "SS", words({values.begin(), values.end()}));
}

PictureMaker& PictureMaker::sequence(uint32_t tag, const std::vector<PictureMaker>& items) {
  DatasetMaker d;
  for (const PictureMaker& i : items) d.item().raw(i.dataset()).end_item();
  return bytes(tag, "SQ", d.view());
}

PictureMaker& PictureMaker::erase(uint32_t tag) {
  elements_.erase(tag);
  return *this;
}

PictureMaker& PictureMaker::bits(uint16_t allocated, uint16_t stored, bool is_signed) {
  us(0x00280100, {allocated}).us(0x00280101, {stored});
  us(0x00280102, {static_cast<uint16_t>(stored - 1)});
  return us(0x00280103, {static_cast<uint16_t>(is_signed ? 1 : 0)});
}

PictureMaker& PictureMaker::photometric(const std::string& name, uint16_t samples,
                                        uint16_t planar) {
  us(0x00280002, {samples}).text(0x00280004, "CS", name);
  if (samples > 1) us(0x00280006, {planar});
  return *this;
}

PictureMaker& PictureMaker::rescale(const std::string& slope, const std::string& intercept) {
  return text(0x00281052, "DS", intercept).text(0x00281053, "DS", slope);
}

PictureMaker& PictureMaker::window(const std::string& centre, const std::string& width,
                                   const std::string& function) {
  text(0x00281050, "DS", centre).text(0x00281051, "DS", width);
  if (!function.empty()) text(0x00281056, "CS", function);
  return *this;
}

PictureMaker& PictureMaker::lut(uint32_t sequence_tag, std::vector<uint16_t> descriptor,
                                std::vector<uint16_t> entries) {
  PictureMaker table = item();
  table.us(0x00283002, std::move(descriptor)).text(0x00283004, "LO", "US");
  table.bytes(0x00283006, "OW", words(entries));
  return sequence(sequence_tag, {table});
}

PictureMaker& PictureMaker::pixels(Bytes value) {
  const bool octets = elements_[0x00280100].second == words({8});
  return bytes(0x7FE00010, octets ? "OB" : "OW", std::move(value));
}

PictureMaker& PictureMaker::pixels(const std::vector<uint16_t>& values) {
  return bytes(0x7FE00010, "OW", words(values));
}

PictureMaker& PictureMaker::uids(const std::string& study_uid, const std::string& series_uid,
                                 const std::string& sop_uid) {
  study = study_uid;
  series = series_uid;
  sop = sop_uid;
  return *this;
}

Bytes PictureMaker::dataset() const {
  PictureMaker all = *this;
  if (image_) {
    all.text(0x00080016, "UI", sop_class).text(0x00080018, "UI", sop);
    all.text(0x0020000D, "UI", study).text(0x0020000E, "UI", series);
  }
  DatasetMaker d;
  for (const auto& [tag, element] : all.elements_) {
    d.bytes(tag, element.first.c_str(), element.second);
  }
  return d.view();
}

Bytes PictureMaker::file() const {
  DatasetMaker meta;
  meta.bytes(0x00020001, "OB", Bytes("\0\1", 2));
  meta.text(0x00020002, "UI", sop_class).text(0x00020003, "UI", sop);
  meta.text(0x00020010, "UI", transfer_syntax).text(0x00020012, "UI", "2.25.1");
  DatasetMaker out;
  out.raw(Bytes(128, '\0') + "DICM");
  out.head(0x00020000, "UL", 4);
  const auto length = static_cast<uint32_t>(meta.view().size());
  for (int i = 0; i < 4; ++i) out.raw(Bytes(1, static_cast<char>(length >> (8 * i))));
  return out.raw(meta.view()).raw(dataset()).view();
}

}  // namespace medarc::test
