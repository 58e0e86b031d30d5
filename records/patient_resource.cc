#include "records/patient_resource.h"

#include <algorithm>

#include "records/fhir_primitive.h"
#include "records/names.h"

namespace medarc::records {
namespace {

constexpr index::Tag kName{0x00100010}, kBirthDate{0x00100030}, kSex{0x00100040};

std::string gender_of(std::string_view sex) {
  if (sex == "M") return "male";
  if (sex == "F") return "female";
  if (sex == "O") return "other";
  return {};
}

std::string sex_of(std::string_view gender) {
  if (gender == "male") return "M";
  if (gender == "female") return "F";
  if (gender == "other") return "O";
  return {};
}

// YYYYMMDD, or what of it is there, as a FHIR date; "" when it is none.
std::string date_of(std::string_view da) {
  std::string plain;
  for (char c : da) {
    if (c != '.' && c != '-') plain += c;
  }
  std::string out = plain.substr(0, 4);
  if (plain.size() >= 6) out += "-" + plain.substr(4, 2);
  if (plain.size() >= 8) out += "-" + plain.substr(6, 2);
  return days_of(out) ? out : std::string();
}

Json born_from_dicom(const index::PatientRow& row, const Issuers& issuers) {
  Json out = Json::object({{"resourceType", Json::string("Patient")}});
  Json identifiers = Json::array();
  for (const index::Identifier& i : row.identifiers) {
    Json one = Json::object();
    if (std::string system = issuers.system_of(i.issuer); !system.empty()) {
      one.set("system", Json::string(system));
    }
    one.set("value", Json::string(i.id));
    identifiers.add(std::move(one));
  }
  if (!identifiers.items().empty()) out.set("identifier", std::move(identifiers));
  Json names = Json::array();
  if (const index::Attribute* name = row.attributes.find(kName)) {
    for (const std::string& value : name->values) {
      for (Json& one : names_from_pn(value)) names.add(std::move(one));
    }
  }
  if (!names.items().empty()) out.set("name", std::move(names));
  if (std::string gender = gender_of(row.attributes.first(kSex)); !gender.empty()) {
    out.set("gender", Json::string(gender));
  }
  if (std::string date = date_of(row.attributes.first(kBirthDate)); !date.empty()) {
    out.set("birthDate", Json::string(date));
  }
  return out;
}

}  // namespace

RecordsOptions RecordsOptions::from(Config& config) {
  RecordsOptions o;
  o.json.bytes_max = config.size("records.resource_bytes_max", o.json.bytes_max,
                                 "Largest FHIR resource taken.", 1024, 64u << 20);
  o.json.depth_max =
      static_cast<uint32_t>(config.size("records.resource_depth_max", o.json.depth_max,
                                        "Deepest nesting in a FHIR resource.", 8, 512));
  o.identifiers_max = static_cast<uint32_t>(config.size(
      "records.identifiers_max", o.identifiers_max, "Identifiers of one patient.", 1, 10'000));
  o.page_max = static_cast<uint32_t>(config.size(
      "records.page_max", o.page_max, "Most resources on one page of a search.", 1, 10'000));
  o.everything_max = static_cast<uint32_t>(
      config.size("records.everything_max", o.everything_max,
                  "Most resources in the answer to Patient/$everything.", 10, 1'000'000));
  o.rows_examined_max =
      config.size("records.rows_examined_max", o.rows_examined_max,
                  "Rows a search may look at before it is refused as too costly.", 1000);
  return o;
}

PatientReading read_patient(ByteView text, const RecordsOptions& options) {
  PatientReading out;
  std::string path;
  Result<Json> json = parse_json(text, options.json, &path);
  if (!json) {
    out.too_large = json.error().code == Code::too_large;
    out.issues.push_back({out.too_large ? "too-long" : "structure", json.error().text,
                          path.empty() ? "" : "Patient." + path});
    return out;
  }
  out.issues = validate(*json, "Patient");
  if (!out.issues.empty()) return out;
  if (const Json* list = json->find("identifier");
      list != nullptr && list->items().size() > options.identifiers_max) {
    out.issues.push_back(
        {"too-long", "more identifiers than one patient may have", "Patient.identifier"});
    return out;
  }
  PatientResource resource;
  resource.id = json->text_at("id");
  json->erase("id");
  if (const Json* meta = json->find("meta")) {
    Json kept = *meta;
    kept.erase("versionId");
    kept.erase("lastUpdated");
    if (kept.members().empty()) {
      json->erase("meta");
    } else {
      json->set("meta", std::move(kept));
    }
  }
  resource.json = std::move(*json);
  out.resource = std::move(resource);
  return out;
}

std::vector<index::Identifier> identifiers_of(const Json& patient, const Issuers& issuers) {
  std::vector<index::Identifier> out;
  const Json* list = patient.find("identifier");
  if (list == nullptr) return out;
  for (const Json& one : list->items()) {
    index::Identifier identifier{issuers.issuer_of(one.text_at("system")),
                                 std::string(one.text_at("value"))};
    if (identifier.id.empty()) continue;
    if (std::find(out.begin(), out.end(), identifier) == out.end()) {
      out.push_back(std::move(identifier));
    }
  }
  return out;
}

index::PatientRow row_of(const PatientResource& resource, const index::PatientKey& key,
                         const std::optional<index::PatientRow>& before, const Issuers& issuers) {
  index::PatientRow row;
  row.key = key;
  if (before && !before->removed) row.attributes = before->attributes;
  row.identifiers = identifiers_of(resource.json, issuers);
  // Replaced where the resource says something; what DICOM filled in stays where it says nothing.
  if (auto names = names_to_pn(resource.json.find("name")); !names.empty()) {
    row.attributes.set(kName, "PN", std::move(names));
    row.attributes.set(index::kFieldNameWords, "LO", search_words(resource.json.find("name")));
  }
  std::string birth(resource.json.text_at("birthDate"));
  std::erase(birth, '-');
  if (!birth.empty()) row.attributes.set(kBirthDate, "DA", {birth});
  if (std::string sex = sex_of(resource.json.text_at("gender")); !sex.empty()) {
    row.attributes.set(kSex, "CS", {sex});
  }
  row.resource = to_text(resource.json);
  return row;
}

Result<Json> patient_content(const index::PatientRow& row, const Issuers& issuers) {
  if (row.resource.empty()) return born_from_dicom(row, issuers);
  JsonLimits stored;
  stored.bytes_max = UINT32_MAX;
  stored.depth_max = 1000;
  Result<Json> json = parse_json(row.resource, stored);
  if (!json) return make_error(Code::corrupt, "a stored Patient is not JSON");
  return json;
}

Result<Json> patient_json(const index::PatientRow& row, const Issuers& issuers) {
  MEDARC_ASSIGN(Json json, patient_content(row, issuers));
  set_identity(json, "Patient", row.key.value, row.version, row.changed);
  return json;
}

std::string instant_text(Timestamp t) { return to_rfc3339(t); }

void set_identity(Json& resource, std::string_view type, std::string_view id, uint64_t version,
                  Timestamp changed) {
  Json meta = Json::object({{"versionId", Json::string(std::to_string(version))},
                            {"lastUpdated", Json::string(instant_text(changed))}});
  if (const Json* kept = resource.find("meta")) {
    for (const auto& member : kept->members()) meta.set(member.key, member.value);
  }
  Json out = Json::object(
      {{"resourceType", Json::string(type)}, {"id", Json::string(id)}, {"meta", std::move(meta)}});
  for (auto& member : resource.members()) {
    if (member.key != "resourceType" && member.key != "id" && member.key != "meta") {
      out.members().push_back(std::move(member));
    }
  }
  resource = std::move(out);
}

}  // namespace medarc::records
