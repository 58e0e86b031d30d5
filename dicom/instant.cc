#include "dicom/instant.h"

#include <chrono>

namespace medarc::dicom {
namespace {

constexpr int kFractionDigits = 6;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes things off the front of a text; once something was not there, nothing is.
class Taker {
 public:
  explicit Taker(std::string_view text) : rest_(text) {}
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  char next() const { return rest_.empty() ? '\0' : rest_.front(); }

  int number(size_t digits, int min, int max) {
    int out = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (!is_digit(next())) return fail();
      out = out * 10 + (next() - '0');
      rest_.remove_prefix(1);
    }
    return out < min || out > max ? fail() : out;
  }
  void letter(std::string_view any_of) {
    if (rest_.empty() || any_of.find(next()) == std::string_view::npos) {
      fail();
    } else {
      rest_.remove_prefix(1);
    }
  }
  // Behind a point, in microseconds.
  int fraction() {
    letter(".");
    if (!is_digit(next())) return fail();
    int out = 0;
    for (int digits = 0; is_digit(next()); ++digits) {
      if (digits < kFractionDigits) {
        out = out * 10 + (next() - '0');
        scale_ = kFractionDigits - digits - 1;
      }
      rest_.remove_prefix(1);
    }
    for (; scale_ > 0; --scale_) out *= 10;
    return out;
  }

 private:
  int fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  int scale_ = 0;
  bool ok_ = true;
};

struct Moment {
  int year = 1, month = 1, day = 1, hour = 0, minute = 0, second = 0, us = 0, offset_minutes = 0;
};

// "+01:00" or "+0100".
int offset(Taker& in, bool colon) {
  const bool west = in.next() == '-';
  in.letter("+- ");
  const int hours = in.number(2, 0, 14);
  if (colon) in.letter(":");
  const int minutes = hours * 60 + in.number(2, 0, 59);
  return west ? -minutes : minutes;
}

Moment rfc3339(Taker& in) {
  Moment m;
  m.year = in.number(4, 1, 9999);
  in.letter("-");
  m.month = in.number(2, 1, 12);
  in.letter("-");
  m.day = in.number(2, 1, 31);
  in.letter("Tt ");
  m.hour = in.number(2, 0, 23);
  in.letter(":");
  m.minute = in.number(2, 0, 59);
  in.letter(":");
  m.second = in.number(2, 0, 60);
  if (in.next() == '.') m.us = in.fraction();
  if (in.next() == 'Z' || in.next() == 'z') {
    in.letter("Zz");
  } else {
    m.offset_minutes = offset(in, true);
  }
  return m;
}

Moment date_time(Taker& in) {
  Moment m;
  m.year = in.number(4, 1, 9999);
  if (is_digit(in.next())) m.month = in.number(2, 1, 12);
  if (is_digit(in.next())) m.day = in.number(2, 1, 31);
  if (is_digit(in.next())) m.hour = in.number(2, 0, 23);
  if (is_digit(in.next())) m.minute = in.number(2, 0, 59);
  if (is_digit(in.next())) {
    m.second = in.number(2, 0, 60);
    if (in.next() == '.') m.us = in.fraction();
  }
  if (!in.at_end()) m.offset_minutes = offset(in, false);
  return m;
}

}  // namespace

std::optional<Timestamp> parse_instant(std::string_view text) {
  Taker in(text);
  const Moment m = text.size() > 4 && text[4] == '-' && text.find(':') != std::string_view::npos
                       ? rfc3339(in)
                       : date_time(in);
  if (!in.ok() || !in.at_end()) return std::nullopt;
  using namespace std::chrono;
  const year_month_day day = year{m.year} / month(static_cast<unsigned>(m.month)) /
                             std::chrono::day(static_cast<unsigned>(m.day));
  if (!day.ok()) return std::nullopt;
  const int64_t minutes = static_cast<int64_t>(sys_days{day}.time_since_epoch().count()) * 24 * 60 +
                          m.hour * 60 + m.minute - m.offset_minutes;
  return Timestamp{(minutes * 60 + m.second) * 1'000'000 + m.us};
}

}  // namespace medarc::dicom
