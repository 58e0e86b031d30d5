// /genomics/files/{id}/content and /index: stored bytes by Range, of the file or of its sorted
// derivative, also under names from which clients derive that of the index.
#include <algorithm>
#include <array>

#include "genomics/findings.h"
#include "records/document_reference.h"
#include "web/genomics/doors.h"
#include "web/genomics/encryption.h"
#include "web/http_error.h"

namespace medarc::web {
namespace {

using genomics::FileId;
using genomics::FileRow;

constexpr ByteView kBaiMagic{"BAI\1", 4};

Response with_digest(Response response, const Digest& digest) {
  response.headers.set("Repr-Digest", "sha-256=:" + to_base64(digest.view()) + ":");
  return response;
}

using Encrypted = std::optional<Recipient>;  // for whom, if it is to be

Result<Response> content(const GenomicsContext& c, const Request& request, const FileRow& row,
                         const Encrypted& recipient = {}) {
  MEDARC_ASSIGN(auto reader, c.store.content(at_genomics_door(request), row));
  if (recipient) {
    return sealed_blob(c, request, row, row.blob, std::move(reader), *recipient, name_of(row));
  }
  return with_digest(serve_blob(request, std::move(reader), records::media_type_of(row),
                                row.blob.hex(), name_of(row)),
                     row.blob);
}

Result<Response> attachment(const GenomicsContext& c, const Request& request, const FileRow& row,
                            std::string_view role) {
  MEDARC_ASSIGN(auto reader, c.store.attachment(at_genomics_door(request), row, role));
  const Digest& digest = index::attachment(row, role)->blob;
  return with_digest(serve_blob(request, std::move(reader), "application/octet-stream",
                                digest.hex(), name_of(row) + "." + std::string(role)),
                     digest);
}

Result<Response> sorted_content(const GenomicsContext& c, const Request& request,
                                const FileRow& row, const Encrypted& recipient = {}) {
  MEDARC_ASSIGN(auto reader, c.store.attachment(at_genomics_door(request), row, "sorted"));
  const Digest& digest = index::attachment(row, "sorted")->blob;
  const std::string name = name_of(row) + ".sorted.bam";
  if (recipient) {
    return sealed_blob(c, request, row, digest, std::move(reader), *recipient, name);
  }
  return with_digest(
      serve_blob(request, std::move(reader), records::media_type_of(row), digest.hex(), name),
      digest);
}

// `kind`: the only one that will do; "": any.
Result<Response> index_of(const GenomicsContext& c, const Request& request, const FileRow& row,
                          std::string_view kind = "") {
  if (!row.index_blob && index::attachment(row, "sorted.index") != nullptr) {
    return make_error(Code::not_found,
                      "the file is not sorted and has no index; its sorted derivative has one: "
                      "index?derivative=sorted goes with content?derivative=sorted");
  }
  if (row.index_blob && !kind.empty() && row.index_kind != kind) {
    return make_error(Code::not_found, "the file has an index of another kind");
  }
  MEDARC_ASSIGN(auto reader, c.store.index_file(at_genomics_door(request), row));
  return serve_blob(request, std::move(reader), "application/octet-stream", row.index_blob->hex(),
                    name_of(row) + "." + row.index_kind);
}

Result<Response> sorted_index(const GenomicsContext& c, const Request& request, const FileRow& row,
                              std::string_view kind = "") {
  MEDARC_ASSIGN(auto reader, c.store.attachment(at_genomics_door(request), row, "sorted.index"));
  Bytes magic(kBaiMagic.size(), '\0');
  if (reader->size() >= magic.size()) MEDARC_TRY(reader->read({0, magic.size()}, magic.data()));
  const std::string_view own = magic == kBaiMagic ? "bai" : "csi";
  if (!kind.empty() && kind != own) {
    return make_error(Code::not_found, "the derivative has an index of another kind");
  }
  return serve_blob(request, std::move(reader), "application/octet-stream",
                    index::attachment(row, "sorted.index")->blob.hex(),
                    name_of(row) + ".sorted.bam." + std::string(own));
}

// Whether `derivative` asks for the sorted one.
Result<bool> sorted_wanted(const Request& request) {
  const std::string_view derivative = request.query_value("derivative");
  if (!derivative.empty() && derivative != "sorted") {
    return make_error(Code::invalid_argument, "derivative: sorted");
  }
  return !derivative.empty();
}

constexpr std::string_view kGzi = "gzi";

struct Ending {
  std::string_view text, format, index_kind;  // index_kind "": the file itself
  bool sorted = false;
};
// A line for each form that viewers know by its name.
constexpr std::array<Ending, 22> kEndings = {{
    {".bam", "bam", ""},
    {".bam.bai", "bam", "bai"},
    {".bam.csi", "bam", "csi"},
    {".sorted.bam", "bam", "", true},
    {".sorted.bam.bai", "bam", "bai", true},
    {".sorted.bam.csi", "bam", "csi", true},
    {".vcf.gz", "vcf", ""},
    {".vcf.gz.tbi", "vcf", "tbi"},
    {".vcf.gz.csi", "vcf", "csi"},
    {".bcf", "bcf", ""},
    {".bcf.csi", "bcf", "csi"},
    {".bed", "bed", ""},
    {".bed.gz", "bed", ""},
    {".bed.gz.tbi", "bed", "tbi"},
    {".bed.gz.csi", "bed", "csi"},
    {".cram", "cram", ""},
    {".cram.crai", "cram", "crai"},
    {".fa", "fasta", ""},
    {".fa.fai", "fasta", "fai"},
    {".fa.gz", "fasta", ""},
    {".fa.gz.fai", "fasta", "fai"},
    {".fa.gz.gzi", "fasta", kGzi},
}};

// FASTA and BED are called as they are stored: a reader goes by the name.
bool called_rightly(const FileRow& row, const Ending& ending) {
  if (row.format == "bed") {
    const bool plain = std::find(row.identities.begin(), row.identities.end(),
                                 genomics::plain_identity(row.blob)) != row.identities.end();
    return ending.text.starts_with(".bed.gz") != plain;
  }
  if (row.format != "fasta") return true;
  const bool gzip = index::attachment(row, kGzi) != nullptr ||   // in blocks
                    index::attachment(row, "plain") != nullptr;  // in one piece
  return ending.text.starts_with(".fa.gz") == gzip;
}

Result<Response> named(const GenomicsContext& c, const Request& request, const FileId& id,
                       const Ending& ending) {
  MEDARC_TRY(check_parameters(request, {}));
  MEDARC_ASSIGN(const FileRow row, c.store.file(at_genomics_door(request), id));
  if (row.format != ending.format || !called_rightly(row, ending)) {
    return make_error(Code::not_found, "the file is of another format");
  }
  if (ending.index_kind == kGzi) return attachment(c, request, row, kGzi);
  if (ending.sorted) {
    return ending.index_kind.empty() ? sorted_content(c, request, row)
                                     : sorted_index(c, request, row, ending.index_kind);
  }
  return ending.index_kind.empty() ? content(c, request, row)
                                   : index_of(c, request, row, ending.index_kind);
}

}  // namespace

Answer content_answer(const GenomicsContext& c, const Request& request, const FileId& id) {
  return answered([&]() -> Result<Response> {
    MEDARC_TRY(check_parameters(request, {"derivative", "encryption", "recipient", "key"}));
    MEDARC_ASSIGN(const bool sorted, sorted_wanted(request));
    MEDARC_ASSIGN(const Encrypted recipient, recipient_asked(c, request));
    MEDARC_ASSIGN(const FileRow row, c.store.file(at_genomics_door(request), id));
    return sorted ? sorted_content(c, request, row, recipient)
                  : content(c, request, row, recipient);
  }());
}

Answer index_answer(const GenomicsContext& c, const Request& request, const FileId& id) {
  return answered([&]() -> Result<Response> {
    MEDARC_TRY(check_parameters(request, {"derivative"}));
    MEDARC_ASSIGN(const bool sorted, sorted_wanted(request));
    MEDARC_ASSIGN(const FileRow row, c.store.file(at_genomics_door(request), id));
    return sorted ? sorted_index(c, request, row) : index_of(c, request, row);
  }());
}

Answer attachment_answer(const GenomicsContext& c, const Request& request, const FileId& id,
                         std::string_view role) {
  return answered([&]() -> Result<Response> {
    MEDARC_TRY(check_parameters(request, {}));
    MEDARC_ASSIGN(const FileRow row, c.store.file(at_genomics_door(request), id));
    return attachment(c, request, row, role);
  }());
}

std::optional<Answer> named_file_answer(const GenomicsContext& c, const Request& request,
                                        const std::string& rest) {
  const size_t slash = rest.rfind('/');
  if (slash == std::string::npos) return std::nullopt;
  const FileId id(rest.substr(0, slash));
  const std::string own = id.value.substr(id.value.rfind('/') + 1);  // all of it without a slash
  const std::string_view name = std::string_view(rest).substr(slash + 1);
  if (!name.starts_with(own)) return std::nullopt;
  for (const Ending& ending : kEndings) {
    if (name.substr(own.size()) != ending.text) continue;
    if (c.store.file_admitted(FileId(rest)).has_value()) return std::nullopt;  // a file's own id
    return answered(named(c, request, id, ending));
  }
  return std::nullopt;
}

}  // namespace medarc::web
