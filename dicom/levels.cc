#include "dicom/levels.h"

#include <algorithm>
#include <iterator>

#include "dicom/json.h"
#include "dicom/values.h"

namespace medarc::dicom {
namespace {

struct Placed {
  uint32_t tag;
  Level level;
};

// Sorted by tag. Attributes outside it are found in the instance's metadata, not in rows.
constexpr Placed kPlaces[] = {
    {0x00080008, Level::instance}, {0x00080016, Level::instance}, {0x00080018, Level::instance},
    {0x00080020, Level::study},    {0x00080021, Level::series},   {0x00080022, Level::instance},
    {0x00080023, Level::instance}, {0x0008002A, Level::instance}, {0x00080030, Level::study},
    {0x00080031, Level::series},   {0x00080032, Level::instance}, {0x00080033, Level::instance},
    {0x00080050, Level::study},    {0x00080051, Level::study},    {0x00080060, Level::series},
    {0x00080064, Level::series},   {0x00080068, Level::series},   {0x00080070, Level::series},
    {0x00080080, Level::series},   {0x00080090, Level::study},    {0x00080096, Level::study},
    {0x00080201, Level::study},    {0x00081010, Level::series},   {0x00081030, Level::study},
    {0x00081032, Level::study},    {0x0008103E, Level::series},   {0x00081040, Level::series},
    {0x00081048, Level::study},    {0x00081050, Level::series},   {0x00081060, Level::study},
    {0x00081070, Level::series},   {0x00081080, Level::study},    {0x00081090, Level::series},
    {0x00100010, Level::patient},  {0x00100020, Level::patient},  {0x00100021, Level::patient},
    {0x00100024, Level::patient},  {0x00100030, Level::patient},  {0x00100032, Level::patient},
    {0x00100040, Level::patient},  {0x00101000, Level::patient},  {0x00101001, Level::patient},
    {0x00101002, Level::patient},  {0x00101010, Level::study},    {0x00101020, Level::study},
    {0x00101030, Level::study},    {0x00102160, Level::patient},  {0x00102180, Level::study},
    {0x001021B0, Level::study},    {0x00104000, Level::patient},  {0x00180015, Level::series},
    {0x00181030, Level::series},   {0x00185100, Level::series},   {0x0020000D, Level::study},
    {0x0020000E, Level::series},   {0x00200010, Level::study},    {0x00200011, Level::series},
    {0x00200012, Level::instance}, {0x00200013, Level::instance}, {0x00200052, Level::series},
    {0x00200060, Level::series},   {0x00201041, Level::instance}, {0x00280008, Level::instance},
    {0x00280010, Level::instance}, {0x00280011, Level::instance}, {0x00280100, Level::instance},
    {0x00321060, Level::study},    {0x00321064, Level::study},    {0x00400244, Level::series},
    {0x00400245, Level::series},   {0x00400253, Level::series},   {0x00400254, Level::series},
    {0x00400275, Level::series},   {0x0040A043, Level::instance}, {0x0040A370, Level::study},
    {0x0040A491, Level::instance}, {0x0040A493, Level::instance}, {0x00700080, Level::instance},
    {0x00700081, Level::instance}, {0x00880140, Level::series},
};

constexpr size_t kSequenceJsonBytesMax = 4096;  // longer ones stay in the metadata

}  // namespace

Level level_of(Tag tag) {
  const auto* it =
      std::lower_bound(std::begin(kPlaces), std::end(kPlaces), tag.value,
                       [](const Placed& p, uint32_t wanted) { return p.tag < wanted; });
  return it != std::end(kPlaces) && it->tag == tag.value ? it->level : Level::none;
}

LevelAttributes attributes_of(const Scanner& scanner) {
  LevelAttributes out;
  const Charset charset = charset_of(scanner);
  out.text_clean = charset.known();
  const bool big = scanner.encoding() == Encoding::explicit_big;
  const auto& elements = scanner.elements();
  for (size_t i = 0; i < elements.size(); ++i) {
    const Element& e = elements[i];
    if (e.depth != 0 || e.kind == Element::Kind::sequence_end) continue;
    const Level level = level_of(e.tag);
    if (level == Level::none) continue;
    index::AttributeSet& set = level == Level::patient  ? out.patient
                               : level == Level::study  ? out.study
                               : level == Level::series ? out.series
                                                        : out.instance;
    if (set.find(e.tag) != nullptr) continue;  // the first of a doubled element counts
    if (e.kind == Element::Kind::sequence) {
      std::string json = sequence_json(scanner, i);
      if (json.size() > kSequenceJsonBytesMax) {
        set.set(e.tag, "SQ", {});
      } else {
        set.set(e.tag, "SQ", {std::move(json)});
      }
      continue;
    }
    if (!e.held) continue;
    // A dictionary VR says more than UN (PS3.5 6.2.2).
    const Vr vr = is(e.vr, "UN") ? vr_of(e.tag) : e.vr;
    auto values = values_of(vr, scanner.value(e), big, charset, &out.text_clean);
    if (!values) continue;
    while (!values->empty() && values->back().empty()) values->pop_back();
    set.set(e.tag, text_of(vr), std::move(*values));
  }
  return out;
}

}  // namespace medarc::dicom
