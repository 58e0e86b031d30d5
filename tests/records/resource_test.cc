// JSON, validation, names, issuers, identity: everything that needs no archive.
#include <gtest/gtest.h>

#include "records/fhir_primitive.h"
#include "records/identity.h"
#include "index/name_words.h"
#include "records/names.h"
#include "records/patient_resource.h"
#include "records/patient_search.h"

namespace medarc::records {
namespace {

Result<Json> parse(std::string_view text) { return parse_json(text, {}); }

std::vector<Issue> issues_of(const std::string& members) {
  return read_patient(R"({"resourceType":"Patient")" + (members.empty() ? "" : "," + members) + "}",
                      {})
      .issues;
}

TEST(Json, Fhir_08_NumbersComeBackAsSent) {
  for (std::string text : {"1.00", "1e2", "123456789012345678901.5", "-0.0", "1E+400", "0.1e-7",
                           "18446744073709551616", "-1"}) {
    const auto json = parse("{\"a\":[" + text + "]}");
    ASSERT_TRUE(json) << text;
    EXPECT_EQ(to_text(*json), "{\"a\":[" + text + "]}");
  }
}

TEST(Json, Fhir_03_TextBeyondTheBmpSurvives) {
  const auto json = parse(R"({"a":"𠮷","b":"\ud842\udfb7","c":"\u0001\n\"\\"})");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->text_at("a"), "𠮷");
  EXPECT_EQ(json->text_at("b"), "𠮷");
  EXPECT_EQ(to_text(*json), "{\"a\":\"𠮷\",\"b\":\"𠮷\",\"c\":\"\\u0001\\n\\\"\\\\\"}");
}

TEST(Json, Fhir_05_BrokenTextIsRefused) {
  for (std::string_view text : {"",
                                " ",
                                "{",
                                "}",
                                "[1,]",
                                "{\"a\":}",
                                "{\"a\":1,}",
                                "{a:1}",
                                "{\"a\":01}",
                                "{\"a\":1.}",
                                "{\"a\":+1}",
                                "{\"a\":tru}",
                                "{\"a\":nul}",
                                "{\"a\":NaN}",
                                "{\"a\":\"\xff\"}",
                                "{} {}",
                                "{\"a\":\"\\x\"}",
                                "{\"a\":1 \"b\":2}",
                                "{\"a\":\"\n\"}",
                                "{\"a\":--1}",
                                "{\"a\":1e}"}) {
    EXPECT_FALSE(parse(text)) << text;
  }
}

TEST(Json, Fhir_05_DuplicateKeysAreRefusedWithTheirPath) {
  std::string path;
  const auto json = parse_json(R"({"a":{"b":[{"c":1,"c":2}]}})", {}, &path);
  ASSERT_FALSE(json);
  EXPECT_EQ(json.error().code, Code::invalid_argument);
  EXPECT_EQ(path, "a.b[0].c");
}

TEST(Json, Fhir_05_DepthAndSizeAreLimited) {
  JsonLimits limits;
  limits.depth_max = 10;
  EXPECT_TRUE(parse_json(std::string(10, '[') + std::string(10, ']'), limits));
  EXPECT_EQ(parse_json(std::string(11, '[') + std::string(11, ']'), limits).error().code,
            Code::too_large);
  EXPECT_FALSE(parse_json(std::string(1'000'000, '['), {}));
  limits.bytes_max = 8;
  EXPECT_EQ(parse_json("[1,2,3,4,5]", limits).error().code, Code::too_large);
}

TEST(Json, PrettyTextReadsBackTheSame) {
  const auto json = parse(R"({"a":[1,{"b":[],"c":{}}],"d":null,"e":true})");
  ASSERT_TRUE(json);
  EXPECT_EQ(*parse(to_text(*json, true)), *json);
}

TEST(Validate, Fhir_53_AFullPatientIsValid) {
  EXPECT_TRUE(issues_of(R"("id":"a-1.b","meta":{"profile":["http://x"],"tag":[{"code":"t"}]},
    "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">J</div>"},
    "contained":[{"resourceType":"Organization","id":"o","name":"O"}],
    "extension":[{"url":"http://e","valueDecimal":1.00},{"url":"http://n","extension":[{"url":"x","valueCode":"y"}]}],
    "identifier":[{"use":"official","system":"urn:oid:1.2","value":"7","period":{"start":"2001-05"},"assigner":{"reference":"#o"}}],
    "active":true,"name":[{"family":"Doe","_family":{"extension":[{"url":"http://f","valueString":"D"}]},"given":["A",null],"_given":[null,{"id":"g"}]}],
    "telecom":[{"system":"phone","value":"1","rank":1}],"gender":"female","birthDate":"1980-02-03",
    "_birthDate":{"extension":[{"url":"http://t","valueDateTime":"1980-02-03T14:35:45-05:00"}]},
    "deceasedBoolean":false,"address":[{"line":["1"],"city":"C"}],
    "maritalStatus":{"coding":[{"system":"http://m","code":"M"}]},"multipleBirthInteger":2,
    "contact":[{"name":{"text":"N"},"relationship":[{"text":"r"}]}],
    "communication":[{"language":{"text":"de"},"preferred":true}],
    "generalPractitioner":[{"reference":"Practitioner/1"}],"managingOrganization":{"reference":"#o"},
    "link":[{"other":{"reference":"Patient/2"},"type":"seealso"}])")
                  .empty());
}

TEST(Validate, Fhir_07_WhatIsWrongIsNamedByPath) {
  const std::pair<std::string, std::string> cases[] = {
      {R"("nmae":[])", "Patient.nmae"},
      {R"("name":{"family":"D"})", "Patient.name"},
      {R"("name":[])", "Patient.name"},
      {R"("name":[{}])", "Patient.name[0]"},
      {R"("name":[null])", "Patient.name[0]"},
      {R"("name":[{"family":""}])", "Patient.name[0].family"},
      {R"("name":[{"family":["D"]}])", "Patient.name[0].family"},
      {R"("name":[{"given":"J"}])", "Patient.name[0].given"},
      {R"("name":[{"given":[null]}])", "Patient.name[0].given[0]"},
      {R"("name":[{"given":["A"],"_given":[null,{"id":"x"}]}])", "Patient.name[0].given"},
      {R"("gender":"f")", "Patient.gender"},
      {R"("gender":null)", "Patient.gender"},
      {R"("birthDate":"1980-13")", "Patient.birthDate"},
      {R"("birthDate":"1981-02-29")", "Patient.birthDate"},
      {R"("birthDate":"1980-02-03T10:00:00Z")", "Patient.birthDate"},
      {R"("active":"true")", "Patient.active"},
      {R"("deceasedBoolean":true,"deceasedDateTime":"2001")", "Patient.deceasedDateTime"},
      {R"("multipleBirthInteger":1.5)", "Patient.multipleBirthInteger"},
      {R"("contact":[{"gender":"male"}])", "Patient.contact[0]"},
      {R"("telecom":[{"value":"1"}])", "Patient.telecom[0]"},
      {R"("telecom":[{"system":"phone","rank":0}])", "Patient.telecom[0].rank"},
      {R"("communication":[{"preferred":true}])", "Patient.communication[0].language"},
      {R"("link":[{"other":{"reference":"Organization/1"},"type":"seealso"}])",
       "Patient.link[0].other.reference"},
      {R"("managingOrganization":{"reference":"#none"})", "Patient.managingOrganization.reference"},
      {R"("contained":[{"resourceType":"Organization","id":"o"}])", "Patient.contained"},
      {R"("extension":[{"url":"http://e"}])", "Patient.extension[0]"},
      {R"("extension":[{"valueCode":"c"}])", "Patient.extension[0].url"},
      {R"("extension":[{"url":"u","valueCode":"c","valueString":"s"}])",
       "Patient.extension[0].valueString"},
      {R"("_name":{"id":"x"})", "Patient._name"},
      {R"("identifier":[{"system":"has blank","value":"1"}])", "Patient.identifier[0].system"},
      {R"("identifier":[{"period":{"start":"2002","end":"2001"}}])",
       "Patient.identifier[0].period"},
      {R"("id":"under_score")", "Patient.id"},
      {R"("photo":[{"data":"%%%"}])", "Patient.photo[0].data"},
      {R"("text":{"status":"generated","div":"<div><script>x</script></div>"})",
       "Patient.text.div"},
      {R"("text":{"status":"generated","div":"<div><img onerror=\"x\"/></div>"})",
       "Patient.text.div"},
  };
  for (const auto& [members, path] : cases) {
    const auto issues = issues_of(members);
    ASSERT_FALSE(issues.empty()) << members;
    EXPECT_EQ(issues[0].path, path) << members << issues[0].text;
  }
}

TEST(Validate, OtherTypesAndListsAreRefused) {
  EXPECT_FALSE(read_patient(R"({"resourceType":"Observation"})", {}).issues.empty());
  EXPECT_FALSE(read_patient(R"({"name":[{"family":"x"}]})", {}).issues.empty());
  EXPECT_FALSE(read_patient("[]", {}).issues.empty());
  EXPECT_FALSE(read_patient("null", {}).issues.empty());
}

TEST(Validate, IssuesAreBoundedAndHoldNoValues) {
  std::string members;
  for (int i = 0; i < 500; ++i) {
    members += (i == 0 ? "" : ",") + ("\"k" + std::to_string(i)) + "\":\"Secretname\"";
  }
  const auto issues = issues_of(members);
  EXPECT_EQ(issues.size(), kIssuesMax);
  for (const Issue& issue : issues) EXPECT_EQ(issue.text.find("Secret"), std::string::npos);
}

TEST(Validate, IdentifiersAreLimited) {
  std::string list;
  for (int i = 0; i < 101; ++i)
    list += (i == 0 ? "" : ",") + ("{\"value\":\"" + std::to_string(i)) + "\"}";
  EXPECT_FALSE(issues_of("\"identifier\":[" + list + "]").empty());
}

TEST(Names, PersonNamesGoBothWays) {
  for (const std::string pn : {"Doe^Jane", "Adams^John^Robert Quincy^Rev.^B.A. M.Div.",
                               "Yamada^Tarou=山田^太郎=やまだ^たろう", "Wang^XiaoMing=王^小明",
                               "Hong^Gildong=洪^吉洞=홍^길동", "Solo"}) {
    Json list = Json::array(names_from_pn(pn));
    EXPECT_EQ(names_to_pn(&list), std::vector<std::string>{pn}) << pn;
  }
  EXPECT_TRUE(names_from_pn("").empty());
  EXPECT_TRUE(names_from_pn("^^").empty());
}

TEST(Names, RepresentationsAreNamed) {
  const auto names = names_from_pn("Yamada^Tarou=山田^太郎=やまだ^たろう");
  ASSERT_EQ(names.size(), 3u);
  const char* codes[] = {"ABC", "IDE", "SYL"};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(names[i].find("extension")->items()[0].text_at("valueCode"), codes[i]);
  }
  EXPECT_EQ(names[1].text_at("family"), "山田");
}

TEST(Names, FoldingForgetsCaseAccentsAndWidth) {
  for (std::string_view text : {"Müller", "MULLER", "ＭＵＬＬＥＲ", "mu\xCC\x88ller", " Müller "}) {
    EXPECT_EQ(index::fold_name(text), "muller") << text;
  }
  EXPECT_EQ(index::fold_name("Łódź Straße Ærø"), "lodz strasse aero");
  EXPECT_EQ(index::fold_name("王小明"), "王小明");
  EXPECT_EQ(index::fold_name("ガ"), index::fold_name("ｶﾞ"));
}

TEST(Issuers, EveryIssuerGoesBothWays) {
  auto config = Config::parse(
      "[[records.issuer]]\nissuer = \"HOSP\"\nsystem = \"http://hospital.example/mrn\"\n");
  ASSERT_TRUE(config);
  auto issuers = Issuers::from(*config);
  ASSERT_TRUE(issuers);
  EXPECT_EQ(issuers->system_of("HOSP"), "http://hospital.example/mrn");
  EXPECT_EQ(issuers->system_of(""), "");
  EXPECT_EQ(issuers->system_of("urn:oid:1.2"), "urn:oid:1.2");
  EXPECT_EQ(issuers->system_of("A&B 医院"), "urn:medarc:issuer:A%26B%20%E5%8C%BB%E9%99%A2");
  for (const std::string issuer : {"HOSP", "", "urn:oid:1.2", "A&B 医院", "a|b", "100%", "C:"}) {
    EXPECT_EQ(issuers->issuer_of(issuers->system_of(issuer)), issuer);
  }
  EXPECT_EQ(issuers->issuer_of("OTHER"), "OTHER");
  auto broken = Config::parse("[[records.issuer]]\nissuer = \"HOSP\"\n");
  EXPECT_FALSE(Issuers::from(*broken));
}

TEST(Identity, EveryFileIdHasAResourceIdThatLeadsBack) {
  for (const std::string id : {"reads1", "a.b-C", "sample_R1.fastq.gz", "study/one/reads", "x.y", "x.",
                               "htsnexus_test_NA12878"}) {
    const std::string resource = resource_id_of(index::FileId(id));
    EXPECT_TRUE(is_resource_id(resource)) << id << " " << resource;
    EXPECT_EQ(file_of_resource(resource).value, id);
  }
  EXPECT_EQ(resource_id_of(index::FileId("reads1")), "reads1");
  for (const char* other : {"x.a", "x.5f", "x.a.5", "x.a.zz", "x.a.41"}) {
    EXPECT_EQ(file_of_resource(other).value, "") << other << ": one file, one resource id";
  }
}

TEST(Identity, EqualIdentifiersMakeEqualKeysAndStudiesWithoutIdNeverMeet) {
  const auto a = patient_key({"HOSP", "1"}, "1.2");
  EXPECT_EQ(a, patient_key({"HOSP", "1"}, "9.9"));
  EXPECT_NE(a, patient_key({"OTHER", "1"}, "1.2"));
  EXPECT_NE(patient_key({"", ""}, "1.2"), patient_key({"", ""}, "1.3"));
  EXPECT_EQ(a.value.size(), 25u);
  EXPECT_EQ(a.value[0], 'p');
  EXPECT_TRUE(is_resource_id(a.value));
}

TEST(Identity, PatientReferences) {
  EXPECT_EQ(parse_patient_reference("Patient/p12.a-B")->key->value, "p12.a-B");
  EXPECT_EQ(*parse_patient_reference("HOSP|77")->identifier, (index::Identifier{"HOSP", "77"}));
  EXPECT_EQ(*parse_patient_reference("77")->identifier, (index::Identifier{"", "77"}));
  EXPECT_EQ(*parse_patient_reference("|77")->identifier, (index::Identifier{"", "77"}));
  for (const std::string& text :
       {std::string(), std::string("HOSP|"), std::string("Patient/"), std::string("Patient/a/b"),
        std::string("a\nb"), std::string(600, 'x'), std::string("a\0b", 3)}) {
    EXPECT_FALSE(parse_patient_reference(text)) << text;
  }
}

TEST(Primitive, DaysOfEveryPrecision) {
  EXPECT_EQ(days_of("1980")->last, "19801231");
  EXPECT_EQ(days_of("1980-02")->last, "19800229");
  EXPECT_EQ(days_of("1981-02")->last, "19810228");
  EXPECT_EQ(days_of("1981-02-03")->first, "19810203");
  EXPECT_EQ(days_of("1981-02-03T10:00:00Z")->first, "19810203");
  for (const char* text : {"", "198", "1980-1", "1980-00", "1981-02-29", "1980-02-03T", "0000"}) {
    EXPECT_FALSE(days_of(text)) << text;
  }
}

TEST(Search, Fhir_34_EscapesAndAlternatives) {
  EXPECT_EQ(alternatives("a,b\\,c,,d"), (std::vector<std::string>{"a", "b\\,c", "d"}));
  EXPECT_EQ(unescape("b\\,c\\|d\\\\"), "b,c|d\\");
  EXPECT_EQ(*parse_token("s|c").system, "s");
  EXPECT_EQ(parse_token("s|c").code, "c");
  EXPECT_FALSE(parse_token("c").system);
  EXPECT_EQ(*parse_token("|c").system, "");
  EXPECT_EQ(parse_token("a\\|b").code, "a|b");
}

TEST(Search, Fhir_41_UnknownParametersAndModifiersAreRefused) {
  for (const char* key : {"nmae", "name:soundex", "birthdate:missing", "identifier:not", "_sort",
                          "phone", "", "name:"}) {
    PatientQuery query;
    EXPECT_EQ(query.add(key, "x").error().code, Code::unsupported) << key;
  }
  PatientQuery query;
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, std::string>>{{"birthdate", "80"},
                                                        {"birthdate", "xx1980"},
                                                        {"birthdate", ""},
                                                        {"identifier", "|"},
                                                        {"gender", "http://other|male"},
                                                        {"name", ""},
                                                        {"_id", ""}}) {
    EXPECT_EQ(query.add(key, value).error().code, Code::invalid_argument) << key << value;
  }
}

}  // namespace
}  // namespace medarc::records
