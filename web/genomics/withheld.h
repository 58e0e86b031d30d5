// How answers say what consent withheld from them: the field Medarc-Withheld, and a member of JSON
// answers.
#pragma once

#include <string>
#include <vector>

#include "web/genomics/doors.h"

namespace medarc::web {

// "Medarc-Withheld: regions=2"; nothing when nothing was withheld.
void say_withheld(Response& response, const std::vector<genomics::Region>& withheld);

// "withheld":{"regions":2,"named":["chr1:101-200","chr2:5-9"]} with a comma before it, or nothing.
// `named`, in samtools' form, only where the configuration lets it be told.
std::string withheld_member(const GenomicsContext& context, const genomics::FileHeader& header,
                            const std::vector<genomics::Region>& withheld);

// Part of an answer's tag: the same selection without other records has another. "" without any.
std::string withheld_tag(const std::vector<genomics::Region>& withheld);

}  // namespace medarc::web
