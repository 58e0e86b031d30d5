#include "dicom/record_types.h"

#include <array>

namespace medarc::dicom {
namespace {

using index::Tag;

constexpr std::string_view kStorageArc = "1.2.840.10008.5.1.4.1.1.";

constexpr Tag kInstanceNumber{0x00200013}, kContentDate{0x00080023}, kContentTime{0x00080033},
    kConceptName{0x0040A043}, kContent{0x0040A730}, kLabel{0x00700080}, kDescription{0x00700081},
    kCreator{0x00700084};

constexpr Tag kImage[] = {kInstanceNumber};
constexpr Tag kDose[] = {kInstanceNumber, {0x3004000A}};
constexpr Tag kStructureSet[] = {kInstanceNumber, {0x30060002}, {0x30060008}, {0x30060009}};
constexpr Tag kPlan[] = {kInstanceNumber, {0x300A0002}, {0x300A0006}, {0x300A0007}};
constexpr Tag kTreatment[] = {kInstanceNumber, {0x30080250}, {0x30080251}};
constexpr Tag kRadiotherapy[] = {
    kInstanceNumber, kDescription, kCreator, {0x30100033}, {0x30100034}};
constexpr Tag kPresentation[] = {{0x00081115}, kInstanceNumber, kLabel,  kDescription,
                                 {0x00700082}, {0x00700083},    kCreator};
constexpr Tag kDated[] = {kContentDate, kContentTime, kInstanceNumber};
constexpr Tag kLabelled[] = {kContentDate, kContentTime, kInstanceNumber,
                             kLabel,       kDescription, kCreator};
constexpr Tag kReport[] = {kContentDate, kContentTime, kInstanceNumber, {0x0040A030},
                           kConceptName, {0x0040A491}, {0x0040A493},    kContent};
constexpr Tag kKeyObject[] = {kContentDate, kContentTime, kInstanceNumber, kConceptName, kContent};
constexpr Tag kSpectroscopy[] = {{0x00080008},    kContentDate, kContentTime,
                                 kInstanceNumber, {0x00280008}, {0x00280010},
                                 {0x00280011},    {0x00289001}, {0x00289002}};
constexpr Tag kDocument[] = {kContentDate, kContentTime, kInstanceNumber,
                             kConceptName, {0x00420010}, {0x00420012}};

constexpr RecordType kTypeImage{"IMAGE", kImage}, kTypeReport{"SR DOCUMENT", kReport},
    kTypePlan{"RT PLAN", kPlan}, kTypeTreatment{"RT TREAT RECORD", kTreatment},
    kTypeRadiotherapy{"RADIOTHERAPY", kRadiotherapy},
    kTypePresentation{"PRESENTATION", kPresentation}, kTypeRegistration{"REGISTRATION", kLabelled},
    kTypeMeasurement{"MEASUREMENT", kDated};

// Below kStorageArc; the longest arc that a class is, or is under, decides.
struct Place {
  std::string_view arc;
  RecordType type;
};
constexpr auto kPlaces = std::to_array<Place>({
    {"1", kTypeImage},
    {"2", kTypeImage},
    {"3", kTypeImage},
    {"4", kTypeImage},
    {"4.2", {"SPECTROSCOPY", kSpectroscopy}},
    {"5", kTypeImage},
    {"6", kTypeImage},
    {"7", kTypeImage},
    {"9.1", {"WAVEFORM", kDated}},
    {"9.2", {"WAVEFORM", kDated}},
    {"9.3", {"WAVEFORM", kDated}},
    {"9.4", {"WAVEFORM", kDated}},
    {"9.5", {"WAVEFORM", kDated}},
    {"9.6", {"WAVEFORM", kDated}},
    {"9.7", {"WAVEFORM", kDated}},
    {"9.8", {"WAVEFORM", kDated}},
    {"11.1", kTypePresentation},
    {"11.2", kTypePresentation},
    {"11.3", kTypePresentation},
    {"11.4", kTypePresentation},
    {"11.5", kTypePresentation},
    {"11.6", kTypePresentation},
    {"11.7", kTypePresentation},
    {"11.8", kTypePresentation},
    {"11.9", kTypePresentation},
    {"11.10", kTypePresentation},
    {"11.11", kTypePresentation},
    {"11.12", kTypePresentation},
    {"12", kTypeImage},
    {"13", kTypeImage},
    {"14", kTypeImage},
    {"20", kTypeImage},
    {"30", kTypeImage},
    {"66", {"RAW DATA", kDated}},
    {"66.1", kTypeRegistration},
    {"66.2", {"FIDUCIAL", kLabelled}},
    {"66.3", kTypeRegistration},
    {"66.4", kTypeImage},
    {"66.5", {"SURFACE", kLabelled}},
    {"66.6", {"TRACT", kLabelled}},
    {"66.7", kTypeImage},
    {"66.8", kTypeImage},
    {"67", {"VALUE MAP", kLabelled}},
    {"68", {"SURFACE SCAN", kDated}},
    {"77", kTypeImage},
    {"77.1.5.3", {"STEREOMETRIC", {}}},
    {"78", kTypeMeasurement},
    {"78.6", kTypeReport},
    {"79", kTypeReport},
    {"80", kTypeMeasurement},
    {"81", kTypeImage},
    {"82", kTypeImage},
    {"88", kTypeReport},
    {"88.59", {"KEY OBJECT DOC", kKeyObject}},
    {"90", {"ASSESSMENT", kImage}},
    {"91", {"ANNOTATION", kLabelled}},
    {"104", {"ENCAP DOC", kDocument}},
    {"128", kTypeImage},
    {"130", kTypeImage},
    {"481.1", kTypeImage},
    {"481.2", {"RT DOSE", kDose}},
    {"481.3", {"RT STRUCTURE SET", kStructureSet}},
    {"481.4", kTypeTreatment},
    {"481.5", kTypePlan},
    {"481.6", kTypeTreatment},
    {"481.7", kTypeTreatment},
    {"481.8", kTypePlan},
    {"481.9", kTypeTreatment},
    {"481.10", kTypeRadiotherapy},
    {"481.11", kTypeRadiotherapy},
    {"481.12", kTypeRadiotherapy},
    {"481.13", kTypeRadiotherapy},
    {"481.14", kTypeRadiotherapy},
    {"481.15", kTypeRadiotherapy},
    {"481.16", kTypeRadiotherapy},
    {"481.17", kTypeRadiotherapy},
    {"481.18", kTypeRadiotherapy},
    {"481.19", kTypeRadiotherapy},
    {"481.20", kTypeRadiotherapy},
    {"481.21", kTypeRadiotherapy},
    {"481.22", kTypeRadiotherapy},
    {"481.23", kTypeImage},
    {"481.24", kTypeImage},
    {"481.25", kTypeRadiotherapy},
});

bool is_or_under(std::string_view class_arc, std::string_view arc) {
  return class_arc.starts_with(arc) &&
         (class_arc.size() == arc.size() || class_arc[arc.size()] == '.');
}

}  // namespace

const RecordType* record_type_of(std::string_view sop_class) {
  if (!sop_class.starts_with(kStorageArc)) return nullptr;
  sop_class.remove_prefix(kStorageArc.size());
  const Place* best = nullptr;
  for (const Place& place : kPlaces) {
    if (is_or_under(sop_class, place.arc) && (!best || place.arc.size() > best->arc.size())) {
      best = &place;
    }
  }
  return best ? &best->type : nullptr;
}

}  // namespace medarc::dicom
