// Presentation states for the tests: a grayscale one for one image, with everything a strict reader
// asks for, to be changed with PictureMaker's setters.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "tests/support/picture_maker.h"

namespace medarc::test {

template <class T>
Bytes little(const std::vector<T>& values) {
  Bytes out(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(out.data(), values.data(), out.size());
  return out;
}
inline Bytes floats(const std::vector<float>& values) { return little(values); }
inline Bytes longs(const std::vector<int32_t>& values) { return little(values); }

inline PictureMaker reference_to(const PictureMaker& image, const std::string& frames = "") {
  PictureMaker out = PictureMaker::item();
  out.text(0x00081150, "UI", image.sop_class).text(0x00081155, "UI", image.sop);
  if (!frames.empty()) out.text(0x00081160, "IS", frames);
  return out;
}

// The whole of an image of `columns` x `rows`, scaled to fit.
inline PictureMaker displayed_area(int32_t left, int32_t top, int32_t right, int32_t bottom) {
  PictureMaker out = PictureMaker::item();
  out.bytes(0x00700052, "SL", longs({left, top})).bytes(0x00700053, "SL", longs({right, bottom}));
  out.text(0x00700100, "CS", "SCALE TO FIT").text(0x00700102, "IS", "1\\1");
  return out;
}

inline PictureMaker state_of(const std::vector<PictureMaker>& references,
                             const PictureMaker& image) {
  PictureMaker out(1, 1);
  for (const uint32_t tag : {0x00280002u, 0x00280004u, 0x00280010u, 0x00280011u, 0x00280100u,
                             0x00280101u, 0x00280102u, 0x00280103u, 0x7FE00010u}) {
    out.erase(tag);
  }
  out.sop_class = "1.2.840.10008.5.1.4.1.1.11.1";
  out.uids(image.study, "2.25.1009", "2.25.1010");
  out.text(0x00080020, "DA", "20260102").text(0x00080030, "TM", "030405");
  out.text(0x00080050, "SH", "").text(0x00080090, "PN", "").text(0x00080060, "CS", "PR");
  out.text(0x00080070, "LO", "Muster").text(0x00100030, "DA", "").text(0x00100040, "CS", "");
  out.text(0x00200010, "SH", "").text(0x00200011, "IS", "1").text(0x00200013, "IS", "1");
  out.text(0x00700080, "CS", "TEST").text(0x00700081, "LO", "").text(0x00700082, "DA", "20260102");
  out.text(0x00700083, "TM", "030405").text(0x00700084, "PN", "");
  PictureMaker series = PictureMaker::item();
  series.text(0x0020000E, "UI", image.series).sequence(0x00081140, references);
  out.sequence(0x00081115, {series});
  return out.text(0x20500020, "CS", "IDENTITY");
}

// For `image` of `columns` x `rows`.
inline PictureMaker state_for(const PictureMaker& image, int32_t columns, int32_t rows) {
  PictureMaker out = state_of({reference_to(image)}, image);
  return out.sequence(0x0070005A, {displayed_area(1, 1, columns, rows)});
}

inline PictureMaker voi_window(const std::string& centre, const std::string& width) {
  return PictureMaker::item().text(0x00281050, "DS", centre).text(0x00281051, "DS", width);
}

}  // namespace medarc::test
