#include "genomics/cold/deflaters.h"

#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include "genomics/bgzf.h"

namespace medarc::genomics {
namespace {

constexpr int kZlibLevelMax = 9, kLibdeflateLevelMax = 12;
constexpr int kRawWindowBits = -15;

int level_in(DeflaterId id, DeflaterId base) { return id - base; }
bool is_zlib(DeflaterId id, DeflaterId base) { return id > base && id <= base + kZlibLevelMax; }
bool is_libdeflate(DeflaterId id) {
  return id > kLibdeflate && id <= kLibdeflate + kLibdeflateLevelMax;
}

size_t one_stored(ByteView plain, char* out, size_t room) {
  constexpr size_t kHead = 5;
  if (plain.size() > UINT16_MAX || plain.size() + kHead > room) return 0;
  const auto n = static_cast<uint16_t>(plain.size());
  const auto complement = static_cast<uint16_t>(~n);
  out[0] = 1;
  out[1] = static_cast<char>(n & 0xFF);
  out[2] = static_cast<char>(n >> 8);
  out[3] = static_cast<char>(complement & 0xFF);
  out[4] = static_cast<char>(complement >> 8);
  std::memcpy(out + kHead, plain.data(), plain.size());
  return kHead + plain.size();
}

}  // namespace

bool is_deflater(DeflaterId id) {
  return id == kOneStored || is_zlib(id, kZlib) || is_zlib(id, kZlibMemory9) || is_libdeflate(id);
}

const std::vector<DeflaterId>& all_deflaters() {
  static const std::vector<DeflaterId> all = [] {
    // Defaults of HTSlib without and with libdeflate, of htsjdk, of ours, of fast writers.
    std::vector<DeflaterId> out = {kZlib + 6,       kLibdeflate + 7, kLibdeflate + 6, kZlib + 5,
                                   kLibdeflate + 1, kZlib + 1,       kOneStored};
    const auto add = [&](DeflaterId id) {
      if (std::find(out.begin(), out.end(), id) == out.end()) out.push_back(id);
    };
    for (int level = 1; level <= kZlibLevelMax; ++level) {
      add(static_cast<DeflaterId>(kZlib + level));
    }
    for (int level = 1; level <= kLibdeflateLevelMax; ++level) {
      add(static_cast<DeflaterId>(kLibdeflate + level));
    }
    for (int level = 1; level <= kZlibLevelMax; ++level) {
      add(static_cast<DeflaterId>(kZlibMemory9 + level));
    }
    return out;
  }();
  return all;
}

struct Deflaters::State {
  std::array<z_stream, 2 * kZlibLevelMax> zlib{};
  std::array<bool, 2 * kZlibLevelMax> ready{};
  std::array<libdeflate_compressor*, kLibdeflateLevelMax> libdeflate{};

  ~State() {
    for (size_t i = 0; i < zlib.size(); ++i) {
      if (ready[i]) deflateEnd(&zlib[i]);
    }
    for (libdeflate_compressor* c : libdeflate) libdeflate_free_compressor(c);  // takes null
  }

  size_t with_zlib(int level, int memory, ByteView plain, char* out, size_t room) {
    const size_t slot =
        static_cast<size_t>(level - 1) + (memory == 9 ? size_t{kZlibLevelMax} : size_t{0});
    z_stream& z = zlib[slot];
    if (!ready[slot]) {
      if (deflateInit2(&z, level, Z_DEFLATED, kRawWindowBits, memory, Z_DEFAULT_STRATEGY) != Z_OK) {
        std::abort();  // only without memory
      }
      ready[slot] = true;
    } else {
      deflateReset(&z);
    }
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
    z.avail_in = static_cast<uInt>(plain.size());
    z.next_out = reinterpret_cast<Bytef*>(out);
    z.avail_out = static_cast<uInt>(room);
    return ::deflate(&z, Z_FINISH) == Z_STREAM_END ? room - z.avail_out : 0;
  }

  size_t with_libdeflate(int level, ByteView plain, char* out, size_t room) {
    libdeflate_compressor*& c = libdeflate[static_cast<size_t>(level - 1)];
    if (c == nullptr) c = libdeflate_alloc_compressor(level);
    if (c == nullptr) std::abort();  // only without memory
    return libdeflate_deflate_compress(c, plain.data(), plain.size(), out, room);
  }
};

Deflaters::Deflaters() : state_(std::make_unique<State>()) {}
Deflaters::~Deflaters() = default;

size_t Deflaters::deflate(DeflaterId id, ByteView plain, char* out, size_t room) {
  if (plain.size() > kBgzfBlockBytesMax) return 0;
  room = std::min(room, 2 * kBgzfBlockBytesMax);  // as much as any of them can need
  if (id == kOneStored) return one_stored(plain, out, room);
  if (is_zlib(id, kZlib)) return state_->with_zlib(level_in(id, kZlib), 8, plain, out, room);
  if (is_zlib(id, kZlibMemory9)) {
    return state_->with_zlib(level_in(id, kZlibMemory9), 9, plain, out, room);
  }
  if (is_libdeflate(id))
    return state_->with_libdeflate(level_in(id, kLibdeflate), plain, out, room);
  return 0;
}

}  // namespace medarc::genomics
