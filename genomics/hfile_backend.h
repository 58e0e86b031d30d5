// HTSlib's interface for back ends of its files. It is in hfile_internal.h, which is not installed;
// its symbols are exported and these structures have not changed from 1.10 to 1.23.
#pragma once

#include <htslib/hfile.h>

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>

extern "C" {
struct hFILE_backend {
  ssize_t (*read)(hFILE* fp, void* buffer, size_t nbytes);
  ssize_t (*write)(hFILE* fp, const void* buffer, size_t nbytes);
  off_t (*seek)(hFILE* fp, off_t offset, int whence);
  int (*flush)(hFILE* fp);
  int (*close)(hFILE* fp);
};
struct hFILE_scheme_handler {
  hFILE* (*open)(const char* name, const char* mode);
  int (*isremote)(const char* name);
  const char* provider;
  int priority;
  hFILE* (*vopen)(const char* name, const char* mode, va_list arguments);
};
hFILE* hfile_init(size_t struct_size, const char* mode, size_t capacity);
void hfile_add_scheme_handler(const char* scheme, const hFILE_scheme_handler* handler);
}

namespace medarc::genomics {

// lseek() in `size` bytes, `at` being the position: the new one, or -1 and errno.
inline off_t seek_within(uint64_t size, uint64_t& at, off_t offset, int whence) {
  int64_t base = 0;
  if (whence == SEEK_CUR) base = static_cast<int64_t>(at);
  if (whence == SEEK_END) base = static_cast<int64_t>(size);
  if (offset < -base || offset > static_cast<int64_t>(size) - base) {
    errno = EINVAL;
    return -1;
  }
  at = static_cast<uint64_t>(base + offset);
  return static_cast<off_t>(at);
}

}  // namespace medarc::genomics
