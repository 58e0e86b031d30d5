// What /genomics/files/{id}/slice can answer: one line for each form of each stored format.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "web/genomics/doors.h"

namespace medarc::web {

struct SliceForm {
  std::string_view source;              // FileRow::format that it is made from
  std::string_view name;                // in format=
  std::string_view extension;           // of the file that a browser saves
  std::vector<std::string_view> media;  // in Accept; the first is the answer's Content-Type
  Result<Response> (*answer)(const GenomicsContext&, const Request&, const genomics::FileRow&,
                             const SliceForm&);
};

// In order of preference: the first of a format is what is given unless something else is asked
// for.
const std::vector<SliceForm>& slice_forms();

// By `format`, then by Accept. Errors: unsupported (nothing of this format can be sliced, or not
// so), not_acceptable.
Result<const SliceForm*> slice_form_of(const Request& request, const genomics::FileRow& row);

// In the form the file is stored in, BAM, VCF, BCF or BED in blocks; variants also in the other
// one.
Result<Response> own_slice(const GenomicsContext&, const Request&, const genomics::FileRow&,
                           const SliceForm&);
// Stored CRAM files as CRAM or BAM.
Result<Response> cram_slice(const GenomicsContext&, const Request&, const genomics::FileRow&,
                            const SliceForm&);
// Stored BAM files as SAM or JSON.
Result<Response> bam_slice_as_text(const GenomicsContext&, const Request&, const genomics::FileRow&,
                                   const SliceForm&);
// Stored BED files as lines or JSON.
Result<Response> bed_slice_as_text(const GenomicsContext&, const Request&, const genomics::FileRow&,
                                   const SliceForm&);

}  // namespace medarc::web
