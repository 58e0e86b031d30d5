// The body of a commit record: what FORMAT.md calls the commit.
#pragma once

#include <vector>

#include "archive/catalog.h"

namespace medarc::archive {

struct CommitBody {
  std::vector<NewChunk> chunks;        // brought by this commit, with their places when it was written
  std::vector<NewBlob> blobs;
  std::vector<Digest> dropped_chunks;  // by collection; empty otherwise
  std::vector<Digest> dropped_blobs;
  Bytes payload;
};

Application application_of(CommitNumber number, const CommitBody& body);  // payload views the body
// Whether the entries of every blob make up its size, none of them empty: readers walk by that.
bool manifests_whole(const CommitBody& body);
Bytes encode(const CommitBody& body);
Result<CommitBody> decode_commit(ByteView bytes);  // corrupt, unsupported

}  // namespace medarc::archive
