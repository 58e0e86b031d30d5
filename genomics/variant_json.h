// One VCF line as JSON.
#pragma once

#include <optional>

#include "genomics/vcf_header.h"
#include "genomics/vcf_line.h"

namespace medarc::genomics {

// Appends an object as variant_query.h describes it. `sample`: the number of the only one to give.
void append_variant_json(const VcfColumns& line, const VcfHeader& header,
                         std::optional<size_t> sample, Bytes& out);

// The `n`-th of the columns behind FORMAT.
ByteView sample_column(ByteView samples, size_t n);

}  // namespace medarc::genomics
