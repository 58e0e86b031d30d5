// The association service over the real archive: what is acknowledged is stored bit for bit, what
// is refused or cut leaves nothing, and hostile datasets end no association (X01, X02, X06).
#include "base/fs.h"
#include "tests/dicom/net/net_fixture.h"

namespace medarc::dicom::test {
namespace {

constexpr const char* kHtj2k = "1.2.840.10008.1.2.4.201";

class EndToEndNet : public NetTest {
 protected:
  void SetUp() override {
    NetTest::SetUp();
    auto opened = index::open_index(posix_fs(), dir / "data", {});
    ASSERT_TRUE(opened.has_value()) << opened.error().text;
    archive = std::move(*opened);
    guard = security::Guard::create(*archive, {});
    real = Imaging::create(*archive, *guard, limits);
    auto made = Server::start(options, limits, *real, authenticator);
    ASSERT_TRUE(made.has_value()) << made.error().text;
    server = std::move(*made);
  }
  void TearDown() override {
    server.reset();
    real.reset();
    guard.reset();
    archive.reset();
    NetTest::TearDown();
  }

  std::optional<InstanceRow> row(const std::string& instance,
                                 std::optional<uint32_t> version = {}) {
    auto found = archive->view()->instance(StudyUid(kStudy), SeriesUid(kSeries),
                                           SopInstanceUid(instance), version);
    EXPECT_TRUE(found.has_value());
    return found.has_value() ? *found : std::nullopt;
  }
  Bytes stored_dataset(const InstanceRow& of) {
    auto reader = archive->blobs().open(of.dataset);
    if (reader.has_error()) return {};
    Bytes out((*reader)->size(), '\0');
    EXPECT_TRUE((*reader)->read({0, out.size()}, out.data()).has_value());
    return out;
  }
  uint64_t instances() { return archive->stats()->instances; }

  std::unique_ptr<index::Index> archive;
  std::unique_ptr<security::Guard> guard;
  std::unique_ptr<Imaging> real;
};

std::string undefined_sequence(bool implicit) {
  const std::string tag = le16(0x0008) + le16(0x1140);
  return tag + (implicit ? "" : "SQ" + le16(0)) + le32(0xFFFFFFFF);
}
std::string item_begin() { return le16(0xFFFE) + le16(0xE000) + le32(0xFFFFFFFF); }
std::string item_end() { return le16(0xFFFE) + le16(0xE00D) + le32(0); }
std::string sequence_end() { return le16(0xFFFE) + le16(0xE0DD) + le32(0); }

std::string nested(size_t depth, bool closed, bool implicit) {
  std::string out;
  for (size_t i = 0; i < depth; ++i) out += undefined_sequence(implicit) + item_begin();
  for (size_t i = 0; closed && i < depth; ++i) out += item_end() + sequence_end();
  return out;
}

TEST_F(EndToEndNet, D1_StorescuStoresEveryByte) {
  std::string files;
  for (int i = 1; i <= 5; ++i) files += " " + ct_file(dir, "1.2." + std::to_string(i), 526'000);
  const Ran ran = run("storescu -aec MEDARC 127.0.0.1 " + std::to_string(port()) + files);
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  for (int i = 1; i <= 5; ++i) {
    const std::string instance = "1.2." + std::to_string(i);
    const auto found = row(instance);
    ASSERT_TRUE(found) << instance;
    EXPECT_EQ(stored_dataset(*found), ct_dataset(instance, 526'000));
    EXPECT_EQ(found->transfer_syntax.value, kExplicit);
    EXPECT_EQ(found->sop_class.value, kCt);
  }
}

TEST_F(EndToEndNet, D5_D6_PipelinedHtj2kInOddFragmentsIsBitExact) {
  RawRequest request;
  request.contexts = {{1, kCt, {kHtj2k}}};
  request.user_items = async_window(8, 1);
  RawAssociation a(port(), request);
  ASSERT_TRUE(a.established());
  const auto dataset = [](uint16_t i) {
    std::string codestream;
    for (int k = 0; k < 40'000; ++k) codestream += static_cast<char>(k * i + k / 256);
    std::string native = ct_dataset("1.2." + std::to_string(i), 0);
    native.resize(native.size() - 12);  // without its Pixel Data
    return native + le16(0x7FE0) + le16(0x0010) + "OB" + le16(0) + le32(0xFFFFFFFF) + le16(0xFFFE) +
           le16(0xE000) + le32(0) + le16(0xFFFE) + le16(0xE000) +
           le32(static_cast<uint32_t>(codestream.size())) + codestream + sequence_end();
  };
  for (uint16_t i = 1; i <= 8; ++i) {
    a.send_store_rq(1, kCt, "1.2." + std::to_string(i), i);
    a.send_message(1, false, dataset(i), 777 + i);
  }
  for (uint16_t i = 1; i <= 8; ++i) {
    const auto response = a.read_response(20'000);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 0x0000) << response->comment;
    EXPECT_EQ(response->message_id, i);
    const auto found = row("1.2." + std::to_string(i));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->transfer_syntax.value, kHtj2k);
    EXPECT_EQ(stored_dataset(*found), dataset(i));
  }
}

TEST_F(EndToEndNet, TheSameTwiceIsOneOtherBytesAreANewVersion) {
  RawAssociation a(port(), ct_request());
  ASSERT_TRUE(a.established());
  EXPECT_EQ(a.store(3, kCt, "1.2.3", ct_dataset("1.2.3", 10'000))->status, 0x0000);
  EXPECT_EQ(a.store(3, kCt, "1.2.3", ct_dataset("1.2.3", 10'000))->status, 0x0000);
  EXPECT_EQ(row("1.2.3")->version, 1u);
  EXPECT_EQ(a.store(3, kCt, "1.2.3", ct_dataset("1.2.3", 12'000))->status, 0x0000);
  EXPECT_EQ(row("1.2.3")->version, 2u);
  EXPECT_EQ(stored_dataset(*row("1.2.3", 1)), ct_dataset("1.2.3", 10'000));
  EXPECT_EQ(stored_dataset(*row("1.2.3")), ct_dataset("1.2.3", 12'000));
  EXPECT_EQ(instances(), 1u);
}

TEST_F(EndToEndNet, X01_DepthBombsAreRefusedAndTheAssociationLives) {
  RawRequest request;
  request.contexts = {{1, kCt, {kImplicit}}, {3, kCt, {kExplicit}}};
  RawAssociation a(port(), request);
  ASSERT_TRUE(a.established());
  for (const size_t depth : {5'000u, 20'000u, 1'000'000u}) {
    for (const bool closed : {false, true}) {
      for (const uint8_t context : {1, 3}) {
        const std::string bomb = nested(depth, closed, context == 1);
        const auto refused = a.store(context, kCt, "1.2.3", bomb);
        ASSERT_TRUE(refused) << depth;
        EXPECT_EQ(refused->status & 0xF000, 0xC000) << depth;
        EXPECT_FALSE(refused->comment.empty());
      }
    }
  }
  EXPECT_EQ(instances(), 0u);
  const std::string at_limit =
      ct_dataset("1.2.4", 100, nested(limits.nesting_depth_max, true, false));
  EXPECT_EQ(a.store(3, kCt, "1.2.4", at_limit)->status, 0x0000);
  const std::string over =
      ct_dataset("1.2.5", 100, nested(limits.nesting_depth_max + 1, true, false));
  EXPECT_EQ(a.store(3, kCt, "1.2.5", over)->status & 0xF000, 0xC000);
  EXPECT_EQ(stored_dataset(*row("1.2.4")), at_limit);
  EXPECT_EQ(instances(), 1u);
}

TEST_F(EndToEndNet, X02_X06_LyingAndCutDatasetsAreRefusedAndNothingStays) {
  RawAssociation a(port(), ct_request());
  ASSERT_TRUE(a.established());
  const std::string good = ct_dataset("1.2.3", 5000);
  const std::string lies = good.substr(0, 60) + le16(0x0008) + le16(0x0070) + "UN" + le16(0) +
                           le32(0xFFFFFFF0) + "a few bytes";
  const std::vector<std::string> bad = {lies, good.substr(0, good.size() - 1000),
                                        good.substr(0, 37), "DICM", std::string(1000, '\xFF')};
  for (const std::string& dataset : bad) {
    const auto refused = a.store(3, kCt, "1.2.3", dataset);
    ASSERT_TRUE(refused);
    EXPECT_NE(refused->status, 0x0000) << dataset.size();
    EXPECT_FALSE(refused->comment.empty());
    EXPECT_EQ(refused->comment.find("Invented"), std::string::npos);
  }
  EXPECT_EQ(instances(), 0u);
  EXPECT_EQ(a.store(3, kCt, "1.2.3", good)->status, 0x0000);
}

TEST_F(EndToEndNet, D5_AbortInTheMiddleLeavesNothingVisible) {
  const std::string dataset = ct_dataset("1.2.3", 3'000'000);
  for (const size_t sent : {size_t{100}, dataset.size() / 2, dataset.size() - 1}) {
    RawAssociation a(port(), ct_request());
    ASSERT_TRUE(a.established());
    a.send_store_rq(3, kCt, "1.2.3");
    for (size_t at = 0; at < sent;) {
      const std::string part = dataset.substr(at, std::min<size_t>(100'000, sent - at));
      a.socket.send(
          ul_pdu(4, be32(static_cast<uint32_t>(part.size() + 2)) + std::string("\3\0", 2) + part));
      at += part.size();
    }
    a.abort();
  }
  RawAssociation a(port(), ct_request());
  EXPECT_EQ(a.echo(1)->status, 0x0000);
  server->stop(2000);
  EXPECT_EQ(instances(), 0u);
  EXPECT_EQ(archive->stats()->studies, 0u);
}

TEST_F(EndToEndNet, TheDatasetsInstanceUidCountsAndTheDifferenceIsTold) {
  RawAssociation a(port(), ct_request());
  ASSERT_TRUE(a.established());
  const auto response = a.store(3, kCt, "1.2.99", ct_dataset("1.2.3", 1000));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 0x0000);
  EXPECT_EQ(response->instance, ui("1.2.99"));
  EXPECT_FALSE(response->comment.empty());
  EXPECT_TRUE(row("1.2.3"));
  EXPECT_FALSE(row("1.2.99"));
}

TEST_F(EndToEndNet, EightSendersOfTheSameObjectsMakeOneEach) {
  std::vector<std::thread> senders;
  std::atomic<int> acknowledged{0};
  for (int t = 0; t < 8; ++t) {
    senders.emplace_back([&] {
      RawAssociation a(port(), ct_request());
      for (int i = 1; i <= 25; ++i) {
        const std::string instance = "1.2." + std::to_string(i);
        const auto response = a.store(3, kCt, instance, ct_dataset(instance, 4000));
        if (response && response->status == 0) ++acknowledged;
      }
      a.release();
    });
  }
  for (std::thread& t : senders) t.join();
  EXPECT_EQ(acknowledged, 200);
  EXPECT_EQ(instances(), 25u);
}

TEST_F(EndToEndNet, APrincipalWithoutTheRightIsToldNotAuthorised) {
  authenticator.roles = {security::Role::auditor};
  RawAssociation a(port(), ct_request());
  ASSERT_TRUE(a.established());
  EXPECT_EQ(a.store(3, kCt, "1.2.3", ct_dataset("1.2.3", 1000))->status, 0x0124);
  EXPECT_EQ(instances(), 0u);
}

}  // namespace
}  // namespace medarc::dicom::test
