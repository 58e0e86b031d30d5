// What rules for senders do to objects: the index and every served form say the corrected thing,
// Original Attributes Sequence says what it was, and the received bytes come back as they came.
#include "dicom/senders/corrections.h"

#include "dicom/convert.h"
#include "dicom/derived_uid.h"
#include "dicom/inflate.h"
#include "dicom/json.h"
#include "dicom/part10.h"
#include "tests/dicom/senders/encoded.h"
#include "tests/dicom/senders/senders_fixture.h"

namespace medarc::dicom::senders {
namespace {

using medarc::test::DatasetMaker;
using medarc::test::encoded;
using medarc::test::ImageRecipe;
using medarc::test::make_dataset;
using medarc::test::make_file;
namespace json = boost::json;

constexpr char kGbkRule[] = "[[dicom.quirk]]\naet = \"OLDCT\"\ncharset = \"GB18030\"\n";

const json::value& item(const json::object& dataset, std::string_view sequence, size_t index = 0) {
  return dataset.at(sequence).at("Value").at(index);
}
std::string text(const json::value& dataset, std::string_view tag) {
  const json::value* element = dataset.as_object().if_contains(tag);
  if (element == nullptr) return "(absent)";
  const json::value* values = element->as_object().if_contains("Value");
  if (values == nullptr) return "(empty)";
  const json::value& first = values->at(0);
  if (first.is_object()) return std::string(first.at("Alphabetic").as_string());
  return first.is_string() ? std::string(first.as_string()) : json::serialize(first);
}

class CorrectionsTest : public medarc::test::SendersFixture {
 protected:
  // With Chinese text at the top level and in a sequence, as GBK.
  static ImageRecipe chinese(const char* syntax = "1.2.840.10008.1.2.1") {
    ImageRecipe r;
    r.transfer_syntax = syntax;
    r.charset = "ISO_IR 100";
    r.patient_name = encoded("GBK", "王^小东");
    DatasetMaker below(transfer_syntax_or_default(syntax).encoding);
    below.head(0x00400275, "SQ", 0xFFFFFFFF).item();
    below.text(0x00400007, "LO", "plain").text(0x00400009, "SH", "7");
    below.end_item().item().text(0x00400007, "LO", encoded("GBK", "颅脑增强")).end_item();
    below.end_sequence();
    r.before_pixels = below.view();
    return r;
  }

  static Bytes inflated(ByteView deflated) {
    Bytes out;
    Inflater inflater(1u << 30);
    EXPECT_TRUE(inflater
                    .feed(deflated,
                          [&](ByteView plain) -> Status {
                            out += plain;
                            return {};
                          })
                    .has_value());
    EXPECT_TRUE(inflater.ended());
    return out;
  }

  // The metadata that the served bytes themselves give.
  json::object metadata_of(ByteView file, const InstanceRow& row) {
    const Limits limits;
    const auto envelope = parse_envelope(file, true, limits);
    EXPECT_TRUE(envelope.has_value() && envelope->has_value());
    const std::string syntax = (*envelope)->transfer_syntax;
    Scanner scanner(transfer_syntax_or_default(syntax).encoding, limits);
    const Bytes dataset(file.substr((*envelope)->length));
    EXPECT_TRUE(scanner.feed(syntax == kDeflatedLittle ? inflated(dataset) : dataset).has_value());
    EXPECT_TRUE(scanner.finish().has_value());
    EXPECT_EQ((*envelope)->instance, row.uid.value);
    std::string made = metadata_json(scanner, row.uid.value, row.transfer_syntax.value);
    std::replace(made.begin(), made.end(), kBaseMark, '?');
    return json::parse(made).as_object();
  }

  // Of all but bulk data, which is named by where it is asked for.
  static void drop_bulk(json::object& dataset) { dataset.erase("7FE00010"); }
};

TEST_F(CorrectionsTest, S4_ACharsetOverrideIsServedRecordedAndTheBytesStay) {
  rules(kGbkRule);
  int n = 0;
  for (const char* syntax : {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.90",
                             "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"}) {
    ImageRecipe r = chinese(syntax);
    r.sop_uid = "2.25.8" + std::to_string(++n);
    const Bytes file = make_file(r);
    const auto stored = send("OLDCT", file);
    ASSERT_TRUE(stored.has_value()) << stored.error().text;
    const InstanceRow row = row_of(*stored);
    EXPECT_TRUE(is_corrected(row));
    ASSERT_FALSE(stored->warnings.empty());
    EXPECT_EQ(stored->warnings.front().reason, 0xB000);

    const json::object kept = metadata(*stored);
    EXPECT_EQ(text(kept, "00100010"), "王^小东") << syntax;
    EXPECT_EQ(text(kept, "00080005"), "ISO_IR 192");
    EXPECT_EQ(text(item(kept, "00400275", 1), "00400007"), "颅脑增强");
    const json::value& record = item(kept, "04000561");
    const json::value& former = item(record.as_object(), "04000550");
    EXPECT_EQ(text(former, "00080005"), "ISO_IR 100");
    EXPECT_EQ(text(former, "00100010"), "(empty)");
    EXPECT_EQ(text(item(former.as_object(), "00400275", 0), "00400007"), "plain");
    EXPECT_EQ(text(item(former.as_object(), "00400275", 1), "00400007"), "(empty)");
    EXPECT_EQ(text(record, "04000563"), "MEDARC");
    EXPECT_EQ(text(record, "04000564"), "OLDCT");
    EXPECT_EQ(text(record, "04000565"), "CORRECT");
    const json::array& bytes = record.at("04000551").at("Value").as_array();
    std::map<std::string, std::string> by_tag;
    for (const json::value& one : bytes) {
      by_tag[text(one, "00720026")] =
          *from_base64(std::string(one.at("04000552").at("InlineBinary").as_string()));
    }
    EXPECT_EQ(by_tag["00100010"], r.patient_name + ' ');
    EXPECT_EQ(by_tag["00400007"], encoded("GBK", "颅脑增强"));
    const json::value& nested = bytes.at(bytes.size() - 1);
    EXPECT_EQ(text(nested, "00720052"), "00400275");
    EXPECT_EQ(text(nested, "00741057"), "2");

    // As received; as served, in every form that there is.
    EXPECT_TRUE(object(row, Form::original) == file) << syntax;
    json::object expected = kept;
    drop_bulk(expected);
    for (const Form form : {Form::stored, Form::implicit_le}) {
      if (form == Form::implicit_le && n == 3) continue;  // no codec here
      json::object given = metadata_of(object(row, form), row);
      drop_bulk(given);
      EXPECT_EQ(json::serialize(given), json::serialize(expected)) << syntax;
    }
    // What a C-STORE carries is corrected too, in the stored transfer syntax.
    auto dataset = imaging_->dataset(who_, row, Form::original);
    ASSERT_TRUE(dataset.has_value());
    EXPECT_EQ(dataset->transfer_syntax.value, syntax);
    const Bytes carried = drain(*dataset);
    EXPECT_NE((n == 5 ? inflated(carried) : carried).find("王^小东"), Bytes::npos);
    // Pixels are where they were.
    auto frames = imaging_->frames(who_, row, {1}, Form::stored);
    ASSERT_TRUE(frames.has_value());
    EXPECT_TRUE(drain(frames->frames[0]) == medarc::test::make_pixels(r)) << syntax;
    EXPECT_FALSE(shape_of(row, Form::stored).bytes.has_value());
    EXPECT_EQ(send("OLDCT", file)->state, index::State::duplicate);
  }
  index::Query query;
  query.kind = index::Kind::study;
  query.all_of_any = {{{Tag{0x00100010}, index::TermOp::equal, {"王^小东"}}}};
  EXPECT_EQ(index_->view()->query(query)->matches.size(), 1u);
}

TEST_F(CorrectionsTest, S4_WithoutARuleOnlyAFindingIsMade) {
  rules(kGbkRule);
  const Bytes file = make_file(chinese());
  const auto stored = send("OTHER", file);
  ASSERT_TRUE(stored.has_value());
  const InstanceRow row = row_of(*stored);
  EXPECT_FALSE(is_corrected(row));
  EXPECT_TRUE(object(row, Form::stored) == file);
  const KeptFindings found = findings_of(row);
  EXPECT_EQ(found.sender, "OTHER");
  ASSERT_FALSE(found.findings.empty());
  EXPECT_EQ(found.findings[0].kind, kFoundCharset);
  EXPECT_EQ(found.findings[0].attribute, Tag{0x00080005});
  EXPECT_EQ(found.findings[0].text, "text in GB18030, declared as ISO_IR 100");
  EXPECT_NE(found.findings[0].detail.find("confidence "), std::string::npos);
  EXPECT_FALSE(metadata(*stored).contains("04000561"));
  // What is said rightly is found nothing of, and costs the row nothing.
  ImageRecipe right;
  right.sop_uid = "2.25.5";
  right.charset = "ISO_IR 100";
  right.patient_name = "M\xFCller^J\xFCrgen";
  const auto fine = send("OTHER", make_file(right));
  EXPECT_TRUE(fine->warnings.empty());
  EXPECT_EQ(row_of(*fine).attributes.find(kFieldFindings), nullptr);
}

TEST_F(CorrectionsTest, S4_WhatIsDetectedIsBelievedFromAConfidenceOn) {
  rules(
      "[[dicom.quirk]]\naet = \"SURE\"\ncharset = \"detect\"\ncharset_confidence = 70\n"
      "[[dicom.quirk]]\naet = \"UNSURE\"\ncharset = \"detect\"\ncharset_confidence = 100\n");
  ImageRecipe r = chinese();
  const auto sure = send("SURE", make_file(r));
  EXPECT_EQ(text(metadata(*sure), "00100010"), "王^小东");
  r.sop_uid = "2.25.2000";
  const auto unsure = send("UNSURE", make_file(r));
  EXPECT_FALSE(is_corrected(row_of(*unsure)));
  EXPECT_EQ(kinds(row_of(*unsure)), std::vector<std::string>{"charset"});
  // Nothing is doubted: nothing is done.
  ImageRecipe right;
  right.sop_uid = "2.25.2001";
  right.charset = "ISO_IR 192";
  right.patient_name = "王^小东";
  EXPECT_FALSE(is_corrected(row_of(*send("SURE", make_file(right)))));
}

TEST_F(CorrectionsTest, S4_ARuleThatDoesNotFitIsNotFollowedAndSaidSo) {
  rules(kGbkRule);
  ImageRecipe r;
  r.charset = "ISO_IR 100";
  r.patient_name = "M\xFCller^Ren\xE9";  // no GBK
  const Bytes file = make_file(r);
  const auto stored = send("OLDCT", file);
  EXPECT_FALSE(is_corrected(row_of(*stored)));
  EXPECT_EQ(kinds(row_of(*stored)), std::vector<std::string>{"uncorrected"});
  EXPECT_EQ(text(metadata(*stored), "00100010"), "Müller^René");
  // Text that is UTF-8, and said to be, is right whatever a rule says.
  r.charset = "ISO_IR 192";
  r.patient_name = "王^小东";
  r.sop_uid = "2.25.3000";
  EXPECT_TRUE(send("OLDCT", make_file(r))->warnings.empty());
}

TEST_F(CorrectionsTest, S11_RepairedUidsReferToEachOtherAndAreRecorded) {
  rules("[[dicom.quirk]]\naet = \"OLDCT\"\nuid_repair = \"padding, leading_zeros\"\n");
  ImageRecipe r;
  r.study_uid = "2.25.010";
  r.series_uid = "2.25.020";
  r.sop_uid = "2.25.030";
  DatasetMaker d;
  d.head(0x00081140, "SQ", 0xFFFFFFFF).item();
  d.text(0x00081150, "UI", "1.2.840.10008.5.1.4.1.1.2").text(0x00081155, "UI", "2.25.040");
  d.end_item().end_sequence();
  r.before_patient = d.view();
  const Bytes file = make_file(r);
  const auto stored = send("OLDCT", file);
  ASSERT_TRUE(stored.has_value()) << stored.error().text;
  EXPECT_EQ(stored->study.value, "2.25.10");
  EXPECT_EQ(stored->series.value, "2.25.20");
  EXPECT_EQ(stored->instance.value, "2.25.30");
  const json::object kept = metadata(*stored);
  EXPECT_EQ(text(item(kept, "00081140"), "00081155"), "2.25.40");
  std::vector<std::string> was;
  for (const json::value& one : item(kept, "04000561").at("04000551").at("Value").as_array()) {
    was.push_back(*from_base64(std::string(one.at("04000552").at("InlineBinary").as_string())));
  }
  EXPECT_EQ(was, (std::vector<std::string>{"2.25.030", "2.25.040", "2.25.010", "2.25.020"}));
  const InstanceRow row = row_of(*stored);
  EXPECT_TRUE(object(row, Form::original) == file);
  json::object given = metadata_of(object(row, Form::stored), row), expected = kept;
  drop_bulk(given);
  drop_bulk(expected);
  EXPECT_EQ(json::serialize(given), json::serialize(expected));
  EXPECT_EQ(send("OLDCT", file)->state, index::State::duplicate);
  // From anybody else it is another object, stored as it is and reported (S11).
  const auto other = send("OTHER", file);
  EXPECT_EQ(other->instance.value, "2.25.030");
  EXPECT_EQ(kinds(row_of(*other)), (std::vector<std::string>{"uid", "uid", "uid"}));
  // The study that a request names is meant as it was written.
  EXPECT_TRUE(send("OLDCT", file, StudyUid("2.25.010")).has_value());
}

TEST_F(CorrectionsTest, S4_AttributesAreSetCopiedAndRemovedWhereConditionsHold) {
  rules(
      "[[dicom.quirk]]\naet = \"OLDCT\"\nset = \"InstitutionName=St. Example\"\n"
      "InstitutionName = \"\"\n"
      "[[dicom.quirk]]\naet = \"OLDCT\"\ncopy = \"StudyID=AccessionNumber\"\nModality = \"C*, "
      "MR\"\n"
      "[[dicom.quirk]]\naet = \"OLDCT\"\nremove = \"IssuerOfPatientID\"\n"
      "[[dicom.quirk]]\naet = \"OLDCT\"\nset = \"PatientSex=O\"\nModality = \"US\"\n");
  const Bytes file = make_file(ImageRecipe());
  const auto stored = send("OLDCT", file);
  ASSERT_TRUE(stored.has_value());
  const InstanceRow row = row_of(*stored);
  const json::object kept = metadata(*stored);
  EXPECT_EQ(text(kept, "00080080"), "St. Example");
  EXPECT_EQ(text(kept, "00200010"), "ACC1");
  EXPECT_EQ(text(kept, "00100021"), "(absent)");
  EXPECT_EQ(text(kept, "00100040"), "F");
  const json::value& record = item(kept, "04000561");
  const json::value& former = item(record.as_object(), "04000550");
  EXPECT_EQ(text(former, "00080080"), "(empty)");  // it was not there
  EXPECT_EQ(text(former, "00200010"), "S1");
  EXPECT_EQ(text(former, "00100021"), "HOSPITAL");
  EXPECT_EQ(text(former, "00100040"), "(absent)");
  EXPECT_EQ(text(record, "04000565"), "COERCE");
  EXPECT_FALSE(record.as_object().contains("04000551"));
  EXPECT_TRUE(object(row, Form::original) == file);
  json::object given = metadata_of(object(row, Form::stored), row), expected = kept;
  drop_bulk(given);
  drop_bulk(expected);
  EXPECT_EQ(json::serialize(given), json::serialize(expected));
  EXPECT_EQ(stored->warnings.front().reason, 0xB000);
  EXPECT_EQ(kinds(row), (std::vector<std::string>{"corrected", "corrected", "corrected"}));
  // What is so already is no change: nothing is kept, nothing recorded.
  ImageRecipe same;
  same.sop_uid = "2.25.77";
  same.issuer.clear();
  same.accession = "S1";
  const auto already = send("OLDCT", make_file(same));
  EXPECT_TRUE(is_corrected(row_of(*already)));  // the institution only
  EXPECT_EQ(kinds(row_of(*already)), std::vector<std::string>{"corrected"});
}

TEST_F(CorrectionsTest, S4_EarlierRecordsStay) {
  rules(kGbkRule);
  ImageRecipe r = chinese();
  DatasetMaker d;
  d.head(0x04000561, "SQ", 0xFFFFFFFF).item();
  d.text(0x04000563, "LO", "SOMEBODY").text(0x04000565, "CS", "COERCE");
  d.end_item().end_sequence();
  r.before_pixels += d.view();
  const auto stored = send("OLDCT", make_file(r));
  const json::object kept = metadata(*stored);
  ASSERT_EQ(kept.at("04000561").at("Value").as_array().size(), 2u);
  EXPECT_EQ(text(item(kept, "04000561", 0), "04000563"), "SOMEBODY");
  EXPECT_EQ(text(item(kept, "04000561", 1), "04000563"), "MEDARC");
  // Our own record names what was, not the records before it.
  EXPECT_FALSE(
      item(item(kept, "04000561", 1).as_object(), "04000550").as_object().contains("04000561"));
}

TEST_F(CorrectionsTest, S4_PrivateElementsAreRecordedWithTheirCreators) {
  rules(kGbkRule);
  ImageRecipe r = chinese();
  DatasetMaker d;
  d.text(0x00090010, "LO", "ACME").text(0x00090011, "LO", "OTHER");
  d.text(0x00091001, "LO", encoded("GBK", "胸部平扫")).text(0x00091101, "LO", "plain");
  d.head(0x00091102, "SQ", 0xFFFFFFFF).item();
  d.text(0x00090010, "LO", "INNER").text(0x00091001, "LO", encoded("GBK", "平扫"));
  d.end_item().end_sequence();
  r.before_patient = d.view();
  const auto stored = send("OLDCT", make_file(r));
  const json::object kept = metadata(*stored);
  EXPECT_EQ(text(kept, "00091001"), "胸部平扫");
  EXPECT_EQ(text(item(kept, "00091102"), "00091001"), "平扫");
  const json::object& record = item(kept, "04000561").as_object();
  const json::value& former = item(record, "04000550");
  EXPECT_EQ(text(former, "00090010"), "ACME");
  EXPECT_EQ(text(former, "00090011"), "OTHER");
  EXPECT_EQ(text(former, "00091001"), "(empty)");
  EXPECT_EQ(text(former, "00091101"), "(absent)");
  EXPECT_EQ(text(item(former.as_object(), "00091102"), "00090010"), "INNER");
  const json::value& own = item(record, "04000551", 0);
  EXPECT_EQ(text(own, "00720056"), "ACME");
  EXPECT_EQ(text(own, "00720052"), "(absent)");
  const json::value& nested = item(record, "04000551", 1);
  EXPECT_EQ(text(nested, "00720052"), "00091102");
  EXPECT_EQ(text(nested, "00720054"), "OTHER");
  EXPECT_EQ(text(nested, "00720056"), "INNER");
}

// A deflated dataset leaves deflated anew, a big-endian one in big endian, to whoever takes them
// so.
TEST_F(CorrectionsTest, S4_DeflatedAndBigEndianObjectsLeaveInTheirOwnEncoding) {
  rules(std::string(kGbkRule) +
        "[[dicom.quirk]]\naet = \"OLDCT\"\nuid_repair = \"leading_zeros\"\n"
        "remove = \"AccessionNumber\"\n");
  int n = 0;
  for (const std::string_view syntax : {kExplicitBig, kDeflatedLittle}) {
    ImageRecipe r = chinese(std::string(syntax).c_str());
    r.sop_uid = "2.25.066" + std::to_string(++n);
    DatasetMaker words(transfer_syntax_or_default(syntax).encoding);
    words.head(0x00081140, "SQ", 0xFFFFFFFF).item().text(0x00081155, "UI", "2.25.040");
    words.end_item().end_sequence();
    r.before_patient = words.view();
    const auto stored = send("OLDCT", make_file(r));
    ASSERT_TRUE(stored.has_value()) << stored.error().text;
    EXPECT_EQ(stored->instance.value, "2.25.66" + std::to_string(n));
    const InstanceRow row = row_of(*stored);
    json::object expected = metadata(*stored);
    const json::value& record = item(expected, "04000561");
    EXPECT_EQ(text(item(record.as_object(), "04000550"), "00080050"), "ACC1");
    EXPECT_EQ(text(item(record.as_object(), "04000551", 1), "00720026"), "00081155");
    EXPECT_EQ(text(item(record.as_object(), "04000551", 1), "00720052"), "00081140");
    drop_bulk(expected);
    auto carried = imaging_->dataset(who_, row, Form::original);
    ASSERT_TRUE(carried.has_value());
    EXPECT_EQ(carried->transfer_syntax.value, syntax);
    const Bytes bytes = drain(*carried);
    EXPECT_EQ(bytes.size() % 2, 0u);
    const Bytes envelope =
        make_envelope(row.sop_class, row.uid, index::TransferSyntaxUid(std::string(syntax)));
    json::object given = metadata_of(envelope + bytes, row);
    drop_bulk(given);
    EXPECT_EQ(json::serialize(given), json::serialize(expected)) << syntax;
    // The pixels in it are those that came.
    const TransferSyntax own = transfer_syntax_or_default(syntax);
    const Bytes plain = own.deflated ? inflated(bytes) : bytes;
    const Bytes came = make_dataset(r), came_plain = own.deflated ? inflated(came) : came;
    const size_t pixel_bytes = medarc::test::make_pixels(r).size();
    EXPECT_TRUE(plain.substr(plain.size() - pixel_bytes) ==
                came_plain.substr(came_plain.size() - pixel_bytes))
        << syntax;
    EXPECT_FALSE(findings_of(row).findings.empty());
    for (const std::string& kind : kinds(row)) EXPECT_NE(kind, kFoundUncorrected);
  }
}

TEST_F(CorrectionsTest, S11_RefusalsBecomeWarningsForWhomItIsSaid) {
  ImageRecipe r;
  r.series_uid = "CT/series 1";
  const Bytes malformed = make_file(r);
  rules(
      "[[dicom.quirk]]\naet = \"OLDCT\"\n"
      "accept = \"malformed_uid, missing_instance_uid, other_study\"\n");
  EXPECT_TRUE(send("OTHER", malformed).has_error());
  const auto stored = send("OLDCT", malformed);
  ASSERT_TRUE(stored.has_value()) << stored.error().text;
  EXPECT_EQ(stored->series.value, derived_uid("CT/series 1"));
  EXPECT_EQ(text(metadata(*stored), "0020000E"), stored->series.value);
  EXPECT_TRUE(object(row_of(*stored), Form::original) == malformed);
  EXPECT_EQ(send("OLDCT", malformed)->state, index::State::duplicate);

  ImageRecipe elsewhere;
  elsewhere.sop_uid = "2.25.4711";
  const Bytes other = make_file(elsewhere);
  EXPECT_TRUE(send("OTHER", other, StudyUid("2.25.1")).has_error());
  const auto accepted = send("OLDCT", other, StudyUid("2.25.1"));
  ASSERT_TRUE(accepted.has_value());
  EXPECT_EQ(accepted->study.value, elsewhere.study_uid);
  EXPECT_EQ(kinds(row_of(*accepted)), std::vector<std::string>{"accepted"});

  DatasetMaker d;
  d.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7").text(0x00100020, "LO", "P1");
  d.text(0x0020000D, "UI", "2.25.5").text(0x0020000E, "UI", "2.25.6");
  const Bytes nameless =
      Bytes(128, '\0') + "DICM" +
      DatasetMaker().text(0x00020010, "UI", std::string(kExplicitLittle)).view() + d.view();
  EXPECT_TRUE(send("OTHER", nameless).has_error());
  const auto named = send("OLDCT", nameless);
  ASSERT_TRUE(named.has_value()) << named.error().text;
  EXPECT_TRUE(conformant_uid(named->instance.value));
  EXPECT_EQ(text(metadata(*named), "00080018"), named->instance.value);
  EXPECT_EQ(send("OLDCT", nameless)->state, index::State::duplicate);
  // What was refused is counted for its sender.
  const Tally refused = refusals_->take();
  EXPECT_EQ(refused.lines().size(), 3u);
  EXPECT_EQ(refused.lines().begin()->first.sender, "OTHER");
  EXPECT_EQ(refused.lines().begin()->first.kind, kFoundRefused);
}

TEST_F(CorrectionsTest, InstructionsComeBackFromTheirBytesAndFromNoOthers) {
  Corrections c;
  c.text_encoding = "Shift_JIS";
  c.uids.steps = UidRepair::kPadding | UidRepair::kDerive;
  c.coercions = {{Coercion::Kind::set, Tag{0x00080080}, {}, "病院"},
                 {Coercion::Kind::copy, Tag{0x00100020}, Tag{0x00100021}, ""}};
  c.time = {1234567};
  c.system = "MEDARC";
  c.source = "CT1";
  const Bytes bytes = encode(c);
  const auto back = decode_corrections(bytes);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->coercions, c.coercions);
  EXPECT_EQ(encode(*back), bytes);
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_EQ(decode_corrections(bytes.substr(0, length)).error().code, Code::corrupt) << length;
  }
  c.text_encoding = "nothing";
  EXPECT_TRUE(decode_corrections(encode(c)).has_error());
}

}  // namespace
}  // namespace medarc::dicom::senders
