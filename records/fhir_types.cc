#include "records/fhir_types.h"

#include <sstream>

namespace medarc::records {
namespace {

// TYPE: element type flags; …   Flags: ! required, * repeats, (a|b) codes or targets.
// An element name ending in [x] takes the types listed with |; @ANY stands for those of
// Extension.value[x]. `extends` names the type whose elements are taken over.
constexpr std::string_view kTable = R"(
Element: id string; extension Extension*
BackboneElement extends Element: modifierExtension Extension*
Extension extends Element: url uri!; value[x] @ANY
Resource: id id; meta Meta; implicitRules uri; language code
DomainResource extends Resource: text Narrative; contained Resource*; extension Extension*; modifierExtension Extension*
Meta extends Element: versionId id; lastUpdated instant; source uri; profile canonical*; security Coding*; tag Coding*
Narrative extends Element: status code!(generated|extensions|additional|empty); div xhtml!
Identifier extends Element: use code(usual|official|temp|secondary|old); type CodeableConcept; system uri; value string; period Period; assigner Reference(Organization)
HumanName extends Element: use code(usual|official|temp|nickname|anonymous|old|maiden); text string; family string; given string*; prefix string*; suffix string*; period Period
ContactPoint extends Element: system code(phone|fax|email|pager|url|sms|other); value string; use code(home|work|temp|old|mobile); rank positiveInt; period Period
Address extends Element: use code(home|work|temp|old|billing); type code(postal|physical|both); text string; line string*; city string; district string; state string; postalCode string; country string; period Period
CodeableConcept extends Element: coding Coding*; text string
Coding extends Element: system uri; version string; code code; display string; userSelected boolean
Reference extends Element: reference string; type uri; identifier Identifier; display string
Period extends Element: start dateTime; end dateTime
Quantity extends Element: value decimal; comparator code(<|<=|>=|>); unit string; system uri; code code
SimpleQuantity extends Element: value decimal; unit string; system uri; code code
Age extends Quantity:
Count extends Quantity:
Distance extends Quantity:
Duration extends Quantity:
Money extends Element: value decimal; currency code
Range extends Element: low SimpleQuantity; high SimpleQuantity
Ratio extends Element: numerator Quantity; denominator Quantity
SampledData extends Element: origin SimpleQuantity!; period decimal!; factor decimal; lowerLimit decimal; upperLimit decimal; dimensions positiveInt!; data string
Signature extends Element: type Coding!*; when instant!; who Reference!(Practitioner|PractitionerRole|RelatedPerson|Patient|Device|Organization); onBehalfOf Reference(Practitioner|PractitionerRole|RelatedPerson|Patient|Device|Organization); targetFormat code; sigFormat code; data base64Binary
Attachment extends Element: contentType code; language code; data base64Binary; url url; size unsignedInt; hash base64Binary; title string; creation dateTime
Annotation extends Element: author[x] Reference|string; time dateTime; text markdown!
Timing extends BackboneElement: event dateTime*; repeat Timing.repeat; code CodeableConcept
Timing.repeat extends Element: bounds[x] Duration|Range|Period; count positiveInt; countMax positiveInt; duration decimal; durationMax decimal; durationUnit code(s|min|h|d|wk|mo|a); frequency positiveInt; frequencyMax positiveInt; period decimal; periodMax decimal; periodUnit code(s|min|h|d|wk|mo|a); dayOfWeek code*(mon|tue|wed|thu|fri|sat|sun); timeOfDay time*; when code*(MORN|MORN.early|MORN.late|NOON|AFT|AFT.early|AFT.late|EVE|EVE.early|EVE.late|NIGHT|PHS|HS|WAKE|C|CM|CD|CV|AC|ACM|ACD|ACV|PC|PCM|PCD|PCV); offset unsignedInt
ContactDetail extends Element: name string; telecom ContactPoint*
Contributor extends Element: type code!(author|editor|reviewer|endorser); name string!; contact ContactDetail*
DataRequirement extends Element: type code!; profile canonical*; subject[x] CodeableConcept|Reference; mustSupport string*; codeFilter DataRequirement.codeFilter*; dateFilter DataRequirement.dateFilter*; limit positiveInt; sort DataRequirement.sort*
DataRequirement.codeFilter extends Element: path string; searchParam string; valueSet canonical; code Coding*
DataRequirement.dateFilter extends Element: path string; searchParam string; value[x] dateTime|Period|Duration
DataRequirement.sort extends Element: path string!; direction code!(ascending|descending)
Expression extends Element: description string; name id; language code!; expression string; reference uri
ParameterDefinition extends Element: name code; use code!(in|out); min integer; max string; documentation string; type code!; profile canonical
RelatedArtifact extends Element: type code!(documentation|justification|citation|predecessor|successor|derived-from|depends-on|composed-of); label string; display string; citation markdown; url url; document Attachment; resource canonical
TriggerDefinition extends Element: type code!(named-event|periodic|data-changed|data-added|data-modified|data-removed|data-accessed|data-access-ended); name string; timing[x] Timing|Reference|date|dateTime; data DataRequirement*; condition Expression
UsageContext extends Element: code Coding!; value[x]! CodeableConcept|Quantity|Range|Reference
Dosage extends BackboneElement: sequence integer; text string; additionalInstruction CodeableConcept*; patientInstruction string; timing Timing; asNeeded[x] boolean|CodeableConcept; site CodeableConcept; route CodeableConcept; method CodeableConcept; doseAndRate Dosage.doseAndRate*; maxDosePerPeriod Ratio; maxDosePerAdministration SimpleQuantity; maxDosePerLifetime SimpleQuantity
Dosage.doseAndRate extends Element: type CodeableConcept; dose[x] Range|Quantity; rate[x] Ratio|Range|Quantity
Patient extends DomainResource: identifier Identifier*; active boolean; name HumanName*; telecom ContactPoint*; gender code(male|female|other|unknown); birthDate date; deceased[x] boolean|dateTime; address Address*; maritalStatus CodeableConcept; multipleBirth[x] boolean|integer; photo Attachment*; contact Patient.contact*; communication Patient.communication*; generalPractitioner Reference*(Organization|Practitioner|PractitionerRole); managingOrganization Reference(Organization); link Patient.link*
Patient.contact extends BackboneElement: relationship CodeableConcept*; name HumanName; telecom ContactPoint*; address Address; gender code(male|female|other|unknown); organization Reference(Organization); period Period
Patient.communication extends BackboneElement: language CodeableConcept!; preferred boolean
Patient.link extends BackboneElement: other Reference!(Patient|RelatedPerson); type code!(replaced-by|replaces|refer|seealso)
)";

constexpr std::string_view kAnyTypes =
    "base64Binary|boolean|canonical|code|date|dateTime|decimal|id|instant|integer|markdown|oid|"
    "positiveInt|string|time|unsignedInt|uri|url|uuid|Address|Age|Annotation|Attachment|"
    "CodeableConcept|Coding|ContactPoint|Count|Distance|Duration|HumanName|Identifier|Money|Period|"
    "Quantity|Range|Ratio|Reference|SampledData|Signature|Timing|ContactDetail|Contributor|"
    "DataRequirement|Expression|ParameterDefinition|RelatedArtifact|TriggerDefinition|UsageContext|"
    "Dosage|Meta";

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  for (;;) {
    const size_t end = text.find(at);
    std::string_view one = text.substr(0, end);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    if (!one.empty()) out.emplace_back(one);
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::string title(std::string name) {
  if (name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - 32);
  return name;
}

using Types = std::map<std::string, FhirType, std::less<>>;

void add_choice(FhirType& type, std::string name, const std::string& types) {
  if (name.ends_with('!')) {
    name.pop_back();
    type.required_choices.push_back(name.substr(0, name.size() - 3));
  }
  const std::string base = name.substr(0, name.size() - 3);
  for (const std::string& one : split(types == "@ANY" ? kAnyTypes : types, '|')) {
    FhirElement e;
    e.name = base + title(one);
    e.choice = base;
    e.type = one;
    type.elements[e.name] = e;
  }
}

void add_element(FhirType& type, const std::string& text) {
  const size_t blank = text.find(' ');
  std::string name = text.substr(0, blank);
  std::string rest = text.substr(blank + 1);
  if (name.find("[x]") != std::string::npos) {
    add_choice(type, std::move(name), rest);
    return;
  }
  FhirElement e;
  e.name = std::move(name);
  std::vector<std::string> listed;
  if (const size_t open = rest.find('('); open != std::string::npos) {
    listed = split(std::string_view(rest).substr(open + 1, rest.size() - open - 2), '|');
    rest.resize(open);
  }
  while (rest.ends_with('*') || rest.ends_with('!')) {
    (rest.back() == '*' ? e.many : e.required) = true;
    rest.pop_back();
  }
  e.type = rest;
  (e.type == "Reference" ? e.targets : e.codes) = std::move(listed);
  type.elements[e.name] = std::move(e);
}

Types read_table() {
  Types types;
  std::istringstream lines{std::string(kTable)};
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::vector<std::string> head = split(std::string_view(line).substr(0, colon), ' ');
    FhirType type;
    if (head.size() == 3) type = types.at(head[2]);
    type.name = head[0];
    for (const std::string& element : split(std::string_view(line).substr(colon + 1), ';')) {
      add_element(type, element);
    }
    types[type.name] = std::move(type);
  }
  return types;
}

}  // namespace

const FhirType* fhir_type(std::string_view name) {
  static const Types types = read_table();
  const auto found = types.find(name);
  return found == types.end() ? nullptr : &found->second;
}

bool is_primitive_type(std::string_view name) {
  return !name.empty() && name[0] >= 'a' && name[0] <= 'z';
}

}  // namespace medarc::records
