#include "genomics/sequence_text.h"

#include <algorithm>

namespace medarc::genomics {
namespace {

constexpr size_t kTextBytes = 64u << 10;  // read at a time from plain text

Result<Bytes> read_blob(archive::BlobStore& blobs, const Digest& digest) {
  MEDARC_ASSIGN(auto reader, blobs.open(digest));
  Bytes out(reader->size(), '\0');
  MEDARC_TRY(reader->read({0, out.size()}, out.data()));
  return out;
}

// The text from one place on, piece by piece.
class Text {
 public:
  virtual ~Text() = default;
  virtual Result<ByteView> next() = 0;  // until the next call; empty: the end
};

class PlainText final : public Text {
 public:
  PlainText(std::unique_ptr<archive::BlobReader> reader, uint64_t at)
      : reader_(std::move(reader)), at_(at) {}
  Result<ByteView> next() override {
    const uint64_t n =
        std::min<uint64_t>(kTextBytes, reader_->size() - std::min(at_, reader_->size()));
    piece_.resize(n);
    if (n > 0) MEDARC_TRY(reader_->read({at_, n}, piece_.data()));
    at_ += n;
    return ByteView(piece_);
  }

 private:
  const std::unique_ptr<archive::BlobReader> reader_;
  uint64_t at_;
  Bytes piece_;
};

class BgzfText final : public Text {
 public:
  BgzfText(std::shared_ptr<const SequenceFile> file, std::unique_ptr<archive::BlobReader> reader,
           uint64_t at)
      : file_(std::move(file)), reader_(std::move(reader)) {
    const auto& blocks = file_->blocks;
    const auto after = std::upper_bound(blocks.begin(), blocks.end(), at,
                                        [](uint64_t v, const GziEntry& e) { return v < e.plain; });
    block_ = static_cast<size_t>(after - blocks.begin()) - 1;
    skip_ = at - blocks[block_].plain;
  }

  Result<ByteView> next() override {
    const auto& blocks = file_->blocks;
    if (block_ == blocks.size()) return ByteView();
    // Behind the last entry there may be the end marker; a block says its own size.
    const uint64_t begin = blocks[block_].offset;
    const uint64_t end = block_ + 1 < blocks.size() ? blocks[block_ + 1].offset : reader_->size();
    const uint64_t room = std::min<uint64_t>(kBgzfBlockBytesMax, end - std::min(begin, end));
    packed_.resize(room);
    MEDARC_TRY(reader_->read({begin, room}, packed_.data()));
    MEDARC_ASSIGN(const auto head, read_bgzf_head(packed_));
    if (!head || head->block_bytes > room)
      return make_error(Code::corrupt, "a BGZF block is cut off");
    const ByteView block = ByteView(packed_).substr(0, head->block_bytes);
    const BgzfFooter footer = read_bgzf_footer(block);
    if (footer.plain_bytes > kBgzfBlockBytesMax || footer.plain_bytes < skip_) {
      return make_error(Code::corrupt, "a BGZF block is not as its index says");
    }
    plain_.resize(footer.plain_bytes);
    MEDARC_TRY(inflater_.inflate(block, plain_.data()));
    const ByteView out = ByteView(plain_).substr(skip_);
    skip_ = 0;
    ++block_;
    return out;
  }

 private:
  const std::shared_ptr<const SequenceFile> file_;
  const std::unique_ptr<archive::BlobReader> reader_;
  const BgzfInflater inflater_;
  size_t block_ = 0;
  uint64_t skip_ = 0;
  Bytes packed_, plain_;
};

class Letters final : public ByteSource {
 public:
  Letters(std::unique_ptr<Text> text, uint64_t skip, uint64_t count)
      : text_(std::move(text)), skip_(skip), left_(count) {}

  Result<size_t> read(char* out, size_t capacity) override {
    size_t done = 0;
    const size_t wanted = std::min<uint64_t>(capacity, left_);
    while (done < wanted) {
      if (piece_.empty()) {
        MEDARC_ASSIGN(piece_, text_->next());
        if (piece_.empty())
          return make_error(Code::corrupt, "a sequence ends before its letters do");
      }
      size_t used = 0;
      for (; used < piece_.size() && done < wanted; ++used) {
        const char c = piece_[used];
        if (c == '\n' || c == '\r') continue;
        if (skip_ > 0) {
          --skip_;
          continue;
        }
        out[done++] = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
      }
      piece_.remove_prefix(used);
    }
    left_ -= done;
    return done;
  }

 private:
  const std::unique_ptr<Text> text_;
  uint64_t skip_, left_;
  ByteView piece_;
};

}  // namespace

size_t SequenceFile::memory_bytes() const {
  size_t bytes = sizeof *this + blocks.size() * sizeof(GziEntry);
  for (const SequencePlace& s : places.sequences) {
    bytes += sizeof s + 3 * s.name.size() + s.marks.size() * 8 + 200;
  }
  return bytes;
}

Result<std::shared_ptr<const SequenceFile>> load_sequence_file(archive::BlobStore& blobs,
                                                               const index::FileRow& row) {
  const index::Attachment* sequences = index::attachment(row, "sequences");
  if (sequences == nullptr)
    return make_error(Code::not_found, "the file has no registered sequences");
  auto out = std::make_shared<SequenceFile>();
  out->id = row.id;
  out->content = out->text = row.blob;
  MEDARC_ASSIGN(const Bytes stored, read_blob(blobs, sequences->blob));
  MEDARC_ASSIGN(out->places, decode_sequence_places(stored));
  const char* needed = out->places.form == TextForm::bgzf       ? "gzi"
                       : out->places.form == TextForm::inflated ? "plain"
                                                                : nullptr;
  if (needed != nullptr) {
    const index::Attachment* beside = index::attachment(row, needed);
    if (beside == nullptr) return make_error(Code::corrupt, "an attachment of the file is missing");
    if (out->places.form == TextForm::bgzf) {
      MEDARC_ASSIGN(const Bytes gzi, read_blob(blobs, beside->blob));
      MEDARC_ASSIGN(out->blocks, decode_gzi(gzi));
    } else {
      out->text = beside->blob;
    }
  }
  for (size_t i = 0; i < out->places.sequences.size(); ++i) {
    const SequencePlace& s = out->places.sequences[i];
    out->by_md5.emplace(s.digests.md5_hex(), i);
    out->by_name.emplace(s.name, i);
  }
  return std::shared_ptr<const SequenceFile>(std::move(out));
}

Result<std::unique_ptr<ByteSource>> open_letters(archive::BlobStore& blobs,
                                                 std::shared_ptr<const SequenceFile> file,
                                                 size_t at, uint64_t begin, uint64_t end) {
  const SequencePlace& s = file->places.sequences.at(at);
  if (begin > end || end > s.letters) {
    return make_error(Code::range_not_satisfiable, "a range outside the sequence");
  }
  uint64_t offset = s.offset, skip = 0;
  if (s.line_letters > 0) {
    offset += begin / s.line_letters * s.line_bytes + begin % s.line_letters;
  } else {
    const size_t mark = std::min<size_t>(begin / kLettersPerMark, s.marks.size() - 1);
    offset = s.marks[mark];
    skip = begin - mark * kLettersPerMark;
  }
  MEDARC_ASSIGN(auto reader, blobs.open(file->text));
  std::unique_ptr<Text> text;
  if (file->places.form == TextForm::bgzf) {
    text = std::make_unique<BgzfText>(std::move(file), std::move(reader), offset);
  } else {
    text = std::make_unique<PlainText>(std::move(reader), offset);
  }
  return std::unique_ptr<ByteSource>(std::make_unique<Letters>(std::move(text), skip, end - begin));
}

}  // namespace medarc::genomics
