// Crypt4GH, statement by statement: files made and opened by an implementation of the tests' own.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "genomics/crypt4gh_edits.h"
#include "genomics/crypt4gh_keys.h"
#include "tests/genomics/crypt4gh_fixture.h"
#include "tests/support/sample_facts.h"

namespace medarc::genomics::crypt4gh {
namespace {

using test::crypt4gh_header;
using test::crypt4gh_packet;
using test::Crypt4ghKey;
using test::data_key_payload;

class Crypt4ghTest : public testing::Test {
 protected:
  Error refused(ByteView file, std::vector<Secret> keys, const Crypt4ghLimits& limits = {}) {
    const auto opened = stream_open(file, std::move(keys), 1'000, limits);
    if (opened.has_value()) ADD_FAILURE() << "was opened";
    return opened.has_error() ? opened.error() : Error{};
  }
  Error refused(ByteView file) { return refused(file, {secret_of(bob_)}); }

  const Crypt4ghKey alice_ = Crypt4ghKey::make(), bob_ = Crypt4ghKey::make();
};

TEST_F(Crypt4ghTest, C01TheHeaderHasMagicVersionAndCount) {
  const Share share = must(Vault::share_once(public_of(bob_)));
  EXPECT_EQ(ByteView(share.header).substr(0, 16), ByteView("crypt4gh\1\0\0\0\1\0\0\0", 16));
  EXPECT_EQ(share.header.size(), 124u);
  const Bytes file = test::seal_crypt4gh("text", {bob_.known});
  EXPECT_EQ(must(stream_open(file, {secret_of(bob_)}, 1)), "text");
  Bytes other = file;
  other[0] = 'C';
  EXPECT_EQ(refused(other).code, Code::invalid_argument);
  other = file;
  other[8] = 2;
  EXPECT_EQ(refused(other).code, Code::unsupported);
}

TEST_F(Crypt4ghTest, C02PacketsForOthersArePassedOver) {
  const Bytes file = test::seal_crypt4gh("text", {alice_.known, alice_.known, bob_.known});
  EXPECT_EQ(must(stream_open(file, {secret_of(bob_)}, 7)), "text");
  EXPECT_EQ(must(stream_open(file, {secret_of(alice_)}, 7)), "text");
  const Error error = refused(file, {secret_of(Crypt4ghKey::make())});
  EXPECT_EQ(error.code, Code::invalid_argument);
  EXPECT_NE(error.text.find("for other keys"), std::string::npos) << error.text;
}

TEST_F(Crypt4ghTest, C02PacketsOfUnknownMethodsAndNobodysKeysArePassedOver) {
  const Bytes key(32, 'k');
  Bytes unknown = crypt4gh_packet(data_key_payload(key), bob_.known);
  unknown[4] = 9;  // the method
  Bytes nobody = crypt4gh_packet(data_key_payload(key), bob_.known);
  std::fill_n(nobody.begin() + 8, 32, '\0');  // the writer's key: the neutral point
  const Bytes tiny("\x0a\0\0\0\0\0\0\0xy", 10);
  const Bytes file =
      crypt4gh_header({unknown, nobody, tiny, crypt4gh_packet(data_key_payload(key), bob_.known)}) +
      test::crypt4gh_segments("text", {key});
  EXPECT_EQ(must(stream_open(file, {secret_of(bob_)}, 3)), "text");
  EXPECT_EQ(refused(crypt4gh_header({unknown, nobody, tiny})).code, Code::invalid_argument);
  EXPECT_EQ(refused(crypt4gh_header({})).code, Code::invalid_argument);
}

TEST_F(Crypt4ghTest, C02APacketThatCannotBeIsRefused) {
  EXPECT_EQ(refused(crypt4gh_header({Bytes("\7\0\0\0", 4)})).code, Code::invalid_argument);
  const Bytes file = test::seal_crypt4gh("text", {bob_.known});
  for (size_t n = 0; n < file.size(); ++n) {
    EXPECT_TRUE(stream_open(ByteView(file).substr(0, n), {secret_of(bob_)}, 50).has_error() ||
                n == 124)
        << n;
  }
}

TEST_F(Crypt4ghTest, C03WhatWeSealOthersOpen) {
  for (const size_t bytes : {0u, 1u, 65'535u, 65'536u, 65'537u, 200'000u}) {
    const Bytes plain = noise(bytes);
    Share share = must(Vault::share_once(public_of(bob_)));
    SealedReader reader(share.header, share.keys, std::make_unique<TextReader>(plain));
    const Bytes file = read_all(reader);
    EXPECT_EQ(test::open_crypt4gh(file, bob_.secret), plain) << bytes;
    EXPECT_THROW(test::open_crypt4gh(file, alice_.secret), std::runtime_error);
    SealedSource source(share.header, share.keys, std::make_unique<StringSource>(plain));
    EXPECT_EQ(drain(source, 1'000), file) << "the same as a stream";
  }
}

TEST_F(Crypt4ghTest, C04UnknownPayloadsAndTwoEditListsAreRefused) {
  const Bytes key(32, 'k'), data = test::crypt4gh_segments("text", {key});
  const auto with = [&](const std::vector<Bytes>& payloads) {
    std::vector<std::string> packets;
    for (const Bytes& one : payloads) packets.push_back(crypt4gh_packet(one, bob_.known));
    return crypt4gh_header(packets) + data;
  };
  const Bytes edits = test::edit_list_payload({0, 2});
  EXPECT_EQ(must(stream_open(with({data_key_payload(key), edits}), {secret_of(bob_)}, 9)), "te");
  EXPECT_EQ(refused(with({data_key_payload(key), edits, edits})).code, Code::invalid_argument);
  EXPECT_EQ(refused(with({edits})).code, Code::invalid_argument) << "no data key";
  EXPECT_EQ(refused(with({data_key_payload(key), Bytes("\2\0\0\0", 4)})).code, Code::unsupported);
  Bytes method = data_key_payload(key);
  method[4] = 1;
  EXPECT_EQ(refused(with({method})).code, Code::unsupported);
  EXPECT_EQ(refused(with({data_key_payload("short")})).code, Code::invalid_argument);
  EXPECT_EQ(refused(with({data_key_payload(key), edits.substr(0, 20)})).code,
            Code::invalid_argument);
  EXPECT_EQ(refused(with({data_key_payload(key), ""})).code, Code::invalid_argument);
  // Padding hides what a packet is.
  EXPECT_EQ(must(stream_open(with({data_key_payload(key) + Bytes(50, '\0'), edits + "pad"}),
                             {secret_of(bob_)}, 9)),
            "te");
}

TEST_F(Crypt4ghTest, C05AnyPlainRangeIsFoundByCounting) {
  EXPECT_EQ(sealed_bytes_of(0), 0u);
  EXPECT_EQ(sealed_bytes_of(65'536), 65'564u);
  EXPECT_EQ(sealed_bytes_of(65'537), 65'564u + 29u);
  for (const uint64_t n : {0ull, 1ull, 65'536ull, 65'537ull, 1ull << 40}) {
    EXPECT_EQ(plain_bytes_of(sealed_bytes_of(n)), n);
  }
  EXPECT_EQ(plain_bytes_of(27), std::nullopt);
  const Bytes plain = noise(300'000);
  const Bytes file = test::seal_crypt4gh(plain, {bob_.known});
  const auto opened =
      must(open_file(std::make_unique<TextReader>(file), {secret_of(bob_)}, Crypt4ghLimits()));
  ASSERT_EQ(opened->size(), plain.size());
  std::mt19937 random(5);
  for (int i = 0; i < 100; ++i) {
    const size_t begin = random() % plain.size(), length = random() % (plain.size() - begin) + 1;
    Bytes out(length, '\0');
    must(opened->read({begin, length}, out.data()));
    ASSERT_EQ(out, plain.substr(begin, length));
  }
  // And of what we seal: any part equals that part of the whole.
  Share share = must(Vault::share_once(public_of(bob_)));
  SealedReader sealing(share.header, share.keys, std::make_unique<TextReader>(plain));
  const Bytes whole = read_all(sealing);
  for (int i = 0; i < 100; ++i) {
    const size_t begin = random() % whole.size(), length = random() % (whole.size() - begin) + 1;
    Bytes out(length, '\0');
    must(sealing.read({begin, length}, out.data()));
    ASSERT_EQ(out, whole.substr(begin, length));
  }
}

TEST_F(Crypt4ghTest, C06EveryNonceIsAnother) {
  const Bytes plain(10 * 65'536, 'a');  // equal segments
  std::set<Bytes> seen;
  for (int i = 0; i < 2; ++i) {
    Share share = must(Vault::share_once(public_of(bob_)));
    EXPECT_TRUE(seen.insert(share.header.substr(56, 12)).second);  // of the packet
    SealedReader reader(share.header, share.keys, std::make_unique<TextReader>(plain));
    const Bytes file = read_all(reader);
    for (size_t at = 124; at < file.size(); at += kSegmentBytes) {
      EXPECT_TRUE(seen.insert(file.substr(at, 12)).second) << at;
      EXPECT_TRUE(seen.insert(file.substr(at + 12, 64)).second) << "the same key stream";
    }
  }
}

TEST_F(Crypt4ghTest, C06AMacThatFailsIsAnError) {
  const Bytes file = test::seal_crypt4gh(noise(100'000), {bob_.known});
  for (const size_t at : {size_t{130}, size_t{20'000}, 124 + 65'563ul, file.size() - 1}) {
    Bytes changed = file;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    const Error error = refused(changed);
    EXPECT_EQ(error.code, Code::invalid_argument) << at;
    EXPECT_NE(error.text.find("MAC"), std::string::npos) << error.text;
    const auto opened =
        must(open_file(std::make_unique<TextReader>(changed), {secret_of(bob_)}, Crypt4ghLimits()));
    Bytes out(opened->size(), '\0');
    EXPECT_TRUE(opened->read({0, out.size()}, out.data()).has_error());
  }
}

TEST_F(Crypt4ghTest, C07EveryKeyIsTriedOnPacketsAndOnSegments) {
  const Bytes plain = noise(400'000);
  std::vector<Secret> ours;
  for (int i = 0; i < 5; ++i) ours.push_back(Secret::random());
  ours.push_back(secret_of(bob_));
  test::Crypt4ghOptions options;
  options.keys_count = 3;
  const Bytes file = test::seal_crypt4gh(plain, {bob_.known}, options);
  EXPECT_EQ(must(stream_open(file, ours, 10'000)), plain);
  const auto opened = must(open_file(std::make_unique<TextReader>(file), ours, Crypt4ghLimits()));
  EXPECT_EQ(read_all(*opened), plain);
}

// The algorithm as the standard writes it.
Bytes apply_as_written(const std::vector<uint64_t>& edits, const Bytes& input) {
  if (edits.empty()) return input;
  Bytes out;
  uint64_t pos = 0;
  const auto part = [&](uint64_t length) {
    return pos < input.size() ? input.substr(pos, length) : Bytes();
  };
  for (size_t i = 0; i < edits.size(); ++i) {
    pos += edits[i];
    if (++i == edits.size()) {
      out += part(Bytes::npos);
    } else {
      out += part(edits[i]);
      pos += edits[i];
    }
  }
  return out;
}

TEST_F(Crypt4ghTest, C08EditListsKeepWhatTheStandardsAlgorithmKeeps) {
  const Bytes plain = noise(200'000);
  std::mt19937 random(8);
  const uint64_t lengths[] = {0, 1, 100, 65'535, 65'536, 65'537, 90'000, 250'000};
  std::vector<std::vector<uint64_t>> lists = {{}, {0}, {0, 0}, {5}, {300'000}, {0, 0, 0, 7, 0}};
  while (lists.size() < 60) {
    auto& list = lists.emplace_back();
    for (size_t n = random() % 7; n > 0; --n) list.push_back(lengths[random() % 8]);
  }
  for (const auto& edits : lists) {
    test::Crypt4ghOptions options;
    options.edits = edits;
    const Bytes file = test::seal_crypt4gh(plain, {bob_.known}, options);
    const Bytes wanted = apply_as_written(edits, plain);
    ASSERT_EQ(must(stream_open(file, {secret_of(bob_)}, 30'000)), wanted);
    const auto opened =
        must(open_file(std::make_unique<TextReader>(file), {secret_of(bob_)}, Crypt4ghLimits()));
    ASSERT_EQ(read_all(*opened), wanted);
    if (wanted.size() < 10) continue;
    Bytes middle(wanted.size() - 8, '\0');
    must(opened->read({4, middle.size()}, middle.data()));
    ASSERT_EQ(middle, wanted.substr(4, middle.size()));
  }
}

TEST_F(Crypt4ghTest, C08LengthsThatOverflowKeepWhatThereIs) {
  constexpr uint64_t most = UINT64_MAX;
  EXPECT_EQ(kept_ranges(std::vector<uint64_t>{1, most, 5, 5}),
            (std::vector<ByteRange>{{1, most - 1}}));
  EXPECT_TRUE(kept_ranges(std::vector<uint64_t>{most, 9}).empty());
  EXPECT_EQ(kept_ranges(std::vector<uint64_t>{2, 3, 0, 4}), (std::vector<ByteRange>{{2, 7}}));
}

TEST_F(Crypt4ghTest, HeadersOverALimitAreRefused) {
  Crypt4ghLimits limits;
  limits.packets_max = 3;
  const Bytes other = crypt4gh_packet("x", alice_.known);
  EXPECT_EQ(refused(crypt4gh_header({other, other, other}), {secret_of(bob_)}, limits).code,
            Code::invalid_argument);
  EXPECT_EQ(refused(crypt4gh_header({other, other, other, other}), {secret_of(bob_)}, limits).code,
            Code::too_large);
  limits.packets_max = 1'000;
  limits.header_bytes_max = 2'000;
  const Bytes large = crypt4gh_packet(Bytes(2'000, 'x'), alice_.known);
  EXPECT_EQ(refused(crypt4gh_header({large}), {secret_of(bob_)}, limits).code, Code::too_large);
}

TEST_F(Crypt4ghTest, RealFilesOpenWithTheirReadersKeyOnly) {
  const char* folder = std::getenv("MEDARC_SAMPLE_DATA");
  if (folder == nullptr) GTEST_SKIP() << "MEDARC_SAMPLE_DATA is not set";
  const std::string data = std::string(folder) + "/genomics/", own = data + "crypt4gh/";
  if (!std::filesystem::exists(own)) GTEST_SKIP() << "there are none in it";
  const Secret bob = must(read_secret_key(test::read_whole(own + "bob.sec"), ""));
  const Secret alice = must(read_secret_key(test::read_whole(own + "alice.sec"), ""));
  EXPECT_EQ(security::public_key_of(bob), must(read_public_key(test::read_whole(own + "bob.pub"))));
  for (const auto& [name, plain] :
       {std::pair("htsnexus_test_NA12878.bam", "reads/htsnexus_test_NA12878.bam"),
        std::pair("htsnexus_test_NA12878.cram", "reads/htsnexus_test_NA12878.cram")}) {
    const Bytes file = test::read_whole(own + name + ".c4gh");
    ASSERT_FALSE(file.empty()) << name;
    const Bytes opened = must(stream_open(file, {bob}, 100'000));
    if (std::filesystem::exists(data + plain)) {
      EXPECT_EQ(opened, test::read_whole(data + plain)) << name;
    }
    EXPECT_TRUE(stream_open(file, {alice}, 100'000).has_error()) << name;
  }
}

}  // namespace
}  // namespace medarc::genomics::crypt4gh
