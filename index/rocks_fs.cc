#include "index/rocks_fs.h"

#include <rocksdb/env.h>

namespace medarc::index {

std::unique_ptr<rocksdb::Env> make_rocks_env(Fs&) { return nullptr; }

}  // namespace medarc::index
