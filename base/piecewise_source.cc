#include "base/piecewise_source.h"

namespace medarc {

Result<size_t> PiecewiseSource::read(char* out, size_t capacity) {
  for (;;) {
    while (!ended_ && !follows_ && text_.size() - at_ < capacity) {
      MEDARC_ASSIGN(const bool more, next_piece(text_, follows_));
      ended_ = !more;
    }
    if (at_ < text_.size()) {
      const size_t n = text_.copy(out, capacity, at_);
      at_ += n;
      if (at_ == text_.size()) {
        text_.clear();
        at_ = 0;
      }
      return n;
    }
    if (!follows_) return size_t{0};
    MEDARC_ASSIGN(const size_t n, follows_->read(out, capacity));
    if (n > 0) return n;
    follows_.reset();
  }
}

}  // namespace medarc
