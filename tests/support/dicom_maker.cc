#include "tests/support/dicom_maker.h"

#include <zlib.h>

#include <cstring>
#include <random>

namespace medarc::test {

using dicom::Encoding;

void DatasetMaker::put(uint64_t value, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    const size_t shift = encoding_ == Encoding::explicit_big ? size - 1 - i : i;
    out_ += static_cast<char>(value >> (8 * shift));
  }
}

DatasetMaker& DatasetMaker::head(uint32_t tag, const char* vr, uint32_t length) {
  put(tag >> 16, 2);
  put(tag & 0xFFFF, 2);
  if (encoding_ == Encoding::implicit_little) {
    put(length, 4);
    return *this;
  }
  out_.append(vr, 2);
  if (std::strstr("OB OD OF OL OV OW SQ SV UC UN UR UT UV", vr) != nullptr) {
    put(0, 2);
    put(length, 4);
  } else {
    put(length, 2);
  }
  return *this;
}

DatasetMaker& DatasetMaker::bytes(uint32_t tag, const char* vr, ByteView value) {
  head(tag, vr, static_cast<uint32_t>(value.size()));
  return raw(value);
}

DatasetMaker& DatasetMaker::text(uint32_t tag, const char* vr, std::string value) {
  if (value.size() % 2 != 0) value += std::strcmp(vr, "UI") == 0 ? '\0' : ' ';
  return bytes(tag, vr, value);
}

DatasetMaker& DatasetMaker::us(uint32_t tag, uint16_t value) {
  head(tag, "US", 2);
  put(value, 2);
  return *this;
}

DatasetMaker& DatasetMaker::item(uint32_t length) {
  put(0xFFFE, 2);
  put(0xE000, 2);
  put(length, 4);
  return *this;
}
DatasetMaker& DatasetMaker::end_item() {
  put(0xFFFE, 2);
  put(0xE00D, 2);
  put(0, 4);
  return *this;
}
DatasetMaker& DatasetMaker::end_sequence() {
  put(0xFFFE, 2);
  put(0xE0DD, 2);
  put(0, 4);
  return *this;
}
DatasetMaker& DatasetMaker::raw(ByteView value) {
  out_.append(value);
  return *this;
}

Bytes make_pixels(const ImageRecipe& r) {
  const size_t bits = size_t{r.rows} * r.columns * r.bits_allocated * static_cast<size_t>(r.frames);
  Bytes out((bits + 7) / 8, '\0');
  std::mt19937_64 random(r.seed);
  for (size_t i = 0; i < out.size(); ++i) {
    // A slow slope with noise: compresses as images do.
    out[i] = static_cast<char>(i % 2 == 0 ? (i >> 6) + random() % 16 : (i >> 14) & 15);
  }
  if (out.size() % 2 != 0) out += '\0';
  return out;
}

Bytes make_dataset(const ImageRecipe& r) {
  const dicom::TransferSyntax syntax = dicom::transfer_syntax_or_default(r.transfer_syntax);
  DatasetMaker d(syntax.encoding);
  if (!r.charset.empty()) d.text(0x00080005, "CS", r.charset);
  d.text(0x00080016, "UI",
         r.frames > 1 ? "1.2.840.10008.5.1.4.1.1.7.3" : "1.2.840.10008.5.1.4.1.1.2");
  d.text(0x00080018, "UI", r.sop_uid);
  d.text(0x00080020, "DA", r.study_date);
  d.text(0x00080030, "TM", r.study_time);
  d.text(0x00080050, "SH", r.accession);
  d.text(0x00080060, "CS", r.modality);
  d.text(0x00080090, "PN", "Beispiel^Anton");
  d.text(0x00081030, "LO", "Thorax");
  d.head(0x00081032, "SQ", 0xFFFFFFFF).item();
  d.text(0x00080100, "SH", "CTTHX")
      .text(0x00080102, "SH", "99LOCAL")
      .text(0x00080104, "LO", "CT Thorax");
  d.end_item().end_sequence();
  d.raw(r.before_patient);
  d.text(0x00100010, "PN", r.patient_name);
  d.text(0x00100020, "LO", r.patient_id);
  if (!r.issuer.empty()) d.text(0x00100021, "LO", r.issuer);
  d.text(0x00100030, "DA", "19700101");
  d.text(0x00100040, "CS", "F");
  d.text(0x0020000D, "UI", r.study_uid);
  d.text(0x0020000E, "UI", r.series_uid);
  d.text(0x00200010, "SH", "S1");
  d.text(0x00200011, "IS", "1");
  d.text(0x00200013, "IS", std::to_string(r.instance_number));
  d.us(0x00280002, 1);
  d.text(0x00280004, "CS", "MONOCHROME2");
  if (r.frames > 1) d.text(0x00280008, "IS", std::to_string(r.frames));
  d.us(0x00280010, r.rows).us(0x00280011, r.columns).us(0x00280100, r.bits_allocated);
  d.us(0x00280101, r.bits_allocated == 16 ? 12 : r.bits_allocated);
  d.us(0x00280102, r.bits_allocated == 16 ? 11 : static_cast<uint16_t>(r.bits_allocated - 1));
  d.us(0x00280103, 0);
  d.raw(r.before_pixels);
  Bytes pixels = make_pixels(r);
  const char* vr =
      r.bits_allocated > 8 || syntax.encoding == Encoding::implicit_little ? "OW" : "OB";
  if (syntax.encapsulated) {
    // Each frame as one fragment; its bytes stand for a codestream.
    d.head(0x7FE00010, "OB", 0xFFFFFFFF).item(0);
    const size_t one = pixels.size() / static_cast<size_t>(r.frames);
    for (int f = 0; f < r.frames; ++f) {
      Bytes fragment = pixels.substr(static_cast<size_t>(f) * one, one);
      if (fragment.size() % 2 != 0) fragment += '\0';
      d.item(static_cast<uint32_t>(fragment.size())).raw(fragment);
    }
    d.end_sequence();
  } else {
    if (syntax.encoding == Encoding::explicit_big && r.bits_allocated == 16) {
      for (size_t i = 0; i + 1 < pixels.size(); i += 2) std::swap(pixels[i], pixels[i + 1]);
    }
    d.bytes(0x7FE00010, vr, pixels);
  }
  return syntax.deflated ? deflated(d.view()) : d.view();
}

Bytes make_file(const ImageRecipe& r) {
  DatasetMaker meta;
  meta.bytes(0x00020001, "OB", ByteView("\0\1", 2));
  meta.text(0x00020002, "UI",
            r.frames > 1 ? "1.2.840.10008.5.1.4.1.1.7.3" : "1.2.840.10008.5.1.4.1.1.2");
  meta.text(0x00020003, "UI", r.sop_uid);
  meta.text(0x00020010, "UI", r.transfer_syntax);
  meta.text(0x00020012, "UI", "2.25.77");
  DatasetMaker length;
  length.head(0x00020000, "UL", 4);
  const auto n = static_cast<uint32_t>(meta.view().size());
  Bytes group = length.view();
  for (int i = 0; i < 4; ++i) group += static_cast<char>(n >> (8 * i));
  return Bytes(128, '\0') + "DICM" + group + meta.view() + make_dataset(r);
}

Bytes deflated(ByteView plain) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  Bytes out(deflateBound(&z, plain.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  z.avail_in = static_cast<uInt>(plain.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  if (out.size() % 2 != 0) out += '\0';
  return out;
}

}  // namespace medarc::test
