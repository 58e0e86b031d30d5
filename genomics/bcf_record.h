// One record of a BCF file, read where it lies (VCF 4.5, section 6.3): l_shared, l_indiv, then so
// many bytes each.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "genomics/vcf_header.h"
#include "genomics/vcf_line.h"

namespace medarc::genomics {

inline constexpr size_t kBcfHeadBytes = 8;    // l_shared and l_indiv
inline constexpr size_t kBcfFixedBytes = 24;  // the shared part before ID

// A typed value (6.3.3): so many of one type, at `bytes`.
struct BcfValue {
  enum class Type : uint8_t { missing = 0, int8 = 1, int16 = 2, int32 = 3, real = 5, text = 7 };
  Type type = Type::missing;
  uint32_t count = 0;
  ByteView bytes;
};
size_t bytes_of(BcfValue::Type type);  // of one

// Reads typed values one after the other; after the first that cannot be, `ok` is false for good.
class BcfReader {
 public:
  explicit BcfReader(ByteView bytes) : rest_(bytes) {}
  BcfValue value();
  // A value's head, with room for `times` of it behind: as FORMAT fields have one for each sample.
  BcfValue values(uint64_t times);
  std::optional<uint32_t> key();  // one number from 0 on: a name of the dictionary
  bool ok() const { return ok_; }

 private:
  ByteView rest_;
  bool ok_ = true;
};

// The whole numbers of a value; missing ones and those after the end are kBcfMissing and kBcfEnd.
inline constexpr int32_t kBcfMissing = INT32_MIN, kBcfEnd = INT32_MIN + 1;
int32_t bcf_integer(const BcfValue& value, size_t i);

// The fixed fields. `record` is the bytes after the two lengths.
struct BcfFixed {
  int32_t contig = 0, position = 0, bases = 0;  // position: 0-based, -1 before the first base
  uint32_t quality_bits = 0;                    // a float
  uint32_t infos = 0, alleles = 0, formats = 0, samples = 0;
};
BcfFixed bcf_fixed(ByteView record);

// Checks everything later code counts on: contig, position and length; every typed value of both
// parts against the bytes that are there; names against the header's dictionary; the number of
// samples. `shared_bytes` is l_shared. Errors: invalid_argument saying what is wrong.
Result<VariantFacts> check_bcf_record(ByteView record, uint32_t shared_bytes,
                                      const VcfHeader& header);

// Without any check, for records that were checked at ingest. The end is the writer's own (rlen),
// as bcftools takes it.
RecordFacts place_of_bcf(ByteView record);

}  // namespace medarc::genomics
