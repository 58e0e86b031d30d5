// The header scanner: hostile, odd and ordinary datasets, pushed in any pieces.
#include "dicom/scanner.h"

#include <gtest/gtest.h>

#include <random>

#include "dicom/convert.h"
#include "dicom/inflate.h"
#include "tests/support/dicom_maker.h"

namespace medarc::dicom {
namespace {

using test::DatasetMaker;
using test::ImageRecipe;

class ScannerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(load_dictionary().has_value()); }

  struct Scanned {
    std::unique_ptr<Scanner> scanner;
    Status status;
  };
  Scanned scan(ByteView dataset, Encoding encoding = Encoding::explicit_little,
               size_t piece = SIZE_MAX) {
    Scanned out{std::make_unique<Scanner>(encoding, limits_), {}};
    while (!dataset.empty() && out.status.has_value()) {
      const size_t n = std::min(piece, dataset.size());
      out.status = out.scanner->feed(dataset.substr(0, n));
      dataset.remove_prefix(n);
    }
    if (out.status.has_value()) out.status = out.scanner->finish();
    return out;
  }

  Limits limits_;
};

// Everything a scan found, as text.
std::string described(const Scanner& s, const Status& status) {
  std::string out = status.has_error() ? "error " + status.error().text : "ok";
  for (const Element& e : s.elements()) {
    out += "\n" + tag_hex(e.tag) + " " + std::string(text_of(e.vr)) + " " +
           std::to_string(static_cast<int>(e.kind)) + " " + std::to_string(e.depth) + " " +
           std::to_string(e.offset) + "+" + std::to_string(e.length) + " " +
           to_hex(s.value(e).substr(0, 40));
  }
  if (s.pixel_data()) {
    out += "\npixels " + std::to_string(s.pixel_data()->offset) + "+" +
           std::to_string(s.pixel_data()->length) + " " + to_hex(s.pixel_data()->basic_offsets);
    for (const Fragment& f : s.pixel_data()->fragments) {
      out += "\n" + std::to_string(f.offset) + "+" + std::to_string(f.length) + " " +
             std::to_string(f.first_bytes);
    }
  }
  for (const std::string& w : s.warnings()) out += "\n" + w;
  return out;
}

DatasetMaker begun() {
  DatasetMaker d;
  d.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7").text(0x00080018, "UI", "2.25.1");
  return d;
}

Bytes nested(Encoding encoding, int depth, bool defined, bool closed) {
  if (defined) {  // from the inside out
    Bytes inner;
    for (int i = 0; i < depth; ++i) {
      DatasetMaker d(encoding);
      d.head(0x00081140, "SQ", static_cast<uint32_t>(inner.size() + 8));
      d.item(static_cast<uint32_t>(inner.size())).raw(inner);
      inner = d.view();
    }
    return inner;
  }
  DatasetMaker d(encoding);
  for (int i = 0; i < depth; ++i) d.head(0x00081140, "SQ", 0xFFFFFFFF).item();
  for (int i = 0; closed && i < depth; ++i) d.end_item().end_sequence();
  return d.view();
}

TEST_F(ScannerTest, X01_DepthUpToTheLimitIsReadAndDeeperIsRefusedInEveryForm) {
  for (const Encoding encoding :
       {Encoding::implicit_little, Encoding::explicit_little, Encoding::explicit_big}) {
    for (const bool defined : {false, true}) {
      EXPECT_TRUE(scan(nested(encoding, 64, defined, true), encoding).status.has_value());
      const Status deeper = scan(nested(encoding, 65, defined, true), encoding).status;
      ASSERT_TRUE(deeper.has_error());
      EXPECT_EQ(deeper.error().code, Code::too_large);
    }
    for (const int depth : {5000, 20'000, 100'000, 1'000'000}) {
      EXPECT_TRUE(scan(nested(encoding, depth, false, false), encoding).status.has_error());
    }
  }
  // Inside UN of undefined length, which is implicit VR whatever surrounds it.
  Bytes un = begun().head(0x00091000, "UN", 0xFFFFFFFF).item().view();
  un += nested(Encoding::implicit_little, 63, false, true);
  EXPECT_TRUE(
      scan(un + DatasetMaker().end_item().end_sequence().view()).status.has_value());
  un += nested(Encoding::implicit_little, 100'000, false, false);
  EXPECT_EQ(scan(un).status.error().code, Code::too_large);
}

TEST_F(ScannerTest, X02_LengthsAreJudgedByTheBytesThatCome) {
  for (const uint32_t length : {0xFFFFFFFEu, 0xFFFFFFF0u, 0x80000000u, 100u}) {
    const Bytes d = begun().head(0x7FE00010, "OB", length).raw("12345678").view();
    const Scanned s = scan(d);
    ASSERT_TRUE(s.status.has_error()) << length;
    EXPECT_EQ(s.status.error().code, Code::invalid_argument);
    EXPECT_TRUE(scan(begun().head(0x00420011, "OB", length).raw("1234").view()).status.has_error());
  }
  EXPECT_TRUE(scan(begun().head(0x00420012, "LO", 0xFFFF).raw("x").view()).status.has_error());
}

TEST_F(ScannerTest, X03_MissingDelimitersAndStrayItemsAreRefusedOddLengthsKept) {
  DatasetMaker open = begun();
  open.head(0x00081140, "SQ", 0xFFFFFFFF).item().text(0x00080100, "SH", "A");
  EXPECT_TRUE(scan(open.view()).status.has_error());
  EXPECT_TRUE(scan(open.end_item().view()).status.has_error());
  EXPECT_TRUE(scan(open.end_sequence().view()).status.has_value());
  EXPECT_TRUE(scan(begun().item(0).view()).status.has_error());
  EXPECT_TRUE(scan(begun().end_sequence().view()).status.has_error());
  DatasetMaker wrong = begun();
  wrong.head(0x00081140, "SQ", 0xFFFFFFFF).text(0x00080100, "SH", "A");
  EXPECT_TRUE(scan(wrong.view()).status.has_error());
  // An item that runs over its sequence, a value that runs over its item.
  EXPECT_TRUE(scan(begun().head(0x00081140, "SQ", 8).item(16).raw(Bytes(16, 'x')).view())
                  .status.has_error());
  DatasetMaker over = begun();
  over.head(0x00081140, "SQ", 20).item(12).head(0x00080100, "SH", 8).raw("12345678");
  EXPECT_TRUE(scan(over.view()).status.has_error());
  const Scanned odd = scan(begun().bytes(0x00100010, "PN", "Doe").bytes(0x00100020, "LO", "1 ").view());
  ASSERT_TRUE(odd.status.has_value());
  EXPECT_EQ(odd.scanner->value(*odd.scanner->find(Tag{0x00100020})), "1 ");
  EXPECT_EQ(odd.scanner->warnings().size(), 1u);
  // Delimiters where lengths were given are needless, not wrong.
  DatasetMaker both = begun();
  both.head(0x00081140, "SQ", 32).item(16).bytes(0x00080100, "SH", "").end_item().end_sequence();
  EXPECT_TRUE(scan(both.view()).status.has_value());
}

TEST_F(ScannerTest, X04_NonsenseVrsAreKeptWhereTheWalkCanGoOn) {
  DatasetMaker zz = begun();
  zz.raw(Bytes("\x42\x00\x12\x00ZZ\x00\x00\x04\x00\x00\x00" "abcd", 16)).bytes(0x7FE00010, "OB", "12");
  const Scanned unknown = scan(zz.view());
  EXPECT_TRUE(unknown.status.has_value());
  EXPECT_EQ(unknown.scanner->warnings(), std::vector<std::string>{"an unknown value representation"});
  DatasetMaker question = begun();
  question.raw(Bytes("\x42\x00\x12\x00??\x04\x00" "abcd", 12)).bytes(0x7FE00010, "OB", "12");
  const Scanned s = scan(question.view());
  ASSERT_TRUE(s.status.has_value());
  EXPECT_EQ(s.scanner->warnings().size(), 1u);
  EXPECT_EQ(s.scanner->value(*s.scanner->find(Tag{0x00420012})), "abcd");
  DatasetMaker bad = begun();
  bad.raw(Bytes("\x42\x00\x12\x00\x01\x02\x04\x00" "abcd", 12));
  EXPECT_TRUE(scan(bad.view()).status.has_error());
  // Group lengths say what they like.
  DatasetMaker lies;
  lies.bytes(0x00080000, "UL", Bytes("\xFF\xFF\xFF\x7F", 4)).text(0x00080018, "UI", "2.25.1");
  EXPECT_TRUE(scan(lies.view()).status.has_value());
}

TEST_F(ScannerTest, X05_DoubleAndDescendingTagsAreKeptWithAWarning) {
  DatasetMaker d = begun();
  d.text(0x00100020, "LO", "A").text(0x00100020, "LO", "B").text(0x00080060, "CS", "MR");
  const Scanned s = scan(d.view());
  ASSERT_TRUE(s.status.has_value());
  EXPECT_EQ(s.scanner->warnings().size(), 1u);
  EXPECT_EQ(s.scanner->elements().size(), 5u);
  EXPECT_EQ(s.scanner->value(*s.scanner->find(Tag{0x00100020})), "A ");
  DatasetMaker twice = begun();
  twice.bytes(0x7FE00010, "OB", "1234").bytes(0x7FE00010, "OB", "56");
  const Scanned again = scan(twice.view());
  ASSERT_TRUE(again.status.has_value());
  EXPECT_EQ(again.scanner->pixel_data()->length, 4u);
}

TEST_F(ScannerTest, X06_CutShortIsRefusedAnythingAfterTheEndIsPassedOver) {
  const Bytes whole = test::make_dataset({});
  for (size_t cut = 1; cut < whole.size(); cut += cut < 700 ? 1 : 97) {
    // Between two elements a shorter dataset is a dataset; anywhere else it is refused.
    const Scanned s = scan(whole.substr(0, cut));
    if (s.status.has_value()) {
      EXPECT_EQ(s.scanner->position(), cut);
      EXPECT_FALSE(s.scanner->pixel_data());
    }
  }
  EXPECT_TRUE(scan(whole.substr(0, whole.size() - 1)).status.has_error());
  const Scanned clean = scan(whole);
  for (const Bytes& rubbish :
       {Bytes(400, '\0'), Bytes(5, '\0'), Bytes("GARBAGE GARBAGE GARBAGE"), Bytes(3, 'x'),
        Bytes("\0GARBAGEGARBAGEGARBAGE", 22), Bytes(1000, '\xFF'),
        DatasetMaker().end_item().end_sequence().view()}) {
    for (const size_t piece : {size_t{1}, size_t{7}, SIZE_MAX}) {
      const Scanned s = scan(whole + rubbish, Encoding::explicit_little, piece);
      ASSERT_TRUE(s.status.has_value()) << rubbish << ": " << s.status.error().text;
      EXPECT_EQ(s.scanner->elements().size(), clean.scanner->elements().size());
      EXPECT_FALSE(s.scanner->warnings().empty());
    }
  }
  // What is well formed after the pixel data belongs to the dataset.
  const Bytes padded = whole + DatasetMaker().bytes(0xFFFCFFFC, "OB", "1234").view();
  EXPECT_EQ(scan(padded).scanner->elements().size(), clean.scanner->elements().size() + 1);
  EXPECT_TRUE(scan(padded.substr(0, padded.size() - 1)).status.has_error());
}

TEST_F(ScannerTest, X07_ADeflatedDatasetIsInflatedWithinItsLimit) {
  DatasetMaker d = begun();
  d.bytes(0x7FE00010, "OB", Bytes(8 << 20, '\0'));
  const Bytes bomb = test::deflated(d.view());
  EXPECT_LT(bomb.size(), 20'000u);
  for (const uint64_t most : {uint64_t{1} << 20, uint64_t{16} << 20}) {
    Scanner scanner(Encoding::explicit_little, limits_);
    Inflater inflater(most);
    const Status s = inflater.feed(bomb, [&](ByteView plain) { return scanner.feed(plain); });
    if (most < 8 << 20) {
      ASSERT_TRUE(s.has_error());
      EXPECT_EQ(s.error().code, Code::too_large);
    } else {
      ASSERT_TRUE(s.has_value());
      EXPECT_TRUE(scanner.finish().has_value());
      EXPECT_EQ(scanner.pixel_data()->length, 8u << 20);
    }
  }
  Inflater inflater(1 << 20);
  EXPECT_EQ(inflater.feed("\xFF\xFFno deflate data", [](ByteView) { return Status(); }).error().code,
            Code::invalid_argument);
}

TEST_F(ScannerTest, X14_DelimiterBytesInsideACodestreamAreBytes) {
  DatasetMaker inner;
  inner.end_sequence();
  const Bytes stream = "\xFF\x4F\xFF\x51" + Bytes(inner.view()) + "tail";
  DatasetMaker d = begun();
  d.head(0x7FE00010, "OB", 0xFFFFFFFF).item(0);
  d.item(static_cast<uint32_t>(stream.size())).raw(stream).end_sequence();
  for (const size_t piece : {size_t{1}, size_t{5}, SIZE_MAX}) {
    const Scanned s = scan(d.view(), Encoding::explicit_little, piece);
    ASSERT_TRUE(s.status.has_value());
    ASSERT_EQ(s.scanner->pixel_data()->fragments.size(), 1u);
    EXPECT_EQ(s.scanner->pixel_data()->fragments[0].length, stream.size());
    EXPECT_EQ(s.scanner->pixel_data()->fragments[0].first_bytes, 0xFF4FFF51u);
  }
}

TEST_F(ScannerTest, EveryLimitHoldsAndFramesRaiseThem) {
  limits_.elements_max = 100;
  DatasetMaker many = begun();
  for (uint32_t i = 0; i < 200; ++i) many.bytes(0x00090000 + i, "LO", "");
  EXPECT_EQ(scan(many.view()).status.error().code, Code::too_large);
  auto slide = [](uint32_t frames, uint32_t items) {
    DatasetMaker d;
    if (frames > 0) d.text(0x00280008, "IS", std::to_string(frames));
    d.head(0x52009230, "SQ", 0xFFFFFFFF);
    for (uint32_t i = 0; i < items; ++i) {
      d.item();
      for (uint32_t k = 0; k < 6; ++k) d.text(0x00209056 + k, "SH", "1");
      d.end_item();
    }
    return d.end_sequence().view();
  };
  EXPECT_TRUE(scan(slide(50, 50)).status.has_value());
  EXPECT_EQ(scan(slide(0, 50)).status.error().code, Code::too_large);
  limits_ = Limits();
  limits_.items_max = 10;
  EXPECT_TRUE(scan(slide(50, 50)).status.has_value());
  EXPECT_EQ(scan(slide(1, 50)).status.error().code, Code::too_large);
  limits_ = Limits();
  limits_.header_bytes_max = 1000;
  EXPECT_EQ(scan(begun().bytes(0x00420011, "OB", Bytes(1002, 'x')).view()).status.error().code,
            Code::too_large);
  limits_ = Limits();
  limits_.element_bytes_max = 1000;  // longer ones are passed over
  const Scanned s = scan(begun().bytes(0x00420011, "OB", Bytes(1002, 'x')).view());
  ASSERT_TRUE(s.status.has_value());
  EXPECT_FALSE(s.scanner->find(Tag{0x00420011})->held);
  limits_ = Limits();
  limits_.object_bytes_max = 100;
  EXPECT_EQ(scan(begun().bytes(0x7FE00010, "OB", Bytes(100, 'x')).view()).status.error().code,
            Code::too_large);
}

TEST_F(ScannerTest, S11_ADatasetNotInItsDeclaredVrIsRead) {
  DatasetMaker implicit(Encoding::implicit_little);
  implicit.text(0x00080005, "CS", "ISO_IR 100").text(0x00080018, "UI", "2.25.1");
  Scanned s = scan(implicit.view(), Encoding::explicit_little);
  ASSERT_TRUE(s.status.has_value());
  EXPECT_EQ(s.scanner->encoding(), Encoding::implicit_little);
  s = scan(begun().view(), Encoding::implicit_little);
  ASSERT_TRUE(s.status.has_value());
  EXPECT_EQ(s.scanner->encoding(), Encoding::explicit_little);
  EXPECT_EQ(s.scanner->warnings().size(), 1u);
}

TEST_F(ScannerTest, S11_TextWhereTheDictionaryHasASequenceIsAValue) {
  // (0040,A170) was a code string once; without VRs only its bytes tell.
  for (const Bytes& text : {Bytes("NEWMEANING"), Bytes("YES "), Bytes("NAMEMEAN"), Bytes("A ")}) {
    DatasetMaker d(Encoding::implicit_little);
    d.text(0x00080018, "UI", "2.25.1").bytes(0x0040A170, "SQ", text).text(0x0040A730, "LO", "end");
    for (const size_t piece : {size_t{1}, size_t{7}, SIZE_MAX}) {
      const Scanned s = scan(d.view(), Encoding::implicit_little, piece);
      ASSERT_TRUE(s.status.has_value()) << text;
      const Element* e = s.scanner->find(Tag{0x0040A170});
      EXPECT_EQ(e->kind, Element::Kind::value);
      EXPECT_EQ(s.scanner->value(*e), text);
      EXPECT_EQ(e->depth, 0);
      EXPECT_EQ(s.scanner->warnings(), std::vector<std::string>{"a value where a sequence should be"});
    }
  }
  // Inside an item that ends before it, and of no length at all.
  DatasetMaker inside(Encoding::implicit_little);
  inside.head(0x00081140, "SQ", 8 + 8 + 10).item(8 + 10).bytes(0x0040A170, "SQ", "NEWMEANING");
  EXPECT_TRUE(scan(inside.view(), Encoding::implicit_little).status.has_value());
  DatasetMaker over(Encoding::implicit_little);
  over.head(0x00081140, "SQ", 8 + 8 + 6).item(8 + 6).bytes(0x0040A170, "SQ", "NEWMEANING");
  EXPECT_TRUE(scan(over.view(), Encoding::implicit_little).status.has_error());
  // Where VRs stand, or after an item, it is no sequence and no value.
  EXPECT_TRUE(scan(begun().bytes(0x0040A170, "SQ", "NEWMEANING").view()).status.has_error());
  DatasetMaker later(Encoding::implicit_little);
  later.head(0x0040A170, "SQ", 8 + 10).item(0).raw("NEWMEANING");
  EXPECT_TRUE(scan(later.view(), Encoding::implicit_little).status.has_error());
}

TEST_F(ScannerTest, ImplicitUsOrSsFollowsPixelRepresentation) {
  for (const uint16_t sign : {0, 1}) {
    DatasetMaker d(Encoding::implicit_little);
    d.us(0x00280103, sign).us(0x00280106, 0xFFFF);
    const Scanned s = scan(d.view(), Encoding::implicit_little);
    EXPECT_EQ(text_of(s.scanner->find(Tag{0x00280106})->vr), sign == 1 ? "SS" : "US");
  }
}

// Random datasets with everything in them, for the properties below.
Bytes random_dataset(std::mt19937_64& random, Encoding encoding, int depth = 0) {
  DatasetMaker d(encoding);
  static const char* const vrs[] = {"CS", "LO", "PN", "UI", "US", "FD", "OB", "UT", "UN", "SQ"};
  static const uint32_t tags[] = {0x00080008, 0x00081030, 0x00100010, 0x0020000D, 0x00280010,
                                  0x00189073, 0x00420011, 0x0040A160, 0x00091001, 0x00081140};
  const int count = static_cast<int>(random() % 8);
  for (int i = 0; i < count; ++i) {
    const size_t k = random() % (depth < 4 ? 10 : 9);
    if (k < 9) {
      const size_t length = k == 4 ? 2 : k == 5 ? 8 : random() % 40 * 2;
      d.bytes(tags[k], vrs[k], Bytes(length, static_cast<char>('0' + random() % 10)));
      continue;
    }
    const bool open = random() % 2 == 0;
    Bytes items;
    for (uint64_t n = random() % 3; n > 0; --n) {
      const Bytes inner = random_dataset(random, encoding, depth + 1);
      DatasetMaker item(encoding);
      const bool open_item = random() % 2 == 0;
      item.item(open_item ? 0xFFFFFFFF : static_cast<uint32_t>(inner.size())).raw(inner);
      if (open_item) item.end_item();
      items += item.view();
    }
    d.head(tags[k], vrs[k], open ? 0xFFFFFFFF : static_cast<uint32_t>(items.size())).raw(items);
    if (open) d.end_sequence();
  }
  if (depth == 0 && random() % 2 == 0) {
    d.head(0x7FE00010, "OB", 0xFFFFFFFF).item(0);
    for (uint64_t n = random() % 5; n > 0; --n) {
      const Bytes fragment(random() % 50 * 2, '\xFF');
      d.item(static_cast<uint32_t>(fragment.size())).raw(fragment);
    }
    d.end_sequence();
  }
  return d.view();
}

constexpr Encoding kEncodings[] = {Encoding::explicit_little, Encoding::explicit_big,
                                   Encoding::implicit_little};

TEST_F(ScannerTest, SplittingTheInputAnywhereGivesTheSameResult) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 3000; ++round) {
    const Encoding encoding = kEncodings[round % 3];
    const Bytes d = random_dataset(random, encoding);
    const Scanned whole = scan(d, encoding);
    ASSERT_TRUE(whole.status.has_value()) << round << " " << whole.status.error().text;
    const std::string wanted = described(*whole.scanner, whole.status);
    const size_t piece = 1 + random() % 30;
    const Scanned pieces = scan(d, encoding, piece);
    ASSERT_EQ(described(*pieces.scanner, pieces.status), wanted) << round << " piece " << piece;
  }
}

TEST_F(ScannerTest, SkippingWhatIsSkippableGivesTheSameResult) {
  std::mt19937_64 random(8);
  limits_.element_bytes_max = 20;
  for (int round = 0; round < 1000; ++round) {
    const Bytes d = random_dataset(random, Encoding::explicit_little);
    const Scanned whole = scan(d);
    Scanner skipping(Encoding::explicit_little, limits_);
    for (size_t at = 0; at < d.size();) {
      if (const uint64_t n = std::min<uint64_t>(skipping.skippable(), d.size() - at); n > 0) {
        skipping.skip(n);
        at += n;
        continue;
      }
      ASSERT_TRUE(skipping.feed(ByteView(d).substr(at, 1)).has_value());
      ++at;
    }
    ASSERT_EQ(described(skipping, skipping.finish()), described(*whole.scanner, whole.status));
  }
}

TEST_F(ScannerTest, MutatedDatasetsEndInAResultThatSplittingDoesNotChange) {
  std::mt19937_64 random(9);
  limits_.header_bytes_max = 1 << 20;
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    const Encoding encoding = kEncodings[round % 3];
    Bytes d = random_dataset(random, encoding);
    for (uint64_t n = 1 + random() % 4; n > 0 && !d.empty(); --n) {
      const size_t at = random() % d.size();
      switch (random() % 4) {
        case 0: d[at] = static_cast<char>(random()); break;
        case 1: d.erase(at, 1 + random() % 8); break;
        case 2: d.insert(at, d.substr(random() % d.size(), random() % 24)); break;
        default: d.resize(at); break;
      }
    }
    const Scanned whole = scan(d, encoding);
    const Scanned pieces = scan(d, encoding, 1 + random() % 12);
    ASSERT_EQ(described(*pieces.scanner, pieces.status), described(*whole.scanner, whole.status))
        << round;
    if (whole.status.has_error()) ++refused;
    for (const Element& e : whole.scanner->elements()) {
      ASSERT_LE(e.offset, d.size());
      ASSERT_LE(whole.scanner->value(e).size(), d.size());
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_LT(refused, 19'000);
}

}  // namespace
}  // namespace medarc::dicom
