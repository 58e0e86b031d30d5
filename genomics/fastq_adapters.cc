#include "genomics/fastq_adapters.h"

#include <algorithm>
#include <bitset>
#include <cstring>

namespace medarc::genomics {
namespace {

// Looking for every adapter in every read would cost more than all other counting. Every fifth
// piece of eight letters is looked up instead: an adapter holds one whole, wherever it begins.
constexpr size_t kPieceLetters = 8, kStep = kAdapterBases - kPieceLetters + 1;
constexpr size_t kPieces = 1u << 2 * kPieceLetters;

// Two bits a letter: A 0, C 1, T 2, G 3; what is no base shares them with one.
uint32_t code_of(const char* piece) {
  uint64_t v;
  std::memcpy(&v, piece, sizeof v);
  v = v >> 1 & 0x0303030303030303;
  v = (v | v >> 6) & 0x000F000F000F000F;
  v = (v | v >> 12) & 0x000000FF000000FF;
  return static_cast<uint32_t>((v | v >> 24) & 0xFFFF);
}

std::bitset<kPieces> pieces_of_adapters() {
  std::bitset<kPieces> out;
  for (const Adapter& adapter : kAdapters) {
    for (size_t at = 0; at < kStep; ++at) out.set(code_of(adapter.sequence.data() + at));
  }
  return out;
}

bool may_hold_adapter(ByteView sequence) {
  static const std::bitset<kPieces> pieces = pieces_of_adapters();
  for (size_t at = 0; at + kPieceLetters <= sequence.size(); at += kStep) {
    if (pieces[code_of(sequence.data() + at)]) return true;
  }
  return false;
}

}  // namespace

AdapterContent::AdapterContent() {
  for (auto& begins : begins_) begins.resize(kSizeClasses);
}

void AdapterContent::add(ByteView sequence) {
  ++reads_;
  if (sequence.size() < kAdapterBases) return;
  if (sequence.size() > kAdapterBases) {
    positions_ = std::max<uint64_t>(positions_, sequence.size() - kAdapterBases + 1);
  }
  if (!may_hold_adapter(sequence)) return;
  for (size_t i = 0; i < kAdapters.size(); ++i) {
    const size_t begin = sequence.find(kAdapters[i].sequence);
    if (begin != ByteView::npos) ++begins_[i][size_class(begin)];
  }
}

double AdapterContent::percent(size_t adapter, uint64_t position) const {
  if (reads_ == 0 || position == 0) return 0;
  uint64_t sum = 0;
  for (size_t at = 0; at <= size_class(position - 1); ++at) sum += begins_[adapter][at];
  return 100 * static_cast<double>(sum) / static_cast<double>(reads_);
}

double AdapterContent::percent(size_t adapter) const { return percent(adapter, positions_); }

}  // namespace medarc::genomics
