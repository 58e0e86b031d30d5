#include "genomics/cram_reads.h"

#include <algorithm>
#include <charconv>

#include "genomics/gzip_stream.h"

namespace medarc::genomics {
namespace {

constexpr size_t kHeadBytes = 64u << 10;  // read at once for a container's header

Result<Bytes> read_blob(archive::BlobStore& blobs, const Digest& digest) {
  MEDARC_ASSIGN(auto reader, blobs.open(digest));
  Bytes out(reader->size(), '\0');
  MEDARC_TRY(reader->read({0, out.size()}, out.data()));
  return out;
}

// Parts of a blob, one after the other.
class Ranges final : public ByteSource {
 public:
  Ranges(std::unique_ptr<archive::BlobReader> reader, std::vector<ByteRange> ranges)
      : reader_(std::move(reader)), ranges_(std::move(ranges)) {}
  Result<size_t> read(char* out, size_t capacity) override {
    while (next_ < ranges_.size() && ranges_[next_].length == 0) ++next_;
    if (next_ == ranges_.size()) return size_t{0};
    ByteRange& r = ranges_[next_];
    const size_t n = std::min<uint64_t>(capacity, r.length);
    MEDARC_TRY(reader_->read({r.begin, n}, out));
    r = {r.begin + n, r.length - n};
    return n;
  }

 private:
  const std::unique_ptr<archive::BlobReader> reader_;
  std::vector<ByteRange> ranges_;
  size_t next_ = 0;
};

// What was read ahead, then the rest.
class Ahead final : public ByteSource {
 public:
  Ahead(Bytes ahead, std::unique_ptr<ByteSource> rest)
      : ahead_(std::move(ahead)), rest_(std::move(rest)) {}
  Result<size_t> read(char* out, size_t capacity) override {
    const size_t n = ahead_.copy(out, capacity, at_);
    at_ += n;
    return n > 0 || !rest_ ? Result<size_t>(n) : rest_->read(out, capacity);
  }

 private:
  const Bytes ahead_;
  size_t at_ = 0;
  const std::unique_ptr<ByteSource> rest_;
};

Result<CramContainer> container_at(archive::BlobReader& file, uint64_t offset, CramVersion version,
                                   const Limits& limits) {
  for (uint64_t room = kHeadBytes;; room *= 4) {
    Bytes bytes(std::min<uint64_t>(room, file.size() - std::min(offset, file.size())), '\0');
    MEDARC_TRY(file.read({offset, bytes.size()}, bytes.data()));
    MEDARC_ASSIGN(auto head, read_cram_container(bytes, version));
    if (head) return std::move(*head);
    if (bytes.size() < room || room > limits.cram_container_header_bytes_max) {
      return make_error(Code::corrupt, "a CRAM container is not where its index says");
    }
  }
}

// Whether two plans have a container in common.
bool shares(const CramPlan& one, const CramPlan& other) {
  return std::any_of(one.containers.begin(), one.containers.end(), [&](uint64_t at) {
    return std::binary_search(other.containers.begin(), other.containers.end(), at);
  });
}

template <class T>
bool take_number(std::string_view& line, T& out) {
  const auto [end, wrong] = std::from_chars(line.data(), line.data() + line.size(), out);
  if (wrong != std::errc()) return false;
  line.remove_prefix(static_cast<size_t>(end - line.data()));
  if (line.starts_with('\t')) line.remove_prefix(1);
  return true;
}

}  // namespace

Result<std::vector<CraiEntry>> parse_crai(ByteView stored, const Limits& limits) {
  Bytes text;
  if (stored.starts_with("\x1f\x8b")) {
    GzipStream gzip;
    MEDARC_TRY(gzip.feed(stored, [&](ByteView plain) -> Status {
      if (text.size() + plain.size() > limits.header_bytes_max) {
        return make_error(Code::too_large, "a CRAM index is over genomics.header_bytes_max");
      }
      text.append(plain);
      return {};
    }));
  } else {
    text = stored;
  }
  std::vector<CraiEntry> out;
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    CraiEntry e;
    uint64_t slice_offset = 0, slice_bytes = 0;
    if (!take_number(line, e.tid) || !take_number(line, e.start) || !take_number(line, e.span) ||
        !take_number(line, e.container_offset) || !take_number(line, slice_offset) ||
        !take_number(line, slice_bytes) || !line.empty() || e.tid < -1 || e.start < 0 ||
        e.span < 0 || e.start > INT32_MAX || e.span > INT32_MAX) {
      return make_error(Code::corrupt, "a line of a CRAM index cannot be read");
    }
    out.push_back(e);
  }
  return out;
}

Result<BamHeader> header_of_text(std::string text) {
  BamHeader out;
  for (const SequenceClaim& claim : claims_of(text)) {
    const auto id = static_cast<int32_t>(out.references.size());
    if (claim.letters > INT32_MAX || !out.ids.emplace(claim.name, id).second) {
      return make_error(Code::corrupt, "the header of a CRAM file cannot be read");
    }
    out.references.push_back({claim.name, static_cast<uint32_t>(claim.letters)});
  }
  out.text = std::move(text);
  return out;
}

CramPlan plan_cram(const CramSet& set, const std::vector<Region>& regions) {
  CramPlan out;
  for (const CraiEntry& e : set.entries) {
    const int64_t begin = e.start - 1, end = begin + e.span;
    const bool wanted = std::any_of(regions.begin(), regions.end(), [&](const Region& r) {
      return r.tid == e.tid && (e.tid == kUnplaced || (begin < r.end && r.begin < end));
    });
    if (wanted) out.containers.push_back(e.container_offset);
  }
  std::sort(out.containers.begin(), out.containers.end());
  out.containers.erase(std::unique(out.containers.begin(), out.containers.end()),
                       out.containers.end());
  for (const CraiEntry& e : set.entries) {
    if (!std::binary_search(out.containers.begin(), out.containers.end(), e.container_offset)) {
      continue;
    }
    const int64_t begin = e.start - 1, end = begin + e.span;
    const bool inside = std::any_of(regions.begin(), regions.end(), [&](const Region& r) {
      return r.tid == e.tid && (e.tid == kUnplaced || (r.begin <= begin && end <= r.end));
    });
    if (!inside) out.exact = false;
  }
  return out;
}

Result<std::shared_ptr<const CramSet>> CramReads::load(const index::FileRow& row) {
  const index::Attachment* header = index::attachment(row, "header");
  if (row.format != "cram" || header == nullptr) {
    return make_error(Code::unsupported, "the file is no CRAM file");
  }
  auto out = std::make_shared<CramSet>();
  out->id = row.id;
  out->input = {row.blob, row.index_blob};
  out->file_bytes = row.bytes;
  out->consent = row.consent;
  archive::BlobStore& blobs = index_.blobs();
  MEDARC_ASSIGN(Bytes text, read_blob(blobs, header->blob));
  MEDARC_ASSIGN(out->header, header_of_text(std::move(text)));
  MEDARC_ASSIGN(auto file, blobs.open(row.blob));
  Bytes definition(std::min<uint64_t>(kCramDefinitionBytes, file->size()), '\0');
  MEDARC_TRY(file->read({0, definition.size()}, definition.data()));
  MEDARC_ASSIGN(out->version, cram_version(definition));
  if (row.index_blob) {
    MEDARC_ASSIGN(const Bytes crai, read_blob(blobs, *row.index_blob));
    MEDARC_ASSIGN(out->entries, parse_crai(crai, limits_));
  }
  return std::shared_ptr<const CramSet>(std::move(out));
}

Result<std::vector<Region>> CramReads::withheld(const Asker& who, const CramSet& set) {
  index::FileRow row;
  row.id = set.id;
  row.consent = set.consent;
  MEDARC_ASSIGN(const Permit permitted, permit_audited(guard_, consent_, who, row));
  return places_of(permitted.withheld, set.header);
}

Result<SliceContent> CramReads::open(const Asker& who, std::shared_ptr<const CramSet> set,
                                     const Wanted& wanted) {
  std::string detail = "all reads";
  if (wanted.regions) {
    detail = wanted.regions->empty() ? "header" : "reads of regions";
    if (!set->input.index) {
      return make_error(Code::unsupported,
                        "the file is not sorted by coordinate: it has no reads by region");
    }
    if (wanted.regions->size() > limits_.regions_max) {
      return make_error(Code::too_large, "more regions than genomics.regions_max");
    }
  }
  MEDARC_ASSIGN(auto left_out, withheld(who, *set));
  if (left_out.size() > wire::kRegionsMax) {
    return make_error(Code::too_large, "more regions are withheld than one CRAM job takes");
  }
  if (!left_out.empty()) detail += ", without " + std::to_string(left_out.size()) + " regions";
  MEDARC_TRY(guard_.admit(who, security::Action::read,
                          {security::Domain::genomes, "file/" + set->id.value, detail}));
  archive::BlobStore& blobs = index_.blobs();
  if (wanted.form == Form::cram && !wanted.regions && left_out.empty()) {
    MEDARC_ASSIGN(auto file, blobs.open(set->input.file));
    const uint64_t bytes = file->size();
    return SliceContent{
        std::make_unique<Ranges>(std::move(file), std::vector<ByteRange>{{0, bytes}}), bytes};
  }
  std::vector<Region> regions;
  if (wanted.regions) regions = merge_regions(*wanted.regions);
  if (wanted.form == Form::cram && wanted.regions) {
    const CramPlan plan = plan_cram(*set, regions);
    if ((plan.exact || !wanted.exact) && !shares(plan, plan_cram(*set, left_out))) {
      return verbatim(*set, plan.containers);
    }
  }
  return coded(*set, wanted, std::move(regions), std::move(left_out));
}

Result<SliceContent> CramReads::verbatim(const CramSet& set,
                                         const std::vector<uint64_t>& containers) {
  MEDARC_ASSIGN(auto file, index_.blobs().open(set.input.file));
  MEDARC_ASSIGN(const CramContainer header,
                container_at(*file, kCramDefinitionBytes, set.version, limits_));
  std::vector<ByteRange> ranges{{0, kCramDefinitionBytes + header.bytes()}};
  for (const uint64_t at : containers) {
    MEDARC_ASSIGN(const CramContainer c, container_at(*file, at, set.version, limits_));
    if (ranges.back().end() == at) {
      ranges.back().length += c.bytes();
    } else {
      ranges.push_back({at, c.bytes()});
    }
  }
  // The end container is of one form in each version.
  const uint64_t end_bytes = set.version.major >= 3 ? 38 : 30;
  ranges.push_back({file->size() - std::min(end_bytes, file->size()), end_bytes});
  uint64_t bytes = 0;
  for (const ByteRange& r : ranges) {
    if (r.end() > file->size()) return make_error(Code::corrupt, "a CRAM container is cut off");
    bytes += r.length;
  }
  return SliceContent{std::make_unique<Ranges>(std::move(file), std::move(ranges)), bytes};
}

Result<SliceContent> CramReads::coded(const CramSet& set, const Wanted& wanted,
                                      std::vector<Region> regions, std::vector<Region> left_out) {
  wire::Job job;
  job.operation = wanted.form == Form::bam ? wire::Operation::bam : wire::Operation::cram;
  job.everything = !wanted.regions;
  job.regions = std::move(regions);
  job.withheld = std::move(left_out);
  MEDARC_ASSIGN(auto reads, workers_.start(job, set.input));
  Bytes ahead;
  while (ahead.size() < limits_.recode_eager_bytes_max) {
    const size_t before = ahead.size();
    ahead.resize(before + wire::kDataBytesMax);
    MEDARC_ASSIGN(const size_t n, reads->read(ahead.data() + before, wire::kDataBytesMax));
    ahead.resize(before + n);
    if (n > 0) continue;
    const uint64_t bytes = ahead.size();
    return SliceContent{std::make_unique<Ahead>(std::move(ahead), nullptr), bytes};
  }
  return SliceContent{std::make_unique<Ahead>(std::move(ahead), std::move(reads)), std::nullopt};
}

}  // namespace medarc::genomics
