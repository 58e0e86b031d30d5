// Where bytes are: chunk places, manifests in pages, and one reference a chunk from each blob.
#include "archive/recoding.h"
#include "index/apply.h"
#include "index/strict.h"

namespace medarc::index {

Bytes encode(const archive::ChunkLocation& l) {
  Encoder out;
  for (uint32_t v : {l.segment, l.offset_units, l.stored_length, l.plain_length}) out.varint(v);
  return out.take();
}

Result<archive::ChunkLocation> decode_location(ByteView value) {
  Decoder in(value);
  StrictDecoder strict(in);
  archive::ChunkLocation l;
  for (uint32_t* v : {&l.segment, &l.offset_units, &l.stored_length, &l.plain_length}) {
    *v = strict.u32();
  }
  if (!in.at_end()) return make_error(Code::corrupt, "chunk place cannot be decoded");
  return l;
}

Bytes encode(const archive::ManifestPage& page) {
  Encoder out;
  out.varint(page.blob_size);
  out.varint(page.entries.size());
  for (const archive::ManifestEntry& e : page.entries) {
    out.raw(e.chunk.view());
    out.varint(e.length);
  }
  return out.take();
}

Result<archive::ManifestPage> decode_manifest(uint64_t first_offset, ByteView value) {
  Decoder in(value);
  StrictDecoder strict(in);
  archive::ManifestPage page;
  page.first_offset = first_offset;
  page.blob_size = strict.varint();
  const uint64_t count = strict.count(33);
  page.entries.reserve(count);
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    archive::ManifestEntry e;
    e.chunk = strict.digest();
    e.length = strict.u32();
    page.entries.push_back(e);
  }
  if (!in.at_end()) return make_error(Code::corrupt, "manifest page cannot be decoded");
  return page;
}

// The first place and the first manifest stay: a chunk or blob that two writers staged at the same
// time is the same bytes, and what only the second brought is collected. Unless the commit is about
// nothing but places: then a chunk is elsewhere from now on, in another form.
Status Group::place(const archive::Application& application) {
  const bool moves = archive::moves_chunks(application);
  for (const archive::NewChunk& c : application.chunks) {
    Bytes k = key::chunk(c.chunk);
    MEDARC_ASSIGN(std::optional<Bytes> held, batch_.get(Table::places, k));
    if (!held || moves) batch_.put(Table::places, std::move(k), encode(c.location));
  }
  for (const archive::NewBlob& blob : application.blobs) {
    MEDARC_ASSIGN(std::optional<Bytes> held,
                  batch_.get(Table::places, key::manifest(blob.digest, 0)));
    if (!held) put_manifest(blob);
  }
  for (const Digest& blob : application.dropped_blobs) MEDARC_TRY(drop_manifest(blob));
  for (const Digest& chunk : application.dropped_chunks) {
    batch_.remove(Table::places, key::chunk(chunk));
  }
  return {};
}

void Group::put_manifest(const archive::NewBlob& blob) {
  archive::ManifestPage page;
  page.blob_size = blob.size;
  uint64_t offset = 0;
  size_t i = 0;
  do {
    page.first_offset = offset;
    page.entries.clear();
    for (; i < blob.entries.size() && page.entries.size() < archive::kManifestPageEntries; ++i) {
      page.entries.push_back(blob.entries[i]);
      offset += blob.entries[i].length;
    }
    batch_.put(Table::places, key::manifest(blob.digest, page.first_offset), encode(page));
  } while (i < blob.entries.size());
  for (const archive::ManifestEntry& e : blob.entries) {
    batch_.put(Table::refs, key::chunk_reference(e.chunk, blob.digest), {});
  }
}

Status Group::drop_manifest(const Digest& blob) {
  MEDARC_ASSIGN(std::vector<Bytes> keys,
                batch_.keys(Table::places, key::manifests(blob), SIZE_MAX / 2));
  for (Bytes& k : keys) {
    MEDARC_ASSIGN(std::optional<Bytes> value, batch_.get(Table::places, k));
    if (!value) continue;
    MEDARC_ASSIGN(archive::ManifestPage page, decode_manifest(0, *value));
    for (const archive::ManifestEntry& e : page.entries) {
      batch_.remove(Table::refs, key::chunk_reference(e.chunk, blob));
    }
    batch_.remove(Table::places, std::move(k));
  }
  return {};
}

}  // namespace medarc::index
