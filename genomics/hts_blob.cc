#include "genomics/hts_blob.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <new>

#include "genomics/hfile_backend.h"

namespace medarc::genomics {
namespace {

// hfile_init() gives zeroed memory that begins with HTSlib's own part.
struct BlobFile {
  hFILE base;
  archive::BlobReader* reader;
  uint64_t at;
};

ssize_t blob_read(hFILE* fp, void* buffer, size_t nbytes) {
  auto* file = reinterpret_cast<BlobFile*>(fp);
  const uint64_t size = file->reader->size();
  const uint64_t n = file->at < size ? std::min<uint64_t>(nbytes, size - file->at) : 0;
  if (n > 0 && file->reader->read({file->at, n}, static_cast<char*>(buffer)).has_error()) {
    errno = EIO;
    return -1;
  }
  file->at += n;
  return static_cast<ssize_t>(n);
}

ssize_t blob_write(hFILE*, const void*, size_t) {
  errno = EROFS;
  return -1;
}

off_t blob_seek(hFILE* fp, off_t offset, int whence) {
  auto* file = reinterpret_cast<BlobFile*>(fp);
  return seek_within(file->reader->size(), file->at, offset, whence);
}

int blob_close(hFILE* fp) {
  delete reinterpret_cast<BlobFile*>(fp)->reader;
  return 0;
}

const hFILE_backend kBackend = {blob_read, blob_write, blob_seek, nullptr, blob_close};

}  // namespace

void hts_seal() {
  setenv("REF_PATH", "/nonexistent/%s", 1);
  setenv("REF_CACHE", "/nonexistent/%s", 1);
  setenv("HTS_PATH", "/nonexistent", 1);
}

hFILE* hts_open_blob(std::unique_ptr<archive::BlobReader> reader) {
  auto* file = reinterpret_cast<BlobFile*>(hfile_init(sizeof(BlobFile), "r", 0));
  if (file == nullptr) return nullptr;
  file->reader = reader.release();
  file->at = 0;
  file->base.backend = &kBackend;
  return &file->base;
}

}  // namespace medarc::genomics
