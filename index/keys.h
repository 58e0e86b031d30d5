// Keys of the index as KEYS.md lays them out. Byte order of keys is the logical order of what they
// name, which the property tests check.
#pragma once

#include "archive/blob_store.h"
#include "index/rows.h"

namespace medarc::index {

inline constexpr uint32_t kSchemaVersion = 2;
inline constexpr size_t kFieldValueBytesMax = 120;  // longer values are cut in keys

// The column families, by their place in every array of them.
enum class Table : uint8_t { meta, rows, fields, metadata, places, refs, events, audit, lookups };
inline constexpr size_t kTablesCount = 9;
std::string_view to_string(Table table);

namespace key {

inline constexpr std::string_view kSchema = "schema", kApplied = "applied", kCounts = "counts",
                                  kAuditHead = "audit_head";

void append_be32(Bytes& out, uint32_t v);
void append_be64(Bytes& out, uint64_t v);
uint32_t read_be32(ByteView in);  // in holds at least 4 bytes
uint64_t read_be64(ByteView in);
void append_text(Bytes& out, ByteView value);  // escaped, self-ending, keeps order
// Takes one text off the front of `in`; nullopt when there is none.
std::optional<Bytes> take_text(ByteView& in);
// The least key above every key that starts with `prefix`; empty: there is none.
Bytes after_prefix(Bytes prefix);

Bytes row(Kind kind, ByteView id);
Bytes identifier(const Identifier& identifier);
Bytes version(ByteView instance_id, uint32_t version);
Bytes versions(ByteView instance_id);  // prefix of all of them
Bytes tombstone(ByteView id);          // of a study, series or instance
Bytes removed_work_item(ByteView id);  // its tombstone
Bytes subscribers(ByteView aet);       // prefix of what an application listens to
Bytes subscriber(ByteView aet, ByteView target);

// fields: everything up to the row id.
Bytes field_prefix(Kind kind, Tag tag);
Bytes field_value(Kind kind, Tag tag, ByteView value);  // cut to kFieldValueBytesMax
Bytes received(Kind kind, Timestamp received);          // newest first

Bytes chunk(const Digest& chunk);
Bytes manifests(const Digest& blob);  // prefix of its pages
Bytes manifest(const Digest& blob, uint64_t first_offset);
Bytes segment(uint32_t segment);

using Owner = Bytes;  // 16 bytes
Owner owner(Kind kind, ByteView id, uint32_t version = 0);
Bytes blob_references(const Digest& blob);  // prefix of all
Bytes blob_reference(const Digest& blob, const Owner& owner);
Bytes chunk_references(const Digest& chunk);
Bytes chunk_reference(const Digest& chunk, const Digest& blob);

Bytes event(archive::CommitNumber number, uint32_t place);

}  // namespace key

// Prefix of the ids of everything below a study or a series.
Bytes below(ByteView parent_id);

}  // namespace medarc::index
