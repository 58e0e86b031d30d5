// Typed values as BCF records hold them (VCF 4.5, section 6.3.3), written.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "genomics/bcf_record.h"

namespace medarc::genomics {

void put_le32(uint32_t value, Bytes& out);
// A value's head.
void put_bcf_head(BcfValue::Type type, size_t count, Bytes& out);
void put_bcf_text(ByteView text, Bytes& out);
// Vectors of `each` numbers, in the narrowest form that holds them all. kBcfMissing and kBcfEnd
// stand for what they say.
void put_bcf_integers(const std::vector<int32_t>& values, size_t each, Bytes& out);
void put_bcf_reals(const std::vector<uint32_t>& bits, size_t each, Bytes& out);

inline constexpr uint32_t kBcfRealMissing = 0x7F800001, kBcfRealEnd = 0x7F800002;

// Between commas; "." and what no 32 bits hold is missing, as HTSlib has it. Errors:
// invalid_argument.
Status read_integers(ByteView text, std::vector<int32_t>& out);
Status read_reals(ByteView text, std::vector<uint32_t>& out);
// 0/1, 1|., 2: the allele and one, shifted by a bit that says "phased".
Status read_genotype(ByteView text, std::vector<int32_t>& out);

}  // namespace medarc::genomics
