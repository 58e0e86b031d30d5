// Makes DICOM objects for tests: small and large, in every encoding, deterministic by seed.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "dicom/transfer_syntax.h"

namespace medarc::test {

// Writes elements in the order given (tests want wrong orders too).
class DatasetMaker {
 public:
  explicit DatasetMaker(dicom::Encoding encoding = dicom::Encoding::explicit_little)
      : encoding_(encoding) {}
  DatasetMaker& text(uint32_t tag, const char* vr,
                     std::string value);  // padded with a blank, or NUL for UI
  DatasetMaker& us(uint32_t tag, uint16_t value);
  DatasetMaker& bytes(uint32_t tag, const char* vr, ByteView value);
  // Header of an element whose value follows by raw(); length 0xFFFFFFFF: undefined.
  DatasetMaker& head(uint32_t tag, const char* vr, uint32_t length);
  DatasetMaker& item(uint32_t length = 0xFFFFFFFF);
  DatasetMaker& end_item();
  DatasetMaker& end_sequence();
  DatasetMaker& raw(ByteView value);
  const Bytes& view() const { return out_; }

 private:
  void put(uint64_t value, size_t size);
  dicom::Encoding encoding_;
  Bytes out_;
};

struct ImageRecipe {
  std::string patient_id = "MDA-0001", patient_name = "Muster^Erika", issuer = "HOSPITAL";
  std::string study_uid = "2.25.1001", series_uid = "2.25.1002", sop_uid = "2.25.1003";
  std::string study_date = "20260115", study_time = "101530", accession = "ACC1", modality = "CT";
  std::string charset;  // (0008,0005), absent when empty
  std::string transfer_syntax = std::string(dicom::kExplicitLittle);
  int instance_number = 1;
  uint16_t rows = 64, columns = 64, bits_allocated = 16;
  int frames = 1;
  uint64_t seed = 1;  // of the pixels
  // More elements, encoded: of the groups 0009 to 000F, of the groups 0029 to 7FDF.
  Bytes before_patient, before_pixels;
};

Bytes make_dataset(const ImageRecipe& recipe);  // as on the wire, in the recipe's syntax
Bytes make_file(const ImageRecipe& recipe);     // Part 10: preamble of zeros, meta, dataset
Bytes make_pixels(const ImageRecipe& recipe);   // native, little endian
Bytes deflated(ByteView plain);

}  // namespace medarc::test
