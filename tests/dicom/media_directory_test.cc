// DICOMDIR files (PS3.3 annex F): record types of SOP classes, and records with their keys.
#include "dicom/media_directory.h"

#include <dcmtk/config/osconfig.h>
// DCMTK's own configuration comes before its other headers.
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcdicdir.h>

#include <fstream>

#include "dicom/part10.h"
#include "dicom/record_types.h"
#include "dicom/sop_class.h"
#include "tests/support/dicom_maker.h"
#include "tests/support/imaging_fixture.h"

namespace medarc::dicom {
namespace {

std::string record_name(const std::string& arc) {
  const RecordType* type = record_type_of("1.2.840.10008.5.1.4.1.1." + arc);
  return type == nullptr ? "" : std::string(type->name);
}

TEST(RecordTypes, TheLongestArcDecides) {
  const std::pair<const char*, const char*> cases[] = {{"2", "IMAGE"},
                                                       {"4.1", "IMAGE"},
                                                       {"4.2", "SPECTROSCOPY"},
                                                       {"66", "RAW DATA"},
                                                       {"66.1", "REGISTRATION"},
                                                       {"66.4", "IMAGE"},
                                                       {"11.1", "PRESENTATION"},
                                                       {"11.10", "PRESENTATION"},
                                                       {"11", ""},
                                                       {"481.2", "RT DOSE"},
                                                       {"481.20", "RADIOTHERAPY"},
                                                       {"481.24", "IMAGE"},
                                                       {"88.33", "SR DOCUMENT"},
                                                       {"88.59", "KEY OBJECT DOC"},
                                                       {"77.1.5.3", "STEREOMETRIC"},
                                                       {"77.1.5.4", "IMAGE"},
                                                       {"104.1", "ENCAP DOC"},
                                                       {"9.1.1", "WAVEFORM"},
                                                       {"10", ""},
                                                       {"", ""},
                                                       {"2000", ""}};
  for (const auto& [arc, name] : cases) EXPECT_EQ(record_name(arc), name) << arc;
  EXPECT_EQ(record_type_of("2.25.999.1"), nullptr);
  EXPECT_EQ(record_type_of(""), nullptr);
}

class MediaDirectoryTest : public test::ImagingFixture {
 protected:
  InstanceRow store(ByteView file) {
    const auto stored = store_file(file);
    EXPECT_TRUE(stored.has_value()) << stored.error().text;
    return row(stored->study, stored->series, stored->instance);
  }
  // The directory as its reader sees it.
  std::unique_ptr<DcmDicomDir> read(MediaDirectory& directory) {
    const auto bytes = directory.finish(temp_ / "scratch");
    EXPECT_TRUE(bytes.has_value()) << bytes.error().text;
    EXPECT_TRUE(std::filesystem::is_empty(temp_ / "scratch"));
    const std::string path = temp_ / "DICOMDIR";
    std::ofstream(path, std::ios::binary) << *bytes;
    auto out = std::make_unique<DcmDicomDir>(OFFilename(path.c_str()));
    EXPECT_TRUE(out->error().good()) << out->error().text();
    return out;
  }
  static std::string text(DcmItem& item, const DcmTagKey& tag) {
    OFString out;
    item.findAndGetOFStringArray(tag, out);
    return out.c_str();
  }
};

TEST_F(MediaDirectoryTest, EveryRecordTypeHasAPlaceBelowASeries) {
  InstanceRow r = store(test::make_file(test::ImageRecipe()));
  const auto view = index_->view();
  const auto directory = MediaDirectory::create();
  std::vector<std::string> wanted;
  for (const StorageSopClass& storage : storage_sop_classes()) {
    r.sop_class = SopClassUid(std::string(storage.uid));
    const RecordType* type = record_type_of(storage.uid);
    if (type != nullptr) wanted.emplace_back(type->name);
    ASSERT_TRUE(directory->add(*view, r, TransferSyntaxUid(std::string(kExplicitLittle)), "A\\B"));
  }
  EXPECT_GT(wanted.size(), 150u);
  const auto found = read(*directory);
  DcmDirectoryRecord* series = found->getRootRecord().getSub(0)->getSub(0)->getSub(0);
  ASSERT_EQ(series->cardSub(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(text(*series->getSub(i), DCM_DirectoryRecordType), wanted[i]);
  }
}

TEST_F(MediaDirectoryTest, KeysAreThoseOfTheObject) {
  const std::string key_object = "1.2.840.10008.5.1.4.1.1.88.59", uid = "2.25.8001";
  test::DatasetMaker d;
  d.text(0x00080016, "UI", key_object).text(0x00080018, "UI", uid);
  d.text(0x00080020, "DA", "20260115").text(0x00080030, "TM", "101530");
  d.text(0x00080060, "CS", "KO");
  d.text(0x00100010, "PN", "Muster^Erika").text(0x00100020, "LO", "MDA-0001");
  d.text(0x0020000D, "UI", "2.25.8002").text(0x0020000E, "UI", "2.25.8003");
  d.text(0x00200013, "IS", "4");
  const auto coded = [&](uint32_t tag, const char* code, const char* meaning) {
    d.head(tag, "SQ", 0xFFFFFFFF).item();
    d.text(0x00080100, "SH", code).text(0x00080102, "SH", "DCM").text(0x00080104, "LO", meaning);
    d.end_item().end_sequence();
  };
  coded(0x0040A043, "113000", "Of Interest");
  d.head(0x0040A730, "SQ", 0xFFFFFFFF);
  for (const char* relationship : {"HAS CONCEPT MOD", "CONTAINS"}) {
    d.item().text(0x0040A010, "CS", relationship);
    coded(0x0040A043, "113011", "Document Title Modifier");
    d.end_item();
  }
  d.end_sequence();
  const InstanceRow r = store(make_envelope(SopClassUid(key_object), SopInstanceUid(uid),
                                            TransferSyntaxUid(std::string(kExplicitLittle))) +
                              d.view());
  const auto directory = MediaDirectory::create();
  ASSERT_TRUE(directory->add(*index_->view(), r, r.transfer_syntax, "DICOM\\ONE"));
  const auto found = read(*directory);
  DcmDirectoryRecord* patient = found->getRootRecord().getSub(0);
  EXPECT_EQ(text(*patient, DCM_PatientName), "Muster^Erika");
  EXPECT_FALSE(patient->tagExists(DCM_SpecificCharacterSet));
  DcmDirectoryRecord* study = patient->getSub(0);
  EXPECT_EQ(text(*study, DCM_StudyDate), "20260115");
  EXPECT_TRUE(study->tagExists(DCM_StudyDescription));  // absent in the object: no value
  DcmDirectoryRecord* record = study->getSub(0)->getSub(0);
  EXPECT_EQ(text(*record, DCM_ReferencedFileID), "DICOM\\ONE");
  EXPECT_EQ(text(*record, DCM_ReferencedSOPClassUIDInFile), key_object);
  EXPECT_EQ(text(*record, DCM_ReferencedSOPInstanceUIDInFile), uid);
  EXPECT_EQ(text(*record, DCM_ReferencedTransferSyntaxUIDInFile), kExplicitLittle);
  EXPECT_EQ(text(*record, DCM_InstanceNumber), "4");
  EXPECT_TRUE(record->tagExists(DCM_ContentDate));
  DcmItem* title = nullptr;
  ASSERT_TRUE(record->findAndGetSequenceItem(DCM_ConceptNameCodeSequence, title).good());
  EXPECT_EQ(text(*title, DCM_CodeValue), "113000");
  EXPECT_EQ(text(*title, DCM_CodeMeaning), "Of Interest");
  // Of the content only what modifies the title.
  DcmSequenceOfItems* content = nullptr;
  ASSERT_TRUE(record->findAndGetSequence(DCM_ContentSequence, content).good());
  ASSERT_EQ(content->card(), 1u);
  EXPECT_EQ(text(*content->getItem(0), DCM_RelationshipType), "HAS CONCEPT MOD");
}

TEST_F(MediaDirectoryTest, AnEmptyOneIsADirectoryTooAndNoPlaceForItIsTold) {
  EXPECT_EQ(read(*MediaDirectory::create())->getRootRecord().cardSub(), 0u);
  EXPECT_EQ(MediaDirectory::create()->finish("/proc/none").error().code, Code::io);
}

}  // namespace
}  // namespace medarc::dicom
