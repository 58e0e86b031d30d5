#include "web/genomics/drs_objects.h"

#include <boost/json.hpp>

#include "records/document_reference.h"
#include "web/genomics/drs_bundle.h"

namespace medarc::web {
namespace {

namespace json = boost::json;

using genomics::FileId;
using genomics::FileRow;

constexpr ByteView kBaiMagic{"BAI\1", 4};
constexpr const char* kOctets = "application/octet-stream";

Error no_object() { return make_error(Code::not_found, "there is no DRS object of this id"); }

// Its extension alone is what is wanted of its bytes.
Result<std::string> index_extension(const GenomicsContext& c, const Digest& index) {
  MEDARC_ASSIGN(auto reader, c.store.open_admitted(index));
  Bytes magic(kBaiMagic.size(), '\0');
  if (reader->size() >= magic.size()) MEDARC_TRY(reader->read({0, magic.size()}, magic.data()));
  return std::string(magic == kBaiMagic ? "bai" : "csi");
}

json::object checksum_of(const char* type, const std::string& hex) {
  json::object out;
  out["type"] = type;
  out["checksum"] = hex;
  return out;
}

// The server's own tokens; Passports open nothing here.
json::object access_method(const char* type, bool available) {
  json::object out;
  out["type"] = type;
  out["access_id"] = type;
  out["available"] = available;
  out["authorizations"].emplace_object()["supported_types"].emplace_array().emplace_back(
      "BearerAuth");
  return out;
}

}  // namespace

Result<DrsBlob> drs_blob_of(const GenomicsContext& c, const FileRow& row, const Digest& digest) {
  using Role = DrsBlob::Role;
  const std::string name = drs_name(name_of(row));
  const std::string media = records::media_type_of(row);
  if (digest == row.blob) return DrsBlob{Role::own, digest, row.bytes, name, media, row.received};
  if (row.index_blob && digest == *row.index_blob) {
    MEDARC_ASSIGN(const auto reader, c.store.open_admitted(digest));
    return DrsBlob{Role::index, digest,      reader->size(), name + "." + row.index_kind,
                   kOctets,     row.received};
  }
  const index::Attachment* sorted = index::attachment(row, "sorted");
  if (sorted != nullptr && digest == sorted->blob) {
    return DrsBlob{Role::sorted, digest, sorted->bytes, name + ".sorted.bam", media, row.received};
  }
  const index::Attachment* index = index::attachment(row, "sorted.index");
  if (index == nullptr || digest != index->blob) return no_object();
  MEDARC_ASSIGN(const std::string extension, index_extension(c, digest));
  return DrsBlob{
      Role::sorted_index, digest, index->bytes, name + ".sorted.bam." + extension, kOctets,
      row.received};
}

std::string drs_name(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-' || c == '_';
    if (!kept) c = '_';
  }
  return out;
}

std::string drs_uri(const GenomicsContext& c, const std::string& base_url, const DrsId& id) {
  const std::string host =
      c.options.drs_host.empty() ? base_url.substr(base_url.find("//") + 2) : c.options.drs_host;
  return "drs://" + host + "/" + to_text(id);
}

DrsObjects::DrsObjects(const GenomicsContext& context, const Request& request)
    : c_(context), base_url_(request.base_url), who_(at_genomics_door(request)) {}

Result<DrsId> DrsObjects::identify(const DrsId& name) const {
  if (name.digest) return name;
  if (!name.bundle()) {
    MEDARC_ASSIGN(const FileRow row, c_.store.file(who_, FileId(name.name)));
    return drs_id_of(row.id, row.blob);
  }
  MEDARC_ASSIGN(DrsBundle bundle, find_drs_bundle(c_, who_, name));
  return std::move(bundle.id);
}

Result<std::string> DrsObjects::object(const DrsId& id, bool expand) const {
  if (!id.digest) return no_object();
  if (!id.bundle()) return file_object(id);
  MEDARC_ASSIGN(const DrsBundle bundle, find_drs_bundle(c_, who_, id));
  return drs_bundle_json(c_, base_url_, bundle, expand);
}

Result<std::string> DrsObjects::access_url(const DrsId& id, std::string_view access_id) const {
  if (!id.digest || id.bundle()) return no_object();
  MEDARC_ASSIGN(const FileRow row, c_.store.file(who_, FileId(id.name)));
  MEDARC_ASSIGN(const DrsBlob blob, drs_blob_of(c_, row, *id.digest));
  if (access_id == "htsget") {
    const std::string url = htsget_url(row, blob);
    if (!url.empty()) {
      MEDARC_ASSIGN(const bool now, sliceable_now(row));
      if (!now) return make_error(Code::unavailable, "the file is being sorted: try again later");
      return url;
    }
  }
  if (access_id != "https") {
    return make_error(Code::not_found, "the object has no access method of this id");
  }
  MEDARC_TRY(admit(row, blob));
  DataLink link;
  link.file = row.id;
  link.content = blob.digest;
  link.consent_version = row.consent.version;
  link.expires = {now().us + static_cast<int64_t>(c_.options.ticket_ttl_ms) * 1000};
  link.kind = DataLink::Kind::whole;
  return base_url_ + std::string(kDrsPath) + "/data/" + c_.links.seal(link);
}

Status DrsObjects::admit(const FileRow& row, const DrsBlob& blob) const {
  switch (blob.role) {
    case DrsBlob::Role::own: MEDARC_TRY(c_.store.content(who_, row)); break;
    case DrsBlob::Role::index: MEDARC_TRY(c_.store.index_file(who_, row)); break;
    case DrsBlob::Role::sorted: MEDARC_TRY(c_.store.attachment(who_, row, "sorted")); break;
    case DrsBlob::Role::sorted_index:
      MEDARC_TRY(c_.store.attachment(who_, row, "sorted.index"));
      break;
  }
  return {};
}

Result<std::string> DrsObjects::file_object(const DrsId& id) const {
  MEDARC_ASSIGN(const FileRow row, c_.store.file(who_, FileId(id.name)));
  MEDARC_ASSIGN(const DrsBlob blob, drs_blob_of(c_, row, *id.digest));
  const std::string created = to_rfc3339(blob.created);
  json::object out;
  out["id"] = to_text(id);
  out["name"] = blob.name;
  out["self_uri"] = drs_uri(c_, base_url_, id);
  out["size"] = blob.bytes;
  out["created_time"] = created;
  out["updated_time"] = created;
  out["version"] = blob.digest.hex();
  out["mime_type"] = blob.media_type;
  json::array& checksums = out["checksums"].emplace_array();
  checksums.push_back(checksum_of("sha-256", blob.digest.hex()));
  if (blob.role == DrsBlob::Role::own && !row.md5_hex.empty()) {
    checksums.push_back(checksum_of("md5", row.md5_hex));
  }
  json::array& methods = out["access_methods"].emplace_array();
  methods.push_back(access_method("https", true));
  if (const std::string url = htsget_url(row, blob); !url.empty()) {
    MEDARC_ASSIGN(const bool now, sliceable_now(row));
    json::object method = access_method("htsget", now);
    if (now) method["access_url"].emplace_object()["url"] = url;
    methods.push_back(std::move(method));
  }
  out["aliases"].emplace_array().push_back(json::value(row.id.value));
  return json::serialize(out);
}

Result<bool> DrsObjects::sliceable_now(const FileRow& row) const {
  MEDARC_ASSIGN(const auto sorting, c_.store.sort_state(row));
  return !sorting || sorting->phase == genomics::SortState::Phase::failed;
}

std::string DrsObjects::htsget_url(const FileRow& row, const DrsBlob& blob) const {
  const bool reads = blob.role == DrsBlob::Role::own || blob.role == DrsBlob::Role::sorted;
  const std::string_view kind = htsget_kind_of(row);
  if (!reads || kind.empty()) return "";
  return base_url_ + "/htsget/" + std::string(kind) + "/" + to_text(drs_id_of(row.id, blob.digest));
}

}  // namespace medarc::web
