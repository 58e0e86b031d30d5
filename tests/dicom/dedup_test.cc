// What is stored once: pixels under another name, the same object again, a series of frames with one
// of them changed. Measured on what the log itself grew by, commit and index facts included.
#include "dicom/imaging.h"
#include "tests/support/dicom_maker.h"
#include "tests/support/imaging_fixture.h"
#include "tests/support/log_size.h"

namespace medarc::dicom {
namespace {

using test::ImageRecipe;

class DedupTest : public test::ImagingFixture {
 protected:
  struct Growth {
    uint64_t blob_bytes = 0;  // chunks
    uint64_t log_bytes = 0;   // everything
    index::State state{};
  };
  Growth store(ByteView file, size_t piece = 100'000) {
    const uint64_t blobs = index_->blobs().stats()->stored_bytes;
    const uint64_t log = test::log_record_bytes(dir_ + "/log");
    auto stored = store_file(file, piece);
    EXPECT_TRUE(stored.has_value()) << stored.error().text;
    Growth out{index_->blobs().stats()->stored_bytes - blobs,
               test::log_record_bytes(dir_ + "/log") - log, stored->state};
    EXPECT_GE(out.log_bytes, out.blob_bytes);
    return out;
  }
  // The recipe's object with these frames in it.
  static Bytes file_of(const ImageRecipe& r, const std::vector<Bytes>& frames) {
    const Bytes made = test::make_file(r);
    if (!transfer_syntax_or_default(r.transfer_syntax).encapsulated) {
      Bytes pixels;
      for (const Bytes& f : frames) pixels += f;
      return made.substr(0, made.size() - pixels.size()) + pixels;
    }
    test::DatasetMaker d;
    d.head(0x7FE00010, "OB", 0xFFFFFFFF).item(0);
    for (const Bytes& f : frames) d.item(static_cast<uint32_t>(f.size())).raw(f);
    d.end_sequence();
    const size_t at = made.find(Bytes("\xE0\x7F\x10\x00OB", 6));
    return made.substr(0, at) + d.view();
  }
  static std::vector<Bytes> frames_of(const ImageRecipe& r) {
    const Bytes pixels = test::make_pixels(r);
    const size_t one = pixels.size() / static_cast<size_t>(r.frames);
    std::vector<Bytes> out;
    for (size_t i = 0; i < static_cast<size_t>(r.frames); ++i) {
      out.push_back(pixels.substr(i * one, one));
    }
    return out;
  }
  static ImageRecipe ct() {
    ImageRecipe r;
    r.rows = r.columns = 512;
    return r;
  }
  static ImageRecipe renamed(ImageRecipe r) {
    r.patient_name = "A very different^Name";
    r.patient_id = "MDA-0002";
    r.study_uid += ".2";
    r.series_uid += ".2";
    r.sop_uid += ".2";
    return r;
  }
};

TEST_F(DedupTest, PixelsUnderAnotherNameAndNewUidsAreStoredOnce) {
  int n = 0;
  for (const char* syntax :
       {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.4.90"}) {
    ImageRecipe r = ct();
    r.transfer_syntax = syntax;
    r.seed = static_cast<uint64_t>(++n);
    r.sop_uid += "." + std::to_string(n);
    const Bytes first = test::make_file(r);
    store(first);
    // Split on its way in quite another manner.
    const Growth again = store(test::make_file(renamed(r)), 16'381);
    EXPECT_EQ(again.state, index::State::done);
    EXPECT_LT(again.blob_bytes, first.size() * 3 / 100) << syntax;
    EXPECT_LT(again.log_bytes, first.size() * 3 / 100) << syntax;
    EXPECT_GT(again.log_bytes, 0u);
  }
}

TEST_F(DedupTest, TheSameObjectAgainAddsNoBlobBytes) {
  const Bytes file = test::make_file(ct());
  store(file);
  for (const size_t piece : {size_t{1000}, size_t{65'536}, file.size()}) {
    const Growth again = store(file, piece);
    EXPECT_EQ(again.state, index::State::duplicate);
    EXPECT_EQ(again.blob_bytes, 0u);
    EXPECT_LT(again.log_bytes, 4096u);
  }
}

// Native and encapsulated, frames larger and smaller than a chunk is worth.
TEST_F(DedupTest, OneChangedFrameStoresAboutOneFrame) {
  struct Case {
    const char* syntax;
    uint16_t side;
    int frames;
  };
  int n = 0;
  for (const Case& c : {Case{"1.2.840.10008.1.2.1", 256, 40}, Case{"1.2.840.10008.1.2.1", 64, 1000},
                        Case{"1.2.840.10008.1.2.2", 300, 20},
                        Case{"1.2.840.10008.1.2.4.90", 256, 40},
                        Case{"1.2.840.10008.1.2.4.90", 64, 1000}}) {
    ImageRecipe r;
    r.transfer_syntax = c.syntax;
    r.rows = r.columns = c.side;
    r.frames = c.frames;
    r.seed = static_cast<uint64_t>(++n);
    r.sop_uid += "." + std::to_string(n);
    std::vector<Bytes> frames = frames_of(r);
    const Bytes first = file_of(r, frames);
    store(first);
    Bytes& changed = frames[static_cast<size_t>(c.frames) / 2];
    for (char& byte : changed) byte = static_cast<char>(byte ^ 0x15);
    const Growth second = store(file_of(renamed(r), frames), 50'000);
    EXPECT_EQ(second.state, index::State::done);
    // The frame (or the group of small ones it is kept with), the header, the facts.
    const uint64_t kept_together = std::max<uint64_t>(changed.size(), 128u << 10);
    EXPECT_LT(second.blob_bytes, kept_together + 20'000) << c.syntax << " " << c.side;
    EXPECT_GE(second.blob_bytes, changed.size());
    EXPECT_LT(second.log_bytes, first.size() * 10 / 100) << c.syntax << " " << c.side;
  }
}

// A frame that codes to another length moves everything behind it, and no cut with it.
TEST_F(DedupTest, AFrameOfAnotherLengthMovesNoLaterCut) {
  ImageRecipe r;
  r.transfer_syntax = "1.2.840.10008.1.2.4.90";
  r.rows = r.columns = 256;
  r.frames = 40;
  std::vector<Bytes> frames = frames_of(r);
  const Bytes first = file_of(r, frames);
  store(first);
  frames[3] = frames[3].substr(0, 90'002);
  frames[3][7] ^= 1;
  const Growth second = store(file_of(renamed(r), frames));
  EXPECT_LT(second.blob_bytes, 140'000u);
  EXPECT_LT(second.log_bytes, first.size() * 5 / 100);
}

}  // namespace
}  // namespace medarc::dicom
