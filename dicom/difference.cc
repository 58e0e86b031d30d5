#include "dicom/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "archive/hash.h"
#include "dicom/convert.h"
#include "dicom/dictionary.h"
#include "dicom/element_path.h"
#include "dicom/inflate.h"
#include "dicom/json.h"
#include "dicom/json_elements.h"
#include "dicom/pieces.h"
#include "dicom/values.h"

namespace medarc::dicom {
namespace {

constexpr size_t kReadBytes = 1u << 20;

// An element of a version; views into its JSON.
struct Leaf {
  std::string path;
  JsonElement element;
};

// Steps of a path have the same length (tags) or are numbers without leading zeros (items).
bool path_before(std::string_view a, std::string_view b) {
  while (true) {
    const size_t to_a = std::min(a.find('/'), a.size()), to_b = std::min(b.find('/'), b.size());
    if (to_a != to_b) return to_a < to_b;
    if (const int order = a.substr(0, to_a).compare(b.substr(0, to_b)); order != 0)
      return order < 0;
    if (to_b == b.size()) return false;
    if (to_a == a.size()) return true;
    a.remove_prefix(to_a + 1);
    b.remove_prefix(to_b + 1);
  }
}

bool is_sequence(const JsonElement& e) { return e.vr[0] == 'S' && e.vr[1] == 'Q'; }

// Every element at every depth, in the order of paths.
std::vector<Leaf> leaves_of(std::string_view json) {
  struct Open {
    std::string prefix;
    std::string_view dataset;
  };
  std::vector<Leaf> out;
  std::vector<Open> open{{"", json}};
  while (!open.empty()) {
    const Open here = std::move(open.back());
    open.pop_back();
    for_each_element(here.dataset, [&](const JsonElement& e) {
      std::string path = here.prefix + tag_hex(e.tag);
      if (is_sequence(e)) {
        size_t item = 0;
        for (const std::string_view entry : json_entries(e.values)) {
          open.push_back({fmt::format("{}/{}/", path, item++), entry});
        }
      }
      out.push_back({std::move(path), e});
      return true;
    });
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Leaf& a, const Leaf& b) { return path_before(a.path, b.path); });
  return out;
}

// One version, read.
class Version {
 public:
  static Result<std::unique_ptr<Version>> read(archive::BlobStore& blobs, const InstanceRow& row,
                                               const Limits& limits,
                                               const DifferenceLimits& differences) {
    std::unique_ptr<Version> out(new Version(row, limits, differences));
    MEDARC_ASSIGN(auto reader, blobs.open(row.dataset));
    out->blob_ = std::move(reader);
    MEDARC_ASSIGN(out->scanner_, scan_stored(*out->blob_, out->syntax_, limits));
    out->json_ = metadata_json(*out->scanner_, row.uid.value, row.transfer_syntax.value);
    if (out->json_.size() > differences.metadata_bytes_max) {
      return make_error(Code::too_large, "its metadata is over history.metadata_bytes_max");
    }
    out->leaves_ = leaves_of(out->json_);
    return out;
  }

  const std::vector<Leaf>& leaves() const { return leaves_; }

  Result<ElementState> state_of(const Leaf& leaf) {
    const JsonElement& e = leaf.element;
    ElementState out;
    out.vr.assign(e.vr.data(), e.vr.size());
    out.json = "{\"vr\":\"" + out.vr + '"';
    if (is_sequence(e)) {
      out.json += fmt::format(",\"items\":{}", json_entries(e.values).size());
    } else if (e.elsewhere) {
      MEDARC_TRY(add_digest(leaf.path, out.json));
    } else if (!e.inline_binary.empty()) {
      out.json += ",\"InlineBinary\":\"" + std::string(e.inline_binary) + '"';
    } else if (!e.values.empty()) {
      out.json += ",\"Value\":" + std::string(e.values);
    }
    out.json += '}';
    return out;
  }

 private:
  Version(const InstanceRow& row, const Limits& limits, const DifferenceLimits& differences)
      : syntax_(transfer_syntax_or_default(row.transfer_syntax.value)),
        limits_(limits),
        differences_(differences) {}

  // The bytes of bulk data, as Imaging::bulkdata gives them.
  std::unique_ptr<ByteSource> bytes_of(const Element& e) const {
    std::vector<Piece> pieces;
    if (syntax_.deflated) {
      add_range(pieces, {0, blob_->size()});
      return inflating_source({}, std::make_unique<PieceSource>(blob_, std::move(pieces)), e.offset,
                              e.length, limits_.inflated_bytes_max);
    }
    if (e.kind == Element::Kind::fragments) {
      for (const Fragment& f : scanner_->pixel_data()->fragments) {
        add_range(pieces, {f.offset, f.length});
      }
    } else {
      const bool swap = syntax_.encoding == Encoding::explicit_big;
      add_range(pieces, {e.offset, e.length}, swap ? word_bytes(e.vr) : uint8_t{1}, e.offset);
    }
    return std::make_unique<PieceSource>(blob_, std::move(pieces));
  }

  Status add_digest(const std::string& path, std::string& json) {
    const Element* e = locate(*scanner_, path);
    if (e == nullptr) return make_error(Code::internal, "bulk data without an element");
    if (++bulk_values_ > differences_.bulk_values_max) {
      return make_error(Code::too_large, "more bulk values than history.bulk_values_max");
    }
    const auto source = bytes_of(*e);
    archive::Sha256 hash;
    Bytes buffer(kReadBytes, '\0');
    uint64_t bytes = 0;
    while (true) {
      MEDARC_ASSIGN(const size_t n, source->read(buffer.data(), buffer.size()));
      if (n == 0) break;
      hash.update(ByteView(buffer).substr(0, n));
      bytes += n;
      bulk_bytes_ += n;
      if (bulk_bytes_ > differences_.bulk_bytes_max) {
        return make_error(Code::too_large, "its bulk data are over history.bulk_bytes_max");
      }
    }
    json += fmt::format(",\"bytes\":{},\"digest\":\"sha256-{}\"", bytes, hash.finish().hex());
    return {};
  }

  const TransferSyntax syntax_;
  const Limits& limits_;
  const DifferenceLimits& differences_;
  std::shared_ptr<archive::BlobReader> blob_;
  std::unique_ptr<Scanner> scanner_;
  std::string json_;
  std::vector<Leaf> leaves_;
  uint64_t bulk_bytes_ = 0;
  uint32_t bulk_values_ = 0;
};

}  // namespace

DifferenceLimits DifferenceLimits::from(Config& config) {
  DifferenceLimits o;
  o.differences_max = static_cast<uint32_t>(
      config.size("history.differences_max", o.differences_max,
                  "Differing elements told of two versions; more are counted.", 1, 10'000'000));
  o.metadata_bytes_max =
      config.size("history.metadata_bytes_max", o.metadata_bytes_max,
                  "Metadata of each of two versions that are compared.", 1024, 4ull << 30);
  o.bulk_values_max = static_cast<uint32_t>(
      config.size("history.bulk_values_max", o.bulk_values_max,
                  "Bulk data values of each of two versions that are compared.", 1, 1'000'000));
  o.bulk_bytes_max = config.size("history.bulk_bytes_max", o.bulk_bytes_max,
                                 "Bytes of bulk data read of each of two versions to compare them.",
                                 1, 1ull << 50);
  return o;
}

Result<Difference> compare_versions(archive::BlobStore& blobs, InstanceRow before,
                                    InstanceRow after, const Limits& limits,
                                    const DifferenceLimits& differences) {
  Difference out;
  out.before = std::move(before);
  out.after = std::move(after);
  const bool same_bytes = out.before.dataset == out.after.dataset &&
                          out.before.transfer_syntax == out.after.transfer_syntax;
  if (same_bytes) return out;
  MEDARC_ASSIGN(auto one, Version::read(blobs, out.before, limits, differences));
  MEDARC_ASSIGN(auto other, Version::read(blobs, out.after, limits, differences));
  auto a = one->leaves().begin(), b = other->leaves().begin();
  const auto a_end = one->leaves().end(), b_end = other->leaves().end();
  while (a != a_end || b != b_end) {
    const bool only_a = b == b_end || (a != a_end && path_before(a->path, b->path));
    const bool only_b = !only_a && (a == a_end || path_before(b->path, a->path));
    ElementDifference found;
    found.path = only_b ? b->path : a->path;
    const bool told = out.elements.size() < differences.differences_max;
    if ((only_a || only_b) && !told) {  // no need to read bulk data for what is only counted
      ++out.elements_count;
      only_a ? ++a : ++b;
      continue;
    }
    if (!only_b) {
      MEDARC_ASSIGN(found.before, one->state_of(*a));
      ++a;
    }
    if (!only_a) {
      MEDARC_ASSIGN(found.after, other->state_of(*b));
      ++b;
    }
    if (found.before == found.after) continue;
    ++out.elements_count;
    if (told) out.elements.push_back(std::move(found));
  }
  return out;
}

}  // namespace medarc::dicom
