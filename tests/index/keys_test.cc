// Keys sort as what they name, and every part can be read back.
#include "index/keys.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/index/random_facts.h"

namespace medarc::index::test {
namespace {

// Short texts over few bytes, so that prefixes, NUL and FF meet often.
Bytes nasty(RandomFacts& random) {
  static constexpr std::string_view kBytes("\x00\x01\xFF\x02.a", 6);
  Bytes out;
  for (uint32_t n = random.pick(5); n > 0; --n) out += kBytes[random.pick(6)];
  return out;
}

int sign(int v) { return (v > 0) - (v < 0); }

TEST(Keys, TextsKeepTheirOrderInKeys) {
  RandomFacts random(1);
  for (int n = 0; n < 50'000; ++n) {
    const Bytes a = nasty(random), b = nasty(random), c = nasty(random), d = nasty(random);
    Bytes ka, kb;
    key::append_text(ka, a);
    key::append_text(kb, b);
    EXPECT_EQ(sign(ka.compare(kb)), sign(a.compare(b)));
    // The second part decides only between equal first parts.
    key::append_text(ka, c);
    key::append_text(kb, d);
    const int want = a != b ? a.compare(b) : c.compare(d);
    EXPECT_EQ(sign(ka.compare(kb)), sign(want));
    ByteView in = ka;
    EXPECT_EQ(key::take_text(in), a);
    EXPECT_EQ(key::take_text(in), c);
    EXPECT_TRUE(in.empty());
  }
}

TEST(Keys, BrokenTextsAreRefused) {
  for (Bytes bad : {Bytes(), Bytes("abc"), Bytes("a\0", 2), Bytes("a\0\x02", 3)}) {
    ByteView in = bad;
    EXPECT_FALSE(key::take_text(in)) << to_hex(bad);
  }
}

TEST(Keys, NumbersKeepTheirOrder) {
  RandomFacts random(2);
  for (int n = 0; n < 10'000; ++n) {
    const uint64_t a = static_cast<uint64_t>(random.pick(1u << 31)) << random.pick(33),
                   b = static_cast<uint64_t>(random.pick(1u << 31)) << random.pick(33);
    Bytes ka, kb;
    key::append_be64(ka, a);
    key::append_be64(kb, b);
    EXPECT_EQ(sign(ka.compare(kb)), (a > b) - (a < b));
    EXPECT_EQ(key::read_be64(ka), a);
    const Timestamp ta{static_cast<int64_t>(a >> 1)}, tb{static_cast<int64_t>(b >> 1)};
    EXPECT_EQ(sign(key::received(Kind::study, ta).compare(key::received(Kind::study, tb))),
              -((ta > tb) - (ta < tb)));
  }
}

TEST(Keys, RowsOfAParentStandTogetherAndInOrder) {
  RandomFacts random(3);
  auto uid = [&] {
    Bytes out = "1";
    for (uint32_t n = random.pick(3); n > 0; --n) out += "." + std::to_string(random.pick(12));
    return out;
  };
  for (int n = 0; n < 20'000; ++n) {
    const StudyUid s1(uid()), s2(uid());
    const SeriesUid e1(uid()), e2(uid());
    const SopInstanceUid i1(uid()), i2(uid());
    const Bytes a = instance_id(s1, e1, i1), b = instance_id(s2, e2, i2);
    const int want = s1 != s2   ? s1.value.compare(s2.value)
                     : e1 != e2 ? e1.value.compare(e2.value)
                                : i1.value.compare(i2.value);
    EXPECT_EQ(sign(a.compare(b)), sign(want));
    EXPECT_EQ(a.starts_with(below(study_id(s2))), s1 == s2);
    EXPECT_EQ(a.starts_with(below(series_id(s2, e2))), s1 == s2 && e1 == e2);
    EXPECT_LT(key::version(a, 1), key::version(a, 2));
  }
}

TEST(Keys, AfterPrefixIsTheLeastKeyAboveAll) {
  RandomFacts random(4);
  for (int n = 0; n < 20'000; ++n) {
    const Bytes prefix = nasty(random), other = nasty(random);
    const Bytes after = key::after_prefix(prefix);
    if (after.empty()) {
      EXPECT_EQ(prefix.find_first_not_of('\xFF'), Bytes::npos);
      continue;
    }
    EXPECT_EQ(other < after && other >= prefix, other.starts_with(prefix));
  }
}

TEST(Keys, NamesOfOwnersDiffer) {
  std::set<Bytes> owners;
  for (const char* id : {"a", "b"}) {
    for (uint32_t version : {1u, 2u}) owners.insert(key::owner(Kind::instance, id, version));
    owners.insert(key::owner(Kind::file, id));
  }
  EXPECT_EQ(owners.size(), 6u);
}

}  // namespace
}  // namespace medarc::index::test
