#include "genomics/cram_reads.h"

#include <algorithm>
#include <variant>

#include "genomics/bam_writer.h"
#include "genomics/bgzf.h"
#include "genomics/cram_body.h"

namespace medarc::genomics {
namespace {

constexpr size_t kHeadBytes = 64u << 10;  // read at once for a container's header

Result<Bytes> read_blob(archive::BlobStore& blobs, const Digest& digest) {
  MEDARC_ASSIGN(auto reader, blobs.open(digest));
  Bytes out(reader->size(), '\0');
  MEDARC_TRY(reader->read({0, out.size()}, out.data()));
  return out;
}

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

// As much as `bytes_max` at once; all of it: then its length is known.
Result<SliceContent> read_ahead(std::unique_ptr<ByteSource> source, uint64_t bytes_max) {
  Bytes ahead;
  while (ahead.size() < bytes_max) {
    const size_t before = ahead.size();
    ahead.resize(before + wire::kDataBytesMax);
    MEDARC_ASSIGN(const size_t n, source->read(ahead.data() + before, wire::kDataBytesMax));
    ahead.resize(before + n);
    if (n > 0) continue;
    const uint64_t bytes = ahead.size();
    return SliceContent{std::make_unique<Ahead>(std::move(ahead), nullptr), bytes};
  }
  return SliceContent{std::make_unique<Ahead>(std::move(ahead), std::move(source)), std::nullopt};
}

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

// The container that ends a file is of one form in each version.
uint64_t end_bytes(CramVersion version) { return version.major >= 3 ? 38 : 30; }

}  // namespace

// Parts of a slice, one after the other.
class CramReads::Parts final : public ByteSource {
 public:
  struct Later {  // a coded piece that is begun when its turn comes
    CramPiece piece;
  };
  using Part = std::variant<ByteRange, std::unique_ptr<ByteSource>, Later>;

  Parts(CramReads& reads, std::shared_ptr<const CramSet> set,
        std::unique_ptr<archive::BlobReader> file, std::vector<Part> parts)
      : reads_(reads), set_(std::move(set)), file_(std::move(file)), parts_(std::move(parts)) {}

  Result<size_t> read(char* out, size_t capacity) override {
    for (; next_ < parts_.size(); ++next_) {
      MEDARC_ASSIGN(const size_t n, read_part(parts_[next_], out, capacity));
      if (n > 0) return n;
      parts_[next_] = ByteRange{};
    }
    return size_t{0};
  }

 private:
  Result<size_t> read_part(Part& part, char* out, size_t capacity) {
    if (auto* range = std::get_if<ByteRange>(&part)) {
      const size_t n = std::min<uint64_t>(capacity, range->length);
      if (n > 0) MEDARC_TRY(file_->read({range->begin, n}, out));
      *range = {range->begin + n, range->length - n};
      return n;
    }
    if (auto* later = std::get_if<Later>(&part)) {
      MEDARC_ASSIGN(auto source, reads_.start(*set_, later->piece, Form::cram));
      part = std::move(source);
    }
    return std::get<std::unique_ptr<ByteSource>>(part)->read(out, capacity);
  }

  CramReads& reads_;
  const std::shared_ptr<const CramSet> set_;
  const std::unique_ptr<archive::BlobReader> file_;
  std::vector<Part> parts_;
  size_t next_ = 0;
};

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

Result<std::shared_ptr<const CramSet>> CramReads::load(const index::FileRow& row) {
  const index::Attachment* header = index::attachment(row, "header");
  if (row.format != "cram" || header == nullptr) {
    return make_error(Code::unsupported, "the file is no CRAM file");
  }
  auto out = std::make_shared<CramSet>();
  out->id = row.id;
  out->input.file = row.blob;
  out->input.index = row.index_blob;
  out->consent = row.consent;
  archive::BlobStore& blobs = index_.blobs();
  MEDARC_ASSIGN(Bytes text, read_blob(blobs, header->blob));
  MEDARC_ASSIGN(out->header, header_of_text(std::move(text)));
  MEDARC_ASSIGN(auto file, blobs.open(row.blob));
  Bytes definition(std::min<uint64_t>(kCramDefinitionBytes, file->size()), '\0');
  MEDARC_TRY(file->read({0, definition.size()}, definition.data()));
  MEDARC_ASSIGN(out->version, cram_version(definition));
  MEDARC_ASSIGN(const CramContainer first,
                container_at(*file, kCramDefinitionBytes, out->version, limits_));
  const uint64_t begin = kCramDefinitionBytes + first.bytes();
  const uint64_t end = file->size() - std::min(end_bytes(out->version), file->size());
  if (begin > end) return make_error(Code::corrupt, "a CRAM container is cut off");
  out->body = {begin, end - begin};
  if (!row.index_blob) return std::shared_ptr<const CramSet>(std::move(out));
  MEDARC_ASSIGN(const Bytes crai, read_blob(blobs, *row.index_blob));
  MEDARC_ASSIGN(out->entries, parse_crai(crai, limits_));
  std::stable_sort(out->entries.begin(), out->entries.end(),
                   [](const CraiEntry& a, const CraiEntry& b) {
                     return a.container_offset < b.container_offset;
                   });
  const bool outside = !out->entries.empty() && (out->entries.front().container_offset < begin ||
                                                 out->entries.back().container_offset >= end);
  if (outside) return make_error(Code::corrupt, "a CRAM container is not where its index says");
  return std::shared_ptr<const CramSet>(std::move(out));
}

Result<std::vector<Region>> CramReads::withheld(const Asker& who, const CramSet& set) {
  index::FileRow row;
  row.id = set.id;
  row.consent = set.consent;
  MEDARC_ASSIGN(const Permit permitted, permit_audited(guard_, consent_, who, row));
  return places_of(permitted.withheld, set.header);
}

Result<CramReads::Wanted> CramReads::admit(const Asker& who, const CramSet& set, Wanted wanted) {
  std::string detail = "all reads";
  if (wanted.regions) {
    detail = wanted.regions->empty() ? "header" : "reads of regions";
    if (!set.input.index && !wanted.regions->empty()) {
      return make_error(Code::unsupported,
                        "the file is not sorted by coordinate: it has no reads by region");
    }
    if (wanted.regions->size() > limits_.regions_max) {
      return make_error(Code::too_large, "more regions than genomics.regions_max");
    }
  }
  MEDARC_ASSIGN(wanted.withheld, withheld(who, set));
  if (wanted.withheld.size() > wire::kRegionsMax) {
    return make_error(Code::too_large, "more regions are withheld than one CRAM job takes");
  }
  if (!wanted.withheld.empty()) {
    detail += ", without " + std::to_string(wanted.withheld.size()) + " regions";
  }
  MEDARC_TRY(guard_.admit(who, security::Action::read,
                          {security::Domain::genomes, "file/" + set.id.value, detail}));
  return wanted;
}

std::vector<CramPiece> CramReads::plan(const CramSet& set, const Wanted& wanted) const {
  CramPlanOptions options;
  options.exact = wanted.exact;
  options.code_all = wanted.form == Form::bam;
  std::optional<std::vector<Region>> regions;
  if (wanted.regions) regions = merge_regions(*wanted.regions);
  return plan_cram(set, regions, wanted.withheld, options);
}

Result<Bytes> CramReads::header(const CramSet& set, Form form) {
  if (form == Form::cram) return stored(set, {0, set.body.begin});
  Bytes out;
  const BgzfDeflater deflater(kBgzfCarefulLevel);
  deflater.deflate(encode_bam_header(set.header), out);
  return out;
}

Result<Bytes> CramReads::end(const CramSet& set, Form form) {
  if (form == Form::bam) return Bytes(kBgzfEof);
  return stored(set, {set.body.end(), end_bytes(set.version)});
}

Result<Bytes> CramReads::stored(const CramSet& set, ByteRange range) {
  MEDARC_ASSIGN(auto file, index_.blobs().open(set.input.file));
  Bytes out(range.length, '\0');
  MEDARC_TRY(file->read(range, out.data()));
  return out;
}

Result<std::unique_ptr<ByteSource>> CramReads::start(const CramSet& set, const CramPiece& piece,
                                                     Form form) {
  // A CRAM file of these containers alone, between the header and the end of the stored one.
  JobInput input{set.input.file, std::nullopt, {{0, set.body.begin}}};
  input.parts.insert(input.parts.end(), piece.ranges.begin(), piece.ranges.end());
  input.parts.push_back({set.body.end(), end_bytes(set.version)});
  wire::Job job;
  job.operation = form == Form::bam ? wire::Operation::bam : wire::Operation::cram;
  job.everything = piece.regions.empty();
  job.filters = !piece.regions.empty();
  job.headless = form == Form::bam;
  job.regions = piece.regions;
  job.withheld = piece.withheld;
  MEDARC_ASSIGN(std::unique_ptr<ByteSource> reads, workers_.start(job, input));
  return form == Form::bam ? without_tail(std::move(reads), kBgzfEof.size())
                           : body_of_cram(std::move(reads));
}

Result<SliceContent> CramReads::coded(const CramSet& set, const CramPiece& piece, Form form) {
  MEDARC_ASSIGN(auto source, start(set, piece, form));
  return read_ahead(std::move(source), limits_.recode_eager_bytes_max);
}

Result<SliceContent> CramReads::open(const Asker& who, std::shared_ptr<const CramSet> set,
                                     const Wanted& wanted) {
  MEDARC_ASSIGN(const Wanted admitted, admit(who, *set, wanted));
  return open_admitted(std::move(set), admitted);
}

Result<SliceContent> CramReads::open_admitted(std::shared_ptr<const CramSet> set,
                                              const Wanted& wanted) {
  if (wanted.form == Form::bam) return by_index(*set, wanted);
  std::vector<Parts::Part> parts;
  parts.emplace_back(ByteRange{0, set->body.begin});
  std::optional<uint64_t> bytes = set->body.begin + end_bytes(set->version);
  uint64_t coded_bytes = 0;
  for (CramPiece& piece : plan(*set, wanted)) {
    if (!piece.coded) {
      for (const ByteRange& range : piece.ranges) parts.emplace_back(range);
      if (bytes) *bytes += piece.bytes();
    } else if (!bytes) {
      parts.emplace_back(Parts::Later{std::move(piece)});
    } else {
      MEDARC_ASSIGN(auto source, start(*set, piece, Form::cram));
      const uint64_t room =
          limits_.recode_eager_bytes_max - std::min(coded_bytes, limits_.recode_eager_bytes_max);
      MEDARC_ASSIGN(SliceContent ahead, read_ahead(std::move(source), std::max<uint64_t>(room, 1)));
      parts.emplace_back(std::move(ahead.source));
      if (ahead.bytes) {
        *bytes += *ahead.bytes;
        coded_bytes += *ahead.bytes;
      } else {
        bytes.reset();
      }
    }
  }
  parts.emplace_back(ByteRange{set->body.end(), end_bytes(set->version)});
  MEDARC_ASSIGN(auto file, index_.blobs().open(set->input.file));
  return SliceContent{
      std::make_unique<Parts>(*this, std::move(set), std::move(file), std::move(parts)), bytes};
}

// One worker writes it all, and finds the reads by the index.
Result<SliceContent> CramReads::by_index(const CramSet& set, const Wanted& wanted) {
  wire::Job job;
  job.operation = wire::Operation::bam;
  job.everything = !wanted.regions;
  if (wanted.regions) job.regions = merge_regions(*wanted.regions);
  job.withheld = wanted.withheld;
  MEDARC_ASSIGN(auto reads, workers_.start(job, set.input));
  return read_ahead(std::move(reads), limits_.recode_eager_bytes_max);
}

}  // namespace medarc::genomics
