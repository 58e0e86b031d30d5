#include "tools/row_dump.h"

#include "archive/hash.h"
#include "index/keys.h"

namespace medarc::tools {
namespace {

constexpr size_t kExamplesMax = 10;

// Rows come table by table (the part of the key before "/"), in key order within each.
size_t table_rank(ByteView key) {
  const ByteView table = key.substr(0, key.find('/'));
  size_t rank = 0;
  while (rank < index::kTablesCount && index::to_string(static_cast<index::Table>(rank)) != table) {
    ++rank;
  }
  return rank;
}

bool before(ByteView a, ByteView b) {
  const size_t rank_a = table_rank(a), rank_b = table_rank(b);
  return rank_a != rank_b ? rank_a < rank_b : a < b;
}

void note(RowComparison& out, ByteView key) {
  if (out.examples.size() < kExamplesMax) out.examples.push_back(to_hex(key));
}

}  // namespace

Result<std::unique_ptr<RowDump>> RowDump::write(index::Index& index, const std::string& path) {
  auto dump = std::unique_ptr<RowDump>(new RowDump(path));
  dump->file_.reset(std::fopen(path.c_str(), "w+b"));
  if (!dump->file_) return make_error(Code::io, "cannot write the list of rows beside the archive");
  bool ok = true;
  MEDARC_TRY(index.for_each_row([&](ByteView key, ByteView value) {
    const auto length = static_cast<uint32_t>(key.size());
    const Digest digest = archive::Sha256::of(value);
    FILE* file = dump->file_.get();
    ok = std::fwrite(&length, sizeof length, 1, file) == 1 &&
         std::fwrite(key.data(), 1, key.size(), file) == key.size() &&
         std::fwrite(digest.value.data(), digest.value.size(), 1, file) == 1;
    return ok;
  }));
  if (!ok || std::fflush(dump->file_.get()) != 0) {
    return make_error(Code::io, "cannot write the list of rows beside the archive");
  }
  return dump;
}

RowDump::~RowDump() { std::remove(path_.c_str()); }

Result<std::optional<RowDump::Row>> RowDump::read() {
  uint32_t length = 0;
  if (std::fread(&length, sizeof length, 1, file_.get()) != 1) return std::optional<Row>();
  Row row;
  row.key.resize(length);
  if (std::fread(row.key.data(), 1, length, file_.get()) != length ||
      std::fread(row.value.value.data(), row.value.value.size(), 1, file_.get()) != 1) {
    return make_error(Code::io, "cannot read the list of rows back");
  }
  return std::optional(std::move(row));
}

Result<RowComparison> RowDump::compare(index::Index& index) {
  std::rewind(file_.get());
  RowComparison out;
  MEDARC_ASSIGN(std::optional<Row> old, read());
  Status failed;
  const auto next = [&] {
    auto row = read();
    if (row.has_error()) {
      failed = row.error();
      return false;
    }
    old = std::move(*row);
    return true;
  };
  MEDARC_TRY(index.for_each_row([&](ByteView key, ByteView value) {
    ++out.rows;
    while (old && before(old->key, key)) {
      ++out.missing;
      note(out, old->key);
      if (!next()) return false;
    }
    if (!old || old->key != key) {
      ++out.added;
      note(out, key);
      return true;
    }
    if (old->value != archive::Sha256::of(value)) {
      ++out.changed;
      note(out, key);
    }
    return next();
  }));
  while (!failed.has_error() && old) {
    ++out.missing;
    note(out, old->key);
    next();
  }
  MEDARC_TRY(failed);
  return out;
}

}  // namespace medarc::tools
