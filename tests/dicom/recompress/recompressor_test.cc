// Stored objects whose pixels are recompressed: what every reader gets is what was stored, bytes
// are saved, and what cannot or need not be done is counted and left alone.
#include "dicom/recompress/recompressor.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <thread>

#include "base/metrics.h"
#include "dicom/recompress/coded_chunk.h"
#include "dicom/recompress/sweep.h"
#include "tests/support/frames.h"
#include "tests/support/image_object.h"
#include "tests/support/imaging_fixture.h"

namespace medarc::dicom {
namespace {

FrameShape grey16(uint32_t rows, uint32_t columns) {
  FrameShape s;
  s.rows = rows;
  s.columns = columns;
  s.bits_allocated = 16;
  s.bits_stored = 12;
  s.high_bit = 11;
  s.is_signed = true;
  s.photometric = "MONOCHROME2";
  return s;
}
FrameShape colour(uint32_t rows, uint32_t columns, bool planar) {
  FrameShape s = grey16(rows, columns);
  s.bits_allocated = s.bits_stored = 8;
  s.high_bit = 7;
  s.is_signed = false;
  s.samples_per_pixel = 3;
  s.planar = planar;
  s.photometric = "RGB";
  return s;
}

class RecompressTest : public test::ImagingFixture {
 protected:
  void SetUp() override {
    ImagingFixture::SetUp();
    CodecLimits limits;
    limits.workers = 1;
    codecs_ = CodecPool::create(limits);
    prepare();
  }
  void TearDown() override { ImagingFixture::TearDown(); }
  void prepare() {
    archive::recoding_of(index_->blobs())
        ->use({{kCodedFirstByte, std::make_shared<ChunkDecoder>(*codecs_)}}, 16u << 20);
    recompressor_ = std::make_unique<Recompressor>(*index_, limits_, *codecs_, options_);
  }
  Bytes file_of(const FrameShape& shape, int frames, const std::string& syntax = "") {
    test::ImageObject o;
    o.shape = shape;
    o.sop_uid = "2.25.55." + std::to_string(++count_);
    if (!syntax.empty()) o.transfer_syntax = syntax;
    for (int f = 0; f < frames; ++f) {
      o.frames.push_back(test::make_frame(shape, static_cast<uint32_t>(count_ * 1000 + f)).pixels);
    }
    return make_file(o);
  }
  InstanceRow store(ByteView file) {
    const auto stored = store_file(file);
    EXPECT_TRUE(stored.has_value()) << stored.error().text;
    return row(stored->study, stored->series, stored->instance);
  }
  Bytes object(const InstanceRow& row) {
    auto content = imaging_->object(who_, row, Form::original);
    EXPECT_TRUE(content.has_value()) << content.error().text;
    return content.has_value() ? drain(*content) : Bytes();
  }
  std::vector<Bytes> frames(const InstanceRow& row, const std::vector<uint32_t>& numbers) {
    std::vector<Bytes> out;
    auto found = imaging_->frames(who_, row, numbers, Form::stored);
    EXPECT_TRUE(found.has_value()) << found.error().text;
    if (found.has_error()) return out;
    for (Content& frame : found->frames) out.push_back(drain(frame, 10'000));
    return out;
  }
  uint64_t on_disk(const InstanceRow& row) {
    return index_->blobs().stat(row.dataset)->stored_bytes;
  }

  const Limits limits_;
  RecompressOptions options_;
  std::unique_ptr<CodecPool> codecs_;
  std::unique_ptr<Recompressor> recompressor_;
  int count_ = 0;
};

TEST_F(RecompressTest, EveryReaderGetsWhatWasStored) {
  options_.batch_bytes_max = 200'000;  // several commits for the larger ones
  prepare();
  struct Kind {
    const char* name;
    FrameShape shape;
    int frames;
    bool pays = true;
  };
  const Kind kinds[] = {{"one frame", grey16(256, 256), 1},
                        {"small, in one chunk with its header", grey16(60, 70), 1},
                        {"many small frames to a chunk", grey16(64, 64), 40},
                        {"larger frames", grey16(200, 201), 5},
                        {"over the longest chunk, which ends inside a row", grey16(2100, 2101), 1},
                        {"colour", colour(201, 203, false), 1},
                        {"planes, odd length", colour(101, 99, true), 3},
                        {"one row", grey16(1, 9001), 1},
                        {"one column", grey16(9001, 1), 2, false}};
  for (const Kind& kind : kinds) {
    const Bytes file = file_of(kind.shape, kind.frames);
    const InstanceRow stored = store(file);
    std::vector<uint32_t> numbers;
    for (int f = 1; f <= kind.frames; ++f) numbers.push_back(static_cast<uint32_t>(f));
    const auto frames_before = frames(stored, numbers);
    const uint64_t before = on_disk(stored);
    const auto counts = recompressor_->recompress(stored);
    ASSERT_TRUE(counts.has_value()) << kind.name << ": " << counts.error().text;
    EXPECT_EQ(counts->objects, kind.pays ? 1u : 0u) << kind.name;
    if (kind.pays) {
      EXPECT_LT(on_disk(stored), before * 9 / 10) << kind.name;
    }
    EXPECT_EQ(before - on_disk(stored), counts->bytes_before - counts->bytes_after) << kind.name;
    EXPECT_TRUE(object(stored) == file) << kind.name;
    EXPECT_TRUE(frames(stored, numbers) == frames_before) << kind.name;
    EXPECT_EQ(recompressor_->recompress(stored)->commits, 0u) << kind.name;  // done is done
    // The same again is a duplicate and adds no chunk.
    const uint64_t chunks = index_->blobs().stats()->stored_bytes;
    EXPECT_EQ(store_file(file)->state, index::State::duplicate) << kind.name;
    EXPECT_EQ(index_->blobs().stats()->stored_bytes, chunks) << kind.name;
  }
  const auto report = index_->blobs().verify(0, nullptr);
  EXPECT_EQ(report->blobs, std::size(kinds));
  EXPECT_EQ(report->corrupt + report->dangling + report->orphans, 0u);
}

TEST_F(RecompressTest, TheIndexMadeAnewKnowsTheFormToo) {
  const Bytes file = file_of(grey16(256, 256), 1);
  const InstanceRow stored = store(file);
  ASSERT_EQ(recompressor_->recompress(stored)->objects, 1u);
  const uint64_t small = on_disk(stored);
  std::map<Bytes, Bytes> rows, again;
  const auto all = [&](std::map<Bytes, Bytes>& out) {
    ASSERT_TRUE(index_
                    ->for_each_row([&](ByteView key, ByteView value) {
                      out.emplace(key, value);
                      return true;
                    })
                    .has_value());
  };
  all(rows);
  TearDown();
  ASSERT_TRUE(index::rebuild_index(posix_fs(), dir_, {}, nullptr).has_value());
  ImagingFixture::SetUp();
  prepare();
  all(again);
  EXPECT_TRUE(rows == again);
  EXPECT_EQ(on_disk(stored), small);
  EXPECT_TRUE(object(stored) == file);
}

TEST_F(RecompressTest, ExpandedItIsAsItWas) {
  const Bytes file = file_of(grey16(256, 256), 3);
  const InstanceRow stored = store(file);
  const uint64_t before = on_disk(stored);
  ASSERT_EQ(recompressor_->recompress(stored)->objects, 1u);
  const auto back = recompressor_->expand(stored);
  ASSERT_TRUE(back.has_value()) << back.error().text;
  EXPECT_EQ(back->objects, 1u);
  EXPECT_EQ(back->chunks, 3u);
  EXPECT_EQ(on_disk(stored), before);
  EXPECT_EQ(recompressor_->expand(stored)->objects, 0u);
  EXPECT_TRUE(object(stored) == file);
}

TEST_F(RecompressTest, WhatCannotBeOrDoesNotPayIsCountedAndStays) {
  FrameShape wide = grey16(80, 80);
  wide.bits_allocated = wide.bits_stored = 32;
  wide.high_bit = 31;
  FrameShape noise = grey16(100, 100);
  test::ImageObject noisy;
  noisy.shape = noise;
  noisy.sop_uid = "2.25.55.9999";
  noisy.frames = {Bytes()};
  std::mt19937 random(7);
  for (uint64_t i = 0; i < noise.frame_bytes(); ++i) {
    noisy.frames[0] += static_cast<char>(random());
  }
  struct Case {
    Bytes file;
    NotRecompressed why;
  };
  const Case cases[] = {
      {file_of(grey16(80, 80), 1, std::string(kExplicitBig)), NotRecompressed::not_native},
      {file_of(grey16(80, 80), 1, "1.2.840.10008.1.2.4.70"), NotRecompressed::not_native},
      {file_of(wide, 1), NotRecompressed::no_codec},
      {make_file(noisy), NotRecompressed::no_gain}};
  for (const Case& c : cases) {
    const InstanceRow stored = store(c.file);
    const uint64_t before = on_disk(stored);
    Counter& told = counter("medarc_recompress_refused_total", "",
                            "reason=\"" + std::string(to_string(c.why)) + "\"");
    const uint64_t told_before = told.value();
    const auto counts = recompressor_->recompress(stored);
    ASSERT_TRUE(counts.has_value()) << counts.error().text;
    EXPECT_EQ(counts->objects, 0u);
    EXPECT_EQ(counts->refused[static_cast<size_t>(c.why)], 1u) << to_string(c.why);
    EXPECT_EQ(told.value(), told_before + 1);
    EXPECT_EQ(on_disk(stored), before);
    EXPECT_TRUE(object(stored) == c.file);
  }
}

TEST_F(RecompressTest, WithoutAWorkerNothingHappensAndReadingSaysSo) {
  const Bytes file = file_of(grey16(256, 256), 1);
  const InstanceRow stored = store(file), other = store(file_of(grey16(256, 256), 1));
  ASSERT_EQ(recompressor_->recompress(stored)->objects, 1u);
  CodecLimits limits;
  limits.program = "/nowhere/medarc-codec";
  const auto none = CodecPool::create(limits);
  archive::recoding_of(index_->blobs())
      ->use({{kCodedFirstByte, std::make_shared<ChunkDecoder>(*none)}}, 0);
  Recompressor cannot(*index_, limits_, *none, options_);
  EXPECT_EQ(cannot.recompress(other).error().code, Code::unavailable);
  auto content = imaging_->object(who_, stored, Form::original);
  Bytes buffer(1 << 20, '\0');
  Result<size_t> got = 1;
  while (content.has_value() && got.has_value() && *got > 0) {
    got = (*content).source->read(buffer.data(), buffer.size());
  }
  ASSERT_TRUE(content.has_error() || got.has_error());
  EXPECT_EQ(content.has_error() ? content.error().code : got.error().code, Code::unavailable);
  prepare();
  EXPECT_TRUE(object(stored) == file);
}

// ---- going over the archive ---------------------------------------------------------------------

class RecompressSweepTest : public RecompressTest {
 protected:
  RecompressRules rules(const std::string& toml) {
    auto config = Config::parse(toml);
    EXPECT_TRUE(config.has_value());
    auto out = RecompressRules::from(*config);
    EXPECT_TRUE(out.has_value()) << out.error().text;
    return out.has_value() ? *out : RecompressRules();
  }
  // Everything there is to do; answers what became of it.
  RecompressCounts sweep(
      const RecompressRules& rules, const std::function<bool()>& go_on = [] { return true; }) {
    auto sweep = RecompressSweep::open(posix_fs(), dir_, *index_, rules, options_, *recompressor_,
                                       [this] { return Timestamp{now().us + later_us_}; });
    EXPECT_TRUE(sweep.has_value()) << sweep.error().text;
    for (bool more = true; more;) {
      const auto stepped = (*sweep)->step(go_on);
      EXPECT_TRUE(stepped.has_value()) << stepped.error().text;
      more = stepped.has_value() && *stepped;
    }
    progress_ = *(*sweep)->progress();
    return (*sweep)->counts();
  }
  InstanceRow store_from(const std::string& principal, ByteView file) {
    const security::Principal who{principal, {security::Role::administrator}, "dimse", "127.0.0.1"};
    auto incoming = receive_file(*imaging_, who, std::nullopt);
    EXPECT_TRUE(incoming->write(file).has_value());
    std::vector<Prepared> all;
    all.push_back(std::move(*incoming->prepare()));
    const auto stored = imaging_->commit(who, std::move(all));
    EXPECT_TRUE(stored.has_value());
    return row((*stored)[0].study, (*stored)[0].series, (*stored)[0].instance);
  }
  bool is_coded(const InstanceRow& row) {
    const auto chunks = archive::recoding_of(index_->blobs())->chunks(row.dataset);
    return std::any_of(chunks->begin(), chunks->end(), [](const auto& c) { return c.coded; });
  }

  int64_t later_us_ = 0;
  RecompressProgress progress_;
};

TEST_F(RecompressSweepTest, RulesSayWhatIsRecompressed) {
  const InstanceRow ct = store_from("ae:CT7", file_of(grey16(128, 128), 1));
  const InstanceRow web = store(file_of(grey16(128, 128), 1));
  const InstanceRow small = store_from("ae:CT7", file_of(grey16(60, 60), 1));
  EXPECT_EQ(sweep(rules("")).objects, 0u);  // none by default
  EXPECT_EQ(sweep(rules("[[dicom.recompress]]\nModality = \"XA\"\n")).objects, 0u);
  EXPECT_EQ(sweep(rules("[[dicom.recompress]]\ncalling = \"CT*\"\nbytes_min = 20000\n"
                        "SOPClassUID = \"1.2.3, 1.2.840.10008.5.1.4.1.1.7\"\n"))
                .objects,
            1u);
  EXPECT_TRUE(is_coded(ct));
  EXPECT_FALSE(is_coded(web) || is_coded(small));
  EXPECT_EQ(sweep(rules("[[dicom.recompress]]\nbytes_min = 1\n")).objects, 2u);
  EXPECT_TRUE(is_coded(web) && is_coded(small));
}

TEST_F(RecompressSweepTest, WrongRulesAreRefused) {
  for (const char* wrong : {"bytes_min = \"many\"", "bytes_min = -1", "age_h = 1000000",
                            "age_h = \"\"", "Nonsense = \"1\"", "PixelData = \"1\""}) {
    auto config = Config::parse(std::string("[[dicom.recompress]]\n") + wrong + "\n");
    ASSERT_TRUE(config.has_value()) << wrong;
    EXPECT_EQ(RecompressRules::from(*config).error().code, Code::invalid_argument) << wrong;
  }
  std::string many;
  for (size_t i = 0; i <= RecompressRules::kRulesMax; ++i) {
    many += "[[dicom.recompress]]\nbytes_min = " + std::to_string(i) + "\n";
  }
  auto config = Config::parse(many);
  EXPECT_EQ(RecompressRules::from(*config).error().code, Code::invalid_argument);
}

TEST_F(RecompressSweepTest, WhatIsTooYoungWaitsAndHoldsNoOtherRule) {
  const InstanceRow stored = store(file_of(grey16(128, 128), 1));
  const RecompressRules both =
      rules("[[dicom.recompress]]\nage_h = 24\n[[dicom.recompress]]\ncalling = \"CT*\"\n");
  EXPECT_EQ(sweep(both).objects, 0u);
  EXPECT_LT(progress_.commits_done, progress_.commits);
  const InstanceRow ct = store_from("ae:CT7", file_of(grey16(128, 128), 1));
  EXPECT_EQ(sweep(both).objects, 1u);
  EXPECT_TRUE(is_coded(ct) && !is_coded(stored));
  later_us_ = 25ll * 3'600'000'000;
  EXPECT_EQ(sweep(both).objects, 1u);
  EXPECT_TRUE(is_coded(stored));
  EXPECT_EQ(progress_.commits_done, progress_.commits);
}

TEST_F(RecompressSweepTest, StoppedItGoesOnWhereItWasAndNothingIsDoneTwice) {
  std::vector<InstanceRow> all;
  for (int i = 0; i < 5; ++i) all.push_back(store(file_of(grey16(100, 100), 1)));
  const RecompressRules every = rules("[[dicom.recompress]]\nbytes_min = 1\n");
  int allowed = 2;
  EXPECT_EQ(sweep(every, [&] { return allowed-- > 0; }).objects, 2u);
  EXPECT_TRUE(is_coded(all[1]) && !is_coded(all[2]));
  EXPECT_GT(progress_.commits_done, 0u);
  EXPECT_LT(progress_.commits_done, progress_.commits);
  EXPECT_EQ(sweep(every).objects, 3u);
  EXPECT_EQ(sweep(every).objects, 0u);
  EXPECT_EQ(progress_.commits_done, progress_.commits);
  // Without its file everything is looked at again, and found done.
  ASSERT_TRUE(RecompressSweep::forget(posix_fs(), dir_).has_value());
  const RecompressCounts again = sweep(every);
  EXPECT_EQ(again.objects + again.commits, 0u);
  EXPECT_EQ(again.refused, (std::array<uint64_t, kNotRecompressedCount>{}));
}

TEST_F(RecompressSweepTest, ADamagedPositionStartsAgain) {
  store(file_of(grey16(100, 100), 1));
  const RecompressRules every = rules("[[dicom.recompress]]\nbytes_min = 1\n");
  const std::string id = every.all()[0].id();
  for (const std::string& text :
       {std::string("rubbish"), "medarc recompress 1\n" + id + " 99999999\n",
        "medarc recompress 1\n" + id + " x\n\n \n" + id}) {
    auto file = posix_fs().open(dir_ + "/recompress", OpenMode::create_new);
    ASSERT_TRUE(file.has_value());
    ASSERT_TRUE((*file)->write_at(0, {text}).has_value());
    sweep(every);
    EXPECT_EQ(progress_.commits_done, progress_.commits);
    ASSERT_TRUE(RecompressSweep::forget(posix_fs(), dir_).has_value());
  }
}

TEST_F(RecompressSweepTest, InTheBackgroundItFollowsWhatComes) {
  options_.share_percent = 100;
  options_.busy_commits_s = 0;
  prepare();
  const RecompressRules every = rules("[[dicom.recompress]]\nbytes_min = 1\n");
  auto sweep = RecompressSweep::open(posix_fs(), dir_, *index_, every, options_, *recompressor_);
  ASSERT_TRUE(sweep.has_value());
  (*sweep)->start();
  const Bytes file = file_of(grey16(128, 128), 1);
  const InstanceRow stored = store(file);
  for (int i = 0; i < 1000 && !is_coded(stored); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(is_coded(stored));
  EXPECT_TRUE(object(stored) == file);
  (*sweep)->stop();
  auto again = RecompressSweep::open(posix_fs(), dir_, *index_, every, options_, *recompressor_);
  EXPECT_GT((*again)->progress()->commits_done, 0u);  // kept at the end
}

}  // namespace
}  // namespace medarc::dicom
