#include "tools/sample/patient.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>

#include "archive/hash.h"
#include "tools/sample/anatomy.h"
#include "tools/sample/dicom_file.h"
#include "tools/sample/reads.h"

namespace medarc::tools::sample {
namespace {

namespace fs = std::filesystem;

// A file that is hashed while it is written.
class HashedFile : public ByteSink {
 public:
  explicit HashedFile(const fs::path& path) : out_(path, std::ios::binary | std::ios::trunc) {}
  Status write(ByteView bytes) override {
    hash_.update(bytes);
    bytes_ += bytes.size();
    if (!out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
      return make_error(Code::io, "cannot write a sample file");
    }
    return {};
  }
  Result<SampleFile> finish(std::string path) {
    out_.close();
    if (!out_) return make_error(Code::io, "cannot write a sample file");
    return SampleFile{std::move(path), bytes_, hash_.finish().hex()};
  }

 private:
  std::ofstream out_;
  archive::Sha256 hash_;
  uint64_t bytes_ = 0;
};

void patient_and_study(DicomFile& file, const Sample& sample, std::string_view study,
                       std::string_view series, std::string_view instance,
                       std::string_view modality) {
  file.text(0x00080005, "CS", "ISO_IR 192");
  file.text(0x00080018, "UI", instance);
  file.text(0x00080020, "DA", "20260115");
  file.text(0x00080030, "TM", "101500");
  file.text(0x00080050, "SH", modality == "CT" ? sample.accession : sample.accession + "U");
  file.text(0x00080060, "CS", modality);
  file.text(0x00080070, "LO", "Medarc sample");
  file.text(0x00080090, "PN", "Lind^Oskar");
  file.text(0x00081030, "LO", modality == "CT" ? "CT chest" : "Echocardiography");
  file.text(0x00100010, "PN", sample.patient_name);
  file.text(0x00100020, "LO", sample.patient_id);
  file.text(0x00100021, "LO", sample.issuer);
  file.text(0x00100030, "DA", "19620817");
  file.text(0x00100040, "CS", "F");
  file.text(0x0020000D, "UI", study);
  file.text(0x0020000E, "UI", series);
  file.text(0x00200010, "SH", modality == "CT" ? "1" : "2");
  file.text(0x00200011, "IS", "1");
}

void image(DicomFile& file, uint32_t rows, uint32_t columns, uint16_t allocated, uint16_t stored) {
  file.us(0x00280002, 1);
  file.text(0x00280004, "CS", "MONOCHROME2");
  file.us(0x00280010, static_cast<uint16_t>(rows));
  file.us(0x00280011, static_cast<uint16_t>(columns));
  file.us(0x00280100, allocated);
  file.us(0x00280101, stored);
  file.us(0x00280102, static_cast<uint16_t>(stored - 1));
  file.us(0x00280103, 0);
}

Bytes ct_file(const Sample& sample, const SampleOptions& options, uint32_t z) {
  DicomFile file;
  const std::string instance = make_uid(fmt::format("{}/{}", sample.ct_series, z));
  file.text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL");
  file.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2");
  patient_and_study(file, sample, sample.ct_study, sample.ct_series, instance, "CT");
  file.text(0x0008103E, "LO", "Thorax 2.5 mm");
  file.text(0x00180015, "CS", "CHEST");
  file.text(0x00180050, "DS", "2.5");
  file.text(0x00180060, "DS", "120");
  file.text(0x00185100, "CS", "HFS");
  file.text(0x00200012, "IS", "1");
  file.text(0x00200013, "IS", std::to_string(z + 1));
  const double spacing = 380.0 / options.size;
  file.text(0x00200032, "DS", fmt::format("-190\\-190\\{:.1f}", -2.5 * z));
  file.text(0x00200037, "DS", "1\\0\\0\\0\\1\\0");
  file.text(0x00200052, "UI", make_uid(sample.ct_study + "/frame of reference"));
  file.text(0x00201040, "LO", "");
  file.text(0x00280030, "DS", fmt::format("{:.6f}\\{:.6f}", spacing, spacing));
  image(file, options.size, options.size, 16, 12);
  file.text(0x00281050, "DS", "40");
  file.text(0x00281051, "DS", "400");
  file.text(0x00281052, "DS", "-1024");
  file.text(0x00281053, "DS", "1");
  file.text(0x00281054, "LO", "HU");
  file.pixels("OW", ct_slice(z, options.slices_count, options.size, options.seed));
  return file.encode();
}

Bytes cine_file(const Sample& sample, const SampleOptions& options) {
  DicomFile file;
  constexpr uint32_t kRows = 480, kColumns = 640;
  file.text(0x00080008, "CS", "ORIGINAL\\PRIMARY");
  file.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.3.1");
  patient_and_study(file, sample, sample.cine_study, sample.cine_series, sample.cine_instance, "US");
  file.text(0x0008103E, "LO", "Apical view");
  file.text(0x00181063, "DS", "40");
  file.text(0x00200013, "IS", "1");
  file.text(0x00200020, "CS", "");
  file.text(0x00200060, "CS", "");
  file.text(0x00280008, "IS", std::to_string(options.frames_count));
  file.attribute_tag(0x00280009, 0x00181063);
  image(file, kRows, kColumns, 8, 8);
  Bytes pixels;
  for (uint32_t t = 0; t < options.frames_count; ++t) {
    pixels += cine_frame(t, options.frames_count, kRows, kColumns, options.seed);
  }
  file.pixels("OB", std::move(pixels));
  return file.encode();
}

Status write_json(const fs::path& path, const Sample& sample) {
  boost::json::array files;
  for (const SampleFile& f : sample.files) {
    files.push_back({{"path", f.path}, {"bytes", f.bytes}, {"sha256", f.sha256}});
  }
  const boost::json::object all = {{"patient_id", sample.patient_id},
                                   {"issuer", sample.issuer},
                                   {"patient_name", sample.patient_name},
                                   {"accession", sample.accession},
                                   {"ct_study", sample.ct_study},
                                   {"ct_series", sample.ct_series},
                                   {"cine_study", sample.cine_study},
                                   {"cine_series", sample.cine_series},
                                   {"cine_instance", sample.cine_instance},
                                   {"files", std::move(files)}};
  HashedFile out(path);
  MEDARC_TRY(out.write(boost::json::serialize(all) + "\n"));
  const auto done = out.finish("sample.json");
  return done.has_error() ? Status(done.error()) : Status();
}

}  // namespace

Result<Sample> write_sample(const std::string& directory, const SampleOptions& options,
                            const std::function<void(const SampleFile&)>& progress) {
  Sample sample;
  const std::string which = std::to_string(options.seed);
  sample.patient_id = "MED-" + fmt::format("{:04}", options.seed);
  sample.issuer = "SAMPLE-HOSPITAL";
  sample.patient_name = "Ahlgren^Signe";
  sample.accession = "A" + fmt::format("{:07}", options.seed);
  sample.ct_study = make_uid("ct study " + which);
  sample.ct_series = make_uid("ct series " + which);
  sample.cine_study = make_uid("cine study " + which);
  sample.cine_series = make_uid("cine series " + which);
  sample.cine_instance = make_uid("cine instance " + which);

  const fs::path top = directory;
  for (const char* folder : {"ct", "cine", "genome"}) {
    std::error_code error;
    fs::create_directories(top / folder, error);
    if (error) return make_error(Code::io, "cannot make the directory of the sample");
  }
  const auto put = [&](const std::string& path,
                       const std::function<Status(ByteSink&)>& fill) -> Status {
    HashedFile out(top / path);
    MEDARC_TRY(fill(out));
    MEDARC_ASSIGN(SampleFile file, out.finish(path));
    if (progress) progress(file);
    sample.files.push_back(std::move(file));
    return {};
  };
  for (uint32_t z = 0; z < options.slices_count; ++z) {
    MEDARC_TRY(put(fmt::format("ct/{:03}.dcm", z + 1), [&](ByteSink& out) {
      return out.write(ct_file(sample, options, z));
    }));
  }
  MEDARC_TRY(put("cine/001.dcm",
                 [&](ByteSink& out) { return out.write(cine_file(sample, options)); }));
  ReadsOptions reads;
  reads.pairs_count = options.pairs_count;
  reads.seed = options.seed;
  reads.sample = sample.patient_id;
  MEDARC_TRY(put("genome/reads.bam", [&](ByteSink& out) { return write_bam(reads, out); }));
  for (int mate : {1, 2}) {
    MEDARC_TRY(put(fmt::format("genome/reads_R{}.fastq.gz", mate),
                   [&](ByteSink& out) { return write_fastq(reads, mate, out); }));
  }
  MEDARC_TRY(write_json(top / "sample.json", sample));
  return sample;
}

}  // namespace medarc::tools::sample
