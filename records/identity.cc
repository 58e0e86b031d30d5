#include "records/identity.h"

#include <algorithm>
#include <cctype>

#include "archive/hash.h"

namespace medarc::records {
namespace {

constexpr size_t kReferenceBytesMax = 512;
constexpr std::string_view kType = "Patient/";
constexpr std::string_view kEscapedId = "x.";

}  // namespace

index::PatientKey patient_key(const index::Identifier& identifier, const std::string& study_uid) {
  // A study UID and an identifier never meet: one has no bar, the other always one.
  const std::string of = identifier.id.empty() ? "study:" + study_uid : identifier.joined();
  return index::PatientKey("p" + archive::Sha256::of(of).hex().substr(0, 24));
}

bool is_resource_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  });
}

Result<PatientReference> parse_patient_reference(std::string_view text) {
  auto wrong = [](std::string_view what) {
    return make_error(Code::invalid_argument, "patient: " + std::string(what));
  };
  if (text.empty() || text.size() > kReferenceBytesMax) {
    return wrong("give a patient id, issuer|id or Patient/{id}");
  }
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<uint8_t>(c) < 0x20; })) {
    return wrong("control characters are not allowed");
  }
  PatientReference out;
  if (text.starts_with(kType)) {
    const std::string_view id = text.substr(kType.size());
    if (!is_resource_id(id)) return wrong("not a FHIR id");
    out.key = index::PatientKey(std::string(id));
    return out;
  }
  const size_t bar = text.rfind('|');
  index::Identifier identifier;
  if (bar != std::string_view::npos) identifier.issuer = text.substr(0, bar);
  identifier.id = text.substr(bar == std::string_view::npos ? 0 : bar + 1);
  if (identifier.id.empty()) return wrong("nothing follows the |");
  out.identifier = std::move(identifier);
  return out;
}

std::string resource_id_of(const index::FileId& file) {
  const std::string& id = file.value;
  if (is_resource_id(id) && !id.starts_with(kEscapedId)) return id;
  std::string out(kEscapedId);
  for (const char c : id) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-') {
      out += c;
    } else {
      out += '.' + to_hex({&c, 1});
    }
  }
  return out;
}

index::FileId file_of_resource(std::string_view resource_id) {
  if (!resource_id.starts_with(kEscapedId)) return index::FileId(std::string(resource_id));
  const std::string_view rest = resource_id.substr(kEscapedId.size());
  std::string out;
  for (size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] != '.') {
      out += rest[i];
      continue;
    }
    const auto byte = from_hex(rest.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return index::FileId("");
    out += *byte;
    i += 2;
  }
  // One file has one resource id: other spellings lead nowhere.
  index::FileId file(std::move(out));
  return resource_id_of(file) == resource_id ? file : index::FileId("");
}

}  // namespace medarc::records
