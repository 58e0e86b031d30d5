#include "records/fhir_validate.h"

#include <algorithm>
#include <set>

#include "records/fhir_primitive.h"
#include "records/fhir_types.h"

namespace medarc::records {
namespace {

std::string at(const std::string& path, size_t i) { return path + "[" + std::to_string(i) + "]"; }

// Resource type of "Patient/1", "http://…/fhir/Patient/1/_history/2"; "" when it cannot be told.
std::string_view target_of(std::string_view reference) {
  if (const size_t history = reference.find("/_history/"); history != std::string_view::npos) {
    reference = reference.substr(0, history);
  }
  const size_t slash = reference.rfind('/');
  if (slash == std::string_view::npos) return {};
  std::string_view type = reference.substr(0, slash);
  if (const size_t before = type.rfind('/'); before != std::string_view::npos) {
    type.remove_prefix(before + 1);
  }
  const bool name = !type.empty() && type[0] >= 'A' && type[0] <= 'Z' &&
                    type.find_first_of(":?=#") == std::string_view::npos;
  return name ? type : std::string_view();
}

class Validator {
 public:
  std::vector<Issue> run(const Json& resource, std::string_view type) {
    const std::string path(type);
    if (!resource.is(Json::Type::object)) {
      report("structure", "must be an object", path);
      return std::move(issues_);
    }
    if (resource.text_at("resourceType") != type) {
      report("structure", "resourceType must be " + path, path + ".resourceType");
      return std::move(issues_);
    }
    if (const Json* contained = resource.find("contained")) collect(*contained);
    check_object(resource, *fhir_type(type), path, true);
    for (const std::string& id : contained_) {
      if (!referred_.contains(id)) {
        report("invariant", "a contained resource that nothing refers to (dom-3)",
               path + ".contained");
      }
    }
    return std::move(issues_);
  }

 private:
  void report(std::string code, std::string text, const std::string& path) {
    if (issues_.size() < kIssuesMax) issues_.push_back({std::move(code), std::move(text), path});
  }
  bool full() const { return issues_.size() >= kIssuesMax; }

  void collect(const Json& contained) {
    for (const Json& one : contained.items()) {
      if (!one.text_at("id").empty()) contained_.insert(std::string(one.text_at("id")));
    }
  }

  void check_object(const Json& object, const FhirType& type, const std::string& path,
                    bool resource = false) {
    if (!object.is(Json::Type::object)) {
      return report("structure", "must be an object", path);
    }
    if (object.members().empty()) return report("structure", "must not be empty", path);
    std::set<std::string> seen, choices;
    for (const Json::Member& member : object.members()) {
      if (full()) return;
      if (resource && member.key == "resourceType") continue;
      const bool sibling = member.key.starts_with('_');
      const std::string name = sibling ? member.key.substr(1) : member.key;
      const auto found = type.elements.find(name);
      if (found == type.elements.end() || (sibling && !is_primitive_type(found->second.type))) {
        report("structure", "no such element", path + "." + member.key.substr(0, 128));
        continue;
      }
      const FhirElement& element = found->second;
      const bool first = seen.insert(name).second;
      if (first && !element.choice.empty() && !choices.insert(element.choice).second) {
        report("structure", "only one of " + element.choice + "[x] may be given",
               path + "." + name);
      }
      if (is_primitive_type(element.type)) {
        if (first) check_primitive_element(object, element, path + "." + name);
      } else {
        check_complex_element(member.value, element, path + "." + name);
      }
    }
    for (const auto& [name, element] : type.elements) {
      if (element.required && !seen.contains(name)) {
        report("required", "is required", path + "." + name);
      }
    }
    for (const std::string& choice : type.required_choices) {
      if (!choices.contains(choice)) report("required", "is required", path + "." + choice + "[x]");
    }
    check_invariants(object, type, path);
  }

  void check_complex_element(const Json& value, const FhirElement& element,
                             const std::string& path) {
    auto one = [&](const Json& v, const std::string& where) {
      if (element.type == "Resource") return check_contained(v, where);
      check_object(v, *fhir_type(element.type), where);
      if (element.type == "Reference") check_reference(v, element, where);
    };
    if (!element.many) return one(value, path);
    if (!value.is(Json::Type::array)) return report("structure", "must be an array", path);
    if (value.items().empty()) return report("structure", "must not be empty", path);
    for (size_t i = 0; i < value.items().size() && !full(); ++i) one(value.items()[i], at(path, i));
  }

  // A primitive and its sibling with id and extensions: `birthDate` and `_birthDate`.
  void check_primitive_element(const Json& object, const FhirElement& element,
                               const std::string& path) {
    const Json* value = object.find(element.name);
    const Json* extra = object.find("_" + element.name);
    if (!element.many) {
      if (value != nullptr) check_value(*value, element, path);
      if (extra != nullptr) check_object(*extra, *fhir_type("Element"), path);
      return;
    }
    for (const Json* list : {value, extra}) {
      if (list != nullptr && (!list->is(Json::Type::array) || list->items().empty())) {
        return report("structure", "must be an array that is not empty", path);
      }
    }
    if (value != nullptr && extra != nullptr && value->items().size() != extra->items().size()) {
      return report("structure", "must have as many items as its _ sibling", path);
    }
    const size_t n = (value != nullptr ? value : extra)->items().size();
    for (size_t i = 0; i < n && !full(); ++i) {
      const Json* v = value != nullptr ? &value->items()[i] : nullptr;
      const Json* e = extra != nullptr ? &extra->items()[i] : nullptr;
      const bool no_value = v == nullptr || v->is(Json::Type::null);
      const bool no_extra = e == nullptr || e->is(Json::Type::null);
      if (no_value && no_extra) {
        report("structure", "null without an extension", at(path, i));
        continue;
      }
      if (!no_value) check_value(*v, element, at(path, i));
      if (!no_extra) check_object(*e, *fhir_type("Element"), at(path, i));
    }
  }

  void check_value(const Json& value, const FhirElement& element, const std::string& path) {
    if (std::string wrong = check_primitive(element.type, value); !wrong.empty()) {
      const bool kind = wrong.starts_with("must");
      return report(kind ? "structure" : "value", std::move(wrong), path);
    }
    const auto& codes = element.codes;
    if (!codes.empty() && std::find(codes.begin(), codes.end(), value.text()) == codes.end()) {
      report("code-invalid", "is not among the codes of its required value set", path);
    }
  }

  // Contained resources of other types are kept as they are: their elements are not ours to judge,
  // but the rules of JSON in FHIR and of containment hold for them too.
  void check_contained(const Json& value, const std::string& path) {
    if (!value.is(Json::Type::object)) return report("structure", "must be an object", path);
    const std::string_view type = value.text_at("resourceType");
    if (type.empty()) return report("required", "is required", path + ".resourceType");
    if (value.text_at("id").empty()) report("required", "is required", path + ".id");
    if (value.find("contained") != nullptr) {
      report("invariant", "contained resources must not contain others (dom-2)", path);
    }
    if (const Json* meta = value.find("meta")) {
      for (std::string_view key : {"versionId", "lastUpdated", "security"}) {
        if (meta->find(key) != nullptr) {
          report("invariant", "must not be given in a contained resource (dom-4, dom-5)",
                 path + ".meta." + std::string(key));
        }
      }
    }
    if (fhir_type(type) != nullptr && type == "Patient") {
      check_object(value, *fhir_type(type), path, true);
    } else {
      check_any(value, path);
    }
  }

  void check_any(const Json& value, const std::string& path) {
    if (full()) return;
    if (value.is(Json::Type::null)) return;  // only the type's own table could tell where it may be
    if (value.is(Json::Type::string) && value.text().empty()) {
      report("structure", "must not be empty", path);
    }
    if (value.is(Json::Type::object)) {
      if (value.members().empty()) report("structure", "must not be empty", path);
      note_reference(value.text_at("reference"));
      for (const auto& member : value.members()) {
        if (member.value.is(Json::Type::null)) {
          report("structure", "must not be null", path + "." + member.key.substr(0, 128));
        }
        check_any(member.value, path + "." + member.key.substr(0, 128));
      }
    }
    if (value.is(Json::Type::array)) {
      if (value.items().empty()) report("structure", "must not be empty", path);
      for (size_t i = 0; i < value.items().size(); ++i) check_any(value.items()[i], at(path, i));
    }
  }

  void note_reference(std::string_view reference) {
    if (reference.starts_with('#')) referred_.insert(std::string(reference.substr(1)));
  }

  void check_reference(const Json& value, const FhirElement& element, const std::string& path) {
    const std::string_view reference = value.text_at("reference");
    note_reference(reference);
    if (reference.starts_with('#')) {
      if (reference.size() > 1 && !contained_.contains(std::string(reference.substr(1)))) {
        report("invariant", "names no contained resource (ref-1)", path + ".reference");
      }
      return;
    }
    const std::string_view type = target_of(reference);
    const auto& targets = element.targets;
    if (!targets.empty() && !type.empty() &&
        std::find(targets.begin(), targets.end(), type) == targets.end()) {
      report("value", "refers to a type that is not allowed here", path + ".reference");
    }
  }

  void check_invariants(const Json& object, const FhirType& type, const std::string& path) {
    if (type.name == "Extension") {
      const bool nested = object.find("extension") != nullptr;
      const bool value = std::any_of(object.members().begin(), object.members().end(), [](auto& m) {
        return m.key.starts_with("value") || m.key.starts_with("_value");
      });
      if (nested == value) {
        report("invariant", "must have a value or extensions, and not both (ext-1)", path);
      }
    } else if (type.name == "ContactPoint") {
      if (object.find("value") != nullptr && object.find("system") == nullptr) {
        report("invariant", "a value needs a system (cpt-2)", path);
      }
    } else if (type.name == "Period") {
      const auto start = days_of(object.text_at("start")), end = days_of(object.text_at("end"));
      if (start && end && start->first > end->last) {
        report("invariant", "starts after its end (per-1)", path);
      }
    } else if (type.name == "Patient.contact") {
      const bool any = std::any_of(object.members().begin(), object.members().end(), [](auto& m) {
        return m.key == "name" || m.key == "telecom" || m.key == "address" ||
               m.key == "organization";
      });
      if (!any) report("invariant", "needs a name, telecom, address or organization (pat-1)", path);
    }
  }

  std::vector<Issue> issues_;
  std::set<std::string> contained_, referred_;
};

}  // namespace

std::vector<Issue> validate(const Json& resource, std::string_view type) {
  return Validator().run(resource, type);
}

}  // namespace medarc::records
