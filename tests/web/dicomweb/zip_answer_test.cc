// Studies, series and instances as ZIP archives with a DICOMDIR (PS3.18 application/zip, PS3.10).
#include <dcmtk/config/osconfig.h>
// DCMTK's own configuration comes before its other headers.
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcdicdir.h>

#include <filesystem>
#include <fstream>
#include <regex>

#include "dicom/part10.h"
#include "tests/support/temp_dir.h"
#include "tests/web/dicomweb/archive_fixture.h"
#include "tests/web/unzip.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;
using test::ImageRecipe;
using test::unzip;

constexpr char kExplicit[] = "1.2.840.10008.1.2.1", kImplicit[] = "1.2.840.10008.1.2",
               kJxl[] = "1.2.840.10008.1.2.4.110";
constexpr char kReportClass[] = "1.2.840.10008.5.1.4.1.1.88.11", kZipType[] = "application/zip";

// What a command prints.
std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  char buffer[4096];
  for (size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, n);
  EXPECT_EQ(pclose(pipe), 0) << command << out;
  return out;
}

// One record of a DICOMDIR as text, those below it indented.
void print(DcmDirectoryRecord& record, const std::string& indent, std::string& out) {
  const auto value = [&](const DcmTagKey& tag) {
    OFString text;
    record.findAndGetOFStringArray(tag, text);
    return std::string(text.c_str());
  };
  out += indent + value(DCM_DirectoryRecordType);
  for (const DcmTagKey& tag :
       {DCM_PatientName, DCM_PatientID, DCM_StudyInstanceUID, DCM_Modality, DCM_SeriesInstanceUID,
        DCM_ReferencedFileID, DCM_ReferencedSOPInstanceUIDInFile,
        DCM_ReferencedTransferSyntaxUIDInFile, DCM_InstanceNumber, DCM_VerificationFlag}) {
    if (record.tagExists(tag)) out += " " + value(tag);
  }
  DcmItem* code = nullptr;
  if (record.findAndGetSequenceItem(DCM_ConceptNameCodeSequence, code).good()) {
    OFString meaning;
    code->findAndGetOFString(DCM_CodeMeaning, meaning);
    out += std::string(" \"") + meaning.c_str() + "\"";
  }
  out += '\n';
  for (unsigned long i = 0; i < record.cardSub(); ++i) print(*record.getSub(i), indent + " ", out);
}

class ZipAnswer : public ArchiveTest {
 protected:
  // A report of the recipe's study, in a series of its own.
  static Bytes report(const std::string& sop_class, const std::string& uid) {
    test::DatasetMaker d;
    d.text(0x00080005, "CS", "ISO_IR 192");
    d.text(0x00080016, "UI", sop_class).text(0x00080018, "UI", uid);
    d.text(0x00080023, "DA", "20260115").text(0x00080033, "TM", "101530");
    d.text(0x00080060, "CS", "SR");
    d.text(0x00100010, "PN", "Muster^Erika").text(0x00100020, "LO", "MDA-0001");
    d.text(0x0020000D, "UI", "2.25.1001").text(0x0020000E, "UI", "2.25.1777");
    d.text(0x00200013, "IS", "7");
    d.head(0x0040A043, "SQ", 0xFFFFFFFF).item();
    d.text(0x00080100, "SH", "11528-7").text(0x00080102, "SH", "LN");
    d.text(0x00080104, "LO", "Röntgenbefund").end_item().end_sequence();
    d.text(0x0040A491, "CS", "COMPLETE").text(0x0040A493, "CS", "VERIFIED");
    return dicom::make_envelope(dicom::SopClassUid(sop_class), dicom::SopInstanceUid(uid),
                                dicom::TransferSyntaxUid(kExplicit)) +
           d.view();
  }
  HttpAnswer zipped(const std::string& target, const std::string& type = kZipType) {
    return get(target, {{"Accept", type}});
  }
  static std::string tree(const Bytes& dicomdir) {
    const test::TempDir dir;
    const std::string path = dir.path() + "/DICOMDIR";
    std::ofstream(path, std::ios::binary) << dicomdir;
    std::string out;
    DcmDicomDir read(OFFilename(path.c_str()));
    EXPECT_TRUE(read.error().good()) << read.error().text();
    DcmDirectoryRecord& root = read.getRootRecord();
    for (unsigned long i = 0; i < root.cardSub(); ++i) print(*root.getSub(i), "", out);
    return out;
  }

  const std::string study_ = "/dicom-web/studies/2.25.1001";
};

TEST_F(ZipAnswer, StudiesAreFileSets) {
  serve();
  ImageRecipe a, b, c;
  b.sop_uid = "2.25.1004";
  b.instance_number = 2;
  b.transfer_syntax = kImplicit;
  c.series_uid = "2.25.2002";
  c.sop_uid = "2.25.2003";
  c.modality = "MR";
  const std::string private_uid = "2.25.1779";
  ASSERT_LT(stow({test::make_file(a), test::make_file(b), test::make_file(c),
                  report(kReportClass, "2.25.1778"), report("2.25.999.1", private_uid)})
                .status,
            300);
  const HttpAnswer answer = zipped(study_);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), kZipType);
  EXPECT_EQ(answer.header("Content-Disposition"), "attachment; filename=\"2.25.1001.zip\"");
  EXPECT_EQ(answer.header("Vary"), "Accept");
  const auto files = unzip(answer.body);
  ASSERT_EQ(files.size(), 6u);
  const std::regex allowed("DICOMDIR|[A-Z0-9_]{1,8}(/[A-Z0-9_]{1,8}){0,7}");
  for (const auto& [path, content] : files) EXPECT_TRUE(std::regex_match(path, allowed)) << path;
  // Each object as a retrieval of it gives it (N6: implicit ones as explicit).
  const auto object = [&](const std::string& series, const std::string& uid) {
    return get(study_ + "/series/" + series + "/instances/" + uid,
               {{"Accept", "application/dicom"}})
        .body;
  };
  EXPECT_TRUE(files.at("DICOM/SE000001/IM000001") == object(a.series_uid, a.sop_uid));
  EXPECT_TRUE(files.at("DICOM/SE000001/IM000002") == object(b.series_uid, b.sop_uid));
  EXPECT_TRUE(files.at("DICOM/SE000002/IM000001") == object("2.25.1777", "2.25.1778"));
  EXPECT_TRUE(files.at("DICOM/SE000002/IM000002") == object("2.25.1777", private_uid));
  EXPECT_TRUE(files.at("DICOM/SE000003/IM000001") == object(c.series_uid, c.sop_uid));
  // The private class has no record.
  EXPECT_EQ(tree(files.at("DICOMDIR")),
            "PATIENT Muster^Erika MDA-0001\n"
            " STUDY 2.25.1001\n"
            "  SERIES CT 2.25.1002\n"
            "   IMAGE DICOM\\SE000001\\IM000001 2.25.1003 1.2.840.10008.1.2.1 1\n"
            "   IMAGE DICOM\\SE000001\\IM000002 2.25.1004 1.2.840.10008.1.2.1 2\n"
            "  SERIES SR 2.25.1777\n"
            "   SR DOCUMENT DICOM\\SE000002\\IM000001 2.25.1778 1.2.840.10008.1.2.1 7 VERIFIED "
            "\"Röntgenbefund\"\n"
            "  SERIES MR 2.25.2002\n"
            "   IMAGE DICOM\\SE000003\\IM000001 2.25.2003 1.2.840.10008.1.2.1 1\n");
}

TEST_F(ZipAnswer, OtherProgrammesReadThem) {
  serve();
  ImageRecipe r;
  r.charset = "ISO_IR 192";
  r.patient_name = "Yamada^Tarou=山田^太郎";
  store(r);
  const test::TempDir dir;
  for (const auto& [path, content] : unzip(zipped(study_).body)) {
    const std::filesystem::path file = dir.path() + "/" + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    EXPECT_TRUE(output_of("dcmftest " + file.string()).starts_with("yes: ")) << path;
  }
  const std::string text = output_of("dcmdump +L " + dir.path() + "/DICOMDIR");
  for (const char* wanted :
       {"MediaStorageDirectoryStorage", "LittleEndianExplicit", "[ISO_IR 192]",
        "[Yamada^Tarou=山田^太郎]", "[DICOM\\SE000001\\IM000001]", "[20260115]", "[ACC1]"}) {
    EXPECT_NE(text.find(wanted), std::string::npos) << wanted << "\n" << text;
  }
}

TEST_F(ZipAnswer, N5_InTheTransferSyntaxAskedFor) {
  serve();
  ImageRecipe native, opaque;
  opaque.sop_uid = "2.25.1004";
  opaque.transfer_syntax = kJxl;
  ASSERT_EQ(stow({test::make_file(native), test::make_file(opaque)}).status, 200);
  const std::string jls = "1.2.840.10008.1.2.4.80";
  const HttpAnswer all = zipped(study_);
  EXPECT_EQ(all.status, 200);
  EXPECT_TRUE(unzip(all.body).at("DICOM/SE000001/IM000002") == test::make_file(opaque));
  const HttpAnswer some = zipped(study_, "application/zip; transfer-syntax=" + jls);
  EXPECT_EQ(some.status, 206);  // W1
  const auto files = unzip(some.body);
  ASSERT_EQ(files.size(), 2u);
  EXPECT_NE(tree(files.at("DICOMDIR")).find("2.25.1003 " + jls + " 1\n"), std::string::npos);
  EXPECT_EQ(zipped(study_, "application/zip; transfer-syntax=1.2.3").status, 406);
}

TEST_F(ZipAnswer, OfSeriesAndInstances) {
  serve();
  ImageRecipe a, b;
  b.series_uid = "2.25.2002";
  b.sop_uid = "2.25.2003";
  ASSERT_EQ(stow({test::make_file(a), test::make_file(b)}).status, 200);
  const HttpAnswer series = zipped(study_ + "/series/2.25.2002");
  EXPECT_EQ(series.header("Content-Disposition"), "attachment; filename=\"2.25.2002.zip\"");
  auto files = unzip(series.body);
  ASSERT_EQ(files.size(), 2u);
  EXPECT_TRUE(files.at("DICOM/SE000001/IM000001") == test::make_file(b));
  const std::string instance = study_ + "/series/2.25.1002/instances/2.25.1003";
  files = unzip(zipped(instance).body);
  ASSERT_EQ(files.size(), 2u);
  EXPECT_TRUE(files.at("DICOM/SE000001/IM000001") == test::make_file(a));
  EXPECT_EQ(zipped(instance, "application/zip; transfer-syntax=nonsense").status, 406);
  // What cannot be zipped as asked may be had otherwise.
  EXPECT_TRUE(zipped(instance, "application/zip; transfer-syntax=1.2.3, application/dicom;q=0.1")
                  .header("Content-Type")
                  .starts_with("application/dicom"));
  EXPECT_EQ(zipped("/dicom-web/studies/9.9").status, 404);
  EXPECT_EQ(test::http(port(), "HEAD", study_, {{"Accept", kZipType}}).status, 200);
}

TEST_F(ZipAnswer, TheNumberOfInstancesHasALimit) {
  DicomwebOptions options;
  options.zip_instances_max = 1;
  serve(options);
  ImageRecipe a, b;
  b.sop_uid = "2.25.1004";
  store(a);
  EXPECT_EQ(zipped(study_).status, 200);
  store(b);
  const HttpAnswer answer = zipped(study_);
  EXPECT_EQ(answer.status, 413);
  EXPECT_NE(answer.body.find("multipart"), std::string::npos);
  EXPECT_EQ(parts_of(get(study_)).size(), 2u);
  EXPECT_EQ(zipped(study_ + "/series/" + a.series_uid + "/instances/" + a.sop_uid).status, 200);
}

}  // namespace
}  // namespace medarc::web
