#include "web/genomics/drs_bundle.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "archive/hash.h"
#include "web/genomics/drs_objects.h"

namespace medarc::web {
namespace {

namespace json = boost::json;

using genomics::FileRow;

Error no_bundle() {
  return make_error(Code::not_found, "there is no DRS bundle of this id, or not with these files");
}

// What a name asks of the listing. alone: of files that name the sample and no other.
struct Scope {
  std::string patient, sample;
  bool alone = false;
};

std::optional<Scope> scope_of(const DrsId& id) {
  switch (id.kind) {
    case DrsId::Kind::file: break;
    case DrsId::Kind::patient: return Scope{"Patient/" + id.name, "", false};
    case DrsId::Kind::sample: return Scope{"", id.name, false};
    case DrsId::Kind::patient_sample: {
      const size_t slash = id.name.find('/');
      if (slash == std::string::npos || slash + 1 == id.name.size()) return std::nullopt;
      return Scope{"Patient/" + id.name.substr(0, slash), id.name.substr(slash + 1), true};
    }
  }
  return std::nullopt;
}

Result<std::vector<FileRow>> files_of(const GenomicsContext& c, const security::Principal& who,
                                      const Scope& scope) {
  genomics::FileQuery query;
  query.patient = scope.patient;
  query.sample = scope.sample;
  query.limit = c.options.page_max;
  std::vector<FileRow> out;
  do {
    MEDARC_ASSIGN(genomics::FilePage page, c.store.list(who, query));
    for (FileRow& row : page.files) {
      if (scope.alone && row.samples != std::vector<std::string>{scope.sample}) continue;
      out.push_back(std::move(row));
    }
    if (out.size() > c.options.drs_bundle_files_max) {
      return make_error(Code::too_large, "the bundle has over genomics.drs_bundle_files_max files");
    }
    query.cursor = std::move(page.next);
  } while (!query.cursor.empty());
  std::reverse(out.begin(), out.end());
  return out;
}

// Each file changes the digest of all before it, so that every beginning of the list has its own.
Digest and_file(const Digest& before, const FileRow& row) {
  archive::Sha256 hash;
  hash.update(before.view());
  hash.update(to_text(drs_id_of(row.id, row.blob)));
  if (row.index_blob) hash.update(row.index_blob->view());
  return hash.finish();
}

Digest digest_of(const std::vector<FileRow>& files) {
  Digest out;
  for (const FileRow& row : files) out = and_file(out, row);
  return out;
}

// What lies in a bundle, and what it comes to.
struct Contents {
  json::array entries;
  uint64_t bytes = 0;
  std::vector<std::string> checksums;
  std::set<std::string, std::less<>> names;

  // DRS: the checksum over the sorted concatenation of those of the top level.
  std::string checksum() {
    std::sort(checksums.begin(), checksums.end());
    std::string all;
    for (const std::string& one : checksums) all += one;
    return archive::Sha256::of(all).hex();
  }
  // Neither `base` nor `base` + `also` is taken.
  std::string fresh_name(const std::string& base, const std::string& also) {
    std::string out = base;
    for (uint64_t n = 2; names.contains(out) || names.contains(out + also); ++n) {
      out = std::to_string(n) + "." + base;
    }
    names.insert(out);
    return out;
  }
};

class Maker {
 public:
  Maker(const GenomicsContext& c, const std::string& base_url) : c_(c), base_url_(base_url) {}

  Result<Contents> contents_of(const DrsBundle& bundle, bool expand) {
    Contents out;
    std::map<std::string, std::vector<FileRow>> by_sample;
    for (const FileRow& row : bundle.files) {
      if (bundle.id.kind == DrsId::Kind::patient && row.samples.size() == 1) {
        by_sample[row.samples[0]].push_back(row);
      } else {
        MEDARC_TRY(add_file(row, out));
      }
    }
    for (auto& [sample, rows] : by_sample) {
      DrsBundle part{{DrsId::Kind::patient_sample, bundle.id.name + "/" + sample, digest_of(rows)},
                     std::move(rows)};
      MEDARC_TRY(add_bundle(part, drs_name(sample), expand, out));
    }
    return out;
  }

 private:
  json::object entry(const DrsId& id, const std::string& name) {
    json::object out;
    out["name"] = name;
    out["id"] = to_text(id);
    out["drs_uri"].emplace_array().push_back(json::value(drs_uri(c_, base_url_, id)));
    return out;
  }

  Status add_file(const FileRow& row, Contents& out) {
    MEDARC_ASSIGN(const DrsBlob own, drs_blob_of(c_, row, row.blob));
    const std::string suffix = row.index_blob ? "." + row.index_kind : "";
    const std::string name = out.fresh_name(own.name, suffix);
    add_blob(row, own, name, out);
    if (!row.index_blob) return {};
    MEDARC_ASSIGN(const DrsBlob index, drs_blob_of(c_, row, *row.index_blob));
    out.names.insert(name + suffix);
    add_blob(row, index, name + suffix, out);
    return {};
  }

  void add_blob(const FileRow& row, const DrsBlob& blob, const std::string& name, Contents& out) {
    out.entries.push_back(entry(drs_id_of(row.id, blob.digest), name));
    out.bytes += blob.bytes;
    out.checksums.push_back(blob.digest.hex());
  }

  Status add_bundle(const DrsBundle& part, const std::string& name, bool expand, Contents& out) {
    MEDARC_ASSIGN(Contents inside, contents_of(part, expand));
    json::object one = entry(part.id, out.fresh_name(name, ""));
    if (expand) one["contents"] = std::move(inside.entries);
    out.entries.push_back(std::move(one));
    out.bytes += inside.bytes;
    out.checksums.push_back(inside.checksum());
    return {};
  }

  const GenomicsContext& c_;
  const std::string& base_url_;
};

}  // namespace

Result<DrsBundle> find_drs_bundle(const GenomicsContext& c, const security::Principal& who,
                                  const DrsId& id) {
  const auto scope = scope_of(id);
  if (!scope) return no_bundle();
  DrsBundle out{id, {}};
  MEDARC_ASSIGN(out.files, files_of(c, who, *scope));
  Digest digest;
  for (size_t n = 0; n < out.files.size(); ++n) {
    digest = and_file(digest, out.files[n]);
    if (!id.digest && n + 1 < out.files.size()) continue;
    if (id.digest && digest != *id.digest) continue;
    out.id.digest = digest;
    out.files.resize(n + 1);
    return out;
  }
  return no_bundle();
}

Result<std::string> drs_bundle_json(const GenomicsContext& c, const std::string& base_url,
                                    const DrsBundle& bundle, bool expand) {
  MEDARC_ASSIGN(Contents contents, Maker(c, base_url).contents_of(bundle, expand));
  const std::string created = to_rfc3339(bundle.files.back().received);
  json::object out;
  out["id"] = to_text(bundle.id);
  out["name"] = drs_name(bundle.id.name);
  out["self_uri"] = drs_uri(c, base_url, bundle.id);
  out["size"] = contents.bytes;
  out["created_time"] = created;
  out["updated_time"] = created;
  json::object checksum;
  checksum["type"] = "sha-256";
  checksum["checksum"] = contents.checksum();
  out["checksums"].emplace_array().push_back(std::move(checksum));
  out["contents"] = std::move(contents.entries);
  return json::serialize(out);
}

}  // namespace medarc::web
