#include "tests/support/image_object.h"

#include "tests/support/dicom_maker.h"

namespace medarc::test {
namespace {

Bytes joined_bits(const ImageObject& o) {
  const size_t bits = size_t{o.shape.rows} * o.shape.columns * o.shape.samples_per_pixel;
  Bytes out((bits * o.frames.size() + 7) / 8, '\0');
  size_t to = 0;
  for (const Bytes& frame : o.frames) {
    for (size_t i = 0; i < bits; ++i, ++to) {
      const unsigned bit = static_cast<uint8_t>(frame[i / 8]) >> i % 8 & 1;
      out[to / 8] = static_cast<char>(static_cast<uint8_t>(out[to / 8]) | bit << to % 8);
    }
  }
  return out;
}

Bytes little(uint64_t v, size_t width) {
  Bytes out;
  for (size_t i = 0; i < width; ++i) out += static_cast<char>(v >> 8 * i);
  return out;
}

}  // namespace

Bytes make_file(const ImageObject& o) {
  DatasetMaker meta;
  meta.bytes(0x00020001, "OB", ByteView("\0\1", 2));
  meta.text(0x00020002, "UI", "1.2.840.10008.5.1.4.1.1.7");
  meta.text(0x00020003, "UI", o.sop_uid);
  meta.text(0x00020010, "UI", o.transfer_syntax);
  DatasetMaker group;
  group.bytes(0x00020000, "UL", little(meta.view().size(), 4));
  const auto syntax = dicom::transfer_syntax_or_default(o.transfer_syntax);
  DatasetMaker d(syntax.encoding);
  d.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7");
  d.text(0x00080018, "UI", o.sop_uid);
  d.text(0x00100010, "PN", "Muster^Erika");
  d.text(0x00100020, "LO", "MDA-0007");
  d.text(0x0020000D, "UI", o.study_uid);
  d.text(0x0020000E, "UI", o.series_uid);
  const auto us = [&](uint32_t tag, size_t v) { d.us(tag, static_cast<uint16_t>(v)); };
  us(0x00280002, o.shape.samples_per_pixel);
  d.text(0x00280004, "CS", o.shape.photometric);
  if (o.shape.samples_per_pixel > 1) us(0x00280006, o.shape.planar ? 1 : 0);
  d.text(0x00280008, "IS", std::to_string(o.frames.size()));
  us(0x00280010, o.shape.rows);
  us(0x00280011, o.shape.columns);
  us(0x00280100, o.shape.bits_allocated);
  us(0x00280101, o.shape.bits_stored);
  us(0x00280102, o.shape.high_bit);
  us(0x00280103, o.shape.is_signed ? 1 : 0);
  d.text(0x00282110, "CS", "00");
  if (o.icon) {
    d.head(0x00880200, "SQ", 0xFFFFFFFF).item();
    d.head(0x7FE00010, "OB", 0xFFFFFFFF).item(0).item(2).raw("\1\2").end_sequence();
    d.end_item().end_sequence();
  }
  if (!syntax.encapsulated) {
    Bytes pixels;
    if (o.shape.bits_allocated == 1) {
      pixels = joined_bits(o);
    } else {
      for (const Bytes& frame : o.frames) pixels += frame;
    }
    if (pixels.size() % 2 != 0) pixels += '\0';
    d.bytes(0x7FE00010, o.shape.bits_allocated <= 8 ? "OB" : "OW", pixels);
  } else {
    Bytes offsets, lengths;
    uint64_t at = 0;
    for (const Bytes& frame : o.frames) {
      offsets += little(at, 8);
      lengths += little(frame.size(), 8);
      at += 8 + frame.size() + frame.size() % 2;
    }
    if (o.extended_offsets) {
      d.bytes(0x7FE00001, "OV", offsets);
      d.bytes(0x7FE00002, "OV", lengths);
    }
    d.head(0x7FE00010, "OB", 0xFFFFFFFF).item(0);
    for (Bytes frame : o.frames) {
      if (frame.size() % 2 != 0) frame += '\0';
      d.item(static_cast<uint32_t>(frame.size())).raw(frame);
    }
    d.end_sequence();
  }
  d.bytes(0xFFFCFFFC, "OB", ByteView("\0\0\0\0", 4));  // trailing padding
  return Bytes(128, '\0') + "DICM" + group.view() + meta.view() +
         (syntax.deflated ? deflated(d.view()) : d.view());
}

}  // namespace medarc::test
