// FHIR DocumentReference from a genomic file's row: what it is, whose, and where its bytes are.
// Server-owned, made when asked for. Its id: resource_id_of().
#pragma once

#include "index/rows.h"
#include "records/json.h"

namespace medarc::records {

// "application/vnd.ga4gh.bam" and so on: by what the file was found to be.
std::string media_type_of(const index::FileRow& file);

// `base_url`: "http://host:port" as the client sees us. Contents: the whole file, its index where
// there is one, and htsget for aligned reads.
Json document_reference_json(const index::FileRow& file, const std::string& base_url);

}  // namespace medarc::records
