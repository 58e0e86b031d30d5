#include "records/imaging_study.h"

#include <algorithm>
#include <map>

#include "records/fhir_primitive.h"
#include "records/names.h"
#include "records/patient_resource.h"

namespace medarc::records {
namespace {

using index::AttributeSet;
using index::Tag;

constexpr Tag kStudyDate{0x00080020}, kStudyTime{0x00080030}, kSeriesDate{0x00080021},
    kSeriesTime{0x00080031}, kZone{0x00080201}, kAccession{0x00080050}, kStudyId{0x00200010},
    kModalities{0x00080061}, kReferrer{0x00080090}, kReader{0x00081060}, kDescription{0x00081030},
    kProcedures{0x00081032}, kSeriesInStudy{0x00201206}, kInstancesInStudy{0x00201208},
    kSeriesNumber{0x00200011}, kModality{0x00080060}, kSeriesDescription{0x0008103E},
    kInstancesInSeries{0x00201209}, kBodyPart{0x00180015}, kLaterality{0x00200060},
    kPerformer{0x00081050}, kOperator{0x00081070};

constexpr std::string_view kDcm = "http://dicom.nema.org/resources/ontology/DCM";

bool digits(std::string_view t) {
  return !t.empty() && std::all_of(t.begin(), t.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Json coding(std::string_view system, std::string_view code) {
  return Json::object({{"system", Json::string(system)}, {"code", Json::string(code)}});
}

void put_text(Json& out, std::string_view key, std::string_view value) {
  if (!value.empty()) out.set(key, Json::string(value));
}

void put_number(Json& out, std::string_view key, std::string_view value) {
  uint64_t n = 0;
  if (!digits(value) || value.size() > 9) return;
  for (char c : value) n = n * 10 + static_cast<uint64_t>(c - '0');
  out.set(key, Json::number(n));
}

// Coding Scheme Designator (PS3.16 8.1) as FHIR system.
std::string scheme_system(std::string_view designator) {
  static const std::map<std::string_view, std::string_view> known = {
      {"DCM", kDcm},
      {"SCT", "http://snomed.info/sct"},
      {"LN", "http://loinc.org"},
      {"I10", "http://hl7.org/fhir/sid/icd-10"},
      {"UCUM", "http://unitsofmeasure.org"},
      {"RADLEX", "http://radlex.org"}};
  const auto found = known.find(designator);
  return found == known.end() ? std::string() : std::string(found->second);
}

// The items of a code sequence, as its DICOM JSON text has them.
Json codes_of(std::string_view sequence) {
  Json out = Json::array();
  JsonLimits limits;
  const Result<Json> items = parse_json(sequence, limits);
  if (!items) return out;
  for (const Json& item : items->items()) {
    auto value = [&](std::string_view tag) -> std::string_view {
      const Json* element = item.find(tag);
      const Json* list = element != nullptr ? element->find("Value") : nullptr;
      const bool text =
          list != nullptr && !list->items().empty() && list->items()[0].is(Json::Type::string);
      return text ? std::string_view(list->items()[0].text()) : std::string_view();
    };
    Json one = Json::object();
    put_text(one, "system", scheme_system(value("00080102")));
    put_text(one, "code", value("00080100"));
    put_text(one, "display", value("00080104"));
    if (!one.members().empty()) out.add(Json::object({{"coding", Json::array({one})}}));
  }
  return out;
}

Json identifiers(const index::StudyRow& study) {
  Json out = Json::array({Json::object({{"use", Json::string("official")},
                                        {"system", Json::string("urn:dicom:uid")},
                                        {"value", Json::string("urn:oid:" + study.uid.value)}})});
  auto typed = [&](std::string_view code, std::string_view value) {
    if (value.empty()) return;
    out.add(Json::object(
        {{"type",
          Json::object({{"coding", Json::array({coding(
                                       "http://terminology.hl7.org/CodeSystem/v2-0203", code)})}})},
         {"value", Json::string(value)}}));
  };
  typed("ACSN", study.attributes.first(kAccession));
  if (const auto id = study.attributes.first(kStudyId); !id.empty()) {
    out.add(Json::object({{"use", Json::string("secondary")},
                          {"type", Json::object({{"text", Json::string("Study ID")}})},
                          {"value", Json::string(id)}}));
  }
  return out;
}

Json person(std::string_view pn) {
  return Json::object({{"display", Json::string(display_name(pn))}});
}

Json series_json(const index::SeriesRow& row, std::string_view zone) {
  const AttributeSet& a = row.attributes;
  Json out = Json::object({{"uid", Json::string(row.uid.value)}});
  put_number(out, "number", a.first(kSeriesNumber));
  const std::string_view modality = a.first(kModality);
  out.set("modality", coding(kDcm, modality.empty() ? "OT" : modality));
  put_text(out, "description", a.first(kSeriesDescription));
  put_number(out, "numberOfInstances", a.first(kInstancesInSeries));
  if (const auto part = a.first(kBodyPart); !part.empty()) {
    out.set("bodySite", Json::object({{"display", Json::string(part)}}));
  }
  if (const auto side = a.first(kLaterality); side == "L" || side == "R") {
    Json code = coding("http://snomed.info/sct", side == "L" ? "7771000" : "24028007");
    out.set("laterality", code.set("display", Json::string(side == "L" ? "Left" : "Right")));
  }
  put_text(out, "started", date_time_of(a.first(kSeriesDate), a.first(kSeriesTime), zone));
  Json performers = Json::array();
  for (Tag tag : {kPerformer, kOperator}) {
    if (const auto* names = a.find(tag)) {
      for (const std::string& name : names->values) {
        if (!display_name(name).empty()) performers.add(Json::object({{"actor", person(name)}}));
      }
    }
  }
  if (!performers.items().empty()) out.set("performer", std::move(performers));
  return out;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

// People (and simple clients) find here where the study itself is.
Json narrative(const std::string& url) {
  const std::string link = escaped(url);
  return Json::object(
      {{"status", Json::string("generated")},
       {"div", Json::string("<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"" + link +
                            "/metadata\">Metadata</a> and <a href=\"" + link +
                            "\">images</a> of this study</div>")}});
}

Json endpoint(const std::string& base_url) {
  return Json::object(
      {{"resourceType", Json::string("Endpoint")},
       {"id", Json::string("dicom-web")},
       {"status", Json::string("active")},
       {"connectionType",
        coding("http://terminology.hl7.org/CodeSystem/endpoint-connection-type", "dicom-wado-rs")},
       {"payloadType", Json::array({Json::object({{"text", Json::string("DICOM")}})})},
       {"payloadMimeType", Json::array({Json::string("application/dicom")})},
       {"address", Json::string(base_url + "/dicom-web")}});
}

}  // namespace

std::string date_time_of(std::string_view da, std::string_view tm, std::string_view zone) {
  if (da.size() != 8 || !digits(da)) return {};
  std::string out = std::string(da.substr(0, 4)) + "-" + std::string(da.substr(4, 2)) + "-" +
                    std::string(da.substr(6, 2));
  if (!days_of(out)) return {};
  const bool zoned =
      zone.size() == 5 && (zone[0] == '+' || zone[0] == '-') && digits(zone.substr(1));
  if (!zoned || tm.size() < 4 || !digits(tm.substr(0, 4))) return out;
  std::string timed = out + "T" + std::string(tm.substr(0, 2)) + ":" + std::string(tm.substr(2, 2));
  timed += tm.size() >= 6 && digits(tm.substr(4, 2)) ? ":" + std::string(tm.substr(4, 2)) : ":00";
  if (tm.size() > 7 && tm[6] == '.' && digits(tm.substr(7))) timed += std::string(tm.substr(6));
  timed += std::string(zone.substr(0, 3)) + ":" + std::string(zone.substr(3));
  return check_primitive("dateTime", Json::string(timed)).empty() ? timed : out;
}

std::string display_name(std::string_view pn) {
  const std::vector<Json> names = names_from_pn(pn);
  if (names.empty()) return {};
  std::string out;
  for (std::string_view key : {"prefix", "given"}) {
    const Json* list = names[0].find(key);
    for (size_t i = 0; list != nullptr && i < list->items().size(); ++i) {
      out += (out.empty() ? "" : " ") + list->items()[i].text();
    }
  }
  if (const auto family = names[0].text_at("family"); !family.empty()) {
    out += (out.empty() ? "" : " ") + std::string(family);
  }
  return out;
}

Json imaging_study_json(const StudyWithSeries& with, const std::string& base_url) {
  const index::StudyRow& study = with.study;
  const AttributeSet& a = study.attributes;
  Json out = Json::object({{"resourceType", Json::string("ImagingStudy")}});
  out.set("text", narrative(base_url + "/dicom-web/studies/" + study.uid.value));
  out.set("contained", Json::array({endpoint(base_url)}));
  out.set("identifier", identifiers(study));
  out.set("status", Json::string("available"));
  if (const auto* modalities = a.find(kModalities)) {
    Json list = Json::array();
    for (const std::string& m : modalities->values) list.add(coding(kDcm, m));
    if (!list.items().empty()) out.set("modality", std::move(list));
  }
  out.set("subject", Json::object({{"reference", Json::string("Patient/" + study.patient.value)},
                                   {"type", Json::string("Patient")}}));
  const std::string_view zone = a.first(kZone);
  put_text(out, "started", date_time_of(a.first(kStudyDate), a.first(kStudyTime), zone));
  if (const auto name = a.first(kReferrer); !display_name(name).empty()) {
    out.set("referrer", person(name));
  }
  if (const auto* readers = a.find(kReader)) {
    Json list = Json::array();
    for (const std::string& name : readers->values) {
      if (!display_name(name).empty()) list.add(person(name));
    }
    if (!list.items().empty()) out.set("interpreter", std::move(list));
  }
  out.set("endpoint", Json::array({Json::object({{"reference", Json::string("#dicom-web")}})}));
  put_number(out, "numberOfSeries", a.first(kSeriesInStudy));
  put_number(out, "numberOfInstances", a.first(kInstancesInStudy));
  if (Json codes = codes_of(a.first(kProcedures)); !codes.items().empty()) {
    out.set("procedureCode", std::move(codes));
  }
  put_text(out, "description", a.first(kDescription));
  Json series = Json::array();
  for (const index::SeriesRow& row : with.series) series.add(series_json(row, zone));
  if (!series.items().empty()) out.set("series", std::move(series));
  set_identity(out, "ImagingStudy", study.uid.value, version_of(study.changed), study.changed);
  return out;
}

}  // namespace medarc::records
