#include "archive/commit_record.h"

#include "base/codec.h"

namespace medarc::archive {
namespace {

constexpr uint64_t kVersion = 1;

void put(Encoder& out, const std::vector<Digest>& digests) {
  out.varint(digests.size());
  for (const Digest& d : digests) out.raw(d.view());
}

Digest take_digest(Decoder& in) {
  return Digest::from_view(in.raw(32)).value_or(Digest{});
}

uint32_t take_u32(Decoder& in, bool& good) {
  const uint64_t v = in.varint();
  good = good && v <= UINT32_MAX;
  return static_cast<uint32_t>(v);
}

std::vector<Digest> take_digests(Decoder& in) {
  std::vector<Digest> out;
  for (uint64_t n = in.varint(); n > 0 && in.ok(); --n) out.push_back(take_digest(in));
  return out;
}

}  // namespace

Application application_of(CommitNumber number, const CommitBody& body) {
  return {number,     body.chunks, body.blobs, body.dropped_chunks, body.dropped_blobs,
          body.payload};
}

bool manifests_whole(const CommitBody& body) {
  for (const NewBlob& b : body.blobs) {
    uint64_t listed = 0;
    for (const ManifestEntry& e : b.entries) {
      if (e.length == 0) return false;
      listed += e.length;
    }
    if (listed != b.size) return false;
  }
  return true;
}

Bytes encode(const CommitBody& body) {
  Encoder out;
  out.varint(kVersion);
  out.varint(body.chunks.size());
  for (const NewChunk& c : body.chunks) {
    out.raw(c.chunk.view());
    out.varint(c.location.segment);
    out.varint(c.location.offset_units);
    out.varint(c.location.stored_length);
    out.varint(c.location.plain_length);
  }
  out.varint(body.blobs.size());
  for (const NewBlob& b : body.blobs) {
    out.raw(b.digest.view());
    out.varint(b.size);
    out.varint(b.entries.size());
    for (const ManifestEntry& e : b.entries) {
      out.raw(e.chunk.view());
      out.varint(e.length);
    }
  }
  put(out, body.dropped_chunks);
  put(out, body.dropped_blobs);
  out.bytes(body.payload);
  return out.take();
}

Result<CommitBody> decode_commit(ByteView bytes) {
  Decoder in(bytes);
  if (const uint64_t version = in.varint(); version != kVersion) {
    return make_error(in.ok() ? Code::unsupported : Code::corrupt, "a commit of an unknown version");
  }
  CommitBody body;
  bool good = true;
  for (uint64_t n = in.varint(); n > 0 && in.ok(); --n) {
    NewChunk c;
    c.chunk = take_digest(in);
    c.location.segment = take_u32(in, good);
    c.location.offset_units = take_u32(in, good);
    c.location.stored_length = take_u32(in, good);
    c.location.plain_length = take_u32(in, good);
    body.chunks.push_back(c);
  }
  for (uint64_t n = in.varint(); n > 0 && in.ok(); --n) {
    NewBlob b;
    b.digest = take_digest(in);
    b.size = in.varint();
    for (uint64_t m = in.varint(); m > 0 && in.ok(); --m) {
      ManifestEntry e;
      e.chunk = take_digest(in);
      e.length = take_u32(in, good);
      b.entries.push_back(e);
    }
    body.blobs.push_back(std::move(b));
  }
  body.dropped_chunks = take_digests(in);
  body.dropped_blobs = take_digests(in);
  body.payload = in.bytes();
  if (!good || !in.at_end()) return make_error(Code::corrupt, "a commit that cannot be read");
  return body;
}

}  // namespace medarc::archive
