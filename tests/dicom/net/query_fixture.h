// The association service over the real archive, some studies in it, and what tests ask with.
#pragma once

#include "base/fs.h"
#include "dicom/dictionary.h"
#include "dicom/pixel/codec_pool.h"
#include "tests/dicom/net/net_fixture.h"
#include "tests/support/dicom_maker.h"

namespace medarc::dicom::test {

using medarc::test::ImageRecipe;
using medarc::test::make_dataset;
using medarc::test::make_file;

inline constexpr const char* kPatientFind = "1.2.840.10008.5.1.4.1.2.1.1";
inline constexpr const char* kStudyFind = "1.2.840.10008.5.1.4.1.2.2.1";
inline constexpr const char* kStudyGet = "1.2.840.10008.5.1.4.1.2.2.3";
inline constexpr const char* kStudyMove = "1.2.840.10008.5.1.4.1.2.2.2";

// An element in implicit VR little endian.
inline std::string key(uint32_t tag, std::string value, char padding = ' ') {
  if (value.size() % 2 != 0) value += padding;
  return le16(static_cast<uint16_t>(tag >> 16)) + le16(static_cast<uint16_t>(tag)) +
         le32(static_cast<uint32_t>(value.size())) + value;
}

// The value of an element of an implicit VR little endian dataset; nullopt when it is not there.
inline std::optional<std::string> value_of(const std::string& dataset, uint32_t wanted) {
  const auto number = [&](size_t at, size_t n) {
    uint32_t v = 0;
    for (size_t i = n; i-- > 0;) v = v << 8 | static_cast<unsigned char>(dataset[at + i]);
    return v;
  };
  for (size_t at = 0; at + 8 <= dataset.size();) {
    const uint32_t tag = number(at, 2) << 16 | number(at + 2, 2), length = number(at + 4, 4);
    std::string value = dataset.substr(at + 8, length);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\0')) value.pop_back();
    if (tag == wanted) return value;
    at += 8 + length;
  }
  return std::nullopt;
}

class QueryNet : public NetTest {
 protected:
  void SetUp() override {
    NetTest::SetUp();
    ASSERT_TRUE(load_dictionary().has_value());
    authenticator.roles = {security::Role::administrator};
    auto opened = index::open_index(posix_fs(), dir / "data", {});
    ASSERT_TRUE(opened.has_value()) << opened.error().text;
    archive = std::move(*opened);
    guard = security::Guard::create(*archive, {});
    codecs = CodecPool::create({});
    real = Imaging::create(*archive, *guard, limits, codecs.get());
  }
  void TearDown() override {
    server.reset();
    real.reset();
    codecs.reset();
    guard.reset();
    archive.reset();
    NetTest::TearDown();
  }
  void listen() {
    auto made = Server::start(options, limits, *real, authenticator);
    ASSERT_TRUE(made.has_value()) << made.error().text;
    server = std::move(*made);
  }
  void store(const ImageRecipe& recipe) { store(make_file(recipe)); }
  void store(const Bytes& file) {
    auto object = receive_file(*real, who, std::nullopt);
    ASSERT_TRUE(object->write(file).has_value());
    auto prepared = object->prepare();
    ASSERT_TRUE(prepared.has_value()) << prepared.error().text;
    std::vector<Prepared> all;
    all.push_back(std::move(*prepared));
    ASSERT_TRUE(real->commit(who, std::move(all)).has_value());
  }
  // One image of those.
  static ImageRecipe some(int n, int series, int image) {
    ImageRecipe r;
    r.patient_id = "P" + std::to_string(n == 4 ? 1 : n);
    r.patient_name = n == 2 ? "Müller^Jörg" : n == 3 ? "Wang^XiaoDong=王^小东" : "Muster^Erika";
    if (n == 2 || n == 3) r.charset = "ISO_IR 192";
    r.study_uid = "2.25." + std::to_string(n);
    r.series_uid = r.study_uid + "." + std::to_string(series);
    r.sop_uid = r.series_uid + "." + std::to_string(image);
    r.study_date = "2026010" + std::to_string(n);
    r.accession = "ACC" + std::to_string(n);
    r.modality = series == 1 ? "CT" : "SR";
    r.instance_number = image;
    r.seed = static_cast<uint64_t>(n * 100 + series * 10 + image);
    return r;
  }
  // Three patients; two studies of the first, of two series with two images each.
  void store_some() {
    for (int n = 1; n <= 4; ++n) {
      for (int series = 1; series <= 2; ++series) {
        for (int image = 1; image <= 2; ++image) store(some(n, series, image));
      }
    }
  }

  struct Found {
    std::vector<RawResponse> matches;
    RawResponse last;
  };
  Found find(const std::string& model, const std::string& identifier,
             const std::string& user_items = {}) {
    RawRequest request;
    request.contexts = {{1, model, {kImplicit}}};
    request.user_items = user_items;
    RawAssociation association(port(), request);
    EXPECT_TRUE(association.established());
    Found out;
    EXPECT_TRUE(association.send_message(1, true,
                                         command_set({{0x0002, ui(model)},
                                                      {0x0100, le16(0x0020)},
                                                      {0x0110, le16(9)},
                                                      {0x0700, le16(0)},
                                                      {0x0800, le16(0)}})));
    EXPECT_TRUE(association.send_message(1, false, identifier));
    while (auto response = association.read_response()) {
      EXPECT_EQ(response->command_field, 0x8020);
      EXPECT_EQ(response->message_id, 9);
      if ((response->status & 0xFF00) != 0xFF00) {
        out.last = *response;
        EXPECT_TRUE(association.release());
        return out;
      }
      out.matches.push_back(*response);
    }
    ADD_FAILURE() << "the association ended";
    return out;
  }
  static std::string extended(const std::string& model, const std::string& bytes) {
    return ul_item(0x56, be16(static_cast<uint16_t>(model.size())) + model + bytes);
  }
  std::string at() const { return " -aec MEDARC 127.0.0.1 " + std::to_string(port()); }

  std::unique_ptr<index::Index> archive;
  std::unique_ptr<security::Guard> guard;
  std::unique_ptr<CodecPool> codecs;
  std::unique_ptr<Imaging> real;
  const Principal who{"local", {security::Role::administrator}, "test", "127.0.0.1"};
};

}  // namespace medarc::dicom::test
