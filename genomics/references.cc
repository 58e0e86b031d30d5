#include "genomics/references.h"

#include <algorithm>

#include "genomics/sequence_digests.h"

namespace medarc::genomics {
namespace {

// One source, then another.
class Joined final : public ByteSource {
 public:
  Joined(std::unique_ptr<ByteSource> first, std::unique_ptr<ByteSource> second)
      : first_(std::move(first)), second_(std::move(second)) {}
  Result<size_t> read(char* out, size_t capacity) override {
    if (first_) {
      MEDARC_ASSIGN(const size_t n, first_->read(out, capacity));
      if (n > 0) return n;
      first_.reset();
    }
    return second_->read(out, capacity);
  }

 private:
  std::unique_ptr<ByteSource> first_, second_;
};

// Where the sequence of this identity is in the file.
std::optional<size_t> position_of(const SequenceFile& file, const std::string& identity) {
  if (identity.starts_with("md5seq:")) {
    const auto found = file.by_md5.find(identity.substr(7));
    return found == file.by_md5.end() ? std::nullopt : std::optional(found->second);
  }
  const auto& all = file.places.sequences;
  const auto found = std::find_if(all.begin(), all.end(), [&](const SequencePlace& s) {
    return ga4gh_identity(s.digests.ga4gh()) == identity;
  });
  if (found == all.end()) return std::nullopt;
  return static_cast<size_t>(found - all.begin());
}

Error unknown_sequence() {
  return make_error(Code::not_found, "there is no reference sequence of this digest");
}

}  // namespace

Result<RegisteredSequence> References::find(const Asker& who, std::string_view refget_id) {
  const auto identity = identity_of(refget_id);
  MEDARC_TRY(guard_.admit(
      who, security::Action::read,
      {security::Domain::genomes, identity ? "sequence/" + *identity : std::string("sequences"),
       "reference sequence"}));
  if (!identity) return unknown_sequence();
  MEDARC_ASSIGN(auto rows, rows_of(*identity, kAliasesMax));
  std::vector<index::FileRow> readable;
  std::optional<Error> refused;
  for (index::FileRow& row : rows) {
    if (const auto permitted = permit_audited(guard_, consent_, who, row); permitted.has_error()) {
      refused = permitted.error();
    } else {
      readable.push_back(std::move(row));
    }
  }
  if (readable.empty() && refused) return *refused;
  return found_in(readable, *identity);
}

Result<RegisteredSequence> References::find_admitted(const std::string& identity) {
  MEDARC_ASSIGN(const auto rows, rows_of(identity, kAliasesMax));
  return found_in(rows, identity);
}

Result<RegisteredSequence> References::found_in(const std::vector<index::FileRow>& rows,
                                                const std::string& identity) {
  RegisteredSequence out;
  for (const index::FileRow& row : rows) {
    MEDARC_ASSIGN(auto file, load(row));
    const auto at = position_of(*file, identity);
    if (!at) return make_error(Code::corrupt, "a file's sequences are not those it is found by");
    const SequencePlace& s = file->places.sequences[*at];
    out.circular |= s.circular;
    if (std::find(out.aliases.begin(), out.aliases.end(), s.name) == out.aliases.end()) {
      out.aliases.push_back(s.name);
    }
    if (out.file) continue;
    out.digests = s.digests;
    out.letters = s.letters;
    out.at = *at;
    out.file = std::move(file);
  }
  if (!out.file) return unknown_sequence();
  return out;
}

Result<std::unique_ptr<ByteSource>> References::letters(const RegisteredSequence& sequence,
                                                        uint64_t begin, uint64_t end) {
  archive::BlobStore& blobs = index_.blobs();
  if (begin <= end) return open_letters(blobs, sequence.file, sequence.at, begin, end);
  if (!sequence.circular) {
    return make_error(Code::range_not_satisfiable,
                      "start is behind end, and the sequence is linear");
  }
  MEDARC_ASSIGN(auto first,
                open_letters(blobs, sequence.file, sequence.at, begin, sequence.letters));
  MEDARC_ASSIGN(auto second, open_letters(blobs, sequence.file, sequence.at, 0, end));
  return std::unique_ptr<ByteSource>(std::make_unique<Joined>(std::move(first), std::move(second)));
}

Result<std::vector<index::FileRow>> References::rows_of(const std::string& identity,
                                                        uint32_t limit) {
  index::Query q;
  q.kind = index::Kind::file;
  q.limit = limit;
  q.all_of_any.push_back({{index::kFieldIdentity, index::TermOp::equal, {identity}}});
  MEDARC_ASSIGN(const index::Page page, index_.view()->query(q));
  std::vector<index::FileRow> out;
  for (const index::Match& m : page.matches) {
    MEDARC_ASSIGN(out.emplace_back(), index::decode_file(m.row.value));
  }
  return out;
}

Result<std::shared_ptr<const SequenceFile>> References::load(const index::FileRow& row) {
  const auto same = [&](const auto& f) { return f->id == row.id && f->content == row.blob; };
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(used_.begin(), used_.end(), same);
    if (found != used_.end()) {
      used_.splice(used_.begin(), used_, found);
      return *found;
    }
  }
  MEDARC_ASSIGN(auto file, load_sequence_file(index_.blobs(), row));
  const std::lock_guard lock(mutex_);
  if (std::find_if(used_.begin(), used_.end(), same) != used_.end()) return file;
  used_.push_front(file);
  bytes_ += file->memory_bytes();
  while (bytes_ > limits_.map_cache_bytes && used_.size() > 1) {
    bytes_ -= used_.back()->memory_bytes();
    used_.pop_back();
  }
  return file;
}

}  // namespace medarc::genomics
